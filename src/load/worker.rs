//! The worker loop: one thread that sends what is due and receives what comes; composes a schedule, a client and a
//! recorder and knows none of them closely.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::client::Client;
use super::connection::Flight;
use super::exchanges::Exchanges;
use super::readiness::Readiness;
use super::recorder::{Interval, Recorder};
use super::reports::{Gauges, Outbox};
use super::schedule::{Schedule, Share};

/// Sends in one pass of the loop, so that responses are read in between while a backlog is worked off.
const SENDS_PER_PASS: usize = 64;
const SECOND: Duration = Duration::from_secs(1);

/// When a worker starts and stops.
#[derive(Clone)]
pub(crate) struct Span {
    pub(crate) start: Instant,
    /// How long requests are sent; until stopped if none.
    pub(crate) duration: Option<Duration>,
    /// How long requests in flight may take after that.
    pub(crate) drain: Duration,
    pub(crate) stop: Arc<AtomicBool>,
}

/// What a worker hands back when it is done.
pub(crate) struct Ending {
    /// What came since the last whole second, and the lower bounds of what was not answered.
    pub(crate) rest: Box<Interval>,
    pub(crate) scheduled: u64,
    pub(crate) in_flight: u64,
    pub(crate) never_sent: u64,
    /// When sending stopped and when the last request in flight was done or given up.
    pub(crate) stopped: Duration,
    pub(crate) ended: Duration,
}

pub(crate) struct Worker<S, C: Client> {
    pub(crate) schedule: Share<S>,
    pub(crate) exchanges: Exchanges<C>,
    pub(crate) recorder: Recorder,
    pub(crate) readiness: Readiness,
    pub(crate) span: Span,
    pub(crate) outbox: Outbox,
    /// Requests of this worker's share that have been sent.
    pub(crate) sent: u64,
    /// Set once sending is over.
    pub(crate) stopped: Option<Instant>,
}

impl<S: Schedule, C: Client> Worker<S, C> {
    /// Runs until everything is sent, or until stopped, and what is in flight is answered or given up.
    ///
    /// # Errors
    /// Only where the system refuses to wait for sockets.
    pub(crate) fn run(mut self) -> io::Result<Ending> {
        let mut ready = Vec::new();
        loop {
            let now = Instant::now();
            self.exchanges.expire(now, &mut self.recorder);
            let behind = self.send_due(now);
            self.note_stop(now);
            self.report(now);
            if self.is_over(now) {
                return Ok(self.end(now));
            }
            let (deadline, precise) = self.next_deadline(now, behind);
            ready.append(&mut self.exchanges.unfinished);
            let deadline = if ready.is_empty() { deadline } else { now };
            self.readiness.wait(deadline, precise, &mut ready)?;
            for slot in ready.drain(..) {
                self.exchanges.advance(slot, &self.readiness, &mut self.recorder);
            }
        }
    }

    fn note_stop(&mut self, now: Instant) {
        if self.stopped.is_some() {
            return;
        }
        let elapsed = now.saturating_duration_since(self.span.start);
        let asked = self.span.stop.load(Ordering::Relaxed);
        match self.span.duration {
            Some(duration) if elapsed >= duration => self.stopped = Some(self.span.start + duration),
            _ if asked => self.stopped = Some(now),
            _ => {}
        }
    }

    /// Sends what is due and has room; `true` when more could leave at once.
    fn send_due(&mut self, now: Instant) -> bool {
        if self.stopped.is_some() {
            return false;
        }
        let mut clock = now;
        for _ in 0..SENDS_PER_PASS {
            let intended = self.span.start + self.schedule.intended(self.sent);
            if intended > clock {
                clock = Instant::now();
            }
            if intended > clock || !self.exchanges.pool.has_room() || self.is_past(intended) {
                return false;
            }
            clock = Instant::now();
            let flight = Flight {
                intended,
                started: clock,
            };
            self.exchanges.send(flight, &self.readiness, &mut self.recorder);
            self.sent += 1;
        }
        true
    }

    fn is_past(&self, intended: Instant) -> bool {
        let duration = self.span.duration;
        duration.is_some_and(|duration| intended >= self.span.start + duration)
    }

    /// The next moment at which there is something to do besides reading, and whether it must be met precisely.
    fn next_deadline(&self, now: Instant, behind: bool) -> (Instant, bool) {
        if behind {
            return (now, false);
        }
        let second = self.span.start + SECOND * self.outbox.next_second();
        let timeout = self.exchanges.next_timeout();
        let end = match (self.stopped, self.span.duration) {
            (Some(stopped), _) => Some(stopped + self.span.drain),
            (None, duration) => duration.map(|duration| self.span.start + duration),
        };
        let quiet = [timeout, end].into_iter().flatten().fold(second, Instant::min);
        if self.stopped.is_some() || !self.exchanges.pool.has_room() {
            return (quiet, false);
        }
        let send = self.span.start + self.schedule.intended(self.sent);
        (quiet.min(send), send <= quiet)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.stopped
            .is_some_and(|stopped| self.exchanges.pool.in_flight() == 0 || now >= stopped + self.span.drain)
    }

    /// How many requests were meant to have left by `now`.
    fn scheduled(&self, now: Instant) -> u64 {
        let until = self.stopped.unwrap_or(now).min(now);
        let elapsed = until.saturating_duration_since(self.span.start);
        // A stop on request falls between two sends, of which the first may have left a moment before.
        self.schedule.before(elapsed).max(self.sent)
    }

    /// Hands over the interval at each whole second.
    fn report(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.span.start);
        if elapsed < SECOND * self.outbox.next_second() {
            return;
        }
        let gauges = Gauges {
            scheduled: self.scheduled(now),
            connections: self.exchanges.pool.open() as u64,
            in_flight: self.exchanges.pool.in_flight() as u64,
            backlog: self.scheduled(now) - self.sent,
        };
        self.outbox
            .hand_over(elapsed.as_secs(), gauges, &mut self.recorder.current);
    }

    fn end(mut self, now: Instant) -> Ending {
        let stopped = self.stopped.unwrap_or(now);
        let scheduled = self.scheduled(now);
        for flight in self.exchanges.pool.flights() {
            self.recorder.waited(flight.intended, now);
        }
        for j in self.sent..scheduled {
            let intended = self.span.start + self.schedule.intended(j);
            self.recorder.waited(intended, stopped);
        }
        Ending {
            rest: self.recorder.current,
            scheduled,
            in_flight: self.exchanges.pool.in_flight() as u64,
            never_sent: scheduled - self.sent,
            stopped: stopped.saturating_duration_since(self.span.start),
            ended: now.saturating_duration_since(self.span.start),
        }
    }
}
