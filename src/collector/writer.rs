//! The owner of everything that waits for one sink: takes points in, writes them in order, repeats what failed.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use crate::point::Point;

use super::batch::Batch;
use super::delivery::Delivery;
use super::queue::{Queue, Urgency};
use super::schedule::now;
use super::sink::{Outcome, Sink};
use super::spool::Spool;

/// Scrapes that may wait for the writer, which takes them at once whatever its sink and its disk do.
const QUEUE: usize = 64;
/// A write that takes longer may be none, so that points go to disk.
const SLOW: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// A batch with this many points is full.
    pub(crate) batch_points: u64,
    /// A batch that is not full waits this long for more.
    pub(crate) linger: Duration,
    /// For batches that wait in memory, as the sink takes them. When they are more, the oldest are dropped and counted.
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
    /// In memory and on disk; those on disk may be from before the start.
    pub(crate) points_waiting: u64,
    pub(crate) points_on_disk: u64,
    /// Refused by the sink, or dropped because the buffer was full.
    pub(crate) points_dropped: u64,
    pub(crate) first_write_at: Option<SystemTime>,
    /// Why points wait; None when the latest write succeeded.
    pub(crate) stalled: Option<String>,
    /// Why points were refused, the last time that happened.
    pub(crate) refused: Option<String>,
    /// Why nothing can be written any more.
    pub(crate) closed: Option<String>,
    /// Why points wait in memory alone, although they should on disk.
    pub(crate) disk_error: Option<String>,
}

impl WriterStatus {
    /// The error that matters most now.
    pub(crate) fn last_error(&self) -> Option<&str> {
        let errors = [&self.closed, &self.stalled, &self.refused];
        errors.into_iter().find_map(Option::as_deref)
    }

    /// Points that no later process will find: dropped, or waiting in memory at the end.
    pub(crate) fn points_lost(&self) -> u64 {
        self.points_waiting - self.points_on_disk + self.points_dropped
    }
}

/// Runs until every sender is dropped or its caller cancels. While the sink is away, points wait with their own times, on disk
/// where there is a spool.
pub(super) struct Writer {
    receiver: mpsc::Receiver<Arc<[Point]>>,
    queue: Queue,
    delivery: Delivery,
    flush: Duration,
    /// Refused by the sink.
    refused: u64,
    /// What of the dropped points has been told in a point.
    dropped_told: u64,
    status: watch::Sender<WriterStatus>,
}

impl Writer {
    pub(super) fn new(
        sink: Sink,
        limits: Limits,
        spool: Option<Spool>,
    ) -> (Self, mpsc::Sender<Arc<[Point]>>, watch::Receiver<WriterStatus>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (status, statuses) = watch::channel(WriterStatus::default());
        let writer = Self {
            receiver,
            flush: limits.flush,
            queue: Queue::new(limits, sink.encoding(), spool),
            delivery: Delivery::new(sink),
            refused: 0,
            dropped_told: 0,
            status,
        };
        (writer, sender, statuses)
    }

    /// Writes until all senders are dropped and nothing waits. From then on, or from the cancelling of `shutdown`, it
    /// takes [`Limits::flush`] at most, and no time for a sink that is away when all is on disk; what is left is in the
    /// returned status as `points_waiting`.
    pub(super) async fn run(mut self, shutdown: CancellationToken) -> WriterStatus {
        let mut fed = true;
        let mut end = None;
        loop {
            let urgency = self.urgency(fed, end);
            if urgency != Urgency::Ending {
                self.start_due(end.is_some());
            }
            self.queue.start_disk(Instant::now(), urgency);
            self.publish();
            if self.is_finished(fed, urgency) {
                return self.status.borrow().clone();
            }
            let wake = self.wake_at(urgency, end);
            tokio::select! {
                points = self.receiver.recv(), if fed => match points {
                    Some(points) => self.queue.push(&points),
                    None => fed = false,
                },
                (batch, outcome) = self.delivery.done() => self.settle(&batch, outcome),
                done = self.queue.disk_done() => self.queue.settle_disk(done),
                () = shutdown.cancelled(), if end.is_none() => end = Some(Instant::now() + self.flush),
                () = sleep_until(wake.into()) => {}
            }
            if !fed && end.is_none() {
                end = Some(Instant::now() + self.flush);
            }
        }
    }

    fn urgency(&self, fed: bool, end: Option<Instant>) -> Urgency {
        let now = Instant::now();
        let is_stalled = self.status.borrow().stalled.is_some();
        let is_slow = self.delivery.began().is_some_and(|began| began + SLOW <= now);
        match end {
            Some(end) if end <= now => Urgency::Ending,
            Some(_) if is_stalled && !fed && self.queue.has_disk(now) => Urgency::Ending,
            _ if is_stalled || is_slow => Urgency::Away,
            _ => Urgency::Calm,
        }
    }

    fn start_due(&mut self, flush: bool) {
        let now = Instant::now();
        if self.delivery.free_at().is_some_and(|free| free <= now)
            && let Some(batch) = self.queue.next(now, flush)
        {
            self.delivery.start(batch);
        }
    }

    fn is_finished(&self, fed: bool, urgency: Urgency) -> bool {
        let status = self.status.borrow();
        let all_written = !fed && status.points_waiting == 0;
        let is_over = all_written || status.closed.is_some() || urgency == Urgency::Ending;
        is_over && self.queue.is_as_safe_as_can_be()
    }

    /// When something is to be done without anything happening: a batch is due, a pause over, the end there.
    fn wake_at(&self, urgency: Urgency, end: Option<Instant>) -> Instant {
        let next = self.queue.next_at(end.is_some());
        let start = next.zip(self.delivery.free_at()).map(|(due, free)| due.max(free));
        let is_calm = urgency == Urgency::Calm;
        let slow = self
            .delivery
            .began()
            .filter(|_| is_calm)
            .map(|began| began + SLOW);
        let end = end.filter(|_| urgency != Urgency::Ending);
        let idle = Instant::now() + Duration::from_secs(3600);
        let times = [start, slow, self.queue.disk_at(urgency), end];
        times.into_iter().flatten().min().unwrap_or(idle)
    }

    fn settle(&mut self, batch: &Batch, outcome: Outcome) {
        match outcome {
            Outcome::Written => {
                self.queue.settled();
                self.written(batch.points);
                self.tell_dropped();
            }
            Outcome::Retry(reason) => self.status.send_modify(|status| status.stalled = Some(reason)),
            Outcome::TooLarge => {
                if !self.queue.split() {
                    self.queue.settled();
                    let reason = "a single point is larger than InfluxDB takes";
                    self.refused(batch.points, reason.to_owned());
                }
            }
            Outcome::Rejected { points, reason } => {
                self.queue.settled();
                self.refused(points, reason);
                self.written(batch.points - points);
            }
            Outcome::Closed(reason) => self.status.send_modify(|status| status.closed = Some(reason)),
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
        let dropped = self.refused + self.queue.dropped();
        if dropped > self.dropped_told {
            self.dropped_told = dropped;
            let timestamp_ms = i64::try_from(now().as_millis()).unwrap_or(i64::MAX);
            let mark = Point::new("uwsgi_collector", timestamp_ms).field("points_dropped", dropped);
            self.queue.push(&[mark]);
        }
    }

    fn publish(&self) {
        let (waiting, on_disk) = (self.queue.points(), self.queue.points_on_disk());
        let dropped = self.refused + self.queue.dropped();
        self.status.send_if_modified(|status| {
            let before = (
                status.points_waiting,
                status.points_on_disk,
                status.points_dropped,
            );
            let changed = before != (waiting, on_disk, dropped) || status.disk_error != self.queue.disk_error;
            status.points_waiting = waiting;
            status.points_on_disk = on_disk;
            status.points_dropped = dropped;
            if changed {
                status.disk_error.clone_from(&self.queue.disk_error);
            }
            changed
        });
    }
}

#[cfg(test)]
mod tests;
