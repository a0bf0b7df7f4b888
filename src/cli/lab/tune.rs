//! `uwsgi-lab tune --slo …`: the cheapest configuration for a rate, or the highest rate of a configuration.

mod task;
mod tuner;

use clap::Args;
use indicatif::ProgressBar;
use tokio_util::sync::CancellationToken;

use crate::experiment::{Manifest, Tuned};
use crate::report;
use crate::report::command;
use crate::report::tuning::TuningReport;

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{UpArguments, UpSettings};
use super::experiment::basis;
use super::interrupts::Interrupts;
use super::made::{Made, manifest};
use super::notebook::{GOES_ON, KeepArguments, Notebook};
use super::outlets::Recording;
use super::rig::{Rig, set_up};
use super::{runtime, up};
use task::Task;
use tuner::{Tuner, server};

#[derive(Debug, Args)]
pub(crate) struct TuneArguments {
    /// What has to hold, as in p99<300ms or p99<300ms,error_share<1%
    #[arg(long, value_name = "OBJECTIVE")]
    slo: String,
    /// The most memory of all workers together, as in 200M
    #[arg(long, value_name = "SIZE")]
    max_memory: Option<String>,
    /// The most processes that are tried; --processes tries one number alone [default: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    max_processes: Option<u32>,
    /// The most threads of a process that are tried, 1 for an app that is not safe with threads [default: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    max_threads: Option<u32>,
    /// Try in the end how many workers may be stopped while they are not needed
    #[arg(long)]
    cheaper: bool,
    /// How long each measurement lasts [default: some 600 requests, from 10s to 60s]
    #[arg(long, value_name = "DURATION")]
    duration: Option<String>,
    /// What random arrivals follow from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    keep: KeepArguments,
    #[command(flatten)]
    up: UpArguments,
}

pub(crate) const EXAMPLES: &str = "\
With --rate it looks for the cheapest number of processes and threads, without it for the highest rate that --processes and
--threads sustain.

Examples:
  uwsgi-lab tune --slo 'p99<300ms' --rate 40
  uwsgi-lab tune --slo 'p99<300ms' --rate 40 --path '/?sleep=0.1' --max-threads 1 --cheaper
  uwsgi-lab tune --slo 'p99<1s,error_share<1%' --processes 4 --threads 2";

/// # Errors
/// An objective that is none (2), a lab or a server that does not come up (as `up`), nothing that meets the objective (6),
/// Ctrl-C (130).
pub(crate) fn run(arguments: &TuneArguments) -> Result<(), Failure> {
    let mut task = Task::new(arguments)?;
    let environment = task.settings.lab.environment.clone();
    let basis = basis(&task.description(arguments), &task.settings)?;
    let notebook = Notebook::open(&arguments.keep, &environment, "tune", &basis)?;
    let lab = task.settings.lab.name.clone();
    let outcome = runtime()?.block_on(conducted(&mut task, &notebook));
    let (tuned, manifest) = outcome.map_err(|failure| {
        notebook.remove_if_empty();
        failure.of_lab(&lab)
    })?;
    let report = TuningReport::new(&task.asked(), &tuned, manifest);
    let markdown = report::tuning::markdown(&report);
    let page =
        report::tuning::html(&report).map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    notebook.finish(&markdown, &page, &report.json())?;
    output::data(&markdown)?;
    let end = command::of_lab("The lab stays up; `uwsgi-lab down` takes it away.", &lab);
    let place = notebook.path().join("report.html");
    output::note(&format!("\nReport: {}\n{end}", place.display()));
    match report.nothing() {
        None => Ok(()),
        Some(why) => Err(Failure::new(Code::Condition, why)),
    }
}

async fn conducted(task: &mut Task, notebook: &Notebook) -> Result<(Tuned, Manifest), Failure> {
    let mut interrupts = Interrupts::listen()?;
    let up = up::raised(&task.settings, &mut interrupts).await?;
    notebook.on(up.engine.name())?;
    task.question.processors = up.engine.processors().await.unwrap_or(1);
    let task = &*task;
    let (recording, takers) = Recording::begin(&notebook.points(), &up)?;
    let cancel = CancellationToken::new();
    let rig = Rig {
        up: &up,
        settings: UpSettings::clone(&task.settings),
        takers,
        cancel: cancel.clone(),
    };
    let tuner = Tuner {
        task,
        rig,
        notebook,
        bar: ProgressBar::new_spinner(),
        number: 0,
    };
    let advice = GOES_ON;
    let tuned = interrupts.or_wind_down(tuner.tuned(), &cancel, advice).await;
    recording.end().await;
    let (tuned, first) = tuned?;
    let title = format!("tune --slo {}", task.slo);
    let made = Made {
        title: &title,
        seed: task.question.seed,
        began: first.began,
        uwsgi: first.uwsgi,
    };
    let mut settings = task.settings.clone();
    let found = tuned.found.map(|index| tuned.trials[index].candidate);
    if let Some(found) = found {
        settings.uwsgi = set_up(&settings.uwsgi, &server(found));
    }
    let mut manifest = manifest(made, &settings, &up);
    if found.is_none() {
        manifest.uwsgi_ini = format!("# Before anything was tried.\n{}", manifest.uwsgi_ini);
    }
    Ok((tuned, manifest))
}
