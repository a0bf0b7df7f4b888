//! What a run found, in a sentence or two; draws and measures nothing.

use std::time::Duration;

use crate::experiment::{Figures, Outcome, Scenario};
use crate::report::number;

use super::data::{Expected, figure_text};

/// How many times the least p99 of a phase the greatest must be to be called another.
const ANOTHER: f64 = 1.5;

/// What was found, and what became of the expectations. What did not come as expected stands first.
pub(super) fn answer(scenario: &Scenario, outcome: &Outcome, expectations: &[Expected]) -> String {
    let found = finding(scenario, outcome);
    if outcome.interrupted {
        return format!("{} {found}", how_far(scenario, outcome))
            .trim()
            .to_owned();
    }
    let unmet: Vec<&Expected> = expectations.iter().filter(|expected| !expected.holds).collect();
    let all = expectations.len();
    let text = match (all, unmet.len()) {
        (0, _) => found,
        (1, 0) => format!("{found} What was expected holds."),
        (all, 0) => format!("{found} All {all} expectations hold."),
        (all, count) => {
            let each = unmet
                .iter()
                .map(|expected| format!("{} (found {})", expected.text, expected.found_text));
            let each = each.collect::<Vec<_>>().join(", ");
            let verb = if count == 1 { "does" } else { "do" };
            format!(
                "{count} of {} {verb} not hold: {each}. {found}",
                number::counted(all as u64, "expectation")
            )
        }
    };
    text.trim().to_owned()
}

/// Where an interrupted run was when it ended.
fn how_far(scenario: &Scenario, outcome: &Outcome) -> String {
    let seconds =
        |duration: Duration| number::duration(Duration::from_secs(duration.as_secs_f64().round() as u64));
    let whole = seconds(scenario.duration());
    let Some(last) = outcome.phases.last() else {
        return format!("Interrupted before the first of {whole}.");
    };
    format!(
        "Interrupted after {} of {whole}, in phase {} of {} ({}): what was measured until then.",
        seconds(last.end),
        outcome.phases.len(),
        scenario.phases.len(),
        last.name
    )
}

/// In the scenario's words, else in those that fit any.
fn finding(scenario: &Scenario, outcome: &Outcome) -> String {
    let write = |phase: Option<&str>, figure: &str| figure_text(figure, outcome.figures(phase).get(figure));
    match &scenario.finding {
        Some(finding) => finding.text(write),
        None => [latencies(outcome), short_of(scenario, outcome), failures(outcome)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn latencies(outcome: &Outcome) -> Option<String> {
    let phases = outcome.phases.iter();
    let mut p99s: Vec<(f64, &str)> = phases
        .filter_map(|phase| {
            Some((
                outcome.figures(Some(&phase.name)).get("p99")?,
                phase.name.as_str(),
            ))
        })
        .collect();
    p99s.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let (least, most) = (p99s.first()?, p99s.last()?);
    let time = |(p99, _): &(f64, &str)| number::latency(*p99);
    Some(if most.0 > least.0 * ANOTHER {
        format!(
            "99 of 100 requests took at most {} in `{}` and {} in `{}`.",
            time(least),
            least.1,
            time(most),
            most.1
        )
    } else {
        let whole = outcome.figures(None).get("p99").unwrap_or(most.0);
        format!("99 of 100 requests took at most {}.", number::latency(whole))
    })
}

/// Where the server answered less than it was asked.
fn short_of(scenario: &Scenario, outcome: &Outcome) -> Option<String> {
    let phases = outcome.phases.iter();
    let short = phases.filter_map(|phase| {
        let figures = outcome.figures(Some(&phase.name));
        let typed = scenario.phases.iter().find(|typed| typed.name == phase.name)?;
        let asked: f64 = typed.load.as_ref()?.asked.parse().ok()?;
        let rate = figures
            .get("rate")
            .filter(|_| figures.get("overloaded") == Some(1.0))?;
        Some(format!(
            "`{}` asked for {} requests/s and got {} answers/s.",
            phase.name,
            number::rate(asked),
            number::rate(rate)
        ))
    });
    let short: Vec<_> = short.collect();
    (!short.is_empty()).then(|| short.join(" "))
}

fn failures(outcome: &Outcome) -> Option<String> {
    let whole: Figures = outcome.figures(None);
    let errors = whole.get("errors").filter(|errors| *errors > 0.0)?;
    let share = whole.get("error_share")?;
    Some(format!(
        "{} of requests failed ({}).",
        figure_text("error_share", Some(share)),
        number::rate(errors)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PhaseOutcome;

    const SCENARIO: &str = "\
title: t
phases:
- {name: calm, rate: 1, duration: 20s}
- {name: storm, rate: 9, duration: 40s}
expect: [harakiri == 0, 'storm: respawns >= 1']
finding: '{harakiri} were killed, and {storm: p99} was the most.'
";

    fn answered(ends: &[u64], interrupted: bool) -> String {
        let scenario = Scenario::parse(SCENARIO).unwrap();
        let begins = std::iter::once(&0).chain(ends);
        let phases = scenario.phases.iter().zip(begins.zip(ends));
        let phases = phases.map(|(phase, (begin, end))| PhaseOutcome {
            name: phase.name.clone(),
            begin: Duration::from_secs(*begin),
            end: Duration::from_secs(*end),
            summary: None,
            seconds: Vec::new(),
        });
        let outcome = Outcome {
            phases: phases.collect(),
            samples: Vec::new(),
            events: Vec::new(),
            failed_actions: Vec::new(),
            began_ms: 0,
            interrupted,
            uwsgi_version: None,
        };
        let expected = |text: &str, holds| Expected {
            text: text.to_owned(),
            holds,
            found: None,
            found_text: "nothing".to_owned(),
        };
        let expectations = [
            expected("harakiri == 0", true),
            expected("storm: respawns >= 1", false),
        ];
        answer(&scenario, &outcome, &expectations)
    }

    #[test]
    fn what_is_not_as_expected_stands_before_what_was_found() {
        assert_eq!(
            answered(&[20, 60], false),
            "1 of 2 expectations does not hold: storm: respawns >= 1 (found nothing). \
             nothing were killed, and nothing was the most."
        );
    }

    #[test]
    fn an_interrupted_run_says_how_far_it_came_and_judges_nothing() {
        assert_eq!(
            answered(&[20, 33], true),
            "Interrupted after 33s of 1m, in phase 2 of 2 (storm): what was measured until then. \
             nothing were killed, and nothing was the most."
        );
        assert!(answered(&[], true).starts_with("Interrupted before the first of 1m."));
    }
}
