//! What one worker saw since the last whole second; knows of each request whether it counts.

use std::time::{Duration, Instant};

use hdrhistogram::CreationError;

use super::connection::Flight;
use super::fault::Fault;
use super::interval::{Counts, Interval, record};

/// Writes into the current interval, which the worker exchanges each second. Requests of the warm-up go into one of their own.
pub(crate) struct Recorder {
    /// Requests intended before then are the warm-up's.
    measured_from: Instant,
    pub(crate) current: Box<Interval>,
    pub(crate) warm_up: Option<Box<Interval>>,
}

impl Recorder {
    pub(crate) fn new(measured_from: Instant, warms_up: bool) -> Result<Self, CreationError> {
        let interval = || Interval::new().map(Box::new);
        Ok(Self {
            measured_from,
            current: interval()?,
            warm_up: warms_up.then(interval).transpose()?,
        })
    }

    /// Measures from another time; to be told before the first request.
    pub(crate) fn measure_from(&mut self, moment: Instant) {
        self.measured_from = moment;
    }

    /// Whether a request counts, or belongs to the warm-up.
    pub(crate) fn measures(&self, intended: Instant) -> bool {
        intended >= self.measured_from || self.warm_up.is_none()
    }

    fn interval(&mut self, intended: Instant) -> &mut Interval {
        match &mut self.warm_up {
            Some(warm_up) if intended < self.measured_from => warm_up,
            _ => &mut self.current,
        }
    }

    pub(crate) fn counts(&mut self, flight: Flight) -> &mut Counts {
        &mut self.interval(flight.intended).counts
    }

    /// A request leaves; `held_back` where it could not leave when it was due.
    pub(crate) fn sent(&mut self, flight: Flight, held_back: bool) {
        let interval = self.interval(flight.intended);
        interval.counts.sent += 1;
        if held_back {
            interval.counts.held_back += 1;
        } else {
            let late = flight.started.saturating_duration_since(flight.intended);
            record(&mut interval.lateness, late);
        }
    }

    pub(crate) fn connected(&mut self, flight: Flight, took: Duration) {
        let interval = self.interval(flight.intended);
        interval.counts.connected += 1;
        record(&mut interval.connect, took);
    }

    pub(crate) fn answered(&mut self, flight: Flight, now: Instant, status: u16) {
        let since_measured = now.saturating_duration_since(self.measured_from);
        let interval = self.interval(flight.intended);
        interval.counts.answered += 1;
        interval.counts.count_status(status);
        if status >= 400 {
            interval.examples.note_status(status);
        }
        let latency = now.saturating_duration_since(flight.intended);
        record(&mut interval.latency, latency);
        record(
            &mut interval.service,
            now.saturating_duration_since(flight.started),
        );
        interval.first_answer.get_or_insert(latency);
        interval.last_answer = Some(since_measured);
    }

    pub(crate) fn failed(&mut self, flight: Flight, now: Instant, fault: &Fault) {
        let interval = self.interval(flight.intended);
        interval.counts.errors.count(fault);
        interval.examples.note(fault);
        if matches!(fault, Fault::Timeout | Fault::ConnectTimeout) {
            self.waited(flight.intended, now);
        }
    }

    /// A request that had waited since `intended` and was not answered by `now`: its latency is at least that.
    pub(crate) fn waited(&mut self, intended: Instant, now: Instant) {
        let interval = self.interval(intended);
        record(&mut interval.latency, now.saturating_duration_since(intended));
        interval.lower_bounds += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::Errors;
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
        let mut recorder = Recorder::new(start, false).unwrap();
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
        let mut recorder = Recorder::new(start, false).unwrap();
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
        let examples: Vec<&str> = interval.examples.faults().collect();
        assert_eq!(
            examples,
            [
                "read: connection closed before the response was complete",
                "timeout: no complete response in time"
            ]
        );
    }

    #[test]
    fn intervals_add_up_to_what_one_would_have_seen() {
        let start = Instant::now();
        let (mut whole, mut first, mut second) = (
            Recorder::new(start, false).unwrap(),
            Recorder::new(start, false).unwrap(),
            Recorder::new(start, false).unwrap(),
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
    fn what_is_due_before_measuring_starts_is_recorded_apart_whenever_it_ends() {
        let start = Instant::now();
        let measured_from = start + Duration::from_secs(1);
        let mut recorder = Recorder::new(measured_from, true).unwrap();
        let late = measured_from + Duration::from_millis(250);
        for (intended_ms, status) in [(999, 200), (1_000, 503)] {
            let flight = flight(start, intended_ms, intended_ms);
            recorder.sent(flight, false);
            recorder.answered(flight, late, status);
        }
        let warm_up = recorder.warm_up.unwrap();
        assert_eq!((warm_up.counts.status_2xx, warm_up.latency.len()), (1, 1));
        assert_eq!(
            (recorder.current.counts.status_5xx, recorder.current.latency.len()),
            (1, 1)
        );
        assert_eq!(recorder.current.last_answer, Some(Duration::from_millis(250)));
    }
}
