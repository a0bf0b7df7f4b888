//! When each request is meant to leave: pure functions of the request's number; knows no clock and no socket.

use std::time::Duration;

/// Intended times, counted from the start of the run; they never decrease with `k`.
pub(crate) trait Schedule {
    /// The intended time of the `k`-th request, from 0.
    fn intended(&self, k: u64) -> Duration;

    /// How many requests are intended before `elapsed`.
    fn before(&self, elapsed: Duration) -> u64;
}

/// Even spacing at a constant rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Constant {
    /// Requests a second, above 0; fractions are fine.
    pub(crate) rate: f64,
}

impl Schedule for Constant {
    /// Exact to the nanosecond for 104 days (2^53 ns, what an `f64` holds without loss).
    fn intended(&self, k: u64) -> Duration {
        Duration::try_from_secs_f64(k as f64 / self.rate).unwrap_or(Duration::MAX)
    }

    fn before(&self, elapsed: Duration) -> u64 {
        let estimate = (elapsed.as_secs_f64() * self.rate) as u64;
        // The product may be off by one in its last bits; the intended times decide.
        let mut count = estimate.saturating_sub(1);
        while self.intended(count) < elapsed {
            count += 1;
        }
        count
    }
}

/// One thread's part of a schedule: the requests `k ≡ index (mod of)`, so that the spacing of all threads
/// together stays that of the schedule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share<S> {
    pub(crate) schedule: S,
    pub(crate) index: u64,
    pub(crate) of: u64,
}

impl<S: Schedule> Share<S> {
    /// The intended time of this share's `j`-th request.
    pub(crate) fn intended(&self, j: u64) -> Duration {
        self.schedule.intended(self.index + j * self.of)
    }

    /// How many of this share's requests are intended before `elapsed`.
    pub(crate) fn before(&self, elapsed: Duration) -> u64 {
        let all = self.schedule.before(elapsed);
        (all + self.of - 1).saturating_sub(self.index) / self.of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_rate_is_spaced_evenly_also_below_one_a_second() {
        let times = |rate: f64| -> Vec<u128> {
            (0..4)
                .map(|k| Constant { rate }.intended(k).as_micros())
                .collect()
        };
        assert_eq!(times(16.0), [0, 62_500, 125_000, 187_500]);
        assert_eq!(times(0.5), [0, 2_000_000, 4_000_000, 6_000_000]);
        assert_eq!(times(50_000.0), [0, 20, 40, 60]);
    }

    #[test]
    fn ten_seconds_hold_ten_times_the_rate() {
        for rate in [0.5, 1.0, 3.0, 16.0, 30.0, 999.9, 1000.0, 33_333.0, 50_000.0] {
            let count = Constant { rate }.before(Duration::from_secs(10));
            assert_eq!(count, (rate * 10.0).ceil() as u64, "rate {rate}");
        }
        assert_eq!(Constant { rate: 16.0 }.before(Duration::ZERO), 0);
    }

    #[test]
    fn shares_together_are_the_whole_schedule_in_turn() {
        let schedule = Constant { rate: 10.0 };
        let shares: Vec<_> = (0..3)
            .map(|index| Share {
                schedule,
                index,
                of: 3,
            })
            .collect();
        assert_eq!(shares[1].intended(2), schedule.intended(7));
        for tenths in 0..30_u64 {
            let elapsed = Duration::from_millis(tenths * 100);
            let counts: Vec<u64> = shares.iter().map(|share| share.before(elapsed)).collect();
            assert_eq!(counts.iter().sum::<u64>(), schedule.before(elapsed));
            assert!(counts.is_sorted_by(|a, b| a >= b && a - b <= 1), "{counts:?}");
        }
    }
}
