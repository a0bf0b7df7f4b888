//! Merges what the workers of a run see, second by second, into [`Second`]s and at last a [`Summary`]; runs on a
//! thread of its own and prints nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use tokio::sync::mpsc;

use super::LoadError;
use super::interval::Interval;
use super::reports::{Gauges, Message};
use super::second::Second;
use super::summary::{Gathered, Summary};
use super::worker::Ending;

/// What the merging thread knows of one worker.
pub(crate) struct Desk {
    /// Where emptied intervals go; nowhere where the worker is in another process, in which they go round.
    returns: Option<Sender<Box<Interval>>>,
    second: u64,
    gauges: Gauges,
    ending: Option<Ending>,
}

impl Desk {
    /// Puts a second interval into circulation beside the one the worker has.
    pub(crate) fn new(returns: Sender<Box<Interval>>) -> Result<Self, LoadError> {
        let desk = Self {
            returns: Some(returns),
            ..Self::remote()
        };
        desk.give_back(Box::new(Interval::new()?));
        Ok(desk)
    }

    /// The desk of a worker in another process.
    pub(crate) fn remote() -> Self {
        Self {
            returns: None,
            second: 0,
            gauges: Gauges::default(),
            ending: None,
        }
    }

    pub(crate) fn give_back(&self, empty: Box<Interval>) {
        if let Some(returns) = &self.returns {
            // A worker that has ended needs none.
            returns.send(empty).ok();
        }
    }
}

/// Sees each second as it is complete, on the merging thread, with all that was recorded in it.
pub(crate) trait Observer: Send {
    fn second(&mut self, second: &Second, interval: &Interval);

    /// What came after the last whole second, with the lower bounds of what was never answered.
    fn rest(&mut self, from: Duration, to: Duration, interval: &Interval);
}

pub(crate) struct Merger {
    pub(crate) messages: Receiver<Message>,
    pub(crate) desks: Vec<Desk>,
    pub(crate) seconds: mpsc::Sender<Second>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) gathered: Gathered,
    /// The end of the last second that was handed out.
    pub(crate) emitted: u64,
    pub(crate) skipped: u64,
    /// Since then, and until then.
    pub(crate) pending: Interval,
    pub(crate) total: Interval,
    pub(crate) warm_up: Option<Interval>,
    pub(crate) observer: Option<Box<dyn Observer>>,
}

impl Merger {
    /// Runs until all workers have ended.
    ///
    /// # Errors
    /// A worker that could not wait for its sockets, or ended without a word.
    pub(crate) fn run(mut self) -> Result<Summary, LoadError> {
        while self.desks.iter().any(|desk| desk.ending.is_none()) {
            match self.messages.recv() {
                Ok(Message::Interval {
                    worker,
                    second,
                    gauges,
                    warm_up,
                    interval,
                }) => self.take(worker, second, gauges, warm_up, interval),
                Ok(Message::Ended { worker, ending }) => {
                    self.desks[worker].ending = Some(ending?);
                }
                Ok(Message::Lost(lost)) => self.gathered.lost.push(lost),
                Err(_all_gone) => return Err(LoadError::Lost),
            }
        }
        let endings: Vec<Ending> = self.desks.into_iter().filter_map(|desk| desk.ending).collect();
        if let Some(observer) = &mut self.observer {
            let ended = endings
                .iter()
                .map(|ending| ending.ended)
                .max()
                .unwrap_or_default();
            endings.iter().for_each(|ending| self.pending.add(&ending.rest));
            let [from, to] = [
                Duration::from_secs(self.emitted),
                self.gathered.settings.warm_up + ended,
            ];
            observer.rest(from, to, &self.pending);
        }
        Ok(Summary::new(self.gathered, self.total, self.warm_up, &endings))
    }

    fn take(
        &mut self,
        worker: usize,
        second: u64,
        gauges: Gauges,
        warm_up: bool,
        mut interval: Box<Interval>,
    ) {
        self.pending.add(&interval);
        match &mut self.warm_up {
            Some(total) if warm_up => total.add(&interval),
            _ => self.total.add(&interval),
        }
        interval.clear();
        let desk = &mut self.desks[worker];
        desk.second = second;
        desk.gauges = gauges;
        desk.give_back(interval);
        let open = self.desks.iter().filter(|desk| desk.ending.is_none());
        let complete = open.map(|desk| desk.second).min().unwrap_or(0);
        if complete > self.emitted {
            self.emit(complete);
        }
    }

    /// Emits everything since the last one as the seconds up to `number`.
    fn emit(&mut self, number: u64) {
        let mut gauges = Gauges::default();
        self.desks.iter().for_each(|desk| gauges.add(&desk.gauges));
        let span = number - self.emitted;
        let [from, to] = [self.emitted, number].map(Duration::from_secs);
        let rate = self
            .gathered
            .plan
            .as_ref()
            .map(|plan| plan.rate_between(from, to));
        let mut second = Second::new(number, span, rate, &self.pending, gauges);
        second.skipped = self.skipped;
        second.warm_up = number <= self.gathered.settings.warm_up.as_secs();
        if let Some(observer) = &mut self.observer {
            observer.second(&second, &self.pending);
        }
        self.pending.clear();
        self.emitted = number;
        self.gather(&second);
        if self.seconds.try_send(second).is_err() {
            self.skipped += span;
        }
    }

    /// Seconds after sending has stopped say nothing about the rate.
    fn gather(&mut self, second: &Second) {
        let end = Duration::from_secs(second.number);
        let settings = &self.gathered.settings;
        let over = settings.duration.map(|duration| settings.warm_up + duration);
        if second.warm_up || self.stop.load(Ordering::Relaxed) || over.is_some_and(|over| end > over) {
            return;
        }
        let hundredths = (second.achieved_rate() * 100.0).round() as u64;
        // It grows as it must.
        self.gathered.per_second.record(hundredths).ok();
        if second.latency.max > 0 {
            let latency = second.latency.mean / 1e6;
            self.gathered.trend.add(second.number as f64, latency);
        }
    }
}
