//! What a scenario expects of its outcome, as in `busy == 4` or `calm: p99 < 300ms`: read from text and held against figures.

use std::fmt;
use std::str::FromStr;

use super::figures::{Figures, Known};

/// A figure of the whole run or of one phase, a comparison and a number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expectation {
    text: String,
    /// The name of a phase; the whole run if none.
    pub(super) phase: Option<String>,
    figure: String,
    comparison: Comparison,
    number: f64,
    /// Half of the last digit that the number was written with: a figure equals it if it rounds to it.
    tolerance: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// Two characters before one, so that `<=` is not read as `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

/// Why a text expects nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpectationError {
    #[error(
        "an expectation is FIGURE COMPARISON NUMBER, as in `busy == 4`, `harakiri >= 1` or `calm: p99 < 300ms`"
    )]
    Form,
    #[error("there is no figure `{figure}`; there are {known}")]
    Figure { figure: String, known: String },
    #[error("`{0}` is a time and needs a unit, as in 300ms or 1.5s")]
    Unit(String),
    #[error("`{0}` is no number")]
    Number(String),
}

impl ExpectationError {
    pub(super) fn unknown(figure: &str) -> Self {
        Self::Figure {
            figure: figure.to_owned(),
            known: Known::names(),
        }
    }
}

/// What became of an expectation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Met {
    pub(crate) holds: bool,
    /// None where nothing was seen that could tell.
    pub(crate) found: Option<f64>,
}

impl Expectation {
    pub(crate) fn figure(&self) -> &str {
        &self.figure
    }

    /// Whether a value of the figure is as expected.
    pub(crate) fn allows(&self, found: f64) -> bool {
        let near = (found - self.number).abs() <= self.tolerance;
        match self.comparison {
            Comparison::Equal => near,
            Comparison::Unequal => !near,
            Comparison::Below => found < self.number,
            Comparison::AtMost => found <= self.number,
            Comparison::Above => found > self.number,
            Comparison::AtLeast => found >= self.number,
        }
    }

    /// Whether it has two sides, of which one is good.
    pub(crate) fn is_limit(&self) -> bool {
        !matches!(self.comparison, Comparison::Equal | Comparison::Unequal)
    }

    /// What the figure is held against: µs for times.
    pub(crate) fn number(&self) -> f64 {
        self.number
    }

    /// Holds it against the figures of its phase, or of the whole run.
    pub(crate) fn judge(&self, figures: &Figures) -> Met {
        let found = figures.get(&self.figure);
        let holds = found.is_some_and(|found| self.allows(found));
        Met { holds, found }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for Expectation {
    type Err = ExpectationError;

    fn from_str(text: &str) -> Result<Self, ExpectationError> {
        let found = COMPARISONS.iter().find_map(|(sign, comparison)| {
            let (left, right) = text.split_once(sign)?;
            Some((left, right.trim(), *comparison))
        });
        let (left, right, comparison) = found.ok_or(ExpectationError::Form)?;
        let (phase, figure) = match left.rsplit_once(':') {
            Some((phase, figure)) => (Some(phase.trim().to_owned()), figure.trim()),
            None => (None, left.trim()),
        };
        let known = Known::of(figure).ok_or_else(|| ExpectationError::unknown(figure))?;
        let (number, tolerance) = number(right, known)?;
        Ok(Self {
            text: text.trim().to_owned(),
            phase,
            figure: figure.to_owned(),
            comparison,
            number,
            tolerance,
        })
    }
}

/// The number and half of its last digit, in the figure's unit: µs for times.
fn number(text: &str, known: Known) -> Result<(f64, f64), ExpectationError> {
    const UNITS: [(&str, f64); 4] = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 60e6)];
    let (digits, unit) = match known {
        Known::Time => {
            let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
            let (unit, micros) = unit.ok_or_else(|| ExpectationError::Unit(text.to_owned()))?;
            (text[..text.len() - unit.len()].trim(), *micros)
        }
        Known::Share => (text.strip_suffix('%').unwrap_or(text).trim(), 1.0),
        Known::Number => (text, 1.0),
    };
    let number: f64 = digits
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| ExpectationError::Number(text.to_owned()))?;
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let half = 0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap_or(0));
    Ok((number * unit, half * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str, figure: &str, found: f64) -> bool {
        let expectation: Expectation = text.parse().unwrap();
        let figures = Figures::of(&[(figure, found)]);
        expectation.judge(&figures).holds
    }

    #[test]
    fn a_figure_equals_a_number_that_it_rounds_to() {
        assert!(judged("busy == 4", "busy", 3.7));
        assert!(!judged("busy == 4.0", "busy", 3.7));
        assert!(judged("busy != 4.0", "busy", 3.7));
        assert!(judged("p99 == 250ms", "p99", 250_400.0));
        assert!(!judged("p99 == 250ms", "p99", 251_000.0));
    }

    #[test]
    fn each_comparison_is_what_it_says() {
        for (text, below, at, above) in [
            ("busy < 4", true, false, false),
            ("busy <= 4", true, true, false),
            ("busy > 4", false, false, true),
            ("busy >= 4", false, true, true),
        ] {
            let found = [3.0, 4.0, 5.0].map(|found| judged(text, "busy", found));
            assert_eq!(found, [below, at, above], "{text}");
        }
    }

    #[test]
    fn what_was_not_seen_does_not_hold() {
        let expectation: Expectation = "queue < 5".parse().unwrap();
        let met = expectation.judge(&Figures::of(&[]));
        assert_eq!((met.holds, met.found), (false, None));
    }

    #[test]
    fn a_phase_may_be_named_and_wrong_texts_are_told_apart() {
        let expectation: Expectation = "the storm: max(queue) >= 50".parse().unwrap();
        assert_eq!(
            (expectation.phase.as_deref(), expectation.figure()),
            (Some("the storm"), "max(queue)")
        );
        let wrong = |text: &str| text.parse::<Expectation>().unwrap_err();
        assert_eq!(wrong("busy 4"), ExpectationError::Form);
        assert_eq!(wrong("p99 < 300"), ExpectationError::Unit("300".to_owned()));
        assert_eq!(wrong("busy == many"), ExpectationError::Number("many".to_owned()));
        let unknown = wrong("bussy == 4").to_string();
        assert!(
            unknown.starts_with("there is no figure `bussy`; there are busy"),
            "{unknown}"
        );
    }
}
