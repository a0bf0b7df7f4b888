//! What a configuration has to hold, and whether repeated measurements say that it does; measures nothing.

use std::str::FromStr;

use serde::Serialize;

use crate::experiment::expectation::{Expectation, ExpectationError};
use crate::experiment::figures::{Known, is_better_high};
use crate::experiment::measured::Measured;
use crate::experiment::statistics::Estimate;

/// Measured so often at most; after each time from the second on is asked whether that is enough.
pub(crate) const MOST_REPEATS: u32 = 6;
/// Of each look, so that all together are wrong in 5 of 100 cases at most (Bonferroni).
const CONFIDENCE: f64 = 1.0 - 0.05 / (MOST_REPEATS - 1) as f64;
/// What is expected of errors where nothing is said of them.
const FEW_ERRORS: &str = "error_share <= 0.1%";

/// Limits that have to hold all together.
#[derive(Debug, Clone)]
pub(crate) struct Objectives(Vec<Expectation>);

/// Why a text is no objective.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ObjectiveError {
    #[error(transparent)]
    Expectation(#[from] ExpectationError),
    #[error("`{0}` is no limit: it needs <, <=, > or >=")]
    NoLimit(String),
    #[error("`{0}` asks for the worse end of it: did you mean the other sign?")]
    Direction(String),
    #[error("`{0}`: nothing is answered in no time")]
    Nothing(String),
    #[error("`{0}` names a phase, and there is none here")]
    Phase(String),
}

/// What repeated measurements say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Certainty {
    Meets,
    Fails,
    /// Measurements lie on both sides, or too near to tell.
    TooClose,
}

/// One objective, held against all measurements.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Judged {
    pub(crate) objective: String,
    pub(crate) figure: String,
    /// Nothing where no measurement had the figure.
    pub(crate) found: Option<Estimate>,
    pub(crate) verdict: Certainty,
}

impl Objectives {
    /// The same, and no more than so many MB of memory.
    pub(crate) fn with_memory(mut self, megabytes: Option<f64>) -> Result<Self, ObjectiveError> {
        if let Some(megabytes) = megabytes {
            self.0.push(format!("max(rss_mb) <= {megabytes}").parse()?);
        }
        Ok(self)
    }

    pub(crate) fn each(&self) -> &[Expectation] {
        &self.0
    }

    /// The one that is told and drawn: the first of a time, else the first.
    pub(crate) fn main(&self) -> &Expectation {
        self.time().unwrap_or(&self.0[0])
    }

    /// The first of a time, which is what queues are about.
    pub(crate) fn time(&self) -> Option<&Expectation> {
        let mut each = self.0.iter();
        each.find(|one| Known::of(one.figure()) == Some(Known::Time))
    }

    pub(crate) fn judge(&self, measured: &[Measured]) -> Vec<Judged> {
        self.0
            .iter()
            .map(|objective| judged(objective, measured))
            .collect()
    }
}

/// All must hold.
pub(crate) fn verdict(judged: &[Judged]) -> Certainty {
    let is = |verdict| move |one: &Judged| one.verdict == verdict;
    if judged.iter().any(is(Certainty::Fails)) {
        Certainty::Fails
    } else if judged.iter().all(is(Certainty::Meets)) {
        Certainty::Meets
    } else {
        Certainty::TooClose
    }
}

fn judged(objective: &Expectation, measured: &[Measured]) -> Judged {
    let figure = objective.figure();
    let values: Vec<f64> = measured.iter().filter_map(|one| one.get(figure)).collect();
    let complete = values.len() == measured.len();
    let is_time = Known::of(figure) == Some(Known::Time);
    let found = match is_time
        .then(|| Estimate::of_factors(&values, CONFIDENCE))
        .flatten()
    {
        Some(found) => Some(found),
        None => Estimate::of(&values, CONFIDENCE),
    };
    let ends = found.and_then(|found| Some((found.low?, found.high?)));
    let verdict = match ends {
        // Where nothing was answered there is no latency, and that is no good one.
        _ if !complete || values.is_empty() => Certainty::Fails,
        None => Certainty::TooClose,
        Some((low, high)) => match (objective.allows(low), objective.allows(high)) {
            (true, true) => Certainty::Meets,
            (false, false) => Certainty::Fails,
            _ => Certainty::TooClose,
        },
    };
    Judged {
        objective: objective.to_string(),
        figure: figure.to_owned(),
        found,
        verdict,
    }
}

/// More of a time or of errors is never wanted, and less than none of it is not to be had.
fn senseless(objective: &Expectation) -> Option<ObjectiveError> {
    let text = || objective.to_string();
    let wants_more = objective.allows(f64::MAX);
    let figure = objective.figure();
    // Of other figures, as of idle workers, somebody may want more or less.
    let has_worse_end = matches!(Known::of(figure), Some(Known::Time | Known::Share))
        || ["rate", "answered", "errors", "non_2xx"].contains(&figure);
    if has_worse_end && wants_more != is_better_high(figure) {
        return Some(ObjectiveError::Direction(text()));
    }
    (!wants_more && objective.number() <= 0.0 && Known::of(figure) == Some(Known::Time))
        .then(|| ObjectiveError::Nothing(text()))
}

impl FromStr for Objectives {
    type Err = ObjectiveError;

    /// As in `p99<300ms` or `p99<300ms,error_share<1%`; few errors are an objective where none is typed.
    fn from_str(text: &str) -> Result<Self, ObjectiveError> {
        let mut objectives = Vec::new();
        for part in text.split(',') {
            let objective: Expectation = part.parse()?;
            if !objective.is_limit() {
                return Err(ObjectiveError::NoLimit(part.trim().to_owned()));
            }
            if let Some(error) = senseless(&objective) {
                return Err(error);
            }
            if objective.phase.is_some() {
                return Err(ObjectiveError::Phase(part.trim().to_owned()));
            }
            objectives.push(objective);
        }
        let of_errors = ["error_share", "errors", "non_2xx"];
        if !objectives.iter().any(|one| of_errors.contains(&one.figure())) {
            objectives.push(FEW_ERRORS.parse()?);
        }
        Ok(Self(objectives))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(p99_ms: &[f64], errors: f64) -> Vec<Measured> {
        let one = |p99: &f64| {
            let mut one = Measured::example();
            one.figures = [("p99".to_owned(), p99 * 1e3), ("error_share".to_owned(), errors)].into();
            one
        };
        p99_ms.iter().map(one).collect()
    }

    fn verdict_of(p99_ms: &[f64], errors: f64) -> Certainty {
        let objectives: Objectives = "p99<300ms".parse().unwrap();
        verdict(&objectives.judge(&measured(p99_ms, errors)))
    }

    #[test]
    fn what_is_far_from_the_limit_is_told_soon_and_what_is_near_is_not() {
        assert_eq!(
            verdict_of(&[200.0], 0.0),
            Certainty::TooClose,
            "once tells nothing"
        );
        assert_eq!(verdict_of(&[200.0, 201.0], 0.0), Certainty::Meets);
        assert_eq!(verdict_of(&[2000.0, 2100.0], 0.0), Certainty::Fails);
        assert_eq!(
            verdict_of(&[290.0, 320.0, 280.0, 310.0], 0.0),
            Certainty::TooClose
        );
        assert_eq!(
            verdict_of(&[200.0, 201.0], 5.0),
            Certainty::Fails,
            "errors count too"
        );
    }

    #[test]
    fn what_was_never_answered_fails() {
        let objectives: Objectives = "p99<300ms".parse().unwrap();
        let mut silent = measured(&[1.0, 1.0], 100.0);
        for one in &mut silent {
            one.figures.remove("p99");
        }
        let judged = objectives.judge(&silent);
        assert_eq!((judged[0].found, judged[0].verdict), (None, Certainty::Fails));
    }

    #[test]
    fn what_is_no_objective_is_told() {
        let refused = |text: &str| text.parse::<Objectives>().unwrap_err().to_string();
        assert!(refused("p99=300ms").starts_with("an expectation is FIGURE"));
        assert_eq!(
            refused("p99==300ms"),
            "`p99==300ms` is no limit: it needs <, <=, > or >="
        );
        assert!(refused("p99>300ms").contains("did you mean the other sign?"));
        assert!(refused("p99<0ms").contains("in no time"));
        assert!("rate>30,p99<1s".parse::<Objectives>().is_ok());
        assert!(refused("speed<3").starts_with("there is no figure `speed`"));
        assert!(refused("calm: p99<3s").contains("names a phase"));
        assert_eq!("p99<1s,errors<3".parse::<Objectives>().unwrap().each().len(), 2);
    }
}
