//! `uwsgi-lab logs`.

use std::collections::BTreeSet;

use clap::Args;
use futures_util::{StreamExt as _, stream};

use crate::engine::{Engine as _, LogRequest};

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{LabArguments, LabSettings};
use super::connect::{self, failure};
use super::interrupts::Interrupts;
use super::{runtime, stack};

#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    #[command(flatten)]
    lab: LabArguments,
    /// One service; all of them without it
    service: Option<String>,
    /// Go on with what is printed from now on, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// The last so many lines of each service
    #[arg(short = 'n', long, value_name = "LINES")]
    tail: Option<u32>,
    /// Begin each line with its time
    #[arg(short, long)]
    timestamps: bool,
}

pub(crate) fn run(arguments: &LogsArguments) -> Result<(), Failure> {
    let lab = LabSettings::new(&arguments.lab)?;
    runtime()?.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        tokio::select! {
            outcome = print(&lab, arguments) => outcome,
            () = interrupts.next() => Ok(()),
        }
    })
}

/// Lines of one service stay in order; those of several are told apart by the name before them.
async fn print(lab: &LabSettings, arguments: &LogsArguments) -> Result<(), Failure> {
    let docker = connect::docker(&lab.environment, stack::compose_file(&lab.directory)).await?;
    let observed = docker
        .observe(&lab.name, &BTreeSet::new())
        .await
        .map_err(|error| failure(&error))?;
    let services: Vec<&str> = observed
        .containers
        .iter()
        .map(|container| container.service.as_str())
        .collect();
    if let Some(wanted) = &arguments.service
        && !services.contains(&wanted.as_str())
    {
        return Err(unknown(wanted, &services));
    }
    let containers = observed.containers.iter().filter(|container| {
        arguments
            .service
            .as_ref()
            .is_none_or(|wanted| *wanted == container.service)
    });
    let request = LogRequest {
        tail: arguments.tail,
        follow: arguments.follow,
        timestamps: arguments.timestamps,
    };
    let width = services.iter().map(|service| service.len()).max().unwrap_or(0);
    let prefix = |service: &str| match arguments.service {
        Some(_) => String::new(),
        None => format!("{service:width$} | "),
    };
    let streams = containers.map(|container| {
        let prefix = prefix(&container.service);
        docker
            .logs(&container.id, request)
            .map(move |line| line.map(|line| format!("{prefix}{line}\n")))
    });
    let mut lines = stream::select_all(streams);
    while let Some(line) = lines.next().await {
        output::data(&line.map_err(|error| failure(&error))?)?;
    }
    Ok(())
}

fn unknown(wanted: &str, services: &[&str]) -> Failure {
    let failure = Failure::new(Code::Usage, format!("there is no service '{wanted}'"));
    if services.is_empty() {
        return failure.hint("nothing of the lab is there; `uwsgi-lab up` brings it up");
    }
    failure.hint(format!("services: {}", services.join(", ")))
}
