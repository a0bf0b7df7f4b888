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

/// Mean and half of the interval: `251.10ms ± 2.30ms`.
pub(in crate::report) fn estimate(name: &str, estimate: &Estimate) -> String {
    let mean = text(name, estimate.mean);
    match estimate.high {
        Some(high) => format!("{mean} ± {}", text(name, high - estimate.mean)),
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
    }
}
