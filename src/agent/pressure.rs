//! Whether a target falls behind right now: the load's last few seconds compared; keeps nothing older.

use std::collections::VecDeque;

use crate::load::Second;

/// Fewer seconds say nothing: the answers to the first requests come one latency late.
const SECONDS: usize = 5;
/// Below this share of the asked rate the target falls short.
const SHARE: f64 = 0.99;
/// Growth of the median latency, seconds a second, or of requests without an answer as a share of those asked for.
const GROWTH: f64 = 0.02;
/// A second more or less of so few requests is chance.
const FEW: f64 = 3.0;

#[derive(Debug, Clone, Default)]
pub(super) struct Pressure {
    recent: VecDeque<Sample>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    seconds: f64,
    asked: f64,
    answered: f64,
    /// Median, in seconds; None where nothing was answered.
    latency: Option<f64>,
    /// Sent and not answered, or due and not sent.
    pending: f64,
}

impl Pressure {
    pub(super) fn add(&mut self, second: &Second) {
        let seconds = second.span as f64;
        self.push(Sample {
            seconds,
            asked: second.asked_rate.unwrap_or_default() * seconds,
            answered: second.counts.answered as f64,
            latency: (second.counts.answered > 0).then_some(second.latency.p50 as f64 / 1e6),
            pending: (second.gauges.in_flight + second.gauges.backlog) as f64,
        });
    }

    fn push(&mut self, sample: Sample) {
        if self.recent.len() == SECONDS {
            self.recent.pop_front();
        }
        self.recent.push_back(sample);
    }

    /// The asked rate is not met, and latency or the number of requests that wait grows. A target that refuses at
    /// once is not overloaded: its errors tell.
    pub(super) fn is_overloaded(&self) -> bool {
        let (Some(first), Some(last)) = (self.recent.front(), self.recent.back()) else {
            return false;
        };
        if self.recent.len() < SECONDS {
            return false;
        }
        let sum = |of: fn(&Sample) -> f64| self.recent.iter().map(of).sum::<f64>();
        let asked = sum(|sample| sample.asked);
        if sum(|sample| sample.answered) >= asked * SHARE {
            return false;
        }
        let slower = first
            .latency
            .zip(last.latency)
            .is_some_and(|(first, last)| last - first >= GROWTH * sum(|sample| sample.seconds));
        slower || last.pending - first.pending >= (GROWTH * asked).max(FEW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of 16 asked requests: answered, median latency in ms, pending.
    fn overloaded(seconds: &[(f64, f64, f64)]) -> bool {
        let mut pressure = Pressure::default();
        for (answered, latency, pending) in seconds {
            pressure.push(Sample {
                seconds: 1.0,
                asked: 16.0,
                answered: *answered,
                latency: (*answered > 0.0).then_some(latency / 1e3),
                pending: *pending,
            });
        }
        pressure.is_overloaded()
    }

    #[test]
    fn a_target_that_keeps_up_is_not_overloaded_not_even_at_the_start() {
        let steady = (16.0, 250.0, 4.0);
        assert!(!overloaded(&[]));
        assert!(!overloaded(&[(12.0, 250.0, 4.0), steady, steady, steady, steady]));
    }

    #[test]
    fn growing_latency_or_a_growing_queue_below_the_asked_rate_is_overload() {
        let slower = [1.0, 2.0, 3.0, 4.0, 5.0].map(|n| (8.0, 500.0 * n, 8.0));
        assert!(overloaded(&slower));
        assert!(!overloaded(&slower[..4]), "too short to tell");
        let stuck = [1.0, 2.0, 3.0, 4.0, 5.0].map(|n| (0.0, 0.0, 16.0 * n));
        assert!(overloaded(&stuck));
    }

    #[test]
    fn only_the_last_seconds_count() {
        let mut seconds = [1.0, 2.0, 3.0, 4.0, 5.0].map(|n| (8.0, 500.0 * n, 8.0)).to_vec();
        seconds.extend([(16.0, 250.0, 4.0); 5]);
        assert!(!overloaded(&seconds));
    }

    #[test]
    fn a_target_that_refuses_at_once_is_not_overloaded() {
        assert!(!overloaded(&[(0.0, 0.0, 0.0); 5]));
    }
}
