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
use super::stage::Takers;

type Written = tokio::task::JoinHandle<Vec<WriterStatus>>;

/// Under way, until [`Recording::end`].
pub(super) struct Recording {
    /// Where all points go.
    place: String,
    all: Written,
    own: Written,
}

impl Recording {
    /// All points go to the file, the lab's InfluxDB gets those that its own collector does not write.
    pub(super) fn begin(file: &Path, up: &Up) -> Result<(Self, Takers), Failure> {
        let (all, of_all) = writers(vec![lines(file)?]);
        let (own, of_own) = writers(vec![influx(up)?]);
        let recording = Self {
            place: file.display().to_string(),
            all,
            own,
        };
        let takers = Takers {
            all: of_all,
            own: of_own,
        };
        Ok((recording, takers))
    }

    /// Waits until everything is written, once nobody has its takers any more, and tells what could not be.
    pub(super) async fn end(self) {
        let places = [(self.place, self.all), ("InfluxDB".to_owned(), self.own)];
        for (place, written) in places {
            tell_lost(&place, &written.await.unwrap_or_default());
        }
    }
}

/// Writes until nobody has points any more.
fn writers(outlets: Vec<Outlet>) -> (Written, mpsc::Sender<Vec<Point>>) {
    let (writers, points, _statuses) = Writers::new(outlets);
    let written = tokio::spawn(writers.run(CancellationToken::new()));
    (written, points)
}

/// The run goes on without them, and its figures do not come from them.
fn tell_lost(place: &str, statuses: &[WriterStatus]) {
    for status in statuses.iter().filter(|status| status.points_lost() > 0) {
        let why = status.last_error().unwrap_or("no reason was given");
        output::note(&format!(
            "{} points were not written to {place}: {why}",
            status.points_lost()
        ));
    }
}

fn lines(path: &Path) -> Result<Outlet, Failure> {
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

fn influx(up: &Up) -> Result<Outlet, Failure> {
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
