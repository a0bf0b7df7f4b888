//! `uwsgi-lab open`: the dashboard in the browser.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use clap::Args;

use crate::engine::{Engine as _, Role};
use crate::report::lab as report;
use crate::state::Credentials;

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{LabArguments, LabSettings};
use super::agents::state_failure;
use super::connect::failure;
use super::{engines, runtime};

#[derive(Debug, Args)]
pub(crate) struct OpenArguments {
    #[command(flatten)]
    lab: LabArguments,
    /// Print the address, open nothing
    #[arg(long)]
    print: bool,
}

pub(crate) fn run(arguments: &OpenArguments) -> Result<(), Failure> {
    let lab = LabSettings::new(&arguments.lab)?;
    open(&lab, arguments.print).map_err(|failure| failure.of_lab(&lab.name))
}

fn open(lab: &LabSettings, print: bool) -> Result<(), Failure> {
    let report = runtime()?.block_on(look(lab))?;
    let Some(address) = report.endpoint(Role::Grafana).map(report::dashboard_url) else {
        return Err(
            Failure::new(Code::Unavailable, "Grafana does not run").hint("`uwsgi-lab up` brings it up")
        );
    };
    output::data(&format!("{address}\n"))?;
    if print {
        return Ok(());
    }
    if let Some(login) = report.login.as_ref().filter(|_| output::is_terminal()) {
        let password = login.grafana_password.as_deref().unwrap_or_default();
        output::note(&format!("Log in as {} with the password {password}", login.user));
    }
    browse(&address)
}

/// What runs of the lab, with its passwords.
pub(super) async fn look(lab: &LabSettings) -> Result<report::LabReport, Failure> {
    let engine = engines::of_lab(lab).await?;
    let observed = engine
        .observe(&lab.name, &BTreeSet::new())
        .await
        .map_err(|error| failure(&error))?;
    let credentials = Credentials::load(&lab.directory).map_err(|error| state_failure(&error))?;
    Ok(report::LabReport::new(report::Seen {
        name: &lab.name,
        engine: Some(engine.name()),
        observed: &observed,
        wanted: &BTreeSet::new(),
        running: None,
        silent_pid: None,
        credentials: credentials.as_ref(),
        show_passwords: true,
    }))
}

fn browse(address: &str) -> Result<(), Failure> {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(opener);
    let status = command
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(
            Failure::new(Code::Unavailable, format!("`{opener}` could not open a browser"))
                .hint(format!("open {address} yourself")),
        ),
    }
}
