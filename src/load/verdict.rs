//! Whether the target kept up: pure figures over the seconds of a run; prints nothing.
//!
//! Above capacity an open loop's latency grows for as long as the run lasts, so that no percentile of it means
//! anything; the slope does. At rate r and capacity c it is 1 − c/r seconds a second.

/// Below this growth, in seconds a second, latency counts as steady.
const STEADY: f64 = 0.01;
/// The achieved rate may fall behind the asked one by this share before the target counts as overloaded.
const SHARE: f64 = 0.99;
/// A line through fewer seconds than this says nothing.
const FEWEST: f64 = 3.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    KeptUp,
    /// Latency grew for the length of the run.
    Overloaded {
        /// Seconds a second.
        growth: f64,
        /// What the target answered, requests a second.
        capacity: f64,
    },
    /// Not all was answered, but what was took no longer and longer: errors, a stall, or too short a run to tell.
    FellShort,
    /// A closed loop asks for no rate that the target could fall behind.
    NotAsked,
}

impl Verdict {
    pub(crate) fn is_overloaded(self) -> bool {
        matches!(self, Self::Overloaded { .. })
    }
}

/// A least-squares line of mean latency over time; constant memory however long the run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trend {
    count: f64,
    time: f64,
    latency: f64,
    time_squared: f64,
    time_latency: f64,
}

impl Trend {
    /// Adds one second's mean latency; both in seconds.
    pub(crate) fn add(&mut self, time: f64, latency: f64) {
        self.count += 1.0;
        self.time += time;
        self.latency += latency;
        self.time_squared += time * time;
        self.time_latency += time * latency;
    }

    /// Growth of latency in seconds a second.
    fn slope(&self) -> Option<f64> {
        let spread = self.count * self.time_squared - self.time * self.time;
        (self.count >= FEWEST && spread > 0.0)
            .then(|| (self.count * self.time_latency - self.time * self.latency) / spread)
    }

    /// Both rates in requests a second.
    pub(crate) fn verdict(&self, asked: f64, achieved: f64) -> Verdict {
        if achieved >= asked * SHARE {
            return Verdict::KeptUp;
        }
        match self.slope() {
            Some(growth) if growth >= STEADY => Verdict::Overloaded {
                growth,
                capacity: achieved,
            },
            _ => Verdict::FellShort,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trend(latency: impl Fn(f64) -> f64) -> Trend {
        let mut trend = Trend::default();
        for second in 1..=20 {
            trend.add(f64::from(second), latency(f64::from(second)));
        }
        trend
    }

    #[test]
    fn forty_a_second_against_a_capacity_of_thirty_two_grow_by_a_fifth_of_a_second() {
        let verdict = trend(|second| 0.25 + 0.2 * second).verdict(40.0, 32.0);
        let Verdict::Overloaded { growth, capacity } = verdict else {
            panic!("{verdict:?}");
        };
        assert!((growth - 0.2).abs() < 1e-9, "{growth}");
        assert!((capacity - 32.0).abs() < 1e-9, "{capacity}");
    }

    #[test]
    fn steady_latency_is_no_overload_however_high() {
        assert_eq!(trend(|_| 5.0).verdict(16.0, 16.0), Verdict::KeptUp);
        assert_eq!(trend(|_| 5.0).verdict(16.0, 8.0), Verdict::FellShort);
    }

    #[test]
    fn a_stall_that_was_made_up_for_is_no_overload() {
        let stall = trend(|second| if second > 18.0 { 2.0 } else { 0.001 });
        assert_eq!(stall.verdict(100.0, 100.0), Verdict::KeptUp);
    }

    #[test]
    fn two_seconds_are_too_few_for_a_slope() {
        let mut trend = Trend::default();
        trend.add(1.0, 0.1);
        trend.add(2.0, 9.0);
        assert_eq!(trend.verdict(40.0, 1.0), Verdict::FellShort);
    }
}
