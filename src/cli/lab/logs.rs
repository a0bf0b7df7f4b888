//! `uwsgi-lab logs`.

use std::collections::BTreeSet;

use clap::Args;
use futures_util::future::try_join_all;
use futures_util::{StreamExt as _, stream};

use crate::engine::{AnyEngine, Engine as _, LogRequest};
use crate::plan::Observed;
use crate::state::WantedServices;

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{LabArguments, LabSettings};
use super::agents::state_failure;
use super::connect::failure;
use super::engines;
use super::follow::Followed;
use super::interrupts::Interrupts;
use super::runtime;

#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    /// One service; all of them without it
    service: Option<String>,
    /// Go on with what is printed from now on, until Ctrl-C or the end of the lab
    #[arg(short, long)]
    follow: bool,
    /// The last so many lines of each service
    #[arg(short = 'n', long, value_name = "LINES")]
    tail: Option<u32>,
    /// Begin each line with its time
    #[arg(short, long)]
    timestamps: bool,
    #[command(flatten)]
    lab: LabArguments,
}

pub(crate) fn run(arguments: &LogsArguments) -> Result<(), Failure> {
    let lab = LabSettings::new(&arguments.lab)?;
    let outcome = runtime()?.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        tokio::select! {
            outcome = print(&lab, arguments) => outcome,
            () = interrupts.next() => Ok(()),
        }
    });
    outcome.map_err(|failure| failure.of_lab(&lab.name))
}

/// Lines of one service stay in order; those of several are told apart by the name before them.
async fn print(lab: &LabSettings, arguments: &LogsArguments) -> Result<(), Failure> {
    let engine = engines::of_lab(lab).await?;
    let observed = observe(&engine, &lab.name).await?;
    let wanted = WantedServices::load(&lab.directory).map_err(|error| state_failure(&error))?;
    let services = services(&lab.name, &observed, &wanted.0, arguments.service.as_deref())?;
    let width = services.iter().map(String::len).max().unwrap_or(0);
    let prefix = |service: &str| match arguments.service {
        Some(_) => String::new(),
        None => format!("{service:width$} | "),
    };
    let request = LogRequest {
        tail: arguments.tail,
        since: None,
        follow: arguments.follow,
        timestamps: arguments.timestamps,
    };
    if arguments.follow {
        let followed = services
            .iter()
            .map(|service| Followed::new(&engine, lab, service, prefix(service)).print(request));
        return try_join_all(followed).await.map(drop);
    }
    let containers = observed
        .containers
        .iter()
        .filter(|container| services.contains(&container.service));
    let streams = containers.map(|container| {
        let prefix = prefix(&container.service);
        engine
            .logs(&container.id, request)
            .map(move |line| line.map(|line| format!("{prefix}{line}\n")))
    });
    let mut lines = stream::select_all(streams);
    while let Some(line) = lines.next().await {
        output::data(&line.map_err(|error| failure(&error))?)?;
    }
    Ok(())
}

pub(super) async fn observe(engine: &AnyEngine, project: &str) -> Result<Observed, Failure> {
    engine
        .observe(project, &BTreeSet::new())
        .await
        .map_err(|error| failure(&error))
}

/// The services whose lines are asked for; each is there.
///
/// # Errors
/// There is no such lab, the service's container is gone (4), or the lab has no such a service (2).
fn services(
    lab: &str,
    observed: &Observed,
    wanted: &BTreeSet<String>,
    asked: Option<&str>,
) -> Result<BTreeSet<String>, Failure> {
    let present: BTreeSet<String> = observed
        .containers
        .iter()
        .map(|container| container.service.clone())
        .collect();
    let unavailable = |message: String, hint: &str| Err(Failure::new(Code::Unavailable, message).hint(hint));
    match asked {
        _ if present.is_empty() && wanted.is_empty() => {
            unavailable(format!("there is no lab '{lab}'"), "`uwsgi-lab up` brings it up")
        }
        Some(service) if present.contains(service) => Ok([service.to_owned()].into()),
        Some(service) if wanted.contains(service) => unavailable(
            format!("service '{service}' is missing, and what it printed with it"),
            "`uwsgi-lab up` with the same options makes it anew",
        ),
        Some(service) => {
            let known: Vec<&str> = present.union(wanted).map(String::as_str).collect();
            let failure = Failure::new(Code::Usage, format!("there is no service '{service}'"));
            Err(failure.hint(format!("services: {}", known.join(", "))))
        }
        None if present.is_empty() => unavailable(
            format!("no service of the lab '{lab}' is there"),
            "`uwsgi-lab up` with the same options makes them anew",
        ),
        None => Ok(present),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// With no container at all.
    fn refused(wanted: &[&str], asked: Option<&str>) -> (Code, String) {
        let failure = services("lab", &Observed::default(), &set(wanted), asked).unwrap_err();
        (failure.code, failure.message)
    }

    #[test]
    fn what_has_no_log_is_named() {
        let none = (Code::Unavailable, "there is no lab 'lab'".to_owned());
        assert_eq!(refused(&[], None), none);
        assert_eq!(refused(&[], Some("uwsgi")), none);
        let gone = "service 'uwsgi' is missing, and what it printed with it";
        assert_eq!(
            refused(&["uwsgi"], Some("uwsgi")),
            (Code::Unavailable, gone.to_owned())
        );
        assert_eq!(
            refused(&["uwsgi"], None),
            (
                Code::Unavailable,
                "no service of the lab 'lab' is there".to_owned()
            )
        );
        assert_eq!(
            refused(&["uwsgi"], Some("nope")),
            (Code::Usage, "there is no service 'nope'".to_owned())
        );
    }
}
