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
        if is_able && (urgency > Urgency::Calm || disk.points > 0) {
            task.back = self.memory.take_due(now, urgency == Urgency::Ending);
        }
        let has_more = disk.points > 0 || !task.back.is_empty();
        task.lend = Some(self.limits.batch_points).filter(|_| has_more && self.hand.is_empty());
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
        let due = match urgency > Urgency::Calm && !self.hand.is_empty() && !self.hand_is_kept {
            true => Some(Instant::now()),
            false => self.memory.due_at(),
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
