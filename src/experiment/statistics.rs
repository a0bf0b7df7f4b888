//! What few repeated values say about the next one: means and intervals of confidence; knows no runs.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// A mean, and where it lies with the confidence that was asked for. One value alone tells no interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Estimate {
    pub(crate) mean: f64,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

impl Estimate {
    /// Of values that were measured independently. Nothing of no value.
    pub(crate) fn of(values: &[f64], confidence: f64) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let mean = mean(values);
        let freedom = values.len() as f64 - 1.0;
        let margin = (freedom > 0.0)
            .then(|| student(freedom, confidence) * (variance(values) / values.len() as f64).sqrt());
        Some(Self {
            mean,
            low: margin.map(|margin| mean - margin),
            high: margin.map(|margin| mean + margin),
        })
    }

    /// Of positive values that scatter by factors, as latencies do: the interval is that of their logarithms, the mean their
    /// geometric one. Nothing of no value, or of one that is not above 0.
    pub(crate) fn of_factors(values: &[f64], confidence: f64) -> Option<Self> {
        if values.iter().any(|value| *value <= 0.0) {
            return None;
        }
        let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        let Self { mean, low, high } = Self::of(&logarithms, confidence)?;
        Some(Self {
            mean: mean.exp(),
            low: low.map(f64::exp),
            high: high.map(f64::exp),
        })
    }

    /// Of second less first, where each pair was measured under the same conditions.
    pub(crate) fn of_pairs(first: &[f64], second: &[f64], confidence: f64) -> Option<Self> {
        let differences: Vec<f64> = first
            .iter()
            .zip(second)
            .map(|(first, second)| second - first)
            .collect();
        Self::of(&differences, confidence)
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

pub(super) fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / (values.len() as f64 - 1.0).max(1.0)
}

/// How many standard errors to each side hold `confidence` of Student's distribution with `freedom` degrees of freedom, of
/// which there is at least one.
pub(super) fn student(freedom: f64, confidence: f64) -> f64 {
    let upper = 1.0 - (1.0 - confidence) / 2.0;
    match StudentsT::new(0.0, 1.0, freedom.clamp(1.0, 1e6)) {
        Ok(distribution) => distribution.inverse_cdf(upper),
        // Not a number: there is no interval.
        Err(_) => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantiles_are_those_of_the_tables() {
        for (freedom, confidence, quantile) in [
            (1.0, 0.95, 12.706),
            (2.0, 0.95, 4.303),
            (4.0, 0.95, 2.776),
            (4.0, 0.99, 4.604),
            (10.0, 0.95, 2.228),
            (30.0, 0.95, 2.042),
            (f64::INFINITY, 0.95, 1.960),
        ] {
            let found = student(freedom, confidence);
            assert!(
                (found - quantile).abs() < 0.0006,
                "{freedom} at {confidence}: {found}"
            );
        }
    }

    #[test]
    fn an_interval_is_that_of_the_textbook() {
        // 10.9 ± 2.776 × sqrt(1.3 / 5)
        let estimate = Estimate::of(&[9.5, 10.0, 11.0, 11.5, 12.5], 0.95).unwrap();
        assert!((estimate.mean - 10.9).abs() < 1e-9);
        let half = 2.776 * (variance(&[9.5, 10.0, 11.0, 11.5, 12.5]) / 5.0).sqrt();
        assert!((estimate.high.unwrap() - 10.9 - half).abs() < 0.001);
        assert!((variance(&[9.5, 10.0, 11.0, 11.5, 12.5]) - 1.425).abs() < 1e-9);
    }

    #[test]
    fn one_value_has_no_interval_and_none_has_nothing() {
        let one = Estimate::of(&[7.0], 0.95).unwrap();
        assert_eq!((one.mean, one.low, one.high), (7.0, None, None));
        assert_eq!(Estimate::of(&[], 0.95), None);
        assert_eq!(Estimate::of_factors(&[1.0, 0.0], 0.95), None);
    }

    #[test]
    fn pairs_find_a_difference_that_drifts_with_the_machine() {
        let first = [10.0, 20.0, 30.0, 40.0];
        let second = [11.0, 21.1, 30.9, 41.0];
        let paired = Estimate::of_pairs(&first, &second, 0.95).unwrap();
        assert!(paired.low.is_some_and(|low| low > 0.0), "{paired:?}");
        let alike = Estimate::of_pairs(&first, &[10.5, 19.5, 30.5, 39.5], 0.95).unwrap();
        assert!(alike.low.is_some_and(|low| low < 0.0) && alike.high.is_some_and(|high| high > 0.0));
    }

    #[test]
    fn factors_have_intervals_that_stay_above_zero() {
        let estimate = Estimate::of_factors(&[100.0, 400.0], 0.95).unwrap();
        assert!((estimate.mean - 200.0).abs() < 1e-9);
        assert!(estimate.low.is_some_and(|low| low > 0.0));
    }
}
