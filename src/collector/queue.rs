//! What waits for one sink, oldest first: the batch in hand, what is on disk, what is in memory; decides what goes to disk and
//! sends nothing.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::point::Point;

use super::backlog::Backlog;
use super::batch::{Batch, Encoding};
use super::disk::{Disk, Done, Task};
use super::spool::{ENCODING, Spool};
use super::writer::Limits;

/// A disk that could not take a batch is tried again after this time.
const DISK_PAUSE: Duration = Duration::from_secs(30);

/// One that could not be read, too many files being open for instance, after this.
const READ_PAUSE: Duration = Duration::from_secs(1);

/// Each time that the disk is waited for costs as much as hundreds of points; so many full batches wait for the next time at most.
const MOST_FULL: usize = 8;
/// Batches that are written together when they come from disk, which is how a sink catches up.
const BATCHES_LENT: u64 = 4;

/// How urgent it is that points outlive the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// The sink takes what comes; only what comes after points on disk goes there too.
    Calm,
    /// The sink is away, or slow: each batch goes to disk when it is due, the one in hand too.
    Away,
    /// The process is about to end: all goes to disk now.
    Ending,
}

pub(super) struct Queue {
    limits: Limits,
    encoding: Encoding,
    /// Taken to be written, in parts if it is too large for the sink.
    hand: VecDeque<Batch>,
    /// Whether the disk has what is in hand, or is about to.
    hand_is_kept: bool,
    disk: Option<Disk>,
    /// Whether the disk has yet to hear that what it lent is written.
    disk_owes: bool,
    disk_free_at: Instant,
    /// A disk that could not be read is tried again then.
    readable_at: Instant,
    /// No sooner are points put on disk again, unless there are many or the process ends: at most once in [`Limits::linger`].
    next_keep_at: Instant,
    /// Why points are not kept on disk.
    pub(super) disk_error: Option<String>,
    memory: Backlog,
}

impl Queue {
    /// For InfluxDB, with or without a spool.
    pub(super) fn new(limits: Limits, encoding: Encoding, spool: Option<Spool>) -> Self {
        Self {
            memory: Backlog::new(limits.clone(), encoding),
            limits,
            encoding,
            hand: VecDeque::new(),
            hand_is_kept: false,
            disk: spool.filter(|_| encoding == ENCODING).map(Disk::new),
            disk_owes: false,
            disk_free_at: Instant::now(),
            readable_at: Instant::now(),
            next_keep_at: Instant::now(),
            disk_error: None,
        }
    }

    pub(super) fn push(&mut self, points: &[Point]) {
        self.memory.push(points);
    }

    /// The batch to write next, which stays in hand until it is [`Self::settled`] or [`Self::split`].
    pub(super) fn next(&mut self, now: Instant, flush: bool) -> Option<Batch> {
        if self.hand.is_empty() && self.is_memory_next() {
            self.hand.extend(self.memory.pop_due(now, flush));
            self.hand_is_kept = false;
        }
        self.hand.front().cloned()
    }

    /// When [`Self::next`] will have a batch, as far as that depends on time alone.
    pub(super) fn next_at(&self, flush: bool) -> Option<Instant> {
        if !self.hand.is_empty() {
            return Some(Instant::now());
        }
        if !self.is_memory_next() || self.memory.points() == 0 {
            return None;
        }
        match flush {
            true => Some(Instant::now()),
            false => self.memory.due_at(),
        }
    }

    fn is_memory_next(&self) -> bool {
        let nothing_on_disk = |disk: &Disk| disk.is_idle() && disk.points == 0;
        !self.disk_owes && self.disk.as_ref().is_none_or(nothing_on_disk)
    }

    /// The batch that was written, or refused for good, is done with.
    pub(super) fn settled(&mut self) {
        self.hand.pop_front();
        self.disk_owes = self.hand.is_empty() && self.hand_is_kept;
    }

    /// The batch that was too large goes on as two. False if it is a single line.
    pub(super) fn split(&mut self) -> bool {
        let halves = self.hand.front().and_then(|batch| self.encoding.halves(batch));
        let Some([first, second]) = halves else {
            return false;
        };
        self.hand.pop_front();
        self.hand.push_front(second);
        self.hand.push_front(first);
        true
    }

    /// After a write that failed: a server that is too slow for several batches at once may be fast enough for one.
    pub(super) fn ease(&mut self) {
        let most = self.limits.batch_points;
        if self.hand.front().is_some_and(|batch| batch.points > most) {
            self.split();
        }
    }

    /// Starts what there is to do on disk, if it is idle.
    pub(super) fn start_disk(&mut self, now: Instant, urgency: Urgency) {
        let Some(disk) = self.disk.as_mut().filter(|disk| disk.is_idle()) else {
            return;
        };
        let mut task = Task {
            written: std::mem::take(&mut self.disk_owes),
            ..Task::default()
        };
        let is_able = self.disk_free_at <= now;
        if is_able && urgency > Urgency::Calm && !self.hand.is_empty() && !self.hand_is_kept {
            task.front.clone_from(&self.hand);
            self.hand_is_kept = true;
        }
        let is_time =
            urgency == Urgency::Ending || now >= self.next_keep_at || self.memory.full() >= MOST_FULL;
        if is_able && is_time && (urgency > Urgency::Calm || disk.points > 0) {
            task.back = self.memory.take_due(now, urgency == Urgency::Ending);
            if !task.back.is_empty() {
                self.next_keep_at = now + self.limits.linger;
            }
        }
        let has_more = disk.points > 0 || !task.back.is_empty();
        task.lend = Some(BATCHES_LENT * self.limits.batch_points)
            .filter(|_| has_more && self.hand.is_empty() && self.readable_at <= now);
        if !task.is_empty() {
            disk.start(task);
        }
    }

    /// Waits for the task on disk, for ever if there is none. May be dropped and called again.
    pub(super) async fn disk_done(&mut self) -> Done {
        match &mut self.disk {
            Some(disk) => disk.done().await,
            None => std::future::pending().await,
        }
    }

    /// Takes what came back from the disk.
    pub(super) fn settle_disk(&mut self, done: Done) {
        if !done.front.is_empty() {
            self.hand_is_kept = false;
            self.disk_owes = false;
        }
        if let Some(batch) = done.lent {
            self.hand.push_back(batch);
            self.hand_is_kept = true;
        }
        self.memory.put_back(done.back);
        if let Some(error) = done.unread {
            self.readable_at = Instant::now() + READ_PAUSE;
            self.disk_error = Some(error.to_string());
        }
        if let Some(error) = done.failure {
            self.disk_free_at = Instant::now() + DISK_PAUSE;
            self.disk_error = Some(error.to_string());
        } else if done.kept {
            self.disk_error = None;
        }
    }

    /// When there is something to do for an idle disk, as far as that depends on time alone.
    pub(super) fn disk_at(&self, urgency: Urgency) -> Option<Instant> {
        let disk = self.disk.as_ref().filter(|disk| disk.is_idle())?;
        if urgency == Urgency::Calm && disk.points == 0 {
            return None;
        }
        if disk.points > 0 && self.hand.is_empty() && self.readable_at > Instant::now() {
            return Some(self.readable_at);
        }
        let is_hand_due = urgency > Urgency::Calm && !self.hand.is_empty() && !self.hand_is_kept;
        let due = match is_hand_due || self.memory.full() >= MOST_FULL {
            true => Some(Instant::now()),
            false => self.memory.due_at().map(|due| due.max(self.next_keep_at)),
        };
        due.map(|due| due.max(self.disk_free_at))
    }

    /// Whether there are no points that would be lost with the process, or nothing that could be done about them.
    pub(super) fn is_as_safe_as_can_be(&self) -> bool {
        let Some(disk) = &self.disk else { return true };
        let is_all_kept = self.memory.points() == 0 && (self.hand.is_empty() || self.hand_is_kept);
        disk.is_idle() && !self.disk_owes && (is_all_kept || self.disk_free_at > Instant::now())
    }

    /// Whether there is a disk, and it takes points as far as is known.
    pub(super) fn has_disk(&self, now: Instant) -> bool {
        self.disk.is_some() && self.disk_free_at <= now
    }

    /// Points that wait, in memory and on disk.
    pub(super) fn points(&self) -> u64 {
        let hand = self.hand.iter().filter(|_| !self.hand_is_kept);
        let coming = self.disk.as_ref().map_or(0, |disk| disk.coming);
        let in_memory = self.memory.points() + hand.map(|batch| batch.points).sum::<u64>() + coming;
        in_memory + self.points_on_disk()
    }

    pub(super) fn points_on_disk(&self) -> u64 {
        self.disk.as_ref().map_or(0, |disk| disk.points)
    }

    /// Points that were given up because too many waited.
    pub(super) fn dropped(&self) -> u64 {
        self.memory.dropped + self.disk.as_ref().map_or(0, |disk| disk.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &mut Queue, count: i64) {
        let points: Vec<_> = (0..count)
            .map(|time| Point::new("m", time).field("v", time))
            .collect();
        queue.push(&points);
    }

    #[tokio::test]
    async fn the_disk_is_waited_for_once_in_a_while_unless_there_is_much_to_keep_or_the_end_is_near() {
        let root = tempfile::tempdir().unwrap();
        let limits = Limits {
            batch_points: 1,
            linger: Duration::from_secs(3600),
            ..Limits::default()
        };
        let spool = Spool::open_for("place", root.path(), 1 << 20).unwrap();
        let mut queue = Queue::new(limits, ENCODING, Some(spool));
        let now = Instant::now();
        push(&mut queue, 3);
        assert_eq!(queue.next(now, false).unwrap().points, 1);
        let mut kept = Vec::new();
        for (more, urgency) in [
            (0, Urgency::Calm),
            (0, Urgency::Away),
            (MOST_FULL as i64 - 1, Urgency::Away),
            (1, Urgency::Away),
            (1, Urgency::Away),
            (0, Urgency::Ending),
        ] {
            push(&mut queue, more);
            queue.start_disk(now, urgency);
            if !queue.disk.as_ref().unwrap().is_idle() {
                let done = queue.disk_done().await;
                queue.settle_disk(done);
            }
            kept.push(queue.points_on_disk());
        }
        assert_eq!(kept, [0, 3, 3, 11, 11, 12]);
        assert_eq!(queue.points(), 12);
    }
}
