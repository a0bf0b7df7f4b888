//! A spool's work away from the event loop, one task at a time; chooses no batches.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::panic::resume_unwind;

use tokio::task::{JoinHandle, spawn_blocking};

use super::batch::Batch;
use super::spool::Spool;

/// Owns the spool; a task that is under way has it meanwhile and brings it back.
#[derive(Debug)]
pub(super) struct Disk {
    spool: Option<Spool>,
    under_way: Option<JoinHandle<(Spool, Done)>>,
    /// Points that the spool had when it was last seen.
    pub(super) points: u64,
    /// Points that are on their way to it.
    pub(super) coming: u64,
    /// Points that the spool dropped.
    pub(super) dropped: u64,
}

/// What to do, in this order. What is left out is not done.
#[derive(Debug, Default)]
pub(super) struct Task {
    /// What was lent is written.
    pub(super) written: bool,
    /// Keep these as the oldest, and as lent.
    pub(super) front: VecDeque<Batch>,
    /// Keep these as the newest.
    pub(super) back: VecDeque<Batch>,
    /// Lend the oldest batches: as many points at most.
    pub(super) lend: Option<u64>,
}

impl Task {
    pub(super) fn is_empty(&self) -> bool {
        !self.written && self.front.is_empty() && self.back.is_empty() && self.lend.is_none()
    }
}

#[derive(Debug, Default)]
pub(super) struct Done {
    /// Why nothing could be lent, though there is something.
    pub(super) unread: Option<io::Error>,
    pub(super) lent: Option<Batch>,
    /// Whether there were batches to keep, and all were.
    pub(super) kept: bool,
    /// Why the batches that follow could not be kept.
    pub(super) failure: Option<io::Error>,
    pub(super) front: VecDeque<Batch>,
    pub(super) back: VecDeque<Batch>,
}

impl Disk {
    pub(super) fn new(spool: Spool) -> Self {
        Self {
            points: spool.points(),
            coming: 0,
            dropped: spool.dropped,
            spool: Some(spool),
            under_way: None,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.spool.is_some()
    }

    /// The disk must be idle. Must be called inside a Tokio runtime.
    pub(super) fn start(&mut self, task: Task) {
        let Some(mut spool) = self.spool.take() else {
            return;
        };
        let coming = task.front.iter().chain(&task.back);
        self.coming = coming.map(|batch| batch.points).sum();
        self.under_way = Some(spawn_blocking(move || {
            let done = work(&mut spool, task);
            (spool, done)
        }));
    }

    /// Waits for the task under way, for ever if there is none. May be dropped and called again.
    pub(super) async fn done(&mut self) -> Done {
        let Some(task) = &mut self.under_way else {
            return pending().await;
        };
        let (spool, done) = match task.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime is about to end, and this with it.
                Err(_) => pending().await,
            },
        };
        self.under_way = None;
        self.points = spool.points();
        self.coming = 0;
        self.dropped = spool.dropped;
        self.spool = Some(spool);
        done
    }
}

fn work(spool: &mut Spool, mut task: Task) -> Done {
    if task.written {
        spool.written();
    }
    let has_some = !(task.front.is_empty() && task.back.is_empty());
    let mut kept = match task.front.is_empty() {
        true => Ok(()),
        false => spool.push_front(task.front.make_contiguous()),
    };
    if kept.is_ok() {
        task.front.clear();
        kept = spool.append(&mut task.back);
    }
    let (lent, unread) = match task.lend.map_or(Ok(None), |most_points| spool.lend(most_points)) {
        Ok(lent) => (lent, None),
        Err(error) => (None, Some(error)),
    };
    Done {
        kept: has_some && kept.is_ok(),
        unread,
        failure: kept.err(),
        front: task.front,
        back: task.back,
        lent,
    }
}
