//! What a run came to, in the shape of its JSON. Fields are only ever added; what is not known is null, never 0.

use std::time::Duration;

use serde::Serialize;

use crate::experiment::{Figures, Manifest, Outcome, PhaseOutcome, Sample, Scenario};
use crate::load::Second;
use crate::report::curves::curve;
use crate::report::figure;

use super::answer::answer;

/// Times are in µs, moments in seconds since the run began, rates in requests a second.
#[derive(Debug, Serialize)]
pub(crate) struct RunReport {
    pub(super) version: u32,
    pub(super) title: String,
    pub(super) question: String,
    pub(super) story: String,
    /// In a sentence or two.
    pub(super) answer: String,
    pub(super) interrupted: bool,
    /// How long the scenario lasts.
    pub(super) planned: f64,
    pub(super) expectations: Vec<Expected>,
    pub(super) phases: Vec<PhaseReport>,
    pub(super) events: Vec<EventReport>,
    /// What the scenario tells of itself, at its times.
    pub(super) notes: Vec<EventReport>,
    pub(super) failed_actions: Vec<String>,
    pub(super) seconds: Vec<SecondReport>,
    pub(super) samples: Vec<SampleReport>,
    pub(super) manifest: Manifest,
}

#[derive(Debug, Serialize)]
pub(super) struct Expected {
    pub(super) text: String,
    pub(super) holds: bool,
    pub(super) found: Option<f64>,
    /// As people read it.
    pub(super) found_text: String,
}

#[derive(Debug, Serialize)]
pub(super) struct PhaseReport {
    pub(super) name: String,
    pub(super) note: Option<String>,
    pub(super) begin: f64,
    pub(super) end: f64,
    /// As typed; null for a pause.
    pub(super) asked: Option<String>,
    pub(super) figures: PhaseFigures,
    /// Percentile and latency from the intended time, then from the actual start of a request.
    pub(super) latency: Vec<(f64, u64)>,
    pub(super) service: Vec<(f64, u64)>,
}

#[derive(Debug, Serialize)]
pub(super) struct PhaseFigures {
    pub(super) sent: Option<f64>,
    pub(super) answered: Option<f64>,
    pub(super) errors: Option<f64>,
    pub(super) rate: Option<f64>,
    pub(super) p50: Option<f64>,
    pub(super) p90: Option<f64>,
    pub(super) p99: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) service_p99: Option<f64>,
    /// Mean time in the app, as the server counted it.
    pub(super) service_time: Option<f64>,
    pub(super) busy: Option<f64>,
    pub(super) in_request: Option<f64>,
    pub(super) max_queue: Option<f64>,
    pub(super) respawns: Option<f64>,
    pub(super) harakiri: Option<f64>,
    pub(super) exceptions: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct EventReport {
    pub(super) at: f64,
    pub(super) kind: &'static str,
    pub(super) text: String,
}

#[derive(Debug, Serialize)]
pub(super) struct SecondReport {
    pub(super) at: f64,
    /// Null in a closed loop.
    pub(super) asked: Option<f64>,
    pub(super) rate: f64,
    /// Null where nothing was answered, like the next.
    pub(super) p50: Option<u64>,
    pub(super) p99: Option<u64>,
    pub(super) errors: u64,
    /// Answers with a status of 400 and above.
    pub(super) refused: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct SampleReport {
    pub(super) at: f64,
    pub(super) workers: u64,
    pub(super) busy: u64,
    pub(super) idle: u64,
    pub(super) cheap: u64,
    pub(super) running: u64,
    pub(super) in_request: Option<u64>,
    pub(super) queue: Option<u64>,
    pub(super) rss: Option<u64>,
}

impl SecondReport {
    /// Requests that came to no answer, or to one that says so.
    pub(super) fn failed(&self) -> u64 {
        self.errors + self.refused
    }
}

impl SampleReport {
    /// Workers that are neither busy nor idle nor cheap: paused, or handling a signal, or dead until they are replaced.
    pub(super) fn other(&self) -> u64 {
        self.workers.saturating_sub(self.busy + self.idle + self.cheap)
    }
}

impl RunReport {
    pub(crate) fn new(scenario: &Scenario, outcome: &Outcome, manifest: Manifest) -> Self {
        let judged = outcome.judge(scenario);
        let expectations: Vec<Expected> = judged
            .iter()
            .map(|(expectation, met)| Expected {
                text: expectation.to_string(),
                holds: met.holds,
                found: met.found,
                found_text: figure_text(expectation.figure(), met.found),
            })
            .collect();
        let began = outcome.began_ms;
        let events = outcome.events.iter().map(|happened| EventReport {
            at: happened.timestamp_ms.saturating_sub(began) as f64 / 1e3,
            kind: happened.event.kind.name(),
            text: happened.event.text.clone(),
        });
        let seconds = outcome.phases.iter().flat_map(|phase| &phase.seconds);
        Self {
            version: 1,
            title: scenario.title.clone(),
            story: scenario.story.clone(),
            question: scenario.question.clone(),
            answer: answer(scenario, outcome, &expectations),
            interrupted: outcome.interrupted,
            planned: scenario.duration().as_secs_f64(),
            expectations,
            phases: outcome
                .phases
                .iter()
                .map(|phase| phase_report(scenario, outcome, phase))
                .collect(),
            events: events.collect(),
            notes: notes(scenario, outcome),
            failed_actions: outcome.failed_actions.clone(),
            seconds: seconds.map(second_report).collect(),
            samples: outcome.samples.iter().map(sample_report).collect(),
            manifest,
        }
    }

    /// Events and notes together, in the order of their times.
    pub(super) fn happened(&self) -> Vec<&EventReport> {
        let mut happened: Vec<_> = self.notes.iter().chain(&self.events).collect();
        happened.sort_by(|one, other| one.at.total_cmp(&other.at));
        happened
    }

    /// Expectations that do not hold.
    pub(crate) fn unmet(&self) -> Vec<String> {
        let unmet = self.expectations.iter().filter(|expected| !expected.holds);
        unmet
            .map(|expected| format!("{}: found {}", expected.text, expected.found_text))
            .collect()
    }

    pub(crate) fn json(&self) -> String {
        // Numbers and texts alone: nothing in it can fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// A figure of a run as people read it.
pub(super) fn figure_text(figure: &str, found: Option<f64>) -> String {
    found.map_or("nothing".to_owned(), |found| figure::text(figure, found))
}

/// Those of the phases and actions that the run came to.
fn notes(scenario: &Scenario, outcome: &Outcome) -> Vec<EventReport> {
    let of_phases = outcome.phases.iter().filter_map(|phase| {
        let typed = scenario.phases.iter().find(|typed| typed.name == phase.name)?;
        Some((phase.begin, typed.note.clone()?))
    });
    let end = outcome.phases.last().map_or(Duration::ZERO, |phase| phase.end);
    let of_actions = scenario.actions.iter().filter(|action| action.at <= end);
    let of_actions = of_actions.filter_map(|action| Some((action.at, action.note.clone()?)));
    let note = |(at, text): (Duration, String)| EventReport {
        at: at.as_secs_f64(),
        kind: "note",
        text,
    };
    of_phases.chain(of_actions).map(note).collect()
}

fn phase_report(scenario: &Scenario, outcome: &Outcome, phase: &PhaseOutcome) -> PhaseReport {
    let typed = scenario.phases.iter().find(|typed| typed.name == phase.name);
    let figures = outcome.figures(Some(&phase.name));
    PhaseReport {
        name: phase.name.clone(),
        note: typed.and_then(|typed| typed.note.clone()),
        begin: phase.begin.as_secs_f64(),
        end: phase.end.as_secs_f64(),
        asked: typed
            .and_then(|typed| typed.load.as_ref())
            .map(|load| load.asked.clone()),
        latency: curve(figures.latency()),
        service: curve(figures.service()),
        figures: phase_figures(&figures),
    }
}

fn phase_figures(figures: &Figures) -> PhaseFigures {
    PhaseFigures {
        sent: figures.get("sent"),
        answered: figures.get("answered"),
        errors: figures.get("errors"),
        rate: figures.get("rate"),
        p50: figures.get("p50"),
        p90: figures.get("p90"),
        p99: figures.get("p99"),
        max: figures.get("max"),
        service_p99: figures.get("service.p99"),
        service_time: figures.get("service_time"),
        busy: figures.get("busy"),
        in_request: figures.get("in_request"),
        max_queue: figures.get("max(queue)"),
        respawns: figures.get("respawns"),
        harakiri: figures.get("harakiri"),
        exceptions: figures.get("exceptions"),
    }
}

fn second_report((at, second): &(Duration, Second)) -> SecondReport {
    let is_empty = second.latency.max == 0;
    let known = |micros: u64| (!is_empty).then_some(micros);
    SecondReport {
        at: at.as_secs_f64(),
        asked: second.asked_rate,
        rate: second.achieved_rate(),
        p50: known(second.latency.p50),
        p99: known(second.latency.p99),
        errors: second.counts.errors.total(),
        refused: second.counts.status_4xx + second.counts.status_5xx,
    }
}

fn sample_report(sample: &Sample) -> SampleReport {
    let summary = &sample.summary;
    SampleReport {
        at: sample.at.as_secs_f64(),
        workers: summary.workers,
        busy: summary.busy,
        idle: summary.idle,
        cheap: summary.cheap,
        running: summary.running,
        in_request: summary.in_request,
        queue: summary.queue,
        rss: summary.rss,
    }
}
