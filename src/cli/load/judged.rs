//! What stands in a report of `load` besides the run itself: the conditions it was held against, and what the server counted.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::load::{Judgement, Summary, Threshold};
use crate::report::{self, number};
use crate::uwsgi::Counted;

use super::super::error::{Code, Failure};

/// A condition and what it came to.
pub(super) struct Verdict<'a> {
    condition: &'a Threshold,
    judgement: Judgement,
}

pub(super) fn conditions<'a>(conditions: &'a [Threshold], summary: &Summary) -> Vec<Verdict<'a>> {
    let judged = conditions.iter().map(|condition| Verdict {
        condition,
        judgement: condition.judge(summary),
    });
    judged.collect()
}

impl Verdict<'_> {
    /// The figure as people read it.
    fn figure(&self) -> String {
        match self.judgement {
            Judgement::Unknown => "nothing was recorded".to_owned(),
            Judgement::Fine(value) | Judgement::Fails(value) if self.condition.is_time() => {
                number::latency(value)
            }
            Judgement::Fine(value) | Judgement::Fails(value) if self.condition.is_percentage() => {
                format!("{}%", number::rate(value))
            }
            Judgement::Fine(value) | Judgement::Fails(value) => number::rate(value),
        }
    }

    /// A figure that nobody knows is no reason to call a run fine.
    fn fails(&self) -> bool {
        !matches!(self.judgement, Judgement::Fine(_))
    }
}

/// Lines after the report. `counted` is nothing where no server was asked, and holds nothing where it began anew.
pub(super) fn text(verdicts: &[Verdict<'_>], counted: Option<Option<Counted>>) -> String {
    let mut out = String::new();
    match counted {
        None => {}
        Some(None) => {
            out.push_str("As uWSGI counted: not known, it was started again or reloaded meanwhile\n")
        }
        Some(Some(counted)) => {
            let requests = number::counted(counted.requests, "request");
            let mean = counted.mean_us.map_or_else(String::new, |mean| {
                format!(", {} each in the app", number::latency(mean))
            });
            let Counted {
                exceptions, harakiri, ..
            } = counted;
            writeln!(
                out,
                "As uWSGI counted: {requests}{mean}, exceptions {exceptions}, harakiri {harakiri}"
            )
            .ok();
        }
    }
    for verdict in verdicts {
        let outcome = if verdict.fails() { "FAILED" } else { "ok" };
        writeln!(
            out,
            "Fail if {}: {outcome}, {}",
            verdict.condition,
            verdict.figure()
        )
        .ok();
    }
    out
}

pub(super) fn json(summary: &Summary, verdicts: &[Verdict<'_>], counted: Option<Option<Counted>>) -> String {
    let mut report = report::load::json(summary);
    let conditions = verdicts.iter().map(|verdict| {
        let figure = match verdict.judgement {
            Judgement::Fine(value) | Judgement::Fails(value) => Some(value),
            Judgement::Unknown => None,
        };
        json!({ "condition": verdict.condition.to_string(), "figure": figure, "failed": verdict.fails() })
    });
    report["fail_if"] = conditions.collect();
    report["server"] = counted.flatten().map_or(Value::Null, |counted| {
        json!({
            "requests": counted.requests,
            "mean_us": counted.mean_us,
            "exceptions": counted.exceptions,
            "harakiri": counted.harakiri,
        })
    });
    format!("{report:#}\n")
}

/// # Errors
/// Conditions that hold (6), all of them by name.
pub(super) fn fail(verdicts: &[Verdict<'_>]) -> Result<(), Failure> {
    let failed: Vec<String> = verdicts
        .iter()
        .filter(|verdict| verdict.fails())
        .map(|verdict| format!("{} ({})", verdict.condition, verdict.figure()))
        .collect();
    match failed.as_slice() {
        [] => Ok(()),
        [only] => Err(Failure::new(Code::Condition, format!("the run failed: {only}"))),
        many => {
            let mut failure = Failure::new(
                Code::Condition,
                format!("the run failed by {} conditions", many.len()),
            );
            failure.causes = failed;
            Err(failure)
        }
    }
}
