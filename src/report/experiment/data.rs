//! What an experiment came to, in the shape of its JSON. Fields are only ever added; what is not known is null, never 0.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::answer;
use crate::experiment::{
    Cell, Contest, Estimate, Experiment, Fault, Gap, Manifest, Measured, PROCESSOR, Verdict,
};
use crate::experiment::{cells, contests};
use crate::report::curves::curve;

/// Times are in µs, memory in MB of 10^6 bytes, rates in requests a second.
#[derive(Debug, Serialize)]
pub(crate) struct ExperimentReport {
    version: u32,
    pub(super) title: String,
    pub(super) question: String,
    /// In a sentence for each load.
    pub(super) answers: Vec<String>,
    pub(super) measured: usize,
    /// How many measurements make it complete.
    pub(super) of: usize,
    pub(super) loads: Vec<LoadReport>,
    pub(super) manifest: Manifest,
}

#[derive(Debug, Serialize)]
pub(super) struct LoadReport {
    pub(super) name: String,
    /// As typed.
    pub(super) asked: Option<String>,
    /// The figure by which variants are judged.
    pub(super) judge: Option<String>,
    pub(super) best: Option<String>,
    /// Which takes the least memory of the best and of those that do not differ from it.
    pub(super) cheapest: Option<String>,
    pub(super) variants: Vec<VariantReport>,
}

#[derive(Debug, Serialize)]
pub(super) struct VariantReport {
    pub(super) name: String,
    pub(super) processes: Option<u32>,
    pub(super) threads: Option<u32>,
    pub(super) options: BTreeMap<String, Vec<String>>,
    pub(super) repeats: usize,
    /// By name: mean and 95 % interval.
    pub(super) figures: BTreeMap<String, Estimate>,
    /// Percentile and latency from the intended time, then from the actual start of a request; all measurements together.
    pub(super) latency: Vec<(f64, u64)>,
    pub(super) service: Vec<(f64, u64)>,
    /// Why it is held against nobody.
    pub(super) fault: Option<Fault>,
    /// Against the best; null for the best itself.
    pub(super) gap: Option<Gap>,
    pub(super) verdict: Option<Verdict>,
}

/// In the order of the table's columns, after the figure by which is judged.
pub(super) const COLUMNS: [(&str, &str); 7] = [
    ("p50", "p50"),
    ("p99", "p99"),
    ("rate", "answers/s"),
    ("error_share", "errors"),
    ("max(running)", "workers"),
    ("max(rss_mb)", "memory"),
    (PROCESSOR, "CPU a request"),
];

impl ExperimentReport {
    pub(crate) fn new(experiment: &Experiment, measured: &[Measured], manifest: Manifest) -> Self {
        let cells = cells(experiment, measured);
        let contests = contests(experiment, &cells);
        let loads = experiment
            .loads
            .iter()
            .enumerate()
            .map(|(load, phase)| LoadReport {
                name: phase.name.clone(),
                asked: phase.load.as_ref().map(|load| load.asked.clone()),
                judge: contest_of(&contests, load).map(|contest| contest.judge.name.clone()),
                best: contest_of(&contests, load).map(|contest| name(experiment, contest.best)),
                cheapest: contest_of(&contests, load).map(|contest| name(experiment, contest.cheapest)),
                variants: cells
                    .iter()
                    .filter(|cell| cell.load == load)
                    .map(|cell| variant(experiment, cell, contest_of(&contests, load)))
                    .collect(),
            });
        let loads: Vec<LoadReport> = loads.collect();
        Self {
            version: 1,
            title: experiment.title.clone(),
            question: experiment.question.clone(),
            answers: contests
                .iter()
                .map(|contest| answer(experiment, contest, &cells))
                .collect(),
            measured: measured.len(),
            of: experiment.cases().len(),
            loads,
            manifest,
        }
    }

    pub(crate) fn json(&self) -> String {
        // Numbers and texts alone: nothing in it can fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

fn contest_of(contests: &[Contest], load: usize) -> Option<&Contest> {
    contests.iter().find(|contest| contest.load == load)
}

fn name(experiment: &Experiment, variant: usize) -> String {
    experiment.variants[variant].name.clone()
}

fn variant(experiment: &Experiment, cell: &Cell<'_>, contest: Option<&Contest>) -> VariantReport {
    let set_up = &experiment.variants[cell.variant];
    let against =
        contest.and_then(|contest| contest.others.iter().find(|other| other.variant == cell.variant));
    let judge = contest.map(|contest| contest.judge.name.as_str());
    let names = COLUMNS.iter().map(|(name, _)| *name).chain(judge);
    let more = [
        "busy",
        "p90",
        "p99.9",
        "max",
        "mean",
        "service_time",
        "in_request",
        "max(queue)",
        "respawns",
        "overloaded",
        "rss_mb",
    ];
    let figures = names
        .chain(more)
        .filter_map(|name| Some((name.to_owned(), cell.estimate(name)?)));
    let mut options: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in set_up.server.options() {
        options.entry(key).or_default().push(value);
    }
    VariantReport {
        name: set_up.name.clone(),
        processes: set_up.server.processes,
        threads: set_up.server.threads,
        options,
        repeats: cell.measured.len(),
        figures: figures.collect(),
        latency: curve(cell.latency().as_ref()),
        service: curve(cell.service().as_ref()),
        fault: contest.and_then(|contest| {
            let of_it = contest
                .failing
                .iter()
                .find(|(variant, _)| *variant == cell.variant);
            of_it.map(|(_, fault)| *fault)
        }),
        gap: against.map(|against| against.gap),
        verdict: against.map(|against| against.verdict),
    }
}
