//! The targets under watch, each scraped by a task of its own, so that none waits for another; writes nothing.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::point::Point;
use crate::uwsgi::Summary;

use super::schedule::{now, until_next};
use super::scrape::{Scraped, Target, in_one_line, scrape};

/// As Telegraf's default; never longer than the interval.
const LONGEST_DEADLINE: Duration = Duration::from_secs(5);

/// What is known of a target now, for whoever shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// None before the first scrape has ended.
    pub(crate) up: Option<bool>,
    /// When the latest scrape began, in milliseconds since the Unix epoch.
    pub(crate) timestamp_ms: i64,
    /// From the latest scrape; None while the target is down.
    pub(crate) summary: Option<Summary>,
    /// Why the target is down, or was when it last was.
    pub(crate) last_error: Option<String>,
}

/// Targets may be added at any time. All stop when the caller cancels `shutdown` or nobody takes their points any more.
#[derive(Debug)]
pub(crate) struct Collector {
    interval: Duration,
    points: mpsc::Sender<Vec<Point>>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
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
            shutdown,
            tasks: TaskTracker::new(),
        }
    }

    /// Scrapes `target` now and then on every multiple of the interval. Must be called inside a Tokio runtime.
    pub(crate) fn add(&self, target: Target) -> watch::Receiver<Snapshot> {
        let (sender, snapshots) = watch::channel(Snapshot::default());
        let watched = watch_target(target, self.interval, self.points.clone(), sender);
        let shutdown = self.shutdown.clone();
        self.tasks
            .spawn(async move { shutdown.run_until_cancelled(watched).await });
        snapshots
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

async fn watch_target(
    target: Target,
    interval: Duration,
    points: mpsc::Sender<Vec<Point>>,
    snapshots: watch::Sender<Snapshot>,
) {
    loop {
        let scraped = scrape(&target, deadline(interval)).await;
        snapshots.send_modify(|snapshot| snapshot.update(&scraped));
        if points.send(scraped.points).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(until_next(now(), interval)) => {}
            () = points.closed() => return,
        }
    }
}

impl Snapshot {
    fn update(&mut self, scraped: &Scraped) {
        self.timestamp_ms = scraped.timestamp_ms;
        self.up = Some(scraped.outcome.is_ok());
        self.summary = scraped.outcome.as_ref().ok().cloned();
        if let Err(error) = &scraped.outcome {
            self.last_error = Some(in_one_line(error));
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
        for (answer, hangs) in [
            (&b""[..], true),
            (b"{\"workers\":[", true),
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
        let error = "not a statistics document; it begins with `Hello World`".to_owned();
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
