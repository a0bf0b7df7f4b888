//! The hidden commands behind a lab without containers: one runs a service for as long as somebody is there for the lab,
//! one becomes the program that a service is.

use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::embedded::{DashboardOptions, DashboardServer, StoreOptions, StoreServer};
use crate::engine::{self, Embedded, ServiceOrders, ServiceSeat, Work};
use crate::state::LabDirectory;

use super::super::error::{Code, Failure};
use super::super::{dashboard, output, store};
use super::interrupts::Interrupts;
use super::runtime;

/// Between two looks whether others still know of the process.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// For whoever reads the process list; the orders come through standard input.
#[derive(Debug, Args)]
pub(crate) struct ServiceArguments {
    lab: String,
    service: String,
}

#[derive(Debug, Args)]
pub(crate) struct ChildArguments {
    parent: u32,
    program: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs one service until it ends, is told to, or nobody is there for its lab.
pub(crate) fn run(arguments: &ServiceArguments) -> Result<(), Failure> {
    let unexpected = |error: std::io::Error| Failure::from_error(Code::Unexpected, &error);
    let orders = ServiceOrders::read(std::io::stdin()).map_err(|error| {
        Failure::from_error(Code::Usage, &error)
            .hint("this command is for uwsgi-lab itself; see `uwsgi-lab up`")
    })?;
    // Fails where the process leads its group already, and then nothing is needed.
    rustix::process::setsid().ok();
    let mut seat = ServiceSeat::take(&orders).map_err(unexpected)?;
    tracing::info!(lab = arguments.lab, service = arguments.service, "service");
    let outcome = runtime()?.block_on(serve(&orders, &mut seat));
    let code = outcome.unwrap_or_else(|failure| {
        output::note(&failure.to_string());
        failure.code as i64
    });
    seat.leave(code).map_err(unexpected)
}

/// The service's exit code.
async fn serve(orders: &ServiceOrders, seat: &mut ServiceSeat) -> Result<i64, Failure> {
    let stop = CancellationToken::new();
    let (farewell, told) = (seat.farewell(), stop.clone());
    let end = move || {
        farewell();
        told.cancel();
    };
    end_on_signal(end.clone())?;
    end_with_lab(LabDirectory::at(orders.lab.clone()), end);
    stop_when_forgotten(seat.knowledge(), stop.clone());
    match &orders.work {
        Work::Dashboard(embedded) => run_dashboard(embedded, stop).await.map(|()| 0),
        Work::Store(embedded) => run_store(embedded, stop).await.map(|()| 0),
        Work::Uwsgi(child) => engine::run_child(child, seat, &stop)
            .await
            .map_err(|error| Failure::from_error(Code::Unexpected, &error)),
    }
}

fn end_on_signal(end: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let mut interrupts = Interrupts::listen()?;
    tokio::spawn(async move {
        interrupts.next().await;
        end();
    });
    Ok(())
}

/// A thread of its own: the end of the runtime would wait for one of Tokio's.
fn end_with_lab(lab: LabDirectory, end: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        let abandoned = lab.wait_until_abandoned();
        if let Err(error) = &abandoned {
            tracing::warn!(%error, "the lab cannot be watched");
        }
        // Who comes back to the lab waits until it is known that the service ends.
        end();
        drop(abandoned);
    });
}

/// A process that nobody can find would never be ended.
fn stop_when_forgotten(is_known: impl Fn() -> bool + Send + 'static, stop: CancellationToken) {
    tokio::spawn(async move {
        while is_known() {
            sleep(LOOK_EVERY).await;
        }
        stop.cancel();
    });
}

async fn run_store(embedded: &Embedded, stop: CancellationToken) -> Result<(), Failure> {
    let failed = |error| unavailable(&error, store::advice(&error));
    let user = variable(embedded, "INFLUXDB_ADMIN_USER").unwrap_or("admin");
    let password = required(embedded, "INFLUXDB_ADMIN_PASSWORD")?;
    let options = StoreOptions {
        listen: ([127, 0, 0, 1], embedded.port).into(),
        data: embedded.data.clone(),
        database: variable(embedded, "INFLUXDB_DB").map(str::to_owned),
        credentials: Some((user.to_owned(), password)),
        allowed_hosts: Vec::new(),
    };
    let server = StoreServer::bind(options).await.map_err(failed)?;
    server.run(stop).await.map_err(failed)
}

async fn run_dashboard(embedded: &Embedded, stop: CancellationToken) -> Result<(), Failure> {
    let failed = |error| unavailable(&error, dashboard::advice(&error));
    let options = DashboardOptions {
        listen: ([127, 0, 0, 1], embedded.port).into(),
        data: Some(embedded.data.clone()),
        admin_user: variable(embedded, "GF_SECURITY_ADMIN_USER")
            .unwrap_or("admin")
            .to_owned(),
        admin_password: required(embedded, "GF_SECURITY_ADMIN_PASSWORD")?,
        allowed_hosts: Vec::new(),
    };
    let server = DashboardServer::bind(options).await.map_err(failed)?;
    server.run(stop).await.map_err(failed)
}

fn unavailable(error: &dyn Error, advice: Option<String>) -> Failure {
    let failure = Failure::from_error(Code::Unavailable, error);
    match advice {
        Some(advice) => failure.hint(advice),
        None => failure,
    }
}

fn variable<'a>(embedded: &'a Embedded, name: &str) -> Option<&'a str> {
    let value = embedded.environment.get(name).map(String::as_str);
    value.filter(|value| !value.is_empty())
}

fn required(embedded: &Embedded, name: &str) -> Result<String, Failure> {
    let missing = || {
        Failure::new(Code::InvalidFile, format!("the service has no {name}"))
            .hint("set it under `environment` in the Compose file")
    };
    variable(embedded, name).map(str::to_owned).ok_or_else(missing)
}

/// Becomes the program, which dies with the process that started this one.
pub(crate) fn run_child(arguments: &ChildArguments) -> Result<(), Failure> {
    let error = engine::become_program(arguments.parent, &arguments.program, &arguments.arguments);
    let message = format!("cannot run {}", arguments.program.display());
    let mut failure = Failure::new(Code::Unavailable, message);
    failure.causes.push(error.to_string());
    Err(failure)
}
