//! A run's report as Markdown.

use std::fmt::Write as _;

use super::data::{PhaseReport, RunReport};
use crate::report::{made, number};

pub(crate) fn markdown(report: &RunReport) -> String {
    let mut out = format!(
        "# {}\n\n{}\n\n**{}**\n",
        report.title, report.story, report.answer
    );
    // Writing to a String cannot fail.
    if !report.expectations.is_empty() {
        out.push_str("\n| expected | found | |\n|---|---|---|\n");
    }
    for expected in &report.expectations {
        let mark = if expected.holds {
            "holds"
        } else {
            "**does not hold**"
        };
        writeln!(out, "| `{}` | {} | {mark} |", expected.text, expected.found_text).ok();
    }
    out.push_str("\n| phase | asked | answered | errors | rate | p50 | p90 | p99 | busy | queue at most |\n");
    out.push_str("|---|---|---|---|---|---|---|---|---|---|\n");
    for phase in &report.phases {
        writeln!(out, "| {} |", cells(phase).join(" | ")).ok();
    }
    if !report.events.is_empty() {
        out.push_str("\nWhat happened:\n\n");
    }
    for event in &report.events {
        writeln!(out, "- {:.1} s: {}", event.at, event.text).ok();
    }
    for failed in &report.failed_actions {
        writeln!(out, "- could not be done: {failed}").ok();
    }
    out.push('\n');
    out.push_str(&made::markdown(&report.manifest));
    out
}

/// Of one phase, in the order of the table's head.
pub(super) fn cells(phase: &PhaseReport) -> [String; 10] {
    let figures = &phase.figures;
    let time = |value: Option<f64>| value.map_or("–".to_owned(), number::latency);
    let plain = |value: Option<f64>| value.map_or("–".to_owned(), number::rate);
    [
        phase.name.clone(),
        phase.asked.clone().unwrap_or_else(|| "nothing".to_owned()),
        plain(figures.answered),
        plain(figures.errors),
        plain(figures.rate),
        time(figures.p50),
        time(figures.p90),
        time(figures.p99),
        plain(figures.busy),
        plain(figures.max_queue),
    ]
}
