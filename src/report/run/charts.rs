//! What of a run is drawn: latency by percentile, and what happened over time.

use crate::report::chart::{Axis, Chart, Line, Mark, Stroke};
use crate::report::curves::{Curve, micros, percentiles};
use crate::report::number;

use super::data::{PhaseReport, RunReport, SampleReport, SecondReport};

/// Pictures as SVG, those without anything to show left out.
pub(super) fn charts(report: &RunReport) -> Vec<String> {
    let over_time = OverTime::new(report);
    let drawn = [
        percentiles("Latency by percentile", &curves(&report.phases)),
        over_time.latency(),
        over_time.rates(),
        over_time.requests(),
        over_time.workers(),
        over_time.memory(),
    ];
    drawn
        .iter()
        .map(Chart::svg)
        .filter(|svg| !svg.is_empty())
        .collect()
}

fn curves(phases: &[PhaseReport]) -> Vec<Curve<'_>> {
    let sent = phases.iter().filter(|phase| !phase.latency.is_empty());
    sent.map(|phase| Curve {
        name: phase.name.clone(),
        latency: &phase.latency,
        service: &phase.service,
    })
    .collect()
}

/// Charts that share the run's time as their horizontal axis.
struct OverTime<'a> {
    report: &'a RunReport,
    spans: Vec<(f64, f64, String)>,
    ticks: Vec<(f64, String)>,
    marks: Vec<Mark>,
}

impl<'a> OverTime<'a> {
    fn new(report: &'a RunReport) -> Self {
        let phases = report.phases.iter();
        let happened = report.happened().into_iter().enumerate();
        Self {
            report,
            spans: phases
                .map(|phase| (phase.begin, phase.end, phase.name.clone()))
                .collect(),
            ticks: seconds(report.phases.last().map_or(0.0, |phase| phase.end)),
            marks: happened
                .map(|(index, event)| Mark {
                    at: event.at,
                    number: index + 1,
                })
                .collect(),
        }
    }

    fn chart(&self, title: &'static str, lines: Vec<Line>) -> Chart<'static> {
        Chart {
            title,
            lines,
            ticks: self.ticks.clone(),
            spans: self.spans.clone(),
            marks: self.marks.clone(),
            ..Chart::default()
        }
    }

    /// From what the load measured in each second; a gap where nothing was sent.
    fn second(&self, name: &str, stroke: Stroke, value: fn(&SecondReport) -> Option<f64>) -> Line {
        let seconds = self
            .report
            .seconds
            .iter()
            .map(|second| (second.at, value(second)));
        let phases = self.report.phases.iter();
        let pauses = phases
            .filter(|phase| phase.asked.is_none())
            .map(|phase| (phase.begin, None));
        let mut points: Vec<_> = seconds.chain(pauses).collect();
        points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Line {
            name: name.to_owned(),
            points,
            stroke,
            ..Line::default()
        }
    }

    /// From what the server said when it was looked at.
    fn sample(&self, name: &str, value: fn(&SampleReport) -> Option<u64>) -> Line {
        let end = self.spans.last().map_or(f64::INFINITY, |(_, end, _)| *end);
        let samples = self.report.samples.iter();
        Line {
            name: name.to_owned(),
            points: samples
                .filter(|sample| sample.at <= end)
                .map(|sample| (sample.at, value(sample).map(|value| value as f64)))
                .collect(),
            steps: true,
            ..Line::default()
        }
    }

    fn latency(&self) -> Chart<'static> {
        let lines = vec![
            self.second("p50 of each second", Stroke::Dashed, |second| {
                second.p50.map(|micros| micros as f64)
            }),
            self.second("p99 of each second", Stroke::Solid, |second| {
                second.p99.map(|micros| micros as f64)
            }),
        ];
        Chart {
            note: "From the intended time of each request.",
            axis: Axis::Wide,
            label: micros,
            ..self.chart("Latency", lines)
        }
    }

    fn rates(&self) -> Chart<'static> {
        let mut lines = vec![
            self.second("answered", Stroke::Solid, |second| Some(second.rate)),
            self.second("asked for", Stroke::Dashed, |second| second.asked),
        ];
        if self.report.seconds.iter().any(|second| second.failed() > 0) {
            let failed = self.second("failed", Stroke::Dotted, |second| Some(second.failed() as f64));
            lines.push(Line {
                colour: Some(5),
                ..failed
            });
        }
        self.chart("Requests a second", lines)
    }

    fn requests(&self) -> Chart<'static> {
        let lines = vec![
            self.sample("in the app", |sample| sample.in_request),
            Line {
                stroke: Stroke::Dashed,
                ..self.sample("waiting in the listen queue", |sample| sample.queue)
            },
        ];
        self.chart("Requests at a time", lines)
    }

    fn workers(&self) -> Chart<'static> {
        let state = |name: &str, colour, value| Line {
            colour: Some(colour),
            ..self.sample(name, value)
        };
        let mut lines = vec![
            state("busy", 1, |sample| Some(sample.busy)),
            state("idle", 2, |sample| Some(sample.idle)),
            state("cheap", 0, |sample| Some(sample.cheap)),
            state("other", 5, |sample| Some(sample.other())),
        ];
        // One that is never there only fills the legend.
        lines.retain(|line| {
            line.points
                .iter()
                .any(|(_, value)| value.is_some_and(|value| value > 0.0))
        });
        Chart {
            stacked: true,
            ..self.chart("Workers by state", lines)
        }
    }

    fn memory(&self) -> Chart<'static> {
        Chart {
            axis: Axis::Bytes,
            label: number::brief_bytes,
            ..self.chart(
                "Resident memory of all workers",
                vec![self.sample("rss", |sample| sample.rss)],
            )
        }
    }
}

/// Ticks at round numbers of seconds, minutes or hours, at most ten of them.
fn seconds(end: f64) -> Vec<(f64, String)> {
    let steps = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0,
    ];
    let step = steps
        .into_iter()
        .find(|step| end / step <= 9.0)
        .unwrap_or(14_400.0);
    let count = (end / step).floor() as usize;
    let places = (0..=count).map(|index| index as f64 * step);
    let name = |at: f64| match () {
        () if step >= 3600.0 => format!("{} h", at / 3600.0),
        () if step >= 60.0 => format!("{} min", at / 60.0),
        () => format!("{at} s"),
    };
    places.map(|at| (at, name(at))).collect()
}
