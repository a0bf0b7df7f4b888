//! `uwsgi-lab status`.

use std::collections::BTreeSet;
use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};

use crate::agent;
use crate::engine::Engine as _;
use crate::plan::Observed;
use crate::report::lab as report;
use crate::state::{Credentials, WantedServices};

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{LabArguments, LabSettings};
use super::agents::{self, state_failure};
use super::connect::failure;
use super::{engines, runtime};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    lab: LabArguments,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    /// Show the passwords too
    #[arg(long)]
    show_passwords: bool,
}

/// Exit code 0 whether the lab runs or not: that is what the output tells.
pub(crate) fn run(arguments: &StatusArguments) -> Result<(), Failure> {
    let lab = LabSettings::new(&arguments.lab)?;
    let report = runtime()?
        .block_on(gather(&lab, arguments.show_passwords))
        .map_err(|failure| failure.of_lab(&lab.name))?;
    match arguments.output {
        Format::Text => output::data(&report::status_text(&report, now_ms())),
        Format::Json => {
            let json = serde_json::to_string_pretty(&report)
                .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
            output::data(&format!("{json}\n"))
        }
    }
}

async fn gather(lab: &LabSettings, show_passwords: bool) -> Result<report::LabReport, Failure> {
    let engine = engines::of_lab(lab).await?;
    let observed = engine
        .observe(&lab.name, &BTreeSet::new())
        .await
        .map_err(|error| failure(&error))?;
    let (running, silent_pid) = match agents::find(&lab.directory)? {
        // Services are worth showing whatever became of the process; its silence is shown with them.
        Some(record) => match agent::ask_status(&record).await {
            Ok(status) => (Some(status), None),
            Err(error) => {
                tracing::info!(pid = record.pid, error = &error as &dyn Error, "no answer");
                (None, Some(record.pid))
            }
        },
        None => (None, None),
    };
    let credentials = Credentials::load(&lab.directory).map_err(|error| state_failure(&error))?;
    let wanted = WantedServices::load(&lab.directory).map_err(|error| state_failure(&error))?;
    let is_there = engines::known(lab)?.is_some() || observed != Observed::default();
    Ok(report::LabReport::new(report::Seen {
        name: &lab.name,
        engine: is_there.then(|| engine.name()),
        observed: &observed,
        wanted: &wanted.0,
        running,
        silent_pid,
        credentials: credentials.as_ref(),
        show_passwords,
    }))
}

fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
