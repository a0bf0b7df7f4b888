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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::mpsc::channel;
    use std::thread;

    use super::super::client::Response;
    use super::super::response::Malformed;
    use super::*;

    /// A recorded schedule: the loop knows nothing of rates.
    struct Recorded(Vec<Duration>);

    impl Schedule for Recorded {
        fn intended(&self, k: u64) -> Duration {
            self.0.get(k as usize).copied().unwrap_or(Duration::MAX / 4)
        }

        fn before(&self, elapsed: Duration) -> u64 {
            self.0.iter().filter(|time| **time < elapsed).count() as u64
        }
    }

    /// A protocol of one byte each way: the loop knows nothing of HTTP.
    struct Ping;

    #[derive(Default)]
    struct Pong {
        started: bool,
    }

    impl Client for Ping {
        type Response = Pong;

        fn request(&self) -> &[u8] {
            b"?"
        }
    }

    impl Response for Pong {
        fn reset(&mut self) {
            self.started = false;
        }

        fn feed(&mut self, bytes: &[u8]) -> Result<bool, Malformed> {
            self.started = true;
            match bytes {
                b"!" => Ok(true),
                _ => Err(Malformed::Upgrade),
            }
        }

        fn ends_with_close(&self) -> bool {
            false
        }

        fn status(&self) -> u16 {
            200
        }

        fn reusable(&self) -> bool {
            true
        }

        fn started(&self) -> bool {
            self.started
        }
    }

    /// Answers each byte with `!`, one connection after the other.
    fn pong() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut byte = [0];
                while stream.read_exact(&mut byte).is_ok() && stream.write_all(b"!").is_ok() {}
            }
        });
        address
    }

    fn run(times: &[u64], duration: u64, addresses: Vec<SocketAddr>) -> Ending {
        let (reports, _messages) = channel();
        let (_returns, empties) = channel();
        let start = Instant::now();
        let schedule = Recorded(times.iter().copied().map(Duration::from_millis).collect());
        let worker = Worker {
            schedule: Share {
                schedule,
                index: 0,
                of: 1,
            },
            exchanges: Exchanges::new(Ping, addresses, 1, SECOND),
            recorder: Recorder::new(start).unwrap(),
            readiness: Readiness::new().unwrap(),
            span: Span {
                start,
                duration: Some(Duration::from_millis(duration)),
                drain: SECOND,
                stop: Arc::default(),
            },
            outbox: Outbox::new(0, reports, empties),
            sent: 0,
            stopped: None,
        };
        worker.run().unwrap()
    }

    #[test]
    fn a_burst_behind_one_connection_is_sent_in_turn_and_counted_from_when_it_was_due() {
        let ending = run(&[0, 0, 0, 20, 20, 50], 100, vec![pong()]);
        let counts = ending.rest.counts;
        assert_eq!((ending.scheduled, counts.sent, counts.answered), (6, 6, 6));
        assert_eq!((counts.connected, counts.errors.total()), (1, 0));
        assert_eq!(ending.rest.latency.len(), 6);
        assert_eq!((ending.in_flight, ending.never_sent), (0, 0));
        assert_eq!(ending.stopped, Duration::from_millis(100));
    }

    #[test]
    fn what_is_due_after_the_end_is_not_sent() {
        let ending = run(&[0, 10, 30, 40], 30, vec![pong()]);
        assert_eq!((ending.scheduled, ending.rest.counts.sent), (2, 2));
    }

    #[test]
    fn of_several_addresses_the_one_that_answers_is_found_and_kept() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let ending = run(&[0, 10], 20, vec![free, pong()]);
        let counts = ending.rest.counts;
        assert_eq!(
            (counts.answered, counts.connected, counts.errors.total()),
            (2, 1, 0)
        );
        let ending = run(&[0, 10], 20, vec![free, free]);
        assert_eq!(
            (ending.rest.counts.errors.connect, ending.rest.counts.sent),
            (2, 2)
        );
    }
}
