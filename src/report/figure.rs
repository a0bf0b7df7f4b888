//! Figures of a run by their names, as people read them.

use crate::experiment::{Estimate, Known, PROCESSOR};

use super::number;

/// A value of the figure `name`, with its unit.
pub(in crate::report) fn text(name: &str, value: f64) -> String {
    match Known::of(name) {
        _ if name == PROCESSOR => number::latency(value),
        Some(Known::Time) => number::latency(value),
        Some(Known::Share) => format!("{} %", number::rate(value)),
        _ if name.contains("rss_mb") => format!("{} MB", number::percent(value)),
        _ => number::rate(value),
    }
}

/// The same with three digits, for axes and columns.
pub(in crate::report) fn brief(name: &str, value: f64) -> String {
    match name == PROCESSOR || Known::of(name) == Some(Known::Time) {
        true if value <= 0.0 => "0".to_owned(),
        true => number::brief_latency(value.round() as u64),
        false => text(name, value),
    }
}

/// Mean and half of the interval: `251ms ± 2.3ms`. One without a spread stands alone.
pub(in crate::report) fn estimate(name: &str, estimate: &Estimate) -> String {
    let mean = brief(name, estimate.mean);
    let half = estimate.high.map(|high| brief(name, high - estimate.mean));
    match half.filter(|half| *half != brief(name, 0.0)) {
        Some(half) => format!("{mean} ± {half}"),
        None => mean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_its_unit() {
        for (name, value, expected) in [
            ("p99", 251_100.0, "251.10ms"),
            ("error_share", 1.25, "1.25 %"),
            ("max(rss_mb)", 34.21, "34.2 MB"),
            ("busy", 1.5, "1.5"),
            (PROCESSOR, 800.0, "800.00us"),
        ] {
            assert_eq!(text(name, value), expected);
        }
        let known = Estimate {
            mean: 2.0,
            low: Some(1.5),
            high: Some(2.5),
        };
        assert_eq!(estimate("busy", &known), "2 ± 0.5");
        let once = Estimate {
            low: None,
            high: None,
            ..known
        };
        assert_eq!(estimate("busy", &once), "2");
        let alike = Estimate {
            mean: 251_000.0,
            low: Some(251_000.0),
            high: Some(251_000.0),
        };
        assert_eq!(estimate("p99", &alike), "251ms");
    }
}
