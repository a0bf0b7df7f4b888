//! A tuning's report as Markdown.

use std::fmt::Write as _;

use super::data::{TrialReport, TuningReport};
use crate::experiment::{Certainty, PROCESSOR, Prediction};
use crate::report::{figure, made, number};

pub(crate) fn markdown(report: &TuningReport) -> String {
    let mut out = format!("# {}\n\n**{}**\n", report.question, report.answer);
    // Writing to a String cannot fail.
    if let Some(ini) = &report.ini {
        writeln!(out, "\n```ini\n[uwsgi]\n{ini}```").ok();
    }
    if !report.trials.is_empty() {
        let head = head(report);
        writeln!(out, "\n| {} |\n|{}", head.join(" | "), "---|".repeat(head.len())).ok();
    }
    for trial in &report.trials {
        writeln!(out, "| {} |", cells(report, trial).join(" | ")).ok();
    }
    writeln!(out, "\n{}", model(report)).ok();
    out.push('\n');
    for caveat in &report.caveats {
        writeln!(out, "- {caveat}").ok();
    }
    out.push('\n');
    out.push_str(&made::markdown(&report.manifest));
    out
}

pub(super) fn head(report: &TuningReport) -> Vec<String> {
    let figure = &report.figure;
    [
        "configuration".to_owned(),
        "verdict".to_owned(),
        "requests/s".to_owned(),
        format!("{figure} of the model"),
        format!("{figure} measured"),
        "errors".to_owned(),
        "memory".to_owned(),
        "CPU a request".to_owned(),
        "workers".to_owned(),
        "measured".to_owned(),
    ]
    .into()
}

pub(super) fn cells(report: &TuningReport, trial: &TrialReport) -> Vec<String> {
    let known =
        |name: &str, value: Option<f64>| value.map_or("–".to_owned(), |value| figure::brief(name, value));
    let found = |name: &str| trial.judged.iter().find(|judged| judged.figure == name)?.found;
    let span = found(&report.figure).map_or("–".to_owned(), |found| {
        let mean = figure::brief(&report.figure, found.mean);
        let ends = found.low.zip(found.high).map(|(low, high)| {
            let text = |value| figure::brief(&report.figure, value);
            format!(" ({} to {})", text(low), text(high))
        });
        mean + &ends.unwrap_or_default()
    });
    let predicted = match trial.predicted {
        Prediction::Value(value) => figure::brief(&report.figure, value),
        Prediction::FallsBehind => "falls behind".to_owned(),
        Prediction::Unknown => "–".to_owned(),
    };
    vec![
        trial.candidate.name.clone(),
        verdict(trial.verdict).to_owned(),
        number::rate(trial.candidate.rate),
        predicted,
        span,
        known("error_share", found("error_share").map(|found| found.mean)),
        known("rss_mb", trial.memory),
        known(PROCESSOR, trial.processor),
        known("workers", trial.workers),
        format!("{} ×", trial.repeats),
    ]
}

fn verdict(verdict: Certainty) -> &'static str {
    match verdict {
        Certainty::Meets => "holds",
        Certainty::Fails => "does not hold",
        Certainty::TooClose => "too close to call",
    }
}

/// What the model is, in a paragraph.
pub(super) fn model(report: &TuningReport) -> String {
    let model = &report.model;
    let time = |micros: f64| figure::brief(PROCESSOR, micros);
    let computes = match model.processor {
        Some(processor) => format!(
            "{} of it they compute, alone in their process and on one of {} processors",
            time(processor),
            model.processors
        ),
        None => "how much of it they compute is not known here, so that it takes threads to be as good as processes".to_owned(),
    };
    let memory = model
        .process_mb
        .zip(model.thread_mb)
        .map_or(String::new(), |(process, thread)| {
            let text = |megabytes| figure::text("rss_mb", megabytes);
            format!(
                " A process takes {}, each thread more {}.",
                text(process),
                text(thread)
            )
        });
    format!(
        "The model: requests arrive at random (Poisson), wait in one queue for the next free core of processes × threads, and take {} as \
         measured one at a time; {computes} (M/G/k, simulated).{memory} The model says where to look; measurements decide.",
        time(model.service),
    )
}

/// A trial that was just measured once more.
pub(crate) fn line(name: &str, figure: &str, value: Option<f64>) -> String {
    match value {
        Some(value) => format!("{name}: {figure} {}", figure::text(figure, value)),
        None => format!("{name}: no answer"),
    }
}
