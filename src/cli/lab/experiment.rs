//! `uwsgi-lab experiment FILE`: settings × loads, each several times on a fresh server, from the file to the report.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::engine;
use crate::experiment::{Case, Experiment, Label, Manifest, Measured, News, Server};
use crate::report;
use crate::report::experiment::ExperimentReport;
use crate::report::{command, number};

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{StackSource, UpArguments, UpSettings};
use super::interrupts::Interrupts;
use super::made::{Made, manifest};
use super::notebook::{Basis, GOES_ON, KeepArguments, Notebook};
use super::outlets::Recording;
use super::rig::{Order, Rig, set_up, take_app};
use super::{runtime, up};

#[derive(Debug, Args)]
pub(crate) struct ExperimentArguments {
    /// YAML with title, loads, and what is varied; the README shows one
    #[arg(value_name = "EXPERIMENT")]
    experiment: PathBuf,
    #[command(flatten)]
    keep: KeepArguments,
    #[command(flatten)]
    up: UpArguments,
}

pub(crate) const KEYS: &str = "\
Keys of an experiment:
  title       what it is called; question: what it is to answer
  seed        of the order, of random arrivals and of mixes [1]
  repeat      how often each combination is measured [5]
  warm-up     sent before what counts [2s]; duration [10s]; cool-down [1s]
  app         as in a scenario: {directory: ./site, module: \"wsgi:application\", requirements: requirements.txt}
  uwsgi       what all variants have: processes, threads, options
  vary        settings and their values, as in {processes: [1, 4], listen: [50, 100]}; all are combined
  cases       variants that are typed whole: [{name: as it is, uwsgi: {…}}]
  loads       as phases of a scenario: name, rate, arrivals, requests, timeout, connections, duration
  judge       the figure by which one is better [p99; rate in a closed loop]";

/// # Errors
/// A file that is no experiment (3), a lab or a server that does not come up (as `up`), Ctrl-C (130).
pub(crate) fn run(arguments: &ExperimentArguments) -> Result<(), Failure> {
    let path = &arguments.experiment;
    let source = fs::read_to_string(path).map_err(|error| {
        cannot_read(path, &error).hint("`uwsgi-lab experiment --help` tells what stands in one")
    })?;
    let invalid = |error: &dyn std::fmt::Display| {
        Failure::new(Code::InvalidFile, format!("{}: {error}", path.display()))
    };
    let directory = path.parent().unwrap_or(Path::new(""));
    let experiment = Experiment::parse(&source, directory).map_err(|error| invalid(&error))?;
    let settings = settings(&experiment, &arguments.up)?;
    for variant in &experiment.variants {
        let rendered = set_up(&settings.uwsgi, &variant.server).render();
        rendered.map_err(|error| invalid(&format!("{}: {error}", variant.name)))?;
    }
    let name = path
        .file_stem()
        .map_or("experiment".into(), |name| name.to_string_lossy());
    let basis = basis(&source, &settings)?;
    let environment = &settings.lab.environment;
    let notebook = Notebook::open(&arguments.keep, environment, &name, &basis)?;
    notebook.write("experiment.yaml", &source)?;
    let lab = settings.lab.name.clone();
    let outcome = runtime()?.block_on(conducted(&experiment, settings, &notebook));
    match outcome {
        Ok((measured, manifest)) => {
            let report = ExperimentReport::new(&experiment, &measured, manifest);
            let markdown = report::experiment::markdown(&report);
            let page = report::experiment::html(&report);
            let page = page.map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
            notebook.finish(&markdown, &page, &report.json())?;
            output::data(&markdown)?;
            let end = command::of_lab("The lab stays up; `uwsgi-lab down` takes it away.", &lab);
            let place = notebook.path().join("report.html");
            output::note(&format!("\nReport: {}\n{end}", place.display()));
            Ok(())
        }
        Err(failure) => {
            notebook.remove_if_empty();
            Err(failure.of_lab(&lab))
        }
    }
}

/// uWSGI as it is before anything is varied, and no load but that of the cases.
fn settings(experiment: &Experiment, arguments: &UpArguments) -> Result<UpSettings, Failure> {
    arguments.refuse_for_scenario()?;
    if experiment.app.is_some() {
        arguments.refuse_app()?;
    }
    let mut settings = UpSettings::new(arguments)?;
    if let Some(app) = &experiment.app {
        take_app(&mut settings, app);
    }
    settings.refuse_watched()?;
    settings.uwsgi_is_set = true;
    settings.load = None;
    Ok(settings)
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::new(Code::InvalidFile, format!("cannot read {}", path.display()));
    failure.causes.push(error.to_string());
    failure
}

/// # Errors
/// Files of the app that cannot be read.
pub(super) fn basis(source: &str, settings: &UpSettings) -> Result<Basis, Failure> {
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| cannot_read(path, &error));
    let app = settings.app.as_ref();
    let hash =
        |directory: &Path| engine::directory_hash(directory).map_err(|error| cannot_read(directory, &error));
    let requirements = app.and_then(|app| app.requirements.as_deref());
    let stack = match &settings.stack {
        StackSource::Own => None,
        StackSource::File(path) => Some(read(path)?),
    };
    Ok(Basis {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        source: source.to_owned(),
        uwsgi_ini: settings.uwsgi.render().unwrap_or_default(),
        app: app.map(|app| hash(&app.directory)).transpose()?,
        requirements: requirements.map(read).transpose()?,
        stack,
        interval_ms: settings.interval.as_millis(),
    })
}

async fn conducted(
    experiment: &Experiment,
    settings: UpSettings,
    notebook: &Notebook,
) -> Result<(Vec<Measured>, Manifest), Failure> {
    let mut interrupts = Interrupts::listen()?;
    let up = up::raised(&settings, &mut interrupts).await?;
    notebook.on(up.engine.name())?;
    let (recording, takers) = Recording::begin(&notebook.points(), &up)?;
    let cancel = CancellationToken::new();
    let rig = Rig {
        up: &up,
        settings: settings.clone(),
        takers,
        cancel: cancel.clone(),
    };
    let advice = GOES_ON;
    let work = measured(experiment, rig, notebook);
    let measured = interrupts.or_wind_down(work, &cancel, advice).await;
    recording.end().await;
    let measured = measured?;
    let made = Made {
        title: &experiment.title,
        seed: experiment.seed,
        began: measured
            .iter()
            .map(|one| one.began.clone())
            .min()
            .unwrap_or_default(),
        uwsgi: measured.iter().find_map(|one| one.uwsgi.clone()),
    };
    let mut manifest = manifest(made, &settings, &up);
    manifest.uwsgi_ini = format!(
        "# What all settings share; what is varied stands in the tables.\n{}",
        manifest.uwsgi_ini
    );
    Ok((measured, manifest))
}

/// All cases in order; those that were measured before are not measured again.
async fn measured(
    experiment: &Experiment,
    mut rig: Rig<'_>,
    notebook: &Notebook,
) -> Result<Vec<Measured>, Failure> {
    let cases = experiment.cases();
    let label = |case: Case| Label {
        variant: &experiment.variants[case.variant].name,
        load: &experiment.loads[case.load].name,
        repeat: case.repeat,
    };
    let known: Vec<Option<Measured>> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| notebook.kept(number, label(*case)))
        .collect();
    let left: Duration = cases
        .iter()
        .zip(&known)
        .filter(|(_, known)| known.is_none())
        .map(|(case, _)| experiment.length_of(*case))
        .sum();
    announce(cases.len(), known.iter().flatten().count(), left);
    if !notebook.goes_on {
        // A setting that uWSGI refuses shows now and not after an hour.
        for variant in &experiment.variants {
            if let Err(failure) = rig.try_out(&variant.name, &variant.server).await {
                // The lab is to go on with a server that works.
                rig.try_out("", &Server::default()).await.ok();
                return Err(failure);
            }
        }
    }
    let bar = bar(cases.len());
    let mut all = Vec::new();
    for (number, (case, known)) in cases.iter().zip(known).enumerate() {
        bar.set_position(number as u64);
        if let Some(known) = known {
            all.push(known);
            continue;
        }
        let label = label(*case);
        let place = format!("{}, {}", label.load, label.variant);
        bar.set_message(place.clone());
        let judge = experiment.judge(case.load).name;
        let scenario = experiment.scenario(*case);
        let order = Order {
            label,
            server: &experiment.variants[case.variant].server,
            scenario: &scenario,
            wanted: &[&judge],
        };
        let tell = |news: News<'_>| {
            if let News::Second(second) = news {
                bar.set_message(format!("{place}: {}", report::load::live_line(second)));
            }
        };
        let Some(measured) = rig.measure(&order, &tell).await? else {
            return Err(Failure::new(Code::Interrupted, "interrupted"));
        };
        notebook.keep(number, &measured)?;
        bar.suspend(|| output::note(&report::experiment::line(&measured, &judge)));
        all.push(measured);
    }
    bar.finish_and_clear();
    Ok(all)
}

fn announce(cases: usize, known: usize, left: Duration) {
    let all = number::counted(cases as u64, "measurement");
    let length = number::duration(Duration::from_secs(left.as_secs().max(1)));
    match known {
        0 => output::note(&format!("{all}, about {length} and the starts of servers.")),
        _ => output::note(&format!(
            "Goes on: {known} of {all} are there; about {length} left."
        )),
    }
}

pub(super) fn bar(cases: usize) -> ProgressBar {
    let bar = ProgressBar::new(cases as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:16} {pos}/{len}  {wide_msg}") {
        bar.set_style(style);
    }
    bar
}
