//! Two runs of one scenario side by side: what differs by more than chance, phase by phase; reads no files.

use serde::Serialize;
use serde_json::Value;

use super::findings::CONFIDENCE;
use super::statistics::{mean, student, variance};

/// Figures of which a run has one a second, by their key in its report.
const OF_LOAD: [&str; 3] = ["p50", "p99", "rate"];
const OF_SERVER: [&str; 4] = ["busy", "in_request", "queue", "rss"];
/// Of fewer values nothing is said.
const FEWEST: usize = 5;

/// One figure of one phase in both runs. Times in µs, memory in bytes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Compared {
    pub(crate) phase: String,
    pub(crate) figure: &'static str,
    pub(crate) first: f64,
    pub(crate) second: f64,
    /// Of second less first: where it lies with 95 % confidence.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Compared {
    /// Whether the runs differ by more than chance would have it.
    pub(crate) fn differs(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    pub(crate) fn is_time(&self) -> bool {
        self.figure.starts_with('p')
    }
}

/// The phases that both reports have, in the first one's order. A report is that of `run`, version 1.
pub(crate) fn compare(first: &Value, second: &Value) -> Vec<Compared> {
    let empty = Vec::new();
    let phases = first["phases"].as_array().unwrap_or(&empty);
    let mut compared = Vec::new();
    for phase in phases {
        let Some(name) = phase["name"].as_str() else {
            continue;
        };
        let Some(other) = phase_of(second, name) else {
            continue;
        };
        let figures = OF_LOAD.map(|figure| ("seconds", figure)).into_iter();
        for (series, figure) in figures.chain(OF_SERVER.map(|figure| ("samples", figure))) {
            let one = values(first, phase, series, figure);
            let two = values(second, other, series, figure);
            if one.len() < FEWEST || two.len() < FEWEST {
                continue;
            }
            let (low, high) = interval(&one, &two);
            compared.push(Compared {
                phase: name.to_owned(),
                figure,
                first: mean(&one),
                second: mean(&two),
                low,
                high,
            });
        }
    }
    compared
}

fn phase_of<'a>(report: &'a Value, name: &str) -> Option<&'a Value> {
    report["phases"]
        .as_array()?
        .iter()
        .find(|phase| phase["name"] == name)
}

/// Those of the phase, without its first two seconds, in which the load of the phase before ends.
fn values(report: &Value, phase: &Value, series: &str, figure: &str) -> Vec<f64> {
    const SETTLING: f64 = 2.0;
    let (Some(begin), Some(end)) = (phase["begin"].as_f64(), phase["end"].as_f64()) else {
        return Vec::new();
    };
    let series = report[series].as_array().into_iter().flatten();
    let within = series.filter(|one| {
        one["at"]
            .as_f64()
            .is_some_and(|at| at > begin + SETTLING && at <= end)
    });
    within.filter_map(|one| one[figure].as_f64()).collect()
}

/// The 95 % interval of the difference of two means, after Welch. Seconds follow each other and resemble each other, so each
/// series counts for fewer values than it has, by its autocorrelation.
fn interval(first: &[f64], second: &[f64]) -> (f64, f64) {
    let [(one, of_one), (two, of_two)] = [first, second].map(|values| {
        let count = effective_count(values);
        (variance(values) / count, count)
    });
    let error = (one + two).sqrt();
    let freedom = if error > 0.0 {
        (one + two).powi(2) / (one.powi(2) / (of_one - 1.0).max(1.0) + two.powi(2) / (of_two - 1.0).max(1.0))
    } else {
        f64::INFINITY
    };
    let difference = mean(second) - mean(first);
    if error == 0.0 {
        // Two numbers that never changed are two values, which tell no chance.
        return (difference.min(0.0), difference.max(0.0));
    }
    let margin = student(freedom, CONFIDENCE) * error;
    (difference - margin, difference + margin)
}

/// `n (1 - r) / (1 + r)` for the autocorrelation `r` of neighbours, where that is above 0; at least 2.
fn effective_count(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let products: f64 = values
        .windows(2)
        .map(|pair| (pair[0] - mean) * (pair[1] - mean))
        .sum();
    let correlation = if squares > 0.0 {
        (products / squares).clamp(0.0, 0.99)
    } else {
        0.0
    };
    (values.len() as f64 * (1.0 - correlation) / (1.0 + correlation)).max(2.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(p50: impl Fn(u32) -> f64) -> Value {
        let seconds: Vec<_> = (0..30)
            .map(|at| json!({"at": f64::from(at) + 0.5, "p50": p50(at)}))
            .collect();
        json!({"phases": [{"name": "only", "begin": 0.0, "end": 30.0}], "seconds": seconds, "samples": []})
    }

    /// Noise that is the same in each run of the test.
    fn noise(at: u32) -> f64 {
        f64::from((at * 7919) % 101) - 50.0
    }

    #[test]
    fn runs_that_are_alike_do_not_differ_and_others_do() {
        let calm = report(|at| 1000.0 + noise(at));
        let alike = compare(&calm, &report(|at| 1000.0 + noise(at + 13)));
        assert_eq!((alike.len(), alike[0].differs()), (1, false), "{alike:?}");
        let slower = compare(&calm, &report(|at| 1100.0 + noise(at + 13)));
        assert!(slower[0].differs(), "{slower:?}");
        assert!(slower[0].low > 50.0 && slower[0].high < 150.0, "{slower:?}");
    }

    #[test]
    fn a_trend_counts_for_few_values() {
        let rising: Vec<f64> = (0..100).map(f64::from).collect();
        assert!(effective_count(&rising) < 5.0);
        let noisy: Vec<f64> = (0..100).map(noise).collect();
        assert!(effective_count(&noisy) > 50.0);
    }

    #[test]
    fn reports_without_common_phases_have_nothing_to_compare() {
        let mut other = report(|_| 1.0);
        other["phases"][0]["name"] = json!("another");
        assert_eq!(compare(&report(|_| 1.0), &other), []);
        assert_eq!(compare(&json!({}), &json!(7)), []);
    }
}
