//! A run's report as one page that needs nothing else.

use serde_json::json;
use tera::Context;

use super::data::{PhaseReport, RunReport, SampleReport, SecondReport};
use super::markdown::cells;
use crate::report::chart::{Chart, Line};
use crate::report::{number, page};

const TEMPLATE: &str = include_str!("../../../templates/run.html");

/// # Errors
/// None that a run could cause: the template is part of the program.
pub(crate) fn html(report: &RunReport) -> Result<String, tera::Error> {
    let mut context = Context::new();
    context.insert("title", &report.title);
    context.insert("story", &report.story);
    context.insert("answer", &report.answer);
    context.insert("good", &(report.unmet().is_empty() && !report.interrupted));
    context.insert("expectations", &report.expectations);
    let rows: Vec<_> = report.phases.iter().map(cells).collect();
    context.insert("phases", &rows);
    context.insert("charts", &charts(report));
    context.insert("events", &report.events);
    context.insert("failed_actions", &report.failed_actions);
    page::insert_manifest(&mut context, &report.manifest);
    page::render(TEMPLATE, &context)
}

fn charts(report: &RunReport) -> Vec<serde_json::Value> {
    let spans: Vec<_> = report
        .phases
        .iter()
        .map(|phase| (phase.begin, phase.end, phase.name.clone()))
        .collect();
    let end = report.phases.last().map_or(0.0, |phase| phase.end);
    let ticks = seconds(end);
    let over_time = |title, lines, label| Chart {
        title,
        lines,
        ticks: ticks.clone(),
        spans: spans.clone(),
        label,
    };
    let second = |name: &str, value: fn(&SecondReport) -> f64| Line {
        name: name.to_owned(),
        points: report
            .seconds
            .iter()
            .map(|second| (second.at, Some(value(second))))
            .collect(),
        steps: false,
    };
    let sample = |name: &str, value: fn(&SampleReport) -> Option<f64>| Line {
        name: name.to_owned(),
        points: report
            .samples
            .iter()
            .map(|sample| (sample.at, value(sample)))
            .collect(),
        steps: true,
    };
    let latency = vec![
        second("p50 of each second", |second| second.p50 as f64),
        second("p99 of each second", |second| second.p99 as f64),
    ];
    let workers = vec![
        sample("busy workers", |sample| Some(sample.busy as f64)),
        sample("running workers", |sample| Some(sample.running as f64)),
        sample("cores in request", |sample| {
            sample.in_request.map(|count| count as f64)
        }),
        sample("cheap workers", |sample| Some(sample.cheap as f64)),
    ];
    let drawn = [
        percentiles(&report.phases),
        over_time(
            "Latency, from the intended time of each request",
            latency,
            number::latency,
        ),
        over_time(
            "Answers a second",
            vec![second("answered", |second| second.rate)],
            number::rate,
        ),
        over_time(
            "Listen queue",
            vec![sample("connections that wait", |sample| {
                sample.queue.map(|queue| queue as f64)
            })],
            number::rate,
        ),
        over_time("Workers", workers, number::rate),
        over_time(
            "Resident memory of all workers",
            vec![sample("rss", |sample| sample.rss.map(|bytes| bytes as f64))],
            number::bytes,
        ),
    ];
    drawn
        .iter()
        .map(|chart| json!(chart.svg()))
        .filter(|svg| svg != "")
        .collect()
}

/// The curve of each phase, with corrected and uncorrected latency.
fn percentiles(phases: &[PhaseReport]) -> Chart<'static> {
    let place = |percentile: f64| -(1.0 - percentile.min(99.9995) / 100.0).log10();
    let line = |name: String, curve: &[(f64, u64)]| Line {
        name,
        points: curve
            .iter()
            .map(|(percentile, micros)| (place(*percentile), Some(*micros as f64)))
            .collect(),
        steps: false,
    };
    let lines = phases
        .iter()
        .filter(|phase| !phase.latency.is_empty())
        .flat_map(|phase| {
            [
                line(phase.name.clone(), &phase.latency),
                line(format!("{}, from the actual send", phase.name), &phase.service),
            ]
        });
    let ticks = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99];
    let lines: Vec<Line> = lines.collect();
    let furthest = lines
        .iter()
        .flat_map(|line| line.points.iter().map(|(x, _)| *x))
        .fold(0.0, f64::max);
    Chart {
        title: "Latency by percentile",
        ticks: ticks
            .into_iter()
            .filter(|tick| place(*tick) <= furthest)
            .map(|tick| (place(tick), format!("{tick}%")))
            .collect(),
        lines,
        spans: Vec::new(),
        label: number::latency,
    }
}

/// Ticks at round numbers of seconds, some eight of them.
fn seconds(end: f64) -> Vec<(f64, String)> {
    let steps = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 300.0, 600.0, 3600.0];
    let step = steps.into_iter().find(|step| end / step <= 9.0).unwrap_or(7200.0);
    let count = (end / step).floor() as usize;
    (0..=count)
        .map(|index| (index as f64 * step, format!("{} s", index as f64 * step)))
        .collect()
}
