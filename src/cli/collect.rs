//! `uwsgi-lab collect`: the collector as a command of its own, to InfluxDBs or as line protocol to files and stdout.

mod follow;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::collector::{
    Collector, Scraped, Target, TargetFile, WriterStatus, Writers, scrape, serve_metrics,
};
use crate::engine::LabelledContainers;
use crate::load::raise_open_files;
use crate::point::Point;
use crate::uwsgi::{StatsAddress, hostname};

use super::announce;
use super::error::{Code, Failure};
use super::output;
use super::settings::Environment;
use super::sinks::SinkArguments;
use super::values::{duration, listen};

/// A scrape takes uWSGI's master 0.1 ms to 2 ms; shorter intervals would measure the measuring.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// That of the lab's own uWSGI container.
const STATS_LABEL: &str = "dev.uwsgi-lab.endpoint.stats";

#[derive(Debug, clap::Args)]
pub(crate) struct CollectArguments {
    /// Stats servers: HOST:PORT, /PATH, @NAME, tcp://HOST:PORT, http://HOST:PORT (with stats-http)
    #[arg(required_unless_present_any = ["targets", "containers"], value_name = "STATS")]
    stats: Vec<StatsAddress>,
    /// A file of more of them, one a line and perhaps `source=NAME`; read again when it changes
    #[arg(long, value_name = "FILE", help_heading = "Stats servers")]
    targets: Option<PathBuf>,
    /// Docker's containers with this label, which holds a port or an address, as they come and go
    #[arg(
        long,
        value_name = "LABEL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = STATS_LABEL,
        conflicts_with = "once",
        help_heading = "Stats servers"
    )]
    containers: Option<String>,
    /// Time between scrapes, aligned to the clock
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    interval: Duration,
    /// Name of each stats server in its points, once for each [default: host:port, or host name and path]
    #[arg(long, value_name = "NAME", help_heading = "Stats servers")]
    source: Vec<String>,
    /// Serve the latest figures to Prometheus here, as http://HOST:PORT/metrics
    #[arg(long, value_name = "HOST:PORT", value_parser = listen, conflicts_with = "once")]
    prometheus: Option<SocketAddr>,
    #[command(flatten)]
    sinks: SinkArguments,
    /// Scrape each stats server once and end
    #[arg(long)]
    once: bool,
}

/// Collects until Ctrl-C, or once.
pub(crate) fn run(arguments: &CollectArguments) -> Result<(), Failure> {
    let targets = targets(arguments)?;
    // A thousand servers, all read at the same moment of the clock, are more than the usual limit allows.
    raise_open_files();
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
    let opening = arguments
        .sinks
        .open(arguments.once, arguments.prometheus.is_none());
    let Some(sinks) = shutdown.run_until_cancelled(opening).await else {
        return Err(interrupted());
    };
    let sinks = sinks?;
    let (writers, points, statuses) = Writers::new(sinks.outlets);
    let writing = tokio::spawn(writers.run(shutdown.clone()));
    let scraped = if arguments.once {
        let targets = [targets, targets_of_file(arguments).await?].concat();
        let once = shutdown
            .run_until_cancelled(collect_once(&targets, &points))
            .await;
        once.unwrap_or(Ok(()))
    } else {
        announce::writers(&sinks.names, statuses);
        collect_until_cancelled(arguments, targets, points.clone(), shutdown.clone()).await
    };
    drop(points);
    let statuses = writing
        .await
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    scraped?;
    arguments.sinks.conclude(&sinks.names, &statuses)?;
    let is_nothing = |status: &WriterStatus| status.points_written + status.points_on_disk == 0;
    match shutdown.is_cancelled() && !statuses.is_empty() && statuses.iter().all(is_nothing) {
        true => Err(interrupted()),
        false => Ok(()),
    }
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
    arguments: &CollectArguments,
    targets: Vec<Target>,
    points: mpsc::Sender<Vec<Point>>,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let collector = Collector::new(arguments.interval, points, shutdown.clone());
    if let Some(address) = arguments.prometheus {
        serve_metrics(bound(address).await?, collector.targets(), shutdown.clone());
    }
    for target in targets {
        let address = target.address.clone();
        announce::target(address, collector.add(target));
    }
    let followed = async {
        tokio::try_join!(
            follow_file(arguments, &collector),
            follow_containers(arguments, &collector)
        )
    };
    let outcome = tokio::select! {
        outcome = followed => outcome.map(|_| ()),
        () = shutdown.cancelled() => Ok(()),
        () = collector.abandoned() => Ok(()),
    };
    if outcome.is_err() {
        shutdown.cancel();
    }
    collector.finish().await;
    outcome
}

/// Those that the file names now; none without a file.
async fn targets_of_file(arguments: &CollectArguments) -> Result<Vec<Target>, Failure> {
    match &arguments.targets {
        Some(path) => follow::read(&mut TargetFile::new(path, hostname()), path).await,
        None => Ok(Vec::new()),
    }
}

async fn follow_file(arguments: &CollectArguments, collector: &Collector) -> Result<(), Failure> {
    match &arguments.targets {
        Some(path) => follow::file(collector, path, &hostname()).await,
        None => Ok(()),
    }
}

async fn follow_containers(arguments: &CollectArguments, collector: &Collector) -> Result<(), Failure> {
    let Some(label) = &arguments.containers else {
        return Ok(());
    };
    let containers = LabelledContainers::connect(&Environment::capture().docker()).await;
    let containers = containers.map_err(|error| {
        Failure::from_error(Code::Unavailable, &error)
            .hint("--containers needs Docker; start it, or leave that out")
    })?;
    follow::containers(collector, containers, label).await;
    Ok(())
}

async fn bound(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let mut failure = Failure::from_error(Code::Unavailable, &error);
        let cause = std::mem::replace(
            &mut failure.message,
            format!("cannot listen on {address} for Prometheus"),
        );
        failure.causes.insert(0, cause);
        failure.hint("choose another port for --prometheus")
    })
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
