//! What an experiment came to, in the shape of its JSON. Fields are only ever added; what is not known is null, never 0.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::experiment::{Cell, Contest, Estimate, Experiment, Gap, Manifest, Measured, PROCESSOR, Verdict};
use crate::experiment::{cells, contests};
use crate::report::curves::curve;
use crate::report::{figure, number};

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
        gap: against.map(|against| against.gap),
        verdict: against.map(|against| against.verdict),
    }
}

/// How many times the best's figure a variant's may be, for all that was measured; nothing where that cannot be told.
fn at_worst(contest: &Contest, variant: usize) -> Option<f64> {
    let other = contest.others.iter().find(|other| other.variant == variant)?;
    match other.gap {
        Gap::Factor(factor) if contest.judge.higher_is_better => factor.low.map(|low| 1.0 / low),
        Gap::Factor(factor) => factor.high,
        Gap::Difference(_) => None,
    }
}

/// Those that do not differ, and how far they may be apart all the same.
fn unseen(contest: &Contest) -> String {
    let alike = contest
        .others
        .iter()
        .filter(|other| other.verdict == Verdict::Alike);
    let worst = alike.filter_map(|other| at_worst(contest, other.variant));
    match worst.fold(1.0, f64::max) {
        worst if worst <= AS_GOOD => String::new(),
        worst if worst > 100.0 => " (too few measurements to tell much)".to_owned(),
        worst => format!(
            " (one may still be {} × as bad: longer or more measurements would tell)",
            number::rate((worst * 10.0).ceil() / 10.0)
        ),
    }
}

/// Nobody minds a tenth.
const AS_GOOD: f64 = 1.1;

/// Who is best, who is as good, and which of them costs the least.
fn answer(experiment: &Experiment, contest: &Contest, cells: &[Cell<'_>]) -> String {
    let judge = &contest.judge;
    let load = &experiment.loads[contest.load].name;
    let best = &experiment.variants[contest.best].name;
    let cell = |variant: usize| {
        cells
            .iter()
            .find(|cell| cell.load == contest.load && cell.variant == variant)
    };
    let of_best = cell(contest.best).and_then(|cell| cell.estimate(&judge.name));
    let of_best = of_best.map_or(String::new(), |estimate| {
        format!(" ({})", figure::estimate(&judge.name, &estimate))
    });
    let count = |verdict| {
        contest
            .others
            .iter()
            .filter(|other| other.verdict == verdict)
            .count()
    };
    let (alike, worse, unknown) = (
        count(Verdict::Alike),
        count(Verdict::Worse),
        count(Verdict::Unknown),
    );
    let most = if judge.higher_is_better {
        "highest"
    } else {
        "lowest"
    };
    let first = match (alike, worse, unknown) {
        (0, 0, 0) => format!(
            "Under {load}, {best} has {} {of_best}, and nothing to be held against",
            judge.name
        ),
        (_, _, 1..) => format!(
            "Under {load}, {best} had the {most} {}{of_best}; measured once, that tells no difference from chance",
            judge.name
        ),
        (_, 0, 0) => format!(
            "Under {load}, no difference in {} shows between the {} settings; {best} has the {most}{of_best}",
            judge.name,
            alike + 1
        ),
        (0, _, 0) => format!(
            "Under {load}, {best} has the {most} {}{of_best}; all others are worse",
            judge.name
        ),
        _ => format!(
            "Under {load}, {best} has the {most} {}{of_best}; {} differ{} from it by no more than chance, {worse} {} worse",
            judge.name,
            alike,
            if alike == 1 { "s" } else { "" },
            if worse == 1 { "is" } else { "are" },
        ),
    };
    let first = first + &unseen(contest);
    let mut text = format!("{first}.");
    let cheap = cell(contest.cheapest).and_then(|cell| cell.estimate("max(rss_mb)"));
    if let Some(memory) = cheap.filter(|_| contest.cheapest != contest.best) {
        let is_as_good = at_worst(contest, contest.cheapest).is_some_and(|worst| worst <= AS_GOOD);
        let which = match is_as_good {
            true => "The cheapest that is as good is",
            false => "Of these the least memory takes",
        };
        text += &format!(
            " {which} {}, with {}.",
            experiment.variants[contest.cheapest].name,
            figure::text("max(rss_mb)", memory.mean)
        );
    }
    for variant in &contest.failing {
        text += &format!(
            " {} answered too many requests with errors, or none, and has no part in this.",
            experiment.variants[*variant].name
        );
    }
    text
}
