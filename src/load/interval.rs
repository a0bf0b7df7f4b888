//! Counts and histograms of some span of time; two of them add up to the span of both. Computes no figure of a report.

use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};
use serde::{Deserialize, Serialize};

use super::fault::{Errors, Examples};
use super::remote::encoded;

/// 1 hour, in µs: what takes longer is recorded as an hour.
pub(crate) const MAX_MICROS: u64 = 3_600_000_000;
const DIGITS: u8 = 3;

/// An empty histogram of µs: 1 µs to 1 h, 3 significant digits. It grows with the largest value recorded: 24 KiB up to 4 ms,
/// 188 KiB up to an hour.
pub(crate) fn histogram() -> Result<Histogram<u64>, CreationError> {
    Histogram::new(DIGITS)
}

/// Records a time in µs; more than an hour counts as an hour.
pub(crate) fn record(histogram: &mut Histogram<u64>, time: Duration) {
    // It grows as it must, which only fails where memory could not be addressed.
    histogram.record(micros(time)).ok();
}

/// Whole microseconds, rounded to the nearest, up to an hour.
fn micros(duration: Duration) -> u64 {
    let micros = (duration.as_nanos() + 500) / 1000;
    u64::try_from(micros).unwrap_or(MAX_MICROS).min(MAX_MICROS)
}

/// What happened, as counts that add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Requests on new connections that got nothing while requests on kept ones that began a second later were answered.
    pub(crate) starved: u64,
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
        self.starved += other.starved;
        self.retried += other.retried;
    }

    /// The largest of them.
    pub(crate) fn largest(&self) -> u64 {
        let Self {
            sent,
            answered,
            errors,
            status_2xx,
            status_3xx,
            status_4xx,
            status_5xx,
            bytes,
            connected,
            held_back,
            closed_by_server,
            starved,
            retried,
        } = *self;
        let Errors {
            connect,
            timeout,
            read,
            write,
            malformed,
        } = errors;
        let outcomes = [answered, connect, timeout, read, write, malformed];
        let statuses = [status_2xx, status_3xx, status_4xx, status_5xx];
        let rest = [
            sent,
            bytes,
            connected,
            held_back,
            closed_by_server,
            starved,
            retried,
        ];
        let all = outcomes.into_iter().chain(statuses).chain(rest);
        all.fold(0, u64::max)
    }

    pub(crate) fn count_status(&mut self, status: u16) {
        match status {
            300..=399 => self.status_3xx += 1,
            400..=499 => self.status_4xx += 1,
            500.. => self.status_5xx += 1,
            _ => self.status_2xx += 1,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Interval {
    pub(crate) counts: Counts,
    /// From the intended time to completion, in µs. Requests that timed out, and those still in flight or never
    /// sent when the run ends, enter with the time they had waited: a lower bound.
    #[serde(with = "encoded::buckets")]
    pub(crate) latency: Histogram<u64>,
    pub(crate) lower_bounds: u64,
    /// From the actual start of a request to completion, in µs; answers only.
    #[serde(with = "encoded::buckets")]
    pub(crate) service: Histogram<u64>,
    /// From the start of connecting to where the connection takes the request, in µs.
    #[serde(with = "encoded::buckets")]
    pub(crate) connect: Histogram<u64>,
    /// From the intended time to the actual start, in µs: how late the generator itself is. Requests that the limit of
    /// connections held back are left out.
    #[serde(with = "encoded::buckets")]
    pub(crate) lateness: Histogram<u64>,
    pub(crate) first_answer: Option<Duration>,
    pub(crate) examples: Examples,
    /// When the last answer came, counted from where measuring starts.
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
            examples: Examples::default(),
            last_answer: None,
        })
    }

    /// Empties it and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.counts = Counts::default();
        self.latency.reset();
        self.lower_bounds = 0;
        self.service.reset();
        self.connect.reset();
        self.lateness.reset();
        self.first_answer = None;
        self.examples = Examples::default();
        self.last_answer = None;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        // They grow as they must, so that addition cannot fail.
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
        self.examples.add(&other.examples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_round_to_the_nearest_microsecond_and_saturate_at_an_hour() {
        assert_eq!(micros(Duration::from_nanos(1_499)), 1);
        assert_eq!(micros(Duration::from_nanos(1_500)), 2);
        let mut histogram = histogram().unwrap();
        record(&mut histogram, Duration::from_secs(86_400));
        assert_eq!(histogram.max() / 10_000_000, 360);
    }
}
