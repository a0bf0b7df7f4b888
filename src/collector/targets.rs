//! The targets under watch, each scraped by a task of its own, so that none waits for another; writes nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::point::Point;

use super::events::Event;
use super::schedule::{now, until_next};
use super::scrape::{Target, scrape};
use super::watched::{Snapshot, Watch};

/// As Telegraf's default; never longer than the interval.
const LONGEST_DEADLINE: Duration = Duration::from_secs(5);
/// Events that a listener may be behind with; older ones are lost to it, never to the points.
const EVENTS: usize = 256;

/// Targets may be added and removed at any time. All stop when the caller cancels `shutdown` or nobody takes their points
/// any more.
#[derive(Debug)]
pub(crate) struct Collector {
    interval: Duration,
    points: mpsc::Sender<Vec<Point>>,
    events: broadcast::Sender<Happened>,
    targets: Targets,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

/// An event, and where and when it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) source: String,
    /// Of the scrape that showed it, in milliseconds since the Unix epoch.
    pub(crate) timestamp_ms: i64,
    pub(crate) event: Event,
}

/// What is watched now and what is known of it, for whoever shows it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Targets(Arc<Mutex<BTreeMap<String, Entry>>>);

#[derive(Debug)]
struct Entry {
    target: Target,
    snapshots: watch::Receiver<Snapshot>,
    stop: CancellationToken,
}

impl Targets {
    /// In the order of their sources.
    pub(crate) fn list(&self) -> Vec<(Target, Snapshot)> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |entry: &Entry| (entry.target.clone(), entry.snapshots.borrow().clone());
        entries.values().map(of).collect()
    }

    pub(crate) fn contains(&self, source: &str) -> bool {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.contains_key(source)
    }

    fn replace(&self, source: &str, entry: Option<Entry>) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let former = match entry {
            Some(entry) => entries.insert(source.to_owned(), entry),
            None => entries.remove(source),
        };
        if let Some(former) = former {
            former.stop.cancel();
        }
    }
}

impl Collector {
    pub(crate) fn new(
        interval: Duration,
        points: mpsc::Sender<Vec<Point>>,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            interval,
            points,
            events: broadcast::channel(EVENTS).0,
            targets: Targets::default(),
            shutdown,
            tasks: TaskTracker::new(),
        }
    }

    /// Scrapes `target` now and then on every multiple of the interval; a target with the same source is watched no more.
    /// Must be called inside a Tokio runtime.
    pub(crate) fn add(&self, target: Target) -> watch::Receiver<Snapshot> {
        let (sender, snapshots) = watch::channel(Snapshot::default());
        let stop = self.shutdown.child_token();
        let entry = Entry {
            target: target.clone(),
            snapshots: snapshots.clone(),
            stop: stop.clone(),
        };
        self.targets.replace(&target.source, Some(entry));
        let watched = Watched {
            watch: Watch::new(target),
            interval: self.interval,
            points: self.points.clone(),
            events: self.events.clone(),
            snapshots: sender,
        };
        self.tasks
            .spawn(async move { stop.run_until_cancelled(watched.run()).await });
        snapshots
    }

    /// Scrapes the target with this source no more.
    pub(crate) fn remove(&self, source: &str) {
        self.targets.replace(source, None);
    }

    pub(crate) fn targets(&self) -> Targets {
        self.targets.clone()
    }

    /// What happens from now on.
    pub(crate) fn events(&self) -> broadcast::Receiver<Happened> {
        self.events.subscribe()
    }

    /// Returns when nobody takes points any more.
    pub(crate) async fn abandoned(&self) {
        self.points.closed().await;
    }

    /// Returns when every target has stopped.
    pub(crate) async fn finish(self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// How long a scrape may take when targets are scraped every `interval`.
pub(crate) fn deadline(interval: Duration) -> Duration {
    interval.min(LONGEST_DEADLINE)
}

/// A target with everyone who is told of it.
struct Watched {
    watch: Watch,
    interval: Duration,
    points: mpsc::Sender<Vec<Point>>,
    events: broadcast::Sender<Happened>,
    snapshots: watch::Sender<Snapshot>,
}

impl Watched {
    async fn run(mut self) {
        loop {
            let scraped = scrape(self.watch.next(), deadline(self.interval)).await;
            let timestamp_ms = scraped.timestamp_ms;
            let (points, events) = self.watch.take(scraped);
            self.snapshots.send_replace(self.watch.snapshot().clone());
            for event in events {
                let source = self.watch.source().to_owned();
                let happened = Happened {
                    source,
                    timestamp_ms,
                    event,
                };
                // Nobody may be listening.
                self.events.send(happened).ok();
            }
            if self.points.send(points).await.is_err() {
                return;
            }
            tokio::select! {
                () = sleep(until_next(now(), self.interval)) => {}
                () = self.points.closed() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    const INTERVAL: Duration = Duration::from_millis(50);
    const DOCUMENT: &[u8] = br#"{"version":"2.0.30","workers":[{"id":1,"pid":7,"status":"busy"}]}"#;

    /// Answers every connection with `answer`, then keeps it open if `hangs`.
    async fn server(answer: &'static [u8], hangs: bool) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let source = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    stream.write_all(answer).await.ok();
                    if hangs {
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        Target {
            address: format!("tcp://{source}").parse().unwrap(),
            source,
        }
    }

    /// The next scrape's point of `uwsgi_summary` for `source`.
    async fn next_of(points: &mut mpsc::Receiver<Vec<Point>>, source: &str) -> Point {
        loop {
            let point = points.recv().await.unwrap().swap_remove(0);
            if point.tags[0].1 == source {
                return point;
            }
        }
    }

    #[tokio::test]
    async fn servers_that_hang_or_lie_delay_no_other_target() {
        let (sender, mut points) = mpsc::channel(1024);
        let collector = Collector::new(INTERVAL, sender, CancellationToken::new());
        let hanging = server(b"{\"workers\":[", true).await;
        collector.add(hanging.clone());
        for (answer, hangs) in [
            (&b""[..], true),
            (b"{\"workers\":[", false),
            (b"", false),
            (b"Hello World", false),
        ] {
            collector.add(server(answer, hangs).await);
        }
        let good = server(DOCUMENT, false).await;
        collector.add(good.clone());
        let began = Instant::now();
        let mut times = Vec::new();
        while times.len() < 10 {
            let point = next_of(&mut points, &good.source).await;
            let up = point.fields.iter().find(|(name, _)| *name == "up").cloned();
            assert_eq!(up, Some(("up", 1_u64.into())));
            times.push(point.timestamp_ms);
            assert!(began.elapsed() < Duration::from_secs(30), "{times:?}");
        }
        let down = Some(("up", 0_u64.into()));
        assert_eq!(
            next_of(&mut points, &hanging.source)
                .await
                .fields
                .first()
                .cloned(),
            down
        );
        times.dedup();
        assert_eq!(times.len(), 10, "each scrape has a time of its own");
    }

    #[tokio::test]
    async fn a_snapshot_tells_why_a_target_is_down_and_what_it_said_when_up() {
        let (sender, _points) = mpsc::channel(1024);
        let collector = Collector::new(INTERVAL, sender, CancellationToken::new());
        let mut up = collector.add(server(DOCUMENT, false).await);
        let mut down = collector.add(server(b"Hello World", false).await);

        let snapshot = up
            .wait_for(|snapshot| snapshot.up.is_some())
            .await
            .unwrap()
            .clone();
        let summary = snapshot.summary.unwrap();
        assert_eq!(
            (snapshot.up, summary.busy, snapshot.last_error),
            (Some(true), 1, None)
        );

        let snapshot = down
            .wait_for(|snapshot| snapshot.up.is_some())
            .await
            .unwrap()
            .clone();
        let error = "not a statistics document, it begins with `Hello World`: the app's own port?".to_owned();
        assert_eq!(
            (snapshot.up, snapshot.summary, snapshot.last_error),
            (Some(false), None, Some(error))
        );
    }

    #[tokio::test]
    async fn cancelling_stops_a_scrape_that_hangs_and_closes_the_channel() {
        let (sender, mut points) = mpsc::channel(1024);
        let shutdown = CancellationToken::new();
        let collector = Collector::new(Duration::from_secs(3600), sender, shutdown.clone());
        collector.add(server(b"{", true).await);
        shutdown.cancel();
        collector.finish().await;
        assert_eq!(points.recv().await, None);
    }
}
