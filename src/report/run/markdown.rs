//! A run's report as Markdown.

use std::fmt::Write as _;

use super::data::{EventReport, PhaseReport, RunReport};
use crate::report::number;

/// The head of the table of phases.
pub(super) const HEAD: [&str; 12] = [
    "phase",
    "asked/s",
    "answered/s",
    "answers",
    "errors",
    "p50",
    "p90",
    "p99",
    "max",
    "p99 as sent",
    "busy",
    "queue at most",
];
/// More events than these are counted, not told; the JSON has all.
pub(super) const MOST_TOLD: usize = 200;

pub(crate) fn markdown(report: &RunReport) -> String {
    let mut out = format!("# {}\n", report.title);
    let texts = [&report.question, &report.story]
        .into_iter()
        .filter(|text| !text.is_empty());
    // Writing to a String cannot fail.
    for text in texts {
        writeln!(out, "\n{text}").ok();
    }
    writeln!(out, "\n**{}**", report.answer).ok();
    expectations(report, &mut out);
    table(&HEAD, report.phases.iter().map(cells), &mut out);
    percentiles(&report.phases, &mut out);
    happened(report, &mut out);
    made(report, &mut out);
    out
}

fn expectations(report: &RunReport, out: &mut String) {
    let rows = report.expectations.iter().map(|expected| {
        let mark = if expected.holds {
            "holds"
        } else {
            "**does not hold**"
        };
        [
            format!("`{}`", expected.text),
            expected.found_text.clone(),
            mark.to_owned(),
        ]
    });
    table(&["expected", "found", ""], rows, out);
}

/// Nothing where there is no row.
fn table<const N: usize>(head: &[&str; N], rows: impl Iterator<Item = [String; N]>, out: &mut String) {
    let rows: Vec<_> = rows.map(|row| format!("| {} |\n", row.join(" | "))).collect();
    if rows.is_empty() {
        return;
    }
    let head = format!("\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    out.push_str(&head);
    rows.iter().for_each(|row| out.push_str(row));
}

/// What the page draws as a chart.
fn percentiles(phases: &[PhaseReport], out: &mut String) {
    let rows = phases.iter().flat_map(|phase| {
        let curves = [
            (&phase.latency, "the intended time"),
            (&phase.service, "the actual send"),
        ];
        curves
            .into_iter()
            .filter(|(curve, _)| !curve.is_empty())
            .map(|(curve, from)| {
                let at = |percentile: f64| {
                    let point = curve.iter().find(|(at, _)| *at == percentile);
                    point.map_or("–".to_owned(), |(_, micros)| number::latency(*micros as f64))
                };
                let [p50, p75, p90, p99, p999, p9999, p100] =
                    [50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 100.0].map(at);
                [
                    phase.name.clone(),
                    from.to_owned(),
                    p50,
                    p75,
                    p90,
                    p99,
                    p999,
                    p9999,
                    p100,
                ]
            })
    });
    let head = [
        "latency", "from", "50%", "75%", "90%", "99%", "99.9%", "99.99%", "100%",
    ];
    table(&head, rows, out);
}

fn happened(report: &RunReport, out: &mut String) {
    let happened = report.happened();
    if !happened.is_empty() || !report.failed_actions.is_empty() {
        out.push_str("\nWhat happened:\n\n");
    }
    for (index, event) in happened.iter().take(MOST_TOLD).enumerate() {
        writeln!(out, "{}. {}", index + 1, told(event)).ok();
    }
    if let Some(more) = happened.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
        writeln!(out, "\nAnd {more} more, in report.json.").ok();
    }
    for failed in &report.failed_actions {
        writeln!(out, "- could not be done: {failed}").ok();
    }
}

/// `15.0 s: reload`.
pub(super) fn told(event: &EventReport) -> String {
    format!("{:.1} s: {}", event.at, event.text)
}

fn made(report: &RunReport, out: &mut String) {
    let manifest = &report.manifest;
    let processors = manifest.machine.processors;
    writeln!(
        out,
        "\nRun of {} with uwsgi-lab {}, uWSGI {}, engine {}, seed {}, on {} ({} processors).\nAgain: `{}`",
        manifest.began,
        manifest.tool,
        manifest.uwsgi.as_deref().unwrap_or("unknown"),
        manifest.engine,
        manifest.seed,
        manifest.machine.system,
        processors.map_or("unknown".to_owned(), |count| count.to_string()),
        manifest.command
    )
    .ok();
    if let Some(app) = &manifest.app {
        let hash = app.sha256.as_deref().unwrap_or("unknown");
        writeln!(out, "App: {} in {}, sha256 {hash}", app.module, app.directory).ok();
    }
    writeln!(out, "\n```ini\n{}\n```", manifest.uwsgi_ini.trim_end()).ok();
}

/// Of one phase, in the order of the table's head.
pub(super) fn cells(phase: &PhaseReport) -> [String; 12] {
    let figures = &phase.figures;
    let time = |value: Option<f64>| {
        value.map_or("–".to_owned(), |micros| {
            number::brief_latency(micros.round() as u64)
        })
    };
    let plain = |value: Option<f64>| value.map_or("–".to_owned(), number::rate);
    [
        phase.name.clone(),
        phase.asked.clone().unwrap_or_else(|| "nothing".to_owned()),
        plain(figures.rate),
        plain(figures.answered),
        plain(figures.errors),
        time(figures.p50),
        time(figures.p90),
        time(figures.p99),
        time(figures.max),
        time(figures.service_p99),
        plain(figures.busy),
        plain(figures.max_queue),
    ]
}
