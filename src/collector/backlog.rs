//! Points that wait in memory, in order, within a number of bytes; sends nothing.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::point::Point;

use super::batch::{Batch, Encoding};
use super::writer::Limits;

/// The newest points are text that still grows; older ones are batches as the sink takes them, compressed for InfluxDB.
/// Over the limit the oldest batch goes first: what happens now matters more than what happened then.
#[derive(Debug)]
pub(super) struct Backlog {
    limits: Limits,
    encoding: Encoding,
    open: String,
    open_points: u64,
    open_since: Option<Instant>,
    /// Nothing until the first batch has gone: whoever has just started a lab waits for its first point.
    linger: Duration,
    sealed: VecDeque<Batch>,
    sealed_bytes: usize,
    /// Points dropped because the backlog was full.
    pub(super) dropped: u64,
}

impl Backlog {
    pub(super) fn new(limits: Limits, encoding: Encoding) -> Self {
        Self {
            limits,
            encoding,
            open: String::new(),
            open_points: 0,
            open_since: None,
            linger: Duration::ZERO,
            sealed: VecDeque::new(),
            sealed_bytes: 0,
            dropped: 0,
        }
    }

    /// Appends points, sealing each batch that is full.
    pub(super) fn push(&mut self, points: &[Point]) {
        for point in points {
            point.write_line(&mut self.open);
            self.open_points += 1;
            if self.open_points >= self.limits.batch_points {
                self.seal();
            }
        }
        if self.open_points > 0 && self.open_since.is_none() {
            self.open_since = Some(Instant::now());
        }
    }

    /// The oldest batch that is due at `now`: a full one, or the growing one once it is old enough or `flush` is asked for.
    pub(super) fn pop_due(&mut self, now: Instant, flush: bool) -> Option<Batch> {
        if self.sealed.is_empty() {
            self.seal_due(now, flush);
        }
        let batch = self.sealed.pop_front()?;
        self.sealed_bytes -= batch.body.len();
        self.linger = self.limits.linger;
        Some(batch)
    }

    /// All batches that are due, as [`Self::pop_due`].
    pub(super) fn take_due(&mut self, now: Instant, flush: bool) -> VecDeque<Batch> {
        self.seal_due(now, flush);
        if !self.sealed.is_empty() {
            self.linger = self.limits.linger;
        }
        self.sealed_bytes = 0;
        std::mem::take(&mut self.sealed)
    }

    /// Puts batches back in front of all others.
    pub(super) fn put_back(&mut self, mut batches: VecDeque<Batch>) {
        self.sealed_bytes += batches.iter().map(|batch| batch.body.len()).sum::<usize>();
        batches.append(&mut self.sealed);
        self.sealed = batches;
        self.shrink();
    }

    /// When something is due: a full batch at once, the growing one when it is old enough.
    pub(super) fn due_at(&self) -> Option<Instant> {
        match self.sealed.is_empty() {
            true => self.open_since.map(|since| since + self.linger),
            false => Some(Instant::now()),
        }
    }

    /// Points that wait.
    pub(super) fn points(&self) -> u64 {
        self.open_points + self.sealed.iter().map(|batch| batch.points).sum::<u64>()
    }

    fn seal_due(&mut self, now: Instant, flush: bool) {
        let is_old = self.open_since.is_some_and(|since| since + self.linger <= now);
        if flush || is_old {
            self.seal();
        }
    }

    fn seal(&mut self) {
        if self.open_points == 0 {
            return;
        }
        match self.encoding.encode(&self.open, self.open_points) {
            Ok(batch) => {
                self.sealed_bytes += batch.body.len();
                self.sealed.push_back(batch);
            }
            Err(_) => self.dropped += self.open_points,
        }
        self.open.clear();
        self.open_points = 0;
        self.open_since = None;
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.sealed_bytes > self.limits.buffer_bytes {
            let Some(oldest) = self.sealed.pop_front() else {
                return;
            };
            self.sealed_bytes -= oldest.body.len();
            self.dropped += oldest.points;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(value: u64) -> Point {
        Point::new("m", 1).field("v", value)
    }

    /// A line of `point` is 9 bytes for values from 0 to 9.
    fn backlog(batch_points: u64, buffer_bytes: usize) -> Backlog {
        let limits = Limits {
            batch_points,
            buffer_bytes,
            ..Limits::default()
        };
        Backlog::new(limits, Encoding::Plain)
    }

    fn drain(backlog: &mut Backlog) -> Vec<String> {
        let mut batches = Vec::new();
        while let Some(batch) = backlog.pop_due(Instant::now(), true) {
            batches.push(Encoding::Plain.decode(&batch).unwrap());
        }
        batches
    }

    #[test]
    fn batches_are_full_and_in_order_and_the_rest_waits_for_its_time() {
        let mut backlog = backlog(2, 1 << 20);
        backlog.push(&[point(1), point(2), point(3)]);
        let now = Instant::now();
        assert_eq!(backlog.pop_due(now, false).unwrap().points, 2);
        assert_eq!(backlog.pop_due(now, false), None);
        let later = now + Duration::from_secs(2);
        assert_eq!(backlog.pop_due(later, false).unwrap().points, 1);
        assert_eq!(backlog.points(), 0);
    }

    #[test]
    fn the_very_first_points_do_not_wait_for_more() {
        let mut backlog = backlog(10, 1 << 20);
        backlog.push(&[point(1)]);
        assert_eq!(backlog.pop_due(Instant::now(), false).unwrap().points, 1);
        backlog.push(&[point(2)]);
        assert_eq!(backlog.pop_due(Instant::now(), false), None);
    }

    #[test]
    fn a_full_backlog_drops_the_oldest_and_counts_them() {
        let mut backlog = backlog(1, 20);
        backlog.push(&[point(1), point(2), point(3), point(4)]);
        assert_eq!((backlog.dropped, backlog.points()), (2, 2));
        assert_eq!(drain(&mut backlog), ["m v=3i 1\n", "m v=4i 1\n"]);
    }

    #[test]
    fn batches_that_are_taken_and_put_back_keep_their_place() {
        let mut backlog = backlog(2, 1 << 20);
        backlog.push(&[point(1), point(2), point(3)]);
        let taken = backlog.take_due(Instant::now(), true);
        assert_eq!((taken.len(), backlog.points()), (2, 0));
        backlog.push(&[point(4)]);
        backlog.put_back(taken);
        assert_eq!(
            drain(&mut backlog),
            ["m v=1i 1\nm v=2i 1\n", "m v=3i 1\n", "m v=4i 1\n"]
        );
    }
}
