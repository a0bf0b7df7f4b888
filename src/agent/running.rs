//! Starts collector, writer and load, keeps what they report, and stops them in order: no more requests, no more
//! scrapes, then everything that waits is written.

use std::path::Path;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::collector::{self, Collector, Limits, Outlet, Sink, Spool, Target, Writers};
use crate::influx::{self, Authorization, Client, Secret};
use crate::load::{self, Second, Summary};
use crate::point::Point;
use crate::provision::Grafana;
use crate::state::{AgentRecord, AgentSeat, Credentials};
use crate::uwsgi::StatsAddress;

use super::annotator;
use super::control;
use super::gauges::{Gauges, LoadTotals, milliseconds};
use super::metrics;
use super::status::Status;
use super::{AgentError, AgentSettings, LoadSettings, WatchSettings};

/// How often the process looks whether its lab is still there.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Who sits before the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Foreground,
    Detached,
}

/// A lab that collects and sends.
pub(crate) struct Agent {
    seat: AgentSeat,
    gauges: Gauges,
    collector: Collector,
    writer: JoinHandle<Vec<collector::WriterStatus>>,
    load: Option<RunningLoad>,
    /// Cancelled when somebody asks the lab to stop.
    stop: CancellationToken,
    /// Ends the scrapes.
    scrapes: CancellationToken,
    /// Ends the control endpoint.
    control: CancellationToken,
}

struct RunningLoad {
    running: load::Running,
    reports: JoinHandle<()>,
}

/// What it came to.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) load: Option<Summary>,
    pub(crate) writer: Option<collector::WriterStatus>,
}

impl Agent {
    /// Starts everything and announces it under `seat`. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// Settings that cannot run. A stats server, target or InfluxDB that does not answer is none: it may come.
    pub(crate) async fn start(
        settings: &AgentSettings,
        credentials: &Credentials,
        seat: AgentSeat,
        mode: Mode,
    ) -> Result<Self, AgentError> {
        let stop = CancellationToken::new();
        let scrapes = CancellationToken::new();
        let control = CancellationToken::new();
        let (outlet, spool_error) = outlet(settings, &credentials.influxdb_password, &seat.spool())?;
        let (writers, points, written) = Writers::new(vec![outlet]);
        let collector = Collector::new(settings.interval, points.clone(), scrapes.clone());
        let mut targets = Vec::new();
        for watched in &settings.watch {
            targets.push((watched.clone(), collector.add(target(watched)?)));
        }
        let load = settings
            .load
            .as_ref()
            .map(|load| start_load(load, points))
            .transpose()?;
        let (load, totals) = load.unzip();
        let gauges = Gauges {
            detached: mode == Mode::Detached,
            started_ms: milliseconds(SystemTime::now()),
            targets,
            writers: written,
            spool_error,
            load: settings.load.clone().zip(totals),
            metrics: match &settings.metrics {
                Some(metrics) => Some(metrics::open(metrics, collector.targets(), control.clone()).await?),
                None => None,
            },
        };
        if let Some(grafana) = &settings.grafana {
            let client = Grafana::new(&grafana.url, &grafana.user, &credentials.grafana_password);
            let client = client.map_err(AgentError::GrafanaClient)?;
            tokio::spawn(annotator::annotate(collector.events(), client));
        }
        announce(settings, &seat, &gauges, &stop, &control).await?;
        // Cancelling ends the writer's patience; its end comes when every sender of points is gone.
        let writer = tokio::spawn(writers.run(CancellationToken::new()));
        Ok(Self {
            seat,
            gauges,
            collector,
            writer,
            load,
            stop,
            scrapes,
            control,
        })
    }

    pub(crate) fn status(&self) -> Status {
        self.gauges.status()
    }

    /// Returns when another command has asked the lab to stop.
    pub(crate) async fn stop_asked(&self) {
        self.stop.cancelled().await;
    }

    /// Returns when no other command can find this process any more.
    pub(crate) async fn forgotten(&self) {
        while self.seat.is_known() {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Stops in order and gives the seat free. Takes at most some ten seconds: requests in flight and points that
    /// wait are given five each.
    pub(crate) async fn finish(self) -> Ending {
        let mut summary = None;
        if let Some(load) = self.load {
            summary = load.running.stop().await.ok();
            load.reports.await.ok();
        }
        self.scrapes.cancel();
        self.collector.finish().await;
        let writer = self.writer.await.ok().and_then(|mut written| written.pop());
        self.control.cancel();
        drop(self.seat);
        Ending {
            load: summary,
            writer,
        }
    }
}

/// The lab's InfluxDB, with the lab's own place on disk for points that wait. Where that cannot be had, they wait in memory,
/// and the reason is returned beside.
fn outlet(
    settings: &AgentSettings,
    password: &str,
    spool: &Path,
) -> Result<(Outlet, Option<String>), AgentError> {
    let client = client(settings, password)?;
    let (spool, error) = match Spool::open_for(&client.place(), spool, Spool::DEFAULT_LIMIT) {
        Ok(spool) => (Some(spool), None),
        Err(error) => (None, Some(collector::in_one_line(&error))),
    };
    let outlet = Outlet {
        sink: Sink::Influx(client),
        limits: Limits::default(),
        spool,
    };
    Ok((outlet, error))
}

fn client(settings: &AgentSettings, password: &str) -> Result<Client, AgentError> {
    let influxdb = &settings.influxdb;
    let endpoint: influx::Endpoint = influxdb.url.parse().map_err(|source| AgentError::Influx {
        url: influxdb.url.clone(),
        source,
    })?;
    let credentials = influx::Credentials {
        user: influxdb.user.clone(),
        password: Secret::new(password),
    };
    let authorization = Some(Authorization::Password(credentials));
    Client::new(endpoint.url, influxdb.database.clone(), authorization).map_err(AgentError::InfluxClient)
}

fn target(watched: &WatchSettings) -> Result<Target, AgentError> {
    let parsed = watched.address.parse::<StatsAddress>();
    let address = parsed.map_err(|source| AgentError::Address {
        address: watched.address.clone(),
        source,
    })?;
    Ok(Target {
        address,
        source: watched.source.clone(),
    })
}

fn start_load(
    settings: &LoadSettings,
    points: mpsc::Sender<Vec<Point>>,
) -> Result<(RunningLoad, watch::Receiver<LoadTotals>), AgentError> {
    let target = load::Target::parse(&settings.url).map_err(|source| AgentError::Target {
        url: settings.url.clone(),
        source,
    })?;
    let mut running = load::start(load::Settings {
        threads: settings.threads,
        connections: settings.connections,
        timeout: settings.timeout,
        ..load::Settings::new(target, load::Rate::per_second(settings.rate))
    })?;
    let (sender, totals) = watch::channel(LoadTotals::default());
    let seconds = running.seconds();
    let url = settings.url.clone();
    let reports = tokio::spawn(async move {
        if let Some(seconds) = seconds {
            report(seconds, &url, &points, &sender).await;
        }
    });
    Ok((RunningLoad { running, reports }, totals))
}

/// Passes each second on as a point and keeps it for the status, until the load ends.
async fn report(
    mut seconds: mpsc::Receiver<Second>,
    url: &str,
    points: &mpsc::Sender<Vec<Point>>,
    totals: &watch::Sender<LoadTotals>,
) {
    while let Some(second) = seconds.recv().await {
        let now = i64::try_from(milliseconds(SystemTime::now())).unwrap_or(i64::MAX);
        // A writer that is gone leaves the status to show.
        points.send(vec![second.point(url, now)]).await.ok();
        totals.send_modify(|totals| totals.add(second));
    }
}

async fn announce(
    settings: &AgentSettings,
    seat: &AgentSeat,
    gauges: &Gauges,
    stop: &CancellationToken,
    end: &CancellationToken,
) -> Result<(), AgentError> {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(AgentError::Control)?;
    let record = AgentRecord {
        pid: std::process::id(),
        address: listener.local_addr().map_err(AgentError::Control)?.to_string(),
        token: AgentRecord::new_token()?,
        detached: gauges.detached,
        settings: serde_json::to_value(settings).unwrap_or_default(),
    };
    control::serve(
        listener,
        record.token.clone(),
        gauges.clone(),
        stop.clone(),
        end.clone(),
    );
    seat.announce(&record)?;
    Ok(())
}
