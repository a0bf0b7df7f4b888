//! The owner of everything that waits to be written: takes points in, writes them in order, repeats what failed.

use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use crate::point::Point;

use super::backlog::Backlog;
use super::batch::Batch;
use super::delivery::Delivery;
use super::schedule::now;
use super::sink::{Outcome, Sink};

/// Scrapes that may wait for the writer, which takes them at once whatever its sink does; a sender waits when it is full.
const QUEUE: usize = 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A batch with this many points is full.
    pub(crate) batch_points: u64,
    /// A batch that is not full waits this long for more.
    pub(crate) linger: Duration,
    /// For batches that wait, as the sink takes them. When they are more, the oldest are dropped and counted.
    pub(crate) buffer_bytes: usize,
    /// For writing what is left at the end.
    pub(crate) flush: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            batch_points: 5_000,
            linger: Duration::from_secs(1),
            buffer_bytes: 64 << 20,
            flush: Duration::from_secs(5),
        }
    }
}

/// How writing goes, for whoever shows it. Counts are of points since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WriterStatus {
    pub(crate) points_written: u64,
    pub(crate) points_waiting: u64,
    /// Refused by the sink, or dropped because the buffer was full.
    pub(crate) points_dropped: u64,
    pub(crate) first_write_at: Option<SystemTime>,
    /// Why points wait; None when the latest write succeeded.
    pub(crate) stalled: Option<String>,
    /// Why points were refused, the last time that happened.
    pub(crate) refused: Option<String>,
    /// Why nothing can be written any more.
    pub(crate) closed: Option<String>,
}

impl WriterStatus {
    /// The error that matters most now.
    pub(crate) fn last_error(&self) -> Option<&str> {
        let errors = [&self.closed, &self.stalled, &self.refused];
        errors.into_iter().find_map(Option::as_deref)
    }
}

/// Runs until every sender is dropped or its caller cancels. While the sink is away, points wait with their own times.
pub(crate) struct Writer {
    receiver: mpsc::Receiver<Vec<Point>>,
    backlog: Backlog,
    delivery: Delivery,
    flush: Duration,
    /// Refused by the sink.
    refused: u64,
    /// What of the dropped points has been told in a point.
    dropped_told: u64,
    status: watch::Sender<WriterStatus>,
}

impl Writer {
    pub(crate) fn new(
        sink: Sink,
        limits: Limits,
    ) -> (Self, mpsc::Sender<Vec<Point>>, watch::Receiver<WriterStatus>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (status, statuses) = watch::channel(WriterStatus::default());
        let writer = Self {
            receiver,
            flush: limits.flush,
            backlog: Backlog::new(limits, sink.encoding()),
            delivery: Delivery::new(sink),
            refused: 0,
            dropped_told: 0,
            status,
        };
        (writer, sender, statuses)
    }

    /// Writes until all senders are dropped and nothing waits. From then on, or from the cancelling of `shutdown`, it
    /// takes [`Limits::flush`] at most; what is left is in the returned status as `points_waiting`.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) -> WriterStatus {
        let mut fed = true;
        let mut end = None;
        loop {
            self.start_due(end.is_some());
            self.publish();
            if self.is_finished(fed, end) {
                return self.status.borrow().clone();
            }
            let wake = self.wake_at(end);
            tokio::select! {
                points = self.receiver.recv(), if fed => match points {
                    Some(points) => self.backlog.push(&points),
                    None => fed = false,
                },
                (batch, outcome) = self.delivery.done() => self.settle(batch, outcome),
                () = shutdown.cancelled(), if end.is_none() => end = Some(Instant::now() + self.flush),
                () = sleep_until(wake.into()) => {}
            }
            if !fed && end.is_none() {
                end = Some(Instant::now() + self.flush);
            }
        }
    }

    fn start_due(&mut self, flush: bool) {
        let now = Instant::now();
        if self.delivery.free_at().is_some_and(|free| free <= now)
            && let Some(batch) = self.backlog.pop_due(now, flush)
        {
            self.delivery.start(batch);
        }
    }

    fn is_finished(&self, fed: bool, end: Option<Instant>) -> bool {
        let status = self.status.borrow();
        let all_written = !fed && status.points_waiting == 0;
        all_written || status.closed.is_some() || end.is_some_and(|end| end <= Instant::now())
    }

    /// When something is to be done without anything happening: a batch is due, a pause over, the end there.
    fn wake_at(&self, end: Option<Instant>) -> Instant {
        let due = if end.is_some() || self.backlog.has_full_batch() {
            Some(Instant::now())
        } else {
            self.backlog.due_at()
        };
        let start = due.zip(self.delivery.free_at()).map(|(due, free)| due.max(free));
        let start = start.filter(|_| self.backlog.points() > 0);
        let idle = Instant::now() + Duration::from_secs(3600);
        [start, end].into_iter().flatten().min().unwrap_or(idle)
    }

    fn settle(&mut self, batch: Batch, outcome: Outcome) {
        match outcome {
            Outcome::Written => {
                self.written(batch.points);
                self.tell_dropped();
            }
            Outcome::Retry(reason) => {
                self.backlog.push_front(batch);
                self.status.send_modify(|status| status.stalled = Some(reason));
            }
            Outcome::TooLarge => {
                if !self.backlog.push_front_halves(&batch) {
                    self.refused(
                        batch.points,
                        "a single point is larger than InfluxDB takes".to_owned(),
                    );
                }
            }
            Outcome::Rejected { points, reason } => {
                self.refused(points, reason);
                self.written(batch.points - points);
            }
            Outcome::Closed(reason) => {
                self.backlog.push_front(batch);
                self.status.send_modify(|status| status.closed = Some(reason));
            }
        }
    }

    fn written(&mut self, points: u64) {
        self.status.send_modify(|status| {
            status.stalled = None;
            status.points_written += points;
            if points > 0 {
                status.first_write_at.get_or_insert_with(SystemTime::now);
            }
        });
    }

    fn refused(&mut self, points: u64, reason: String) {
        tracing::warn!(points, reason, "points were refused");
        self.refused += points;
        self.status.send_modify(|status| status.refused = Some(reason));
    }

    /// Points that were lost leave a mark among those that were not. Told after a success only: a mark that is refused
    /// must not lead to another mark.
    fn tell_dropped(&mut self) {
        let dropped = self.refused + self.backlog.dropped;
        if dropped > self.dropped_told {
            self.dropped_told = dropped;
            let timestamp_ms = i64::try_from(now().as_millis()).unwrap_or(i64::MAX);
            let mark = Point::new("uwsgi_collector", timestamp_ms).field("points_dropped", dropped);
            self.backlog.push(&[mark]);
        }
    }

    fn publish(&self) {
        let waiting = self.backlog.points() + self.delivery.points_under_way();
        let dropped = self.refused + self.backlog.dropped;
        self.status.send_if_modified(|status| {
            let changed = (status.points_waiting, status.points_dropped) != (waiting, dropped);
            status.points_waiting = waiting;
            status.points_dropped = dropped;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::influx::Client;
    use crate::influx::fake::FakeInflux;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn sink(fake: &FakeInflux) -> Sink {
        Sink::Influx(Client::new(fake.url(), "uWSGI", None).unwrap())
    }

    fn at_once() -> Limits {
        Limits {
            linger: Duration::ZERO,
            ..Limits::default()
        }
    }

    fn points(times: std::ops::Range<i64>) -> Vec<Point> {
        times.map(|time| Point::new("m", time).field("v", time)).collect()
    }

    fn lines(times: std::ops::Range<i64>) -> Vec<String> {
        times.map(|time| format!("m v={time}i {time}")).collect()
    }

    async fn until(
        statuses: &mut watch::Receiver<WriterStatus>,
        condition: impl FnMut(&WriterStatus) -> bool,
    ) {
        tokio::time::timeout(PATIENCE, statuses.wait_for(condition))
            .await
            .unwrap()
            .unwrap();
    }

    #[tokio::test]
    async fn nothing_is_lost_and_the_order_is_kept_while_influxdb_is_away() {
        let fake = FakeInflux::start();
        let (writer, sender, mut statuses) = Writer::new(sink(&fake), at_once());
        let running = tokio::spawn(writer.run(CancellationToken::new()));
        sender.send(points(0..10)).await.unwrap();
        until(&mut statuses, |status| status.points_written == 10).await;

        fake.away();
        for second in 1..=60 {
            sender.send(points(second * 10..second * 10 + 10)).await.unwrap();
        }
        until(&mut statuses, |status| {
            status.stalled.is_some() && status.points_waiting == 600
        })
        .await;
        fake.back();
        fake.refuse(503, "too many writes", 1);
        drop(sender);

        let status = running.await.unwrap();
        assert_eq!(fake.lines(), lines(0..610));
        assert_eq!(
            (
                status.points_written,
                status.points_waiting,
                status.points_dropped,
                status.last_error()
            ),
            (610, 0, 0, None)
        );
    }

    #[tokio::test]
    async fn what_influxdb_refuses_is_counted_marked_and_not_sent_again() {
        let fake = FakeInflux::start();
        fake.refuse(400, "partial write: field type conflict dropped=3", 1);
        fake.refuse(401, "authorization failed", 1);
        let (writer, sender, mut statuses) = Writer::new(sink(&fake), at_once());
        let running = tokio::spawn(writer.run(CancellationToken::new()));
        for (times, dropped) in [(0..10, 3), (10..12, 5), (12..13, 5)] {
            sender.send(points(times)).await.unwrap();
            until(&mut statuses, |status| {
                status.points_waiting == 0 && status.points_dropped == dropped
            })
            .await;
        }
        drop(sender);

        let status = running.await.unwrap();
        let refusal = "InfluxDB refuses the user or the password: authorization failed";
        assert_eq!(
            (status.points_written, status.points_dropped, status.last_error()),
            (7 + 1 + 1, 5, Some(refusal))
        );
        let stored = fake.lines();
        assert_eq!(stored[0], "m v=12i 12");
        assert!(
            stored[1].starts_with("uwsgi_collector points_dropped=5i "),
            "{stored:?}"
        );
    }

    #[tokio::test]
    async fn a_batch_that_is_too_large_is_written_in_parts() {
        let fake = FakeInflux::start();
        fake.take_at_most(3);
        let (writer, sender, _statuses) = Writer::new(sink(&fake), at_once());
        sender.send(points(0..10)).await.unwrap();
        drop(sender);
        let status = writer.run(CancellationToken::new()).await;
        assert_eq!(fake.lines(), lines(0..10));
        assert_eq!((status.points_written, status.points_dropped), (10, 0));
    }

    #[tokio::test]
    async fn a_database_that_is_gone_is_created_again() {
        let fake = FakeInflux::start();
        fake.refuse(404, "database not found: \"uWSGI\"", 1);
        let (writer, sender, _statuses) = Writer::new(sink(&fake), at_once());
        sender.send(points(0..2)).await.unwrap();
        drop(sender);
        writer.run(CancellationToken::new()).await;
        assert_eq!(
            (fake.queries(), fake.lines()),
            (vec!["CREATE DATABASE \"uWSGI\"".to_owned()], lines(0..2))
        );
    }

    #[tokio::test]
    async fn cancelling_ends_a_writer_whose_influxdb_is_away_and_tells_what_is_left() {
        let fake = FakeInflux::start();
        fake.away();
        let limits = Limits {
            flush: Duration::from_millis(50),
            ..at_once()
        };
        let (writer, sender, _statuses) = Writer::new(sink(&fake), limits);
        sender.send(points(0..5)).await.unwrap();
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        let status = tokio::time::timeout(PATIENCE, writer.run(shutdown))
            .await
            .unwrap();
        assert_eq!((status.points_written, status.points_waiting), (0, 5));
    }

    #[tokio::test]
    async fn a_stream_whose_reader_is_gone_ends_the_writer() {
        let (stream, reader) = tokio::io::duplex(64);
        drop(reader);
        let (writer, sender, _statuses) = Writer::new(Sink::Lines(Box::new(stream)), at_once());
        sender.send(points(0..5)).await.unwrap();
        let status = tokio::time::timeout(PATIENCE, writer.run(CancellationToken::new()))
            .await
            .unwrap();
        assert_eq!((status.points_written, status.closed.is_some()), (0, true));
    }
}
