//! Conditions under which a run counts as failed, as in `p99>300ms`: read from text and held against a summary; prints nothing.

use std::fmt;
use std::str::FromStr;

use hdrhistogram::Histogram;

use super::Summary;

/// One condition: a figure of the summary, a comparison, and a limit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Threshold {
    text: String,
    figure: Figure,
    comparison: Comparison,
    limit: f64,
}

/// What a condition came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Judgement {
    /// The condition does not hold, so that the run is fine; the figure.
    Fine(f64),
    /// The condition holds; the figure.
    Fails(f64),
    /// Nothing was recorded that could tell.
    Unknown,
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ThresholdError {
    #[error("a condition is FIGURE>LIMIT or FIGURE<LIMIT, as in p99>300ms, errors>0.1% or rate<95%")]
    Form,
    #[error(
        "unknown figure `{0}`; there are p50, p99.9 and other percentiles, mean, max, each also as service.p99, connect.p99 and \
         lateness.p99, and errors, failed, non-2xx, never-sent, rate"
    )]
    Figure(String),
    #[error("`{0}` is no time; write it with its unit, as in 300ms, 1.5s or 250us")]
    Time(String),
    #[error("`{0}` is neither a number nor a percentage")]
    Number(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Figure {
    /// In µs.
    Time(Times, Statistic),
    /// Of all requests that were scheduled, as a count or in percent.
    Requests(Requests, Unit),
    /// Answers a second, or percent of the rate asked for.
    Rate(Unit),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Times {
    Latency,
    Service,
    Connect,
    Lateness,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Statistic {
    Quantile(f64),
    Mean,
    Max,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Requests {
    /// Without a good answer, for whatever reason.
    Errors,
    /// Without a complete response: connect errors, timeouts, resets, malformed responses.
    Failed,
    /// Answered with a status of 4xx or 5xx.
    Refused,
    NeverSent,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Plain,
    Percent,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comparison {
    Above { or_equal: bool },
    Below { or_equal: bool },
}

impl Threshold {
    pub(crate) fn judge(&self, summary: &Summary) -> Judgement {
        let Some(value) = self.figure.of(summary) else {
            return Judgement::Unknown;
        };
        let holds = match self.comparison {
            Comparison::Above { or_equal } => value > self.limit || (or_equal && value == self.limit),
            Comparison::Below { or_equal } => value < self.limit || (or_equal && value == self.limit),
        };
        if holds {
            Judgement::Fails(value)
        } else {
            Judgement::Fine(value)
        }
    }

    /// Whether the figure is a time in µs.
    pub(crate) fn is_time(&self) -> bool {
        matches!(self.figure, Figure::Time(..))
    }

    /// Whether the figure is a percentage.
    pub(crate) fn is_percentage(&self) -> bool {
        matches!(
            self.figure,
            Figure::Requests(_, Unit::Percent) | Figure::Rate(Unit::Percent)
        )
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let at = text.find(['<', '>']).ok_or(ThresholdError::Form)?;
        let (name, rest) = text.split_at(at);
        let limit = rest[1..].trim_start_matches('=').trim();
        let or_equal = rest[1..].starts_with('=');
        let comparison = match rest.starts_with('>') {
            true => Comparison::Above { or_equal },
            false => Comparison::Below { or_equal },
        };
        let (figure, limit) = figure(name.trim(), limit)?;
        Ok(Self {
            text: text.to_owned(),
            figure,
            comparison,
            limit,
        })
    }
}

fn figure(name: &str, limit: &str) -> Result<(Figure, f64), ThresholdError> {
    let requests = match name {
        "errors" => Some(Requests::Errors),
        "failed" => Some(Requests::Failed),
        "non-2xx" => Some(Requests::Refused),
        "never-sent" => Some(Requests::NeverSent),
        _ => None,
    };
    if let Some(requests) = requests {
        let (unit, limit) = number(limit)?;
        return Ok((Figure::Requests(requests, unit), limit));
    }
    if name == "rate" {
        let (unit, limit) = number(limit)?;
        return Ok((Figure::Rate(unit), limit));
    }
    let (times, statistic) = match name.split_once('.') {
        Some(("latency", statistic)) => (Times::Latency, statistic),
        Some(("service", statistic)) => (Times::Service, statistic),
        Some(("connect", statistic)) => (Times::Connect, statistic),
        Some(("lateness", statistic)) => (Times::Lateness, statistic),
        _ => (Times::Latency, name),
    };
    let statistic = statistic_of(statistic).ok_or_else(|| ThresholdError::Figure(name.to_owned()))?;
    Ok((Figure::Time(times, statistic), micros(limit)?))
}

fn statistic_of(name: &str) -> Option<Statistic> {
    match name {
        "mean" => Some(Statistic::Mean),
        "max" => Some(Statistic::Max),
        _ => {
            let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
            (0.0..=100.0)
                .contains(&percent)
                .then_some(Statistic::Quantile(percent / 100.0))
        }
    }
}

fn number(text: &str) -> Result<(Unit, f64), ThresholdError> {
    let (unit, digits) = match text.strip_suffix('%') {
        Some(digits) => (Unit::Percent, digits.trim_end()),
        None => (Unit::Plain, text),
    };
    let number = digits.parse().ok().filter(|number: &f64| number.is_finite());
    Ok((
        unit,
        number.ok_or_else(|| ThresholdError::Number(text.to_owned()))?,
    ))
}

fn micros(text: &str) -> Result<f64, ThresholdError> {
    const UNITS: [(&str, f64); 5] = [("us", 1.0), ("µs", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7)];
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
    let number = unit.and_then(|(unit, factor)| {
        let digits = text[..text.len() - unit.len()].trim_end();
        Some(digits.parse::<f64>().ok().filter(|number| number.is_finite())? * factor)
    });
    number.ok_or_else(|| ThresholdError::Time(text.to_owned()))
}

impl Figure {
    /// Nothing where nothing was recorded.
    fn of(self, summary: &Summary) -> Option<f64> {
        match self {
            Self::Time(times, statistic) => statistic.of(match times {
                Times::Latency => &summary.latency,
                Times::Service => &summary.service,
                Times::Connect => &summary.connect,
                Times::Lateness => &summary.lateness,
            }),
            Self::Requests(requests, unit) => {
                let count = requests.of(summary) as f64;
                match unit {
                    Unit::Plain => Some(count),
                    Unit::Percent => share(count, summary.scheduled as f64),
                }
            }
            Self::Rate(Unit::Plain) => Some(summary.achieved_rate),
            Self::Rate(Unit::Percent) => share(summary.achieved_rate, summary.asked_rate?),
        }
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| 100.0 * part / whole)
}

impl Statistic {
    fn of(self, histogram: &Histogram<u64>) -> Option<f64> {
        if histogram.is_empty() {
            return None;
        }
        Some(match self {
            Self::Quantile(quantile) => histogram.value_at_quantile(quantile) as f64,
            Self::Mean => histogram.mean(),
            Self::Max => histogram.max() as f64,
        })
    }
}

impl Requests {
    fn of(self, summary: &Summary) -> u64 {
        let counts = &summary.counts;
        let refused = counts.status_4xx + counts.status_5xx;
        let failed = counts.errors.total();
        match self {
            Self::Errors => failed + refused + summary.in_flight + summary.never_sent,
            Self::Failed => failed,
            Self::Refused => refused,
            Self::NeverSent => summary.never_sent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Rate, Settings};
    use super::*;

    fn summary() -> Summary {
        let target = "http://127.0.0.1:9090/".parse().unwrap();
        let mut summary = Summary::empty(Settings::new(target, Rate::per_second(100.0))).unwrap();
        summary.scheduled = 1000;
        summary.counts.answered = 990;
        summary.counts.status_5xx = 4;
        summary.counts.errors.timeout = 3;
        summary.in_flight = 2;
        summary.never_sent = 5;
        summary.asked_rate = Some(100.0);
        summary.achieved_rate = 99.0;
        for micros in [1_000, 2_000, 300_000] {
            summary.latency.record(micros).unwrap();
        }
        summary
    }

    fn fails(text: &str) -> bool {
        matches!(
            text.parse::<Threshold>().unwrap().judge(&summary()),
            Judgement::Fails(_)
        )
    }

    #[test]
    fn each_figure_is_held_against_its_limit() {
        for text in [
            "p99 > 250ms",
            "p50<3ms",
            "latency.max>=0.3s",
            "mean>100ms",
            "errors>1%",
            "errors>=14",
            "failed>2",
            "non-2xx > 0.3%",
            "never-sent>4",
            "rate<100",
            "rate<=99%",
        ] {
            assert!(fails(text), "{text}");
        }
        for text in [
            "p99>301ms",
            "p50>2001us",
            "errors>1.4%",
            "failed>0.3%",
            "rate<99",
            "rate<99%",
        ] {
            assert!(!fails(text), "{text}");
        }
    }

    #[test]
    fn what_was_not_recorded_is_neither_fine_nor_not() {
        let unknown = |text: &str| text.parse::<Threshold>().unwrap().judge(&summary());
        assert_eq!(unknown("service.p99>1s"), Judgement::Unknown);
        assert_eq!(unknown("p99>1s"), Judgement::Fine(300_031.0));
    }

    #[test]
    fn what_is_no_condition_is_refused_with_the_form_it_should_have() {
        let refused = |text: &str| text.parse::<Threshold>().unwrap_err();
        assert_eq!(refused("p99=3ms"), ThresholdError::Form);
        assert_eq!(refused("p101>3ms"), ThresholdError::Figure("p101".to_owned()));
        assert_eq!(refused("speed>3ms"), ThresholdError::Figure("speed".to_owned()));
        assert_eq!(refused("p99>300"), ThresholdError::Time("300".to_owned()));
        assert_eq!(refused("p99>infs"), ThresholdError::Time("infs".to_owned()));
        assert_eq!(refused("errors>few"), ThresholdError::Number("few".to_owned()));
    }
}
