//! The worker loop: one thread that sends what is due and receives what comes; composes a schedule, a client and a
//! recorder and knows none of them closely.

use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::LoadError;
use super::client::Client;
use super::connection::Flight;
use super::exchanges::Exchanges;
use super::interval::Interval;
use super::moment::Moment;
use super::pace::Pace;
use super::readiness::Readiness;
use super::recorder::Recorder;
use super::reports::{Gauges, Outbox};
use super::schedule::{Agenda, Share};

/// Sends in one pass of the loop, so that responses are read in between while a backlog is worked off.
const SENDS_PER_PASS: usize = 64;
const SECOND: Duration = Duration::from_secs(1);
/// Before a send that is at most this far off, responses may wait: one wake-up then serves both.
const PATIENCE: Duration = Duration::from_millis(2);

/// When a worker starts and stops.
#[derive(Clone)]
pub(crate) struct Span {
    pub(crate) start: Instant,
    /// How long requests are sent before those that count, whole seconds.
    pub(crate) warm_up: Duration,
    /// How long requests are sent, the warm-up included; until stopped if none.
    pub(crate) duration: Option<Duration>,
    /// How long requests in flight may take after that.
    pub(crate) drain: Duration,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Span {
    pub(crate) fn measured_from(&self) -> Instant {
        self.start + self.warm_up
    }
}

/// What a worker hands back when it is done. Counts and times are those of what is measured, without the warm-up.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ending {
    /// What came since the last whole second, and the lower bounds of what was not answered.
    pub(crate) rest: Box<Interval>,
    pub(crate) warm_up: Option<Box<Interval>>,
    pub(crate) scheduled: u64,
    pub(crate) in_flight: u64,
    pub(crate) never_sent: u64,
    /// When sending stopped and when the last request in flight was done or given up.
    pub(crate) stopped: Duration,
    pub(crate) ended: Duration,
    /// Processor time of the worker's thread.
    pub(crate) busy: Duration,
}

/// What a worker has to do next besides reading.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// Look again by then.
    Look(Instant),
    /// Send, as close to then as can be.
    Send(Instant),
}

pub(crate) struct Worker<C: Client> {
    pub(crate) share: Share,
    pub(crate) agenda: Agenda,
    pub(crate) exchanges: Exchanges<C>,
    pub(crate) recorder: Recorder,
    pub(crate) readiness: Readiness,
    pub(crate) pace: Pace,
    pub(crate) span: Span,
    pub(crate) outbox: Outbox,
    /// Requests of this worker's share that have been sent, and those of them that do not belong to the warm-up.
    pub(crate) sent: u64,
    pub(crate) measured: u64,
    /// Whether a request is due that the limit of connections holds back, and until when that was so.
    pub(crate) held: bool,
    pub(crate) held_until: Instant,
    /// Set once sending is over.
    pub(crate) stopped: Option<Instant>,
}

impl<C: Client> Worker<C> {
    /// Sets another start; to be told before it runs.
    pub(crate) fn start_at(&mut self, start: Instant) {
        self.span.start = start;
        self.held_until = start;
        self.recorder.measure_from(self.span.measured_from());
    }

    /// Runs until everything is sent, or until stopped, and what is in flight is answered or given up.
    ///
    /// # Errors
    /// Where the system refuses to wait for sockets, and a script that fails.
    pub(crate) fn run(mut self) -> Result<Ending, LoadError> {
        let mut ready = Vec::new();
        loop {
            let now = Instant::now();
            self.exchanges.expire(now, &mut self.recorder);
            self.exchanges.retry(now, &self.readiness, &mut self.recorder);
            let behind = self.send_due(now);
            if let Some(failure) = self.exchanges.failure.take() {
                return Err(failure.into());
            }
            self.note_stop(now);
            self.report(now);
            if self.is_over(now) {
                return Ok(self.end(now));
            }
            ready.append(&mut self.exchanges.unfinished);
            let next = match ready.is_empty() {
                true => self.next(now, behind),
                false => Next::Look(now),
            };
            self.wait(next, &mut ready).map_err(LoadError::Wait)?;
            let moment = Moment::now();
            for slot in ready.drain(..) {
                self.exchanges
                    .advance(slot, moment, &self.readiness, &mut self.recorder);
            }
        }
    }

    fn wait(&mut self, next: Next, ready: &mut Vec<usize>) -> io::Result<()> {
        let departure = match next {
            Next::Look(deadline) => return self.readiness.wait(deadline, ready),
            Next::Send(departure) => departure,
        };
        let alarm = self.pace.alarm(departure);
        // Sending has taken its time: what is left is asked of the clock, not of the beginning of the pass.
        let left = alarm.saturating_duration_since(Instant::now());
        if self.exchanges.is_patient() && !left.is_zero() && left <= PATIENCE {
            thread::sleep(left);
            self.pace.learn(alarm, Instant::now());
            return self.readiness.wait(alarm, ready);
        }
        self.readiness.wait(alarm, ready)?;
        if ready.is_empty() && !left.is_zero() {
            self.pace.learn(alarm, Instant::now());
        }
        Ok(())
    }

    fn note_stop(&mut self, now: Instant) {
        if self.stopped.is_some() {
            return;
        }
        let elapsed = now.saturating_duration_since(self.span.start);
        let asked = self.span.stop.load(Ordering::Relaxed);
        // The plan, or the number of requests asked for, is used up.
        let used_up =
            self.agenda.due().is_none() && (self.span.duration.is_none() || self.agenda.is_closed());
        match self.span.duration {
            Some(duration) if elapsed >= duration => self.stopped = Some(self.span.start + duration),
            _ if asked || used_up => self.stopped = Some(now),
            _ => {}
        }
    }

    /// Sends what is due and has room; `true` when more could leave at once.
    fn send_due(&mut self, now: Instant) -> bool {
        if self.stopped.is_some() {
            return false;
        }
        let Some(first) = self.intended() else {
            return false;
        };
        let departure = self.pace.departure(first);
        let begun = self.pace.spin(departure, now);
        if departure > begun {
            return false;
        }
        let mut clock = begun;
        for _ in 0..SENDS_PER_PASS {
            let due = self.intended().filter(|intended| *intended <= clock);
            let Some(intended) = due else {
                self.pace.sent(begun);
                return false;
            };
            if !self.exchanges.pool.has_room() {
                self.held = !self.agenda.is_closed();
                return false;
            }
            clock = self.send(intended);
        }
        true
    }

    /// Sends the request that is next; returns the time at which it left.
    fn send(&mut self, intended: Instant) -> Instant {
        let started = Instant::now();
        let intended = if self.agenda.is_closed() {
            started
        } else {
            intended
        };
        if mem::take(&mut self.held) {
            self.held_until = started;
        }
        let flight = Flight { intended, started };
        self.recorder.sent(flight, intended < self.held_until);
        let number = self.share.index + self.share.of * self.sent;
        self.exchanges
            .send(number, flight, &self.readiness, &mut self.recorder);
        self.agenda.advance();
        self.sent += 1;
        self.measured += u64::from(self.recorder.measures(intended));
        started
    }

    /// When the next request is intended to leave; nothing where none is before the end.
    fn intended(&self) -> Option<Instant> {
        let due = self.agenda.due()?;
        let within = self.span.duration.is_none_or(|duration| due < duration);
        within.then(|| self.span.start + due)
    }

    /// What to do besides reading; `behind` when more could leave at once.
    fn next(&self, now: Instant, behind: bool) -> Next {
        if behind {
            return Next::Look(now);
        }
        let second = self.span.start + SECOND * self.outbox.next_second();
        let attention = self.exchanges.next_look();
        let end = match (self.stopped, self.span.duration) {
            (Some(stopped), _) => Some(stopped + self.span.drain),
            (None, duration) => duration.map(|duration| self.span.start + duration),
        };
        let look = [attention, end].into_iter().flatten().fold(second, Instant::min);
        if self.stopped.is_some() || !self.exchanges.pool.has_room() {
            return Next::Look(look);
        }
        let departure = self.intended().map(|intended| self.pace.departure(intended));
        match departure.filter(|departure| *departure <= look) {
            Some(departure) => Next::Send(departure),
            None => Next::Look(look),
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.stopped
            .is_some_and(|stopped| self.exchanges.pool.in_flight() == 0 || now >= stopped + self.span.drain)
    }

    /// How many requests were meant to have left by `now`.
    fn scheduled(&mut self, now: Instant) -> u64 {
        let until = self.stopped.unwrap_or(now).min(now);
        let elapsed = until.saturating_duration_since(self.span.start);
        // A stop on request falls between two sends, of which the first may have left a moment before.
        self.agenda.before(elapsed).max(self.sent)
    }

    /// Hands over the interval at each whole second.
    fn report(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.span.start);
        if elapsed < SECOND * self.outbox.next_second() {
            return;
        }
        let scheduled = self.scheduled(now);
        let gauges = Gauges {
            scheduled,
            connections: self.exchanges.pool.open() as u64,
            in_flight: self.exchanges.pool.in_flight() as u64,
            backlog: scheduled - self.sent,
        };
        let second = elapsed.as_secs();
        match &mut self.recorder.warm_up {
            Some(warm_up) if second <= self.span.warm_up.as_secs() => {
                self.outbox.hand_over(second, gauges, true, warm_up);
            }
            _ => self
                .outbox
                .hand_over(second, gauges, false, &mut self.recorder.current),
        }
    }

    fn end(mut self, now: Instant) -> Ending {
        let stopped = self.stopped.unwrap_or(now);
        let scheduled = self.scheduled(now);
        let (mut in_flight, mut never_sent) = (0, 0);
        for slot in self.exchanges.pool.in_flight_slots() {
            let flight = self.exchanges.pool[slot].flight;
            self.recorder.waited(flight.intended, now);
            self.recorder.counts(flight).starved += u64::from(self.exchanges.is_starved(slot));
            in_flight += u64::from(self.recorder.measures(flight.intended));
        }
        for _ in self.sent..scheduled {
            let intended = self.span.start + self.agenda.due().unwrap_or_default();
            self.recorder.waited(intended, stopped);
            never_sent += u64::from(self.recorder.measures(intended));
            self.agenda.advance();
        }
        let from = self.span.measured_from();
        Ending {
            rest: self.recorder.current,
            warm_up: self.recorder.warm_up,
            scheduled: self.measured + never_sent,
            in_flight,
            never_sent,
            stopped: stopped.saturating_duration_since(from),
            ended: now.saturating_duration_since(from),
            busy: busy(),
        }
    }
}

/// Processor time of this thread so far.
#[cfg(not(target_vendor = "apple"))]
fn busy() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Of the whole process, where threads are not told apart.
#[cfg(target_vendor = "apple")]
fn busy() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::mpsc::channel;
    use std::thread;

    use super::super::client::Response;
    use super::super::exchanges::Timeouts;
    use super::super::jar::Jar;
    use super::super::origin::Origin;
    use super::super::pace::Timing;
    use super::super::response::Malformed;
    use super::super::schedule::{Arrivals, Plan, Profile};
    use super::super::script::ScriptError;
    use super::*;

    /// A protocol of one byte each way: the loop knows nothing of HTTP.
    struct Ping;

    #[derive(Default)]
    struct Pong {
        started: bool,
    }

    impl Client for Ping {
        type Response = Pong;

        fn choose(&self, _number: u64) -> usize {
            0
        }

        fn origin(&self, _entry: usize) -> usize {
            0
        }

        fn compose(&mut self, _: usize, _: u64, _: &str, _: &mut Vec<u8>) -> Result<(), ScriptError> {
            Ok(())
        }

        fn looks_at_answers(&self) -> bool {
            false
        }

        fn answered(&mut self, _response: &Pong, _jar: &mut Jar) -> Result<(), ScriptError> {
            Ok(())
        }

        fn request<'a>(&'a self, _entry: usize, _composed: &'a [u8]) -> &'a [u8] {
            b"?"
        }

        fn keeps_connections(&self, _entry: usize) -> bool {
            true
        }
    }

    impl Response for Pong {
        fn reset(&mut self) {
            self.started = false;
        }

        fn keep(&mut self) {}

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
        let profile = Profile::Recorded(times.iter().copied().map(Duration::from_millis).collect());
        let plan = Plan {
            profile,
            arrivals: Arrivals::Even,
            lead: None,
        };
        let share = Share { index: 0, of: 1 };
        let origin = Origin {
            addresses: addresses.into_iter().map(Into::into).collect(),
            preferred: 0,
            tls: None,
        };
        let worker = Worker {
            share,
            agenda: Agenda::open(&Arc::new(plan), share),
            exchanges: Exchanges::new(
                Ping,
                vec![origin],
                1,
                Timeouts {
                    whole: SECOND,
                    connect: None,
                },
                true,
            ),
            recorder: Recorder::new(start, false).unwrap(),
            readiness: Readiness::new().unwrap(),
            pace: Pace::new(Timing::Precise),
            span: Span {
                start,
                warm_up: Duration::ZERO,
                duration: Some(Duration::from_millis(duration)),
                drain: SECOND,
                stop: Arc::default(),
            },
            outbox: Outbox::new(0, reports, empties),
            sent: 0,
            measured: 0,
            held: false,
            held_until: start,
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
