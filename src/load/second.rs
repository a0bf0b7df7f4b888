//! What the generator saw in one second, and the point it becomes; sends nothing.

use hdrhistogram::Histogram;

use crate::point::Point;

use super::interval::{Counts, Interval};
use super::reports::Gauges;

/// Percentiles of a second or a run, in µs; all 0 when nothing was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Percentiles {
    pub(crate) mean: f64,
    pub(crate) p50: u64,
    pub(crate) p90: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
}

impl From<&Histogram<u64>> for Percentiles {
    fn from(histogram: &Histogram<u64>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        Self {
            mean: histogram.mean(),
            p50: histogram.value_at_quantile(0.5),
            p90: histogram.value_at_quantile(0.9),
            p99: histogram.value_at_quantile(0.99),
            max: histogram.max(),
        }
    }
}

/// All workers together, over one second of the wall.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Second {
    /// Whole seconds since the start of the run at its end, the warm-up included.
    pub(crate) number: u64,
    pub(crate) warm_up: bool,
    /// Seconds it covers: 1, or more where the machine was too busy to look.
    pub(crate) span: u64,
    /// Requests a second; nothing in a closed loop.
    pub(crate) asked_rate: Option<f64>,
    pub(crate) counts: Counts,
    /// From the intended time.
    pub(crate) latency: Percentiles,
    /// From the actual start of the request.
    pub(crate) service: Percentiles,
    /// At the end of the second.
    pub(crate) gauges: Gauges,
    /// Seconds before this one that were not handed over because nobody took them in time.
    pub(crate) skipped: u64,
}

impl Second {
    pub(crate) fn new(
        number: u64,
        span: u64,
        asked_rate: Option<f64>,
        interval: &Interval,
        gauges: Gauges,
    ) -> Self {
        Self {
            number,
            warm_up: false,
            span,
            asked_rate,
            counts: interval.counts,
            latency: Percentiles::from(&interval.latency),
            service: Percentiles::from(&interval.service),
            gauges,
            skipped: 0,
        }
    }

    /// Answers a second.
    pub(crate) fn achieved_rate(&self) -> f64 {
        self.counts.answered as f64 / self.span.max(1) as f64
    }

    /// Measurement `uwsgi_load`, tag `target`. Latencies are left out of a second in which none was recorded: no
    /// value is no zero.
    pub(crate) fn point(&self, target: &str, timestamp_ms: i64) -> Point {
        let Counts { errors, .. } = self.counts;
        let mut point = Point::new("uwsgi_load", timestamp_ms).tag("target", target);
        if let Some(rate) = self.asked_rate {
            point = point.field("asked_rate", rate);
        }
        let point = point
            .field("achieved_rate", self.achieved_rate())
            .field("sent", self.counts.sent)
            .field("answered", self.counts.answered)
            .field("errors", errors.total())
            .field("errors_connect", errors.connect)
            .field("errors_timeout", errors.timeout)
            .field("errors_read", errors.read)
            .field("errors_write", errors.write)
            .field("errors_malformed", errors.malformed)
            .field("status_2xx", self.counts.status_2xx)
            .field("status_3xx", self.counts.status_3xx)
            .field("status_4xx", self.counts.status_4xx)
            .field("status_5xx", self.counts.status_5xx)
            .field("bytes", self.counts.bytes)
            .field("connections", self.gauges.connections)
            .field("in_flight", self.gauges.in_flight)
            .field("backlog", self.gauges.backlog)
            .field("seconds_skipped", self.skipped);
        self.with_latencies(point)
    }

    fn with_latencies(&self, mut point: Point) -> Point {
        if self.latency != Percentiles::default() {
            point = point
                .field("latency_mean", self.latency.mean)
                .field("latency_p50", self.latency.p50)
                .field("latency_p90", self.latency.p90)
                .field("latency_p99", self.latency.p99)
                .field("latency_max", self.latency.max);
        }
        if self.service != Percentiles::default() {
            point = point
                .field("service_p50", self.service.p50)
                .field("service_p99", self.service.p99);
        }
        point
    }
}

#[cfg(test)]
impl Second {
    /// A second in which everything that can be known is known.
    pub(crate) fn example() -> Self {
        let answered = Percentiles {
            mean: 250_000.0,
            p50: 250_000,
            p90: 251_000,
            p99: 252_000,
            max: 253_000,
        };
        let interval = Interval::new().expect("the bounds are constants");
        Self {
            latency: answered,
            service: answered,
            ..Self::new(1, 1, Some(16.0), &interval, Gauges::default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fault::Errors;
    use super::*;

    fn second() -> Second {
        let mut interval = Interval::new().unwrap();
        interval.counts = Counts {
            sent: 17,
            answered: 16,
            errors: Errors {
                timeout: 1,
                ..Errors::default()
            },
            status_2xx: 16,
            bytes: 1_600,
            ..Counts::default()
        };
        let gauges = Gauges {
            scheduled: 17,
            connections: 4,
            in_flight: 3,
            backlog: 0,
        };
        Second::new(1, 1, Some(16.5), &interval, gauges)
    }

    fn line(second: &Second) -> String {
        let mut line = String::new();
        second.point("http://127.0.0.1:9090/", 5).write_line(&mut line);
        line
    }

    #[test]
    fn a_second_without_answers_has_counts_but_no_latencies() {
        assert_eq!(
            line(&second()),
            "uwsgi_load,target=http://127.0.0.1:9090/ asked_rate=16.5,achieved_rate=16,sent=17i,answered=16i,\
             errors=1i,errors_connect=0i,errors_timeout=1i,errors_read=0i,errors_write=0i,errors_malformed=0i,\
             status_2xx=16i,status_3xx=0i,status_4xx=0i,status_5xx=0i,bytes=1600i,connections=4i,in_flight=3i,\
             backlog=0i,seconds_skipped=0i 5\n"
        );
    }

    #[test]
    fn latencies_are_microseconds() {
        let mut second = second();
        second.latency = Percentiles {
            mean: 250.5,
            p50: 250,
            p90: 251,
            p99: 255,
            max: 260,
        };
        second.service = Percentiles {
            p50: 249,
            p99: 254,
            ..second.latency
        };
        assert!(line(&second).contains(
            ",latency_mean=250.5,latency_p50=250i,latency_p90=251i,latency_p99=255i,latency_max=260i,\
             service_p50=249i,service_p99=254i 5"
        ));
    }
}
