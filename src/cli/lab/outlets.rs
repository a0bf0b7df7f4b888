//! Where the points of a run go: its file and the lab's InfluxDB; makes no points.

use std::path::Path;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::collector::{Limits, LineFile, Outlet, Sink, WriterStatus, Writers};
use crate::influx::{Authorization, Client, Credentials, Endpoint, Secret};
use crate::point::Point;

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::place::cannot_write;
use super::bring_up::Up;
use super::orders::DATABASE;

pub(super) type Written = tokio::task::JoinHandle<Vec<WriterStatus>>;

/// Writes until nobody has points any more.
pub(super) fn writers(outlets: Vec<Outlet>) -> (Written, mpsc::Sender<Vec<Point>>) {
    let (writers, points, _statuses) = Writers::new(outlets);
    let written = tokio::spawn(writers.run(CancellationToken::new()));
    (written, points)
}

/// The run goes on without them, and its figures do not come from them.
pub(super) fn tell_lost(place: &str, statuses: &[WriterStatus]) {
    for status in statuses.iter().filter(|status| status.points_lost() > 0) {
        let why = status.last_error().unwrap_or("no reason was given");
        output::note(&format!(
            "{} points were not written to {place}: {why}",
            status.points_lost()
        ));
    }
}

pub(super) fn lines(path: &Path) -> Result<Outlet, Failure> {
    let file = LineFile::open(path.to_owned()).map_err(|error| cannot_write(path, &error))?;
    Ok(outlet(Sink::File(file)))
}

fn outlet(sink: Sink) -> Outlet {
    Outlet {
        sink,
        limits: Limits::default(),
        spool: None,
    }
}

pub(super) fn influx(up: &Up) -> Result<Outlet, Failure> {
    Ok(outlet(Sink::Influx(influx_client(up)?)))
}

/// A client of the lab's InfluxDB.
pub(super) fn influx_client(up: &Up) -> Result<Client, Failure> {
    let unexpected = |error: &dyn std::error::Error| Failure::from_error(Code::Unexpected, error);
    let endpoint = up.settings.influxdb.url.parse::<Endpoint>();
    let endpoint = endpoint.map_err(|error| unexpected(&error))?;
    let login = Authorization::Password(Credentials {
        user: up.credentials.user.clone(),
        password: Secret::new(&up.credentials.influxdb_password),
    });
    Client::new(endpoint.url, DATABASE, Some(login)).map_err(|error| unexpected(&error))
}
