//! What one worker saw, second by second: counts and histograms; computes no figure of a report.

use std::time::{Duration, Instant};

use hdrhistogram::{CreationError, Histogram};

use super::connection::Flight;
use super::fault::{Errors, Fault};

/// 1 hour, in µs: what takes longer is recorded as an hour.
const MAX_MICROS: u64 = 3_600_000_000;
const DIGITS: u8 = 3;

/// An empty histogram of µs: 1 µs to 1 h, 3 significant digits, 188 KiB whatever is recorded.
pub(crate) fn histogram() -> Result<Histogram<u64>, CreationError> {
    Histogram::new_with_bounds(1, MAX_MICROS, DIGITS)
}

/// Whole microseconds, rounded to the nearest.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from((duration.as_nanos() + 500) / 1000).unwrap_or(MAX_MICROS)
}

/// What happened, as counts that add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    /// Complete responses, whatever their status.
    pub(crate) answered: u64,
    pub(crate) errors: Errors,
    /// Answers by class of status; those of 4xx and 5xx count as answered too.
    pub(crate) status_2xx: u64,
    pub(crate) status_3xx: u64,
    pub(crate) status_4xx: u64,
    pub(crate) status_5xx: u64,
    /// Bytes received.
    pub(crate) bytes: u64,
    /// Connections established.
    pub(crate) connected: u64,
    /// Requests that were due while the limit of connections let none leave.
    pub(crate) held_back: u64,
    /// Connections that the server closed after a response.
    pub(crate) closed_by_server: u64,
    /// Requests sent again because the kept connection turned out to be closed.
    pub(crate) retried: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.errors.add(&other.errors);
        self.status_2xx += other.status_2xx;
        self.status_3xx += other.status_3xx;
        self.status_4xx += other.status_4xx;
        self.status_5xx += other.status_5xx;
        self.bytes += other.bytes;
        self.connected += other.connected;
        self.held_back += other.held_back;
        self.closed_by_server += other.closed_by_server;
        self.retried += other.retried;
    }

    fn count_status(&mut self, status: u16) {
        match status {
            300..=399 => self.status_3xx += 1,
            400..=499 => self.status_4xx += 1,
            500.. => self.status_5xx += 1,
            _ => self.status_2xx += 1,
        }
    }
}

/// Counts and latencies of some span of time; two of them add up to the span of both.
#[derive(Debug, Clone)]
pub(crate) struct Interval {
    pub(crate) counts: Counts,
    /// From the intended time to completion, in µs. Requests that timed out, and those still in flight or never
    /// sent when the run ends, enter with the time they had waited: a lower bound.
    pub(crate) latency: Histogram<u64>,
    pub(crate) lower_bounds: u64,
    /// From the actual start of a request to completion, in µs; answers only.
    pub(crate) service: Histogram<u64>,
    /// From the start of connecting to where the connection takes the request, in µs.
    pub(crate) connect: Histogram<u64>,
    /// From the intended time to the actual start, in µs: how late the generator itself is. Requests that the limit of
    /// connections held back are left out.
    pub(crate) lateness: Histogram<u64>,
    pub(crate) first_answer: Option<Duration>,
    pub(crate) first_error: Option<String>,
    /// When the last answer came, counted from the start of the run.
    pub(crate) last_answer: Option<Duration>,
}

impl Interval {
    pub(crate) fn new() -> Result<Self, CreationError> {
        Ok(Self {
            counts: Counts::default(),
            latency: histogram()?,
            lower_bounds: 0,
            service: histogram()?,
            connect: histogram()?,
            lateness: histogram()?,
            first_answer: None,
            first_error: None,
            last_answer: None,
        })
    }

    pub(crate) fn clear(&mut self) {
        self.counts = Counts::default();
        self.latency.reset();
        self.lower_bounds = 0;
        self.service.reset();
        self.connect.reset();
        self.lateness.reset();
        self.first_answer = None;
        self.first_error = None;
        self.last_answer = None;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        // Equal bounds, so that addition cannot fail.
        self.latency.add(&other.latency).ok();
        self.lower_bounds += other.lower_bounds;
        self.service.add(&other.service).ok();
        self.connect.add(&other.connect).ok();
        self.lateness.add(&other.lateness).ok();
        self.first_answer = [self.first_answer, other.first_answer]
            .into_iter()
            .flatten()
            .min();
        self.last_answer = self.last_answer.max(other.last_answer);
        if self.first_error.is_none() {
            self.first_error.clone_from(&other.first_error);
        }
    }
}

/// Writes into the current interval; the worker exchanges it each second.
pub(crate) struct Recorder {
    start: Instant,
    pub(crate) current: Box<Interval>,
}

impl Recorder {
    pub(crate) fn new(start: Instant) -> Result<Self, CreationError> {
        Ok(Self {
            start,
            current: Box::new(Interval::new()?),
        })
    }

    pub(crate) fn counts(&mut self) -> &mut Counts {
        &mut self.current.counts
    }

    /// A request leaves; `held_back` where it could not leave when it was due.
    pub(crate) fn sent(&mut self, flight: Flight, held_back: bool) {
        let current = &mut *self.current;
        current.counts.sent += 1;
        if held_back {
            current.counts.held_back += 1;
        } else {
            let late = flight.started.saturating_duration_since(flight.intended);
            current.lateness.saturating_record(micros(late));
        }
    }

    pub(crate) fn connected(&mut self, took: Duration) {
        self.current.counts.connected += 1;
        self.current.connect.saturating_record(micros(took));
    }

    pub(crate) fn answered(&mut self, flight: Flight, now: Instant, status: u16) {
        let current = &mut *self.current;
        current.counts.answered += 1;
        current.counts.count_status(status);
        let latency = now.saturating_duration_since(flight.intended);
        let service = now.saturating_duration_since(flight.started);
        current.latency.saturating_record(micros(latency));
        current.service.saturating_record(micros(service));
        current.first_answer.get_or_insert(latency);
        current.last_answer = Some(now.saturating_duration_since(self.start));
    }

    pub(crate) fn failed(&mut self, flight: Flight, now: Instant, fault: &Fault) {
        self.current.counts.errors.count(fault);
        if matches!(fault, Fault::Timeout) {
            self.waited(flight.intended, now);
        }
        if self.current.first_error.is_none() {
            self.current.first_error = Some(fault.to_string());
        }
    }

    /// A request that had waited since `intended` and was not answered by `now`: its latency is at least that.
    pub(crate) fn waited(&mut self, intended: Instant, now: Instant) {
        let waited = now.saturating_duration_since(intended);
        self.current.latency.saturating_record(micros(waited));
        self.current.lower_bounds += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(start: Instant, intended_ms: u64, started_ms: u64) -> Flight {
        Flight {
            intended: start + Duration::from_millis(intended_ms),
            started: start + Duration::from_millis(started_ms),
        }
    }

    #[test]
    fn latency_counts_from_the_intended_time_and_service_time_from_the_send() {
        let start = Instant::now();
        let mut recorder = Recorder::new(start).unwrap();
        let now = start + Duration::from_millis(30);
        recorder.answered(flight(start, 10, 25), now, 503);
        let interval = &recorder.current;
        assert_eq!(
            (interval.latency.max() / 100, interval.service.max() / 10),
            (200, 500)
        );
        assert_eq!(
            interval.counts,
            Counts {
                answered: 1,
                status_5xx: 1,
                ..Counts::default()
            }
        );
        assert_eq!(interval.last_answer, Some(Duration::from_millis(30)));
    }

    #[test]
    fn a_timeout_is_a_lower_bound_and_a_refusal_has_no_latency() {
        let start = Instant::now();
        let mut recorder = Recorder::new(start).unwrap();
        let now = start + Duration::from_secs(2);
        recorder.failed(flight(start, 0, 0), now, &Fault::Timeout);
        recorder.failed(flight(start, 0, 0), now, &Fault::ClosedEarly);
        let interval = &recorder.current;
        assert_eq!(
            (
                interval.latency.len(),
                interval.lower_bounds,
                interval.service.len()
            ),
            (1, 1, 0)
        );
        let errors = Errors {
            timeout: 1,
            read: 1,
            ..Errors::default()
        };
        assert_eq!(interval.counts.errors, errors);
        assert_eq!(
            interval.first_error.as_deref(),
            Some("timeout: no complete response in time")
        );
    }

    #[test]
    fn intervals_add_up_to_what_one_would_have_seen() {
        let start = Instant::now();
        let (mut whole, mut first, mut second) = (
            Recorder::new(start).unwrap(),
            Recorder::new(start).unwrap(),
            Recorder::new(start).unwrap(),
        );
        for ms in 1..200_u64 {
            let part = if ms % 2 == 0 { &mut first } else { &mut second };
            for recorder in [&mut whole, part] {
                recorder.answered(flight(start, 0, ms / 2), start + Duration::from_millis(ms), 200);
            }
        }
        first.current.add(&second.current);
        assert_eq!(first.current.latency, whole.current.latency);
        assert_eq!(first.current.service, whole.current.service);
        assert_eq!(first.current.counts, whole.current.counts);
        assert_eq!(first.current.last_answer, whole.current.last_answer);
    }

    #[test]
    fn durations_round_to_the_nearest_microsecond_and_saturate_at_an_hour() {
        assert_eq!(micros(Duration::from_nanos(1_499)), 1);
        assert_eq!(micros(Duration::from_nanos(1_500)), 2);
        let mut histogram = histogram().unwrap();
        histogram.saturating_record(micros(Duration::from_secs(86_400)));
        assert_eq!(histogram.max() / 10_000_000, 360);
    }
}
