//! `uwsgi-lab run FILE` and `uwsgi-lab demo NAME`: a scenario on a lab, from its file to its report.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::engine::Role;
use crate::experiment::{self, DEMOS, Deed, Demo, News, Outcome, Scenario};
use crate::report;
use crate::report::command;
use crate::report::run::RunReport;

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{UpArguments, UpSettings};
use super::bring_up::Up;
use super::deeds::Deeds;
use super::interrupts::Interrupts;
use super::made::{Made, manifest, stamp};
use super::outlets::Recording;
use super::rest::at_rest;
use super::rig::{set_up, take_app};
use super::stage::{last_words, stage};
use super::teller::Teller;
use super::{kept, runtime, up};

/// The format of a scenario, below the help of `run`.
pub(crate) const FORMAT: &str = include_str!("format.txt");

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The scenario: YAML with title, phases and more; `uwsgi-lab demo hello --show` prints one
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    #[command(flatten)]
    play: PlayArguments,
    #[command(flatten)]
    up: UpArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Which; without a name they are listed
    #[arg(value_name = "DEMO")]
    demo: Option<String>,
    /// Print its scenario and run nothing
    #[arg(long, requires = "demo")]
    show: bool,
    #[command(flatten)]
    play: PlayArguments,
    #[command(flatten)]
    up: UpArguments,
}

#[derive(Debug, Args)]
struct PlayArguments {
    /// Each phase in this part of its time, as in 0.25; what is expected may need the whole
    #[arg(long, value_name = "PART", value_parser = part)]
    shorten: Option<f64>,
    /// Where manifest, results and reports go [default: runs in the labs' state directory]
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
}

fn part(text: &str) -> Result<f64, String> {
    let part = text.parse().ok().filter(|part| (0.01..=1.0).contains(part));
    part.ok_or_else(|| "a part is a number from 0.01 to 1".to_owned())
}

/// # Errors
/// A file that is no scenario (3), a lab that does not come up (as `up`), an expectation that does not hold (6), Ctrl-C (130).
pub(crate) fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let path = &arguments.scenario;
    let source = fs::read_to_string(path).map_err(|error| {
        let mut failure = Failure::new(Code::InvalidFile, format!("cannot read {}", path.display()));
        failure.causes.push(error.to_string());
        failure.hint("`uwsgi-lab demo` lists scenarios that need no file")
    })?;
    let name = path
        .file_stem()
        .map_or("run".into(), |name| name.to_string_lossy());
    play(
        &path.display().to_string(),
        &name,
        &Source {
            text: &source,
            directory: path.parent().unwrap_or(Path::new("")),
        },
        &arguments.play,
        &arguments.up,
    )
}

/// # Errors
/// As [`run`]; a name that is none (2).
pub(crate) fn demo(arguments: &DemoArguments) -> Result<(), Failure> {
    let Some(name) = &arguments.demo else {
        return output::data(&listed());
    };
    let Some(demo) = DEMOS.iter().find(|demo| demo.name == *name) else {
        let names: Vec<_> = DEMOS.iter().map(|demo| demo.name).collect();
        let message = format!("there is no demo `{name}`");
        return Err(Failure::new(Code::Usage, message).hint(format!("there are {}", names.join(", "))));
    };
    if arguments.show {
        return output::data(demo.source);
    }
    let source = Source {
        text: demo.source,
        directory: Path::new(""),
    };
    play(name, name, &source, &arguments.play, &arguments.up)
}

fn listed() -> String {
    let row = |demo: &Demo| {
        let title = Scenario::parse(demo.source)
            .map(|scenario| scenario.title)
            .unwrap_or_default();
        format!("  {:22}{title}\n", demo.name)
    };
    let rows: String = DEMOS.iter().map(row).collect();
    format!(
        "Demos:\n{rows}\n`uwsgi-lab demo NAME` runs one, `uwsgi-lab demo NAME --show` prints its scenario.\n"
    )
}

/// A scenario as text, and where its paths lead on from.
struct Source<'a> {
    text: &'a str,
    directory: &'a Path,
}

fn play(
    place: &str,
    name: &str,
    source: &Source<'_>,
    arguments: &PlayArguments,
    up_arguments: &UpArguments,
) -> Result<(), Failure> {
    let mut scenario = Scenario::parse_in(source.text, source.directory)
        .map_err(|error| Failure::new(Code::InvalidFile, format!("{place}: {error}")))?;
    if let Some(part) = arguments.shorten {
        scenario = scenario.shortened(part);
    }
    let settings = settings(&scenario, place, up_arguments)?;
    let directory = kept::Directory::create(arguments.save.as_deref(), &settings.lab.environment, name)?;
    let outcome = runtime()?.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let up = up::raised(&settings, &mut interrupts).await?;
        let (played, last_words) = played(&scenario, &settings, &up, &directory, &mut interrupts).await?;
        let made = Made {
            title: &scenario.title,
            seed: scenario.seed,
            began: stamp(played.began_ms),
            uwsgi: played.uwsgi_version.clone(),
        };
        let manifest = manifest(made, &settings, &up);
        Ok((played, manifest, up, last_words))
    });
    let (outcome, manifest, up, last_words) = match outcome {
        Ok(outcome) => outcome,
        Err(failure) => {
            directory.remove_if_empty();
            return Err(Failure::of_lab(failure, &settings.lab.name));
        }
    };
    let report = RunReport::new(&scenario, &outcome, manifest);
    directory.finish(source.text, &report)?;
    output::data(&report::run::markdown(&report))?;
    tell_where(&directory, &up, &settings.lab.name);
    conclude(&report, &outcome, last_words.as_deref())
}

/// The lab of the scenario: its uWSGI, and no load but that of its phases.
fn settings(scenario: &Scenario, place: &str, arguments: &UpArguments) -> Result<UpSettings, Failure> {
    arguments.refuse_for_scenario()?;
    if scenario.app.is_some() {
        arguments.refuse_app()?;
    }
    let mut settings = UpSettings::new(arguments)?;
    let server = &scenario.uwsgi;
    settings.uwsgi = set_up(&settings.uwsgi, server);
    if let Some(app) = &scenario.app {
        take_app(&mut settings, app);
    }
    settings
        .uwsgi
        .render()
        .map_err(|error| Failure::new(Code::InvalidFile, format!("{place}: {error}")))?;
    settings.uwsgi_is_set = true;
    settings.load = None;
    Ok(settings)
}

/// Plays it, and returns what the server said last where it does not answer any more.
async fn played(
    scenario: &Scenario,
    settings: &UpSettings,
    up: &Up,
    directory: &kept::Directory,
    interrupts: &mut Interrupts,
) -> Result<(Outcome, Option<Vec<String>>), Failure> {
    let (recording, takers) = Recording::begin(&directory.points(), up)?;
    let stop = CancellationToken::new();
    let stage = stage(up, settings.interval, takers, stop.clone())?;
    let resting = async {
        at_rest(&stage.stats.address).await;
        Ok(())
    };
    interrupts.or_end_of(resting, "nothing was sent yet").await?;
    let teller = Teller::new(scenario, up, directory);
    let deeds = Deeds::new(up, settings, stage.stats.address.clone());
    let outcome = {
        let act = async |deed: Deed| deeds.perform(deed).await;
        let tell = |news: News<'_>| teller.tell(&news);
        let playing = experiment::conduct(scenario, &stage, act, &tell);
        tokio::pin!(playing);
        tokio::select! {
            outcome = &mut playing => outcome,
            () = interrupts.next() => {
                stop.cancel();
                tokio::select! {
                    outcome = &mut playing => outcome,
                    () = interrupts.next() => return Err(Failure::new(Code::Interrupted, "interrupted at once")),
                }
            }
        }
    };
    teller.end();
    let last_words = last_words(up, &settings.lab.name, &stage).await;
    drop(stage);
    undo(&deeds, interrupts).await;
    recording.end().await;
    let outcome = outcome.map_err(|error| Failure::from_error(Code::Unavailable, &error))?;
    Ok((outcome, last_words))
}

/// The server is the lab's again after the run, however that ended.
async fn undo(deeds: &Deeds<'_>, interrupts: &mut Interrupts) {
    if !deeds.has_changed() {
        return;
    }
    output::note("uWSGI's settings are put back as they were");
    let undone = tokio::select! {
        undone = deeds.undo() => undone,
        () = interrupts.next() => Err("interrupted".to_owned()),
    };
    if let Err(error) = undone {
        output::note(&format!(
            "warning: uWSGI's settings are not back yet ({error}); the next `uwsgi-lab up` or run makes it anew, \
             `uwsgi-lab logs` tells what it said"
        ));
    }
}

fn tell_where(directory: &kept::Directory, up: &Up, lab: &str) {
    let grafana = up
        .endpoints
        .iter()
        .find(|endpoint| endpoint.role == Role::Grafana);
    if let Some(grafana) = grafana {
        output::note(&format!("\nDashboard: http://{}/d/uwsgi-lab", grafana.address()));
    }
    let end = command::of_lab("The lab stays up; `uwsgi-lab down` takes it away.", lab);
    output::note(&format!("Report: {}\n{end}", directory.report().display()));
}

fn conclude(report: &RunReport, outcome: &Outcome, last_words: Option<&[String]>) -> Result<(), Failure> {
    if outcome.interrupted {
        return Err(Failure::new(
            Code::Interrupted,
            "interrupted; what was measured until then is kept",
        ));
    }
    if let Some(lines) = last_words {
        let mut failure = Failure::new(Code::NotReady, "uWSGI does not answer any more");
        failure
            .causes
            .extend(lines.iter().map(|line| format!("uWSGI said: {line}")));
        return Err(failure.hint(
            "`uwsgi-lab logs uwsgi` tells all that it said; the next `uwsgi-lab up` or run makes it anew",
        ));
    }
    let unmet = report.unmet();
    if unmet.is_empty() {
        return Ok(());
    }
    let mut failure = Failure::new(Code::Condition, format!("{} not as expected", unmet.len()));
    failure.causes = unmet;
    Err(failure)
}
