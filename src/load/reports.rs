//! How workers hand their intervals to the thread that merges them, without ever waiting for it.

use std::sync::mpsc::{Receiver, Sender};

use serde::{Deserialize, Serialize};

use super::LoadError;
use super::interval::Interval;
use super::remote::Lost;
use super::worker::Ending;

/// What stands at one moment, as numbers that add up over workers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gauges {
    /// Requests meant to have left since the start.
    pub(crate) scheduled: u64,
    /// Connections open, idle ones included.
    pub(crate) connections: u64,
    pub(crate) in_flight: u64,
    /// Requests that are due and wait for a connection to become free.
    pub(crate) backlog: u64,
}

impl Gauges {
    pub(crate) fn add(&mut self, other: &Self) {
        self.scheduled += other.scheduled;
        self.connections += other.connections;
        self.in_flight += other.in_flight;
        self.backlog += other.backlog;
    }
}

/// From a worker to the merging thread.
pub(crate) enum Message {
    Interval {
        worker: usize,
        /// Whole seconds since the start of the run that the worker's intervals cover so far.
        second: u64,
        gauges: Gauges,
        /// Whether it is of the warm-up.
        warm_up: bool,
        interval: Box<Interval>,
    },
    Ended {
        worker: usize,
        ending: Result<Ending, LoadError>,
    },
    /// A process that sent a share of the run is gone; the endings of its threads follow.
    Lost(Lost),
}

/// A worker's side. Two intervals go round: one is filled while the other is merged and emptied, so the queue
/// holds one at most and needs no further bound.
pub(crate) struct Outbox {
    pub(crate) worker: usize,
    pub(crate) reports: Sender<Message>,
    empties: Receiver<Box<Interval>>,
    reported: u64,
}

impl Outbox {
    pub(crate) fn new(worker: usize, reports: Sender<Message>, empties: Receiver<Box<Interval>>) -> Self {
        Self {
            worker,
            reports,
            empties,
            reported: 0,
        }
    }

    /// The second, from the start of the run, at whose end the next interval is due.
    pub(crate) fn next_second(&self) -> u32 {
        u32::try_from(self.reported + 1).unwrap_or(u32::MAX)
    }

    /// Exchanges `current` for an empty interval. While the other one is still out, goes on filling: the next
    /// exchange covers both seconds.
    pub(crate) fn hand_over(
        &mut self,
        second: u64,
        gauges: Gauges,
        warm_up: bool,
        current: &mut Box<Interval>,
    ) {
        self.reported = second;
        let Ok(empty) = self.empties.try_recv() else {
            return;
        };
        let interval = std::mem::replace(current, empty);
        let message = Message::Interval {
            worker: self.worker,
            second,
            gauges,
            warm_up,
            interval,
        };
        // Nobody left to tell: the run was dropped, and its stop flag ends this worker.
        self.reports.send(message).ok();
    }
}
