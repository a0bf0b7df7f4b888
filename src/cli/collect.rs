//! `uwsgi-lab collect`: the collector as a command of its own, to an InfluxDB or as line protocol on stdout.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::collector::{Collector, Limits, Scraped, Sink, Snapshot, Target, Writer, WriterStatus, scrape};
use crate::influx::{Client, Credentials, Endpoint, Secret};
use crate::point::Point;
use crate::uwsgi::{StatsAddress, hostname};

use super::error::{Code, Failure};
use super::output;
use super::values::duration;

/// Faster than this, uWSGI's own numbers do not change.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

#[derive(Debug, clap::Args)]
pub(crate) struct CollectArguments {
    /// Stats servers: tcp://HOST:PORT, http://HOST:PORT (with stats-http) or unix:///PATH
    #[arg(required = true, value_name = "STATS")]
    stats: Vec<StatsAddress>,
    /// Time between scrapes, aligned to the clock
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    interval: Duration,
    /// Name of each stats server in its points, once for each [default: host:port, or host name and path]
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,
    /// Write to this InfluxDB (http://USER@HOST:8086) instead of line protocol to stdout
    #[arg(long, value_name = "URL")]
    influxdb: Option<Secret>,
    /// Password for --influxdb
    #[arg(
        long,
        env = "UWSGI_LAB_INFLUXDB_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    influxdb_password: Option<Secret>,
    /// Database, created if it is not there
    #[arg(long, value_name = "NAME", default_value = "uWSGI")]
    database: String,
    /// Scrape each stats server once and end
    #[arg(long)]
    once: bool,
}

/// Collects until Ctrl-C, or once.
pub(crate) fn run(arguments: &CollectArguments) -> Result<(), Failure> {
    let targets = targets(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    let shutdown = CancellationToken::new();
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = collect(arguments, targets, shutdown.clone()) => outcome,
            () = interrupted_twice(&shutdown) => Err(Failure::new(Code::Interrupted, "interrupted at once")),
        }
    });
    // A write to a pipe that nobody reads would hold the process for ever.
    runtime.shutdown_background();
    outcome
}

fn targets(arguments: &CollectArguments) -> Result<Vec<Target>, Failure> {
    let usage = |message: String| Failure::new(Code::Usage, message);
    if arguments.interval < SHORTEST_INTERVAL {
        return Err(usage("--interval is at least 10ms".to_owned()));
    }
    let (given, wanted) = (arguments.source.len(), arguments.stats.len());
    if given != 0 && given != wanted {
        return Err(usage(format!(
            "--source is given {given} times for {wanted} stats servers"
        ))
        .hint("give one --source for each stats server, in the same order, or none"));
    }
    let hostname = hostname();
    let mut sources = HashSet::new();
    let mut targets = Vec::new();
    for (index, address) in arguments.stats.iter().cloned().enumerate() {
        let source = arguments.source.get(index).cloned();
        let source = source.unwrap_or_else(|| address.default_source(&hostname));
        if !sources.insert(source.clone()) {
            return Err(
                usage(format!("two stats servers have the same source `{source}`"))
                    .hint("their points would overwrite each other: give each a --source of its own"),
            );
        }
        targets.push(Target { address, source });
    }
    Ok(targets)
}

async fn collect(
    arguments: &CollectArguments,
    targets: Vec<Target>,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let Some(sink) = shutdown.run_until_cancelled(sink(arguments)).await else {
        return Err(interrupted());
    };
    let (sink, limits) = sink?;
    let (writer, points, statuses) = Writer::new(sink, limits);
    let writing = tokio::spawn(writer.run(shutdown.clone()));
    let scraped = if arguments.once {
        let once = shutdown
            .run_until_cancelled(collect_once(&targets, &points))
            .await;
        once.unwrap_or(Ok(()))
    } else {
        announce_writer(statuses);
        collect_until_cancelled(arguments.interval, targets, points.clone(), shutdown.clone()).await
    };
    drop(points);
    let status = writing
        .await
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    scraped?;
    conclude(&status, shutdown.is_cancelled())
}

async fn collect_once(targets: &[Target], points: &mpsc::Sender<Vec<Point>>) -> Result<(), Failure> {
    let deadline = Duration::from_secs(5);
    let scrapes = targets.iter().map(|target| scrape(target, deadline));
    let mut failed = Vec::new();
    for (target, scraped) in targets.iter().zip(futures_util::future::join_all(scrapes).await) {
        let Scraped {
            points: found,
            outcome,
            ..
        } = scraped;
        if let Err(error) = outcome {
            failed.push((target, error));
        }
        points.send(found).await.ok();
    }
    let Some((target, error)) = failed.first() else {
        return Ok(());
    };
    let mut failure = Failure::from_error(Code::Unavailable, error);
    failure.message = format!("cannot scrape {}: {}", target.address, failure.message);
    for (target, error) in &failed[1..] {
        output::note(&format!("cannot scrape {}: {error}", target.address));
    }
    Err(failure)
}

async fn collect_until_cancelled(
    interval: Duration,
    targets: Vec<Target>,
    points: mpsc::Sender<Vec<Point>>,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let collector = Collector::new(interval, points, shutdown);
    for target in targets {
        let address = target.address.clone();
        announce_target(address, collector.add(target));
    }
    collector.finish().await;
    Ok(())
}

/// Says on stderr when a target goes down and when it comes back.
fn announce_target(address: StatsAddress, mut snapshots: watch::Receiver<Snapshot>) {
    tokio::spawn(async move {
        let mut told = Some(true);
        while let Ok(snapshot) = snapshots
            .wait_for(|snapshot| snapshot.up.is_some_and(|up| Some(up) != told))
            .await
        {
            told = snapshot.up;
            match (&snapshot.summary, &snapshot.last_error) {
                (None, Some(error)) => output::note(&format!("{address} is down: {error}")),
                _ => output::note(&format!("{address} is up")),
            }
        }
    });
}

/// Says on stderr when points begin to wait and when they are written again.
fn announce_writer(mut statuses: watch::Receiver<WriterStatus>) {
    tokio::spawn(async move {
        let mut told = None;
        while let Ok(status) = statuses
            .wait_for(|status| status.last_error() != told.as_deref())
            .await
        {
            told = status.last_error().map(str::to_owned);
            match &told {
                Some(error) => output::note(&format!("points are not written: {error}")),
                None => output::note("points are written again"),
            }
        }
    });
}

async fn sink(arguments: &CollectArguments) -> Result<(Sink, Limits), Failure> {
    match &arguments.influxdb {
        Some(url) => Ok((Sink::Influx(client(arguments, url).await?), Limits::default())),
        None => {
            let stdout = stdout().map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
            let limits = Limits {
                linger: Duration::ZERO,
                ..Limits::default()
            };
            Ok((Sink::Lines(Box::new(stdout)), limits))
        }
    }
}

/// Standard output as a file of its own, without the lock and the line buffer of `std`.
fn stdout() -> io::Result<tokio::fs::File> {
    let descriptor = io::stdout().as_fd().try_clone_to_owned()?;
    Ok(tokio::fs::File::from_std(File::from(descriptor)))
}

/// An InfluxDB that is away now may be there later; one that refuses us will not change its mind.
async fn client(arguments: &CollectArguments, url: &Secret) -> Result<Client, Failure> {
    let endpoint: Endpoint = url.reveal().parse().map_err(|error| {
        Failure::from_error(Code::Usage, &error).hint("see --influxdb in `uwsgi-lab collect --help`")
    })?;
    let credentials = credentials(&endpoint, arguments.influxdb_password.as_ref())?;
    let unavailable = |error| Failure::from_error(Code::Unavailable, &error);
    let client = Client::new(endpoint.url, &arguments.database, credentials).map_err(unavailable)?;
    match client.create_database().await {
        Err(error) if error.is_retryable() && !arguments.once => {
            output::note(&format!("{error}; points wait until it can be"));
        }
        Err(error) => {
            return Err(Failure::from_error(Code::Unavailable, &error)
                .hint("the user is part of --influxdb, the password is in UWSGI_LAB_INFLUXDB_PASSWORD"));
        }
        Ok(()) => {}
    }
    Ok(client)
}

fn credentials(endpoint: &Endpoint, password: Option<&Secret>) -> Result<Option<Credentials>, Failure> {
    let Some(user) = endpoint.user.clone() else {
        return Ok(None);
    };
    match endpoint.password.as_ref().or(password).cloned() {
        Some(password) => Ok(Some(Credentials { user, password })),
        None => Err(Failure::new(
            Code::Usage,
            format!("there is no password for InfluxDB's user `{user}`"),
        )
        .hint("set UWSGI_LAB_INFLUXDB_PASSWORD")),
    }
}

fn conclude(status: &WriterStatus, cancelled: bool) -> Result<(), Failure> {
    let lost = status.points_waiting + status.points_dropped;
    // A reader that has seen enough (`| head`) is no error.
    if lost > 0 && status.closed.is_none() {
        let message = format!("{lost} points were not written, {} were", status.points_written);
        let mut failure = Failure::new(Code::Unavailable, message);
        failure.causes.extend(status.last_error().map(str::to_owned));
        return Err(failure);
    }
    if cancelled && status.points_written == 0 {
        return Err(interrupted());
    }
    Ok(())
}

fn interrupted() -> Failure {
    Failure::new(Code::Interrupted, "interrupted before anything was collected")
}

/// The first Ctrl-C or SIGTERM cancels `shutdown`; the second one is the end of this function.
async fn interrupted_twice(shutdown: &CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    for _ in 0..2 {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        shutdown.cancel();
    }
}
