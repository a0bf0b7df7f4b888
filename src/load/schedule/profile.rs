//! The rate asked for over the time of a run, as a count of requests that grows: pure functions, which know no clock.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::load::remote::encoded;

/// Requests a second over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Profile {
    Constant {
        #[serde(with = "encoded::exact")]
        rate: f64,
    },
    Stages(Stages),
    Sine(Sine),
    /// The requests' times themselves, in order.
    Recorded(#[serde(with = "encoded::times")] Arc<[Duration]>),
}

/// A stretch in which the rate goes evenly from one value to another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub(crate) length: Duration,
    /// Requests a second, 0 or more.
    #[serde(with = "encoded::exact")]
    pub(crate) from: f64,
    #[serde(with = "encoded::exact")]
    pub(crate) to: f64,
}

/// Stages one after the other; after the last its final rate goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Vec<Stage>", from = "Vec<Stage>")]
pub(crate) struct Stages {
    stages: Vec<Stage>,
    /// Where each stage begins: seconds and requests since the start; the last entry is the end of them all.
    begins: Vec<(f64, f64)>,
}

/// A rate that swings around a mean, at which it starts, rising.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sine {
    /// Requests a second.
    #[serde(with = "encoded::exact")]
    pub(crate) mean: f64,
    /// At most the mean.
    #[serde(with = "encoded::exact")]
    pub(crate) amplitude: f64,
    pub(crate) period: Duration,
}

impl Stages {
    pub(crate) fn each(&self) -> &[Stage] {
        &self.stages
    }
}

impl Profile {
    /// When the count of requests reaches `count`; nothing where it never does. Exact to the nanosecond for 104 days at a constant
    /// rate (2^53 ns, what an `f64` holds without loss).
    pub(crate) fn time_of(&self, count: f64) -> Option<Duration> {
        let seconds = match self {
            Self::Constant { rate } => count / rate,
            Self::Stages(stages) => stages.time_of(count)?,
            Self::Sine(sine) => sine.time_of(count),
            Self::Recorded(times) => return times.get(count as usize).copied(),
        };
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// The count of requests that are asked for until `time`.
    pub(crate) fn count_at(&self, time: Duration) -> f64 {
        let seconds = time.as_secs_f64();
        match self {
            Self::Constant { rate } => rate * seconds,
            Self::Stages(stages) => stages.count_at(seconds),
            Self::Sine(sine) => sine.count_at(seconds),
            Self::Recorded(times) => times.partition_point(|other| *other < time) as f64,
        }
    }

    /// Requests a second asked for between two times, in the mean.
    pub(crate) fn rate_between(&self, from: Duration, to: Duration) -> f64 {
        match self {
            Self::Constant { rate } => *rate,
            _ => (self.count_at(to) - self.count_at(from)) / to.saturating_sub(from).as_secs_f64(),
        }
    }

    /// Requests a second at the start; nothing where only times are known.
    pub(crate) fn first_rate(&self) -> Option<f64> {
        match self {
            Self::Constant { rate } => Some(*rate),
            Self::Stages(stages) => stages.stages.first().map(|stage| stage.from),
            Self::Sine(sine) => Some(sine.mean),
            Self::Recorded(_) => None,
        }
    }

    /// How long it is meant to last, where it says so.
    pub(crate) fn length(&self) -> Option<Duration> {
        match self {
            Self::Constant { .. } | Self::Sine(_) => None,
            Self::Stages(stages) => Some(stages.stages.iter().map(|stage| stage.length).sum()),
            // The last request is due before the end.
            Self::Recorded(times) => times.last().map(|last| *last + Duration::from_nanos(1)),
        }
    }
}

impl Stage {
    /// Requests in its first `seconds`.
    fn count_at(&self, seconds: f64) -> f64 {
        self.from * seconds + (self.to - self.from) * seconds * seconds / (2.0 * self.length.as_secs_f64())
    }

    /// Seconds until it has asked for `count`: the root of a quadratic, in the form that loses no digits where the slope is small.
    fn time_of(&self, count: f64) -> f64 {
        let slope = (self.to - self.from) / self.length.as_secs_f64();
        let root = (self.from * self.from + 2.0 * count * slope).max(0.0).sqrt();
        2.0 * count / (self.from + root)
    }
}

impl From<Vec<Stage>> for Stages {
    fn from(stages: Vec<Stage>) -> Self {
        Self::new(stages)
    }
}

impl From<Stages> for Vec<Stage> {
    fn from(stages: Stages) -> Self {
        stages.stages
    }
}

impl Stages {
    pub(crate) fn new(stages: Vec<Stage>) -> Self {
        let mut at = (0.0, 0.0);
        let mut begins = vec![at];
        for stage in &stages {
            let seconds = stage.length.as_secs_f64();
            at = (at.0 + seconds, at.1 + stage.count_at(seconds));
            begins.push(at);
        }
        Self { stages, begins }
    }

    fn last_rate(&self) -> f64 {
        self.stages.last().map_or(0.0, |stage| stage.to)
    }

    fn time_of(&self, count: f64) -> Option<f64> {
        // The first stage that goes beyond it: one that asks for nothing ends at the count at which it began.
        let index = self.begins[1..].partition_point(|(_, end)| *end <= count);
        let (begin, before) = self.begins[index];
        match self.stages.get(index) {
            // The request that falls on the border of two stages is the first of the later one.
            Some(stage) if count > before => Some(begin + stage.time_of(count - before)),
            Some(_) => Some(begin),
            None if self.last_rate() > 0.0 => Some(begin + (count - before) / self.last_rate()),
            None => None,
        }
    }

    fn count_at(&self, seconds: f64) -> f64 {
        let index = self.begins[1..].partition_point(|(end, _)| *end <= seconds);
        let (begin, before) = self.begins[index];
        match self.stages.get(index) {
            Some(stage) => before + stage.count_at(seconds - begin),
            None => before + self.last_rate() * (seconds - begin),
        }
    }
}

impl Sine {
    fn count_at(&self, seconds: f64) -> f64 {
        let period = self.period.as_secs_f64();
        let swing = self.amplitude * period / TAU * (1.0 - (TAU * seconds / period).cos());
        self.mean * seconds + swing
    }

    /// By halving: the count never falls, and the swing adds between nothing and twice its size.
    fn time_of(&self, count: f64) -> f64 {
        let most = 2.0 * self.amplitude * self.period.as_secs_f64() / TAU;
        let mut low = ((count - most) / self.mean).max(0.0);
        let mut high = count / self.mean;
        while high - low > 1e-10 * high.max(1.0) {
            let middle = f64::midpoint(low, high);
            if self.count_at(middle) < count {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn stage(seconds: u64, from: f64, to: f64) -> Stage {
        Stage {
            length: Duration::from_secs(seconds),
            from,
            to,
        }
    }

    fn times(profile: &Profile, counts: &[f64]) -> Vec<Option<f64>> {
        let time = |count: &f64| profile.time_of(*count);
        let rounded = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e6;
        counts.iter().map(time).map(|time| time.map(rounded)).collect()
    }

    #[test]
    fn a_ramp_asks_for_its_mean_and_half_of_that_in_its_first_root_half() {
        let ramp = Profile::Stages(Stages::new(vec![stage(10, 0.0, 20.0)]));
        assert_eq!(
            times(&ramp, &[0.0, 25.0, 100.0, 120.0]),
            [Some(0.0), Some(5.0), Some(10.0), Some(11.0)]
        );
        assert_eq!(ramp.length(), Some(Duration::from_secs(10)));
        assert!((ramp.rate_between(Duration::ZERO, Duration::from_secs(10)) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn a_pause_between_stages_is_skipped_and_an_end_at_nothing_is_an_end() {
        let stages = vec![
            stage(1, 10.0, 10.0),
            stage(5, 0.0, 0.0),
            stage(1, 10.0, 10.0),
            stage(1, 0.0, 0.0),
        ];
        let spike = Profile::Stages(Stages::new(stages));
        assert_eq!(
            times(&spike, &[9.0, 10.0, 15.0, 20.0]),
            [Some(0.9), Some(6.0), Some(6.5), None]
        );
        assert_eq!(spike.count_at(Duration::from_secs(3)), 10.0);
    }

    #[test]
    fn a_downward_ramp_to_nothing_ends_with_its_last_request() {
        let ramp = Profile::Stages(Stages::new(vec![stage(10, 20.0, 0.0)]));
        assert_eq!(times(&ramp, &[0.0, 75.0, 100.0]), [Some(0.0), Some(5.0), None]);
    }

    #[test]
    fn a_sine_comes_back_to_its_mean_after_each_period() {
        let sine = Profile::Sine(Sine {
            mean: 100.0,
            amplitude: 50.0,
            period: Duration::from_secs(4),
        });
        assert_eq!(
            times(&sine, &[0.0, 400.0, 800.0]),
            [Some(0.0), Some(4.0), Some(8.0)]
        );
        let quarter = |from: u64| sine.rate_between(Duration::from_secs(from), Duration::from_secs(from + 1));
        assert!(
            quarter(0) > 130.0 && quarter(2) < 70.0,
            "{} {}",
            quarter(0),
            quarter(2)
        );
    }

    #[test]
    fn counts_and_times_are_each_others_inverse() {
        let profiles = [
            Profile::Constant { rate: 33_333.0 },
            Profile::Stages(Stages::new(vec![
                stage(3, 1.0, 500.0),
                stage(2, 500.0, 2.5),
                stage(4, 7.0, 7.0),
            ])),
            Profile::Sine(Sine {
                mean: 80.0,
                amplitude: 80.0,
                period: Duration::from_millis(700),
            }),
        ];
        for profile in profiles {
            let mut last = Duration::ZERO;
            for count in 0..2_000 {
                let time = profile.time_of(f64::from(count)).unwrap();
                assert!(time >= last, "{profile:?} {count}");
                assert!(
                    (profile.count_at(time) - f64::from(count)).abs() < 1e-3,
                    "{profile:?} {count}"
                );
                last = time;
            }
        }
    }

    #[test]
    fn recorded_times_are_kept_as_they_are() {
        let recorded = Profile::Recorded([5, 5, 30].map(Duration::from_millis).into());
        assert_eq!(
            times(&recorded, &[0.0, 1.0, 2.0, 3.0]),
            [Some(0.005), Some(0.005), Some(0.03), None]
        );
        assert_eq!(recorded.count_at(Duration::from_millis(6)), 2.0);
    }
}
