//! An experiment's report as Markdown.

use std::fmt::Write as _;

use super::data::{COLUMNS, ExperimentReport, LoadReport, VariantReport};
use crate::experiment::{Fault, Gap, Measured, Verdict};
use crate::report::{figure, made, number};

pub(crate) fn markdown(report: &ExperimentReport) -> String {
    let mut out = format!("# {}\n\n", report.title);
    // Writing to a String cannot fail.
    if !report.question.is_empty() {
        writeln!(out, "{}\n", report.question).ok();
    }
    for answer in &report.answers {
        writeln!(out, "**{answer}**\n").ok();
    }
    if report.measured < report.of {
        writeln!(
            out,
            "Not complete: {} of {} measurements.\n",
            report.measured, report.of
        )
        .ok();
    }
    for load in &report.loads {
        writeln!(out, "## {}\n", heading(load)).ok();
        writeln!(out, "| {} |", head(load).join(" | ")).ok();
        writeln!(out, "|{}", "---|".repeat(head(load).len())).ok();
        for variant in &load.variants {
            writeln!(out, "| {} |", cells(load, variant).join(" | ")).ok();
        }
        out.push('\n');
    }
    writeln!(out, "Means of repeated measurements ± half of the 95 % interval; each on a fresh server, in an order shuffled by the seed.\n").ok();
    out.push_str(&made::markdown(&report.manifest));
    out
}

/// A measurement that was just made.
pub(crate) fn line(measured: &Measured, judge: &str) -> String {
    let value = |name: &str| {
        let value = measured.get(name);
        value.map_or(String::new(), |value| {
            format!(", {name} {}", figure::text(name, value))
        })
    };
    let more = if judge == "rate" {
        value("p99")
    } else {
        value("rate")
    };
    format!("{}, {}{}{more}", measured.load, measured.variant, value(judge))
}

/// `calm: 16/s, judged by p99`.
pub(super) fn heading(load: &LoadReport) -> String {
    let asked = match load.asked.as_deref() {
        Some("max") => ": a closed loop".to_owned(),
        Some(asked) => format!(": {asked} requests/s"),
        None => String::new(),
    };
    let judge = load.judge.as_ref();
    let judge = judge.map_or(String::new(), |judge| format!(", judged by {judge}"));
    format!("{}{asked}{judge}", load.name)
}

/// Of the table: the figure by which is judged stands first, and once.
pub(super) fn head(load: &LoadReport) -> Vec<String> {
    let judge = own_judge(load);
    let mut head = vec!["setting".to_owned()];
    head.push("against the best".to_owned());
    head.extend(judge.map(str::to_owned));
    head.extend(COLUMNS.iter().map(|(_, title)| (*title).to_owned()));
    head
}

fn own_judge(load: &LoadReport) -> Option<&str> {
    let judge = load.judge.as_deref()?;
    (!COLUMNS.iter().any(|(name, _)| *name == judge)).then_some(judge)
}

pub(super) fn cells(load: &LoadReport, variant: &VariantReport) -> Vec<String> {
    let value = |name: &str| {
        let estimate = variant.figures.get(name);
        estimate.map_or("–".to_owned(), |estimate| figure::estimate(name, estimate))
    };
    let mut cells = vec![variant.name.clone()];
    cells.push(against(load, variant));
    cells.extend(own_judge(load).map(value));
    cells.extend(COLUMNS.iter().map(|(name, _)| value(name)));
    cells
}

/// Whether an interval says nothing.
fn is_wide(gap: Gap) -> bool {
    const WIDE: f64 = 20.0;
    matches!(gap, Gap::Factor(factor) if factor.low.zip(factor.high).is_none_or(|(low, high)| high > low * WIDE))
}

fn against(load: &LoadReport, variant: &VariantReport) -> String {
    if load.best.as_ref() == Some(&variant.name) {
        return "the best".to_owned();
    }
    match variant.fault {
        Some(Fault::Errors(_)) => return "errors".to_owned(),
        Some(Fault::FallsBehind) => return "falls behind".to_owned(),
        Some(Fault::Silent) => return "no answers".to_owned(),
        None => {}
    }
    let (Some(gap), Some(verdict)) = (variant.gap, variant.verdict) else {
        return "–".to_owned();
    };
    let judge = load.judge.as_deref().unwrap_or_default();
    let (mean, span) = match gap {
        Gap::Factor(estimate) => {
            let factor = |value: f64| format!("{} ×", number::rate(value));
            (
                factor(estimate.mean),
                estimate
                    .low
                    .zip(estimate.high)
                    .map(|(low, high)| (factor(low), factor(high))),
            )
        }
        Gap::Difference(estimate) => {
            let signed = |value: f64| match value < 0.0 {
                true => format!("-{}", figure::text(judge, -value)),
                false => format!("+{}", figure::text(judge, value)),
            };
            (
                signed(estimate.mean),
                estimate
                    .low
                    .zip(estimate.high)
                    .map(|(low, high)| (signed(low), signed(high))),
            )
        }
    };
    let span = span.map_or(String::new(), |(low, high)| format!(" ({low} to {high})"));
    match verdict {
        Verdict::Worse => format!("worse: {mean}{span}"),
        Verdict::Alike if is_wide(gap) => format!("too seldom measured to tell: {mean}"),
        Verdict::Alike => format!("no difference shows: {mean}{span}"),
        Verdict::Unknown => format!("{mean}, measured once"),
    }
}
