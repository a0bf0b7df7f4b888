//! What a tuning came to, in the shape of its JSON. Fields are only ever added; what is not known is null, never 0.

use serde::Serialize;

use crate::experiment::{
    Candidate, Certainty, End, Judged, Manifest, Objectives, PROCESSOR, Prediction, Trial, Tuned,
};
use crate::report::{figure, number};

/// Times are in µs, memory in MB of 10^6 bytes, rates in requests a second.
#[derive(Debug, Serialize)]
pub(crate) struct TuningReport {
    version: u32,
    pub(super) question: String,
    /// In one sentence.
    pub(super) answer: String,
    /// How sure it is, and what speaks against it.
    pub(super) caveats: Vec<String>,
    /// Null where nothing meets the objective.
    pub(super) found: Option<CandidateReport>,
    /// Lines for uWSGI's configuration.
    pub(super) ini: Option<String>,
    pub(super) figure: String,
    /// What the figure is held against.
    pub(super) limit: f64,
    pub(super) model: ModelReport,
    pub(super) trials: Vec<TrialReport>,
    pub(super) manifest: Manifest,
}

#[derive(Debug, Serialize)]
pub(super) struct CandidateReport {
    pub(super) name: String,
    pub(super) processes: u32,
    pub(super) threads: u32,
    pub(super) cheaper: Option<u32>,
    pub(super) rate: f64,
}

/// What the model was made from.
#[derive(Debug, Serialize)]
pub(super) struct ModelReport {
    /// A request without a queue: from send to answer, and of a processor.
    pub(super) service: f64,
    pub(super) processor: Option<f64>,
    pub(super) process_mb: Option<f64>,
    pub(super) thread_mb: Option<f64>,
    pub(super) processors: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct TrialReport {
    pub(super) candidate: CandidateReport,
    /// Of the figure.
    pub(super) predicted: Prediction,
    pub(super) judged: Vec<Judged>,
    pub(super) verdict: Certainty,
    pub(super) repeats: usize,
    pub(super) memory: Option<f64>,
    pub(super) processor: Option<f64>,
    pub(super) workers: Option<f64>,
}

/// What was asked, in words and numbers.
pub(crate) struct Asked<'a> {
    /// As typed.
    pub(crate) slo: &'a str,
    pub(crate) objectives: &'a Objectives,
    /// None where the highest was asked for.
    pub(crate) rate: Option<f64>,
    pub(crate) path: &'a str,
    pub(crate) most: (u32, u32),
    pub(crate) memory: Option<f64>,
    pub(crate) processors: usize,
    pub(crate) cheaper: bool,
}

impl TuningReport {
    pub(crate) fn new(asked: &Asked<'_>, tuned: &Tuned, manifest: Manifest) -> Self {
        let main = asked.objectives.main();
        let figure = main.figure().to_owned();
        let found = tuned.found.map(|index| &tuned.trials[index]);
        let demand = &tuned.calibration.demand;
        Self {
            version: 1,
            question: question(asked, tuned),
            answer: answer(asked, tuned, &figure),
            caveats: caveats(asked, tuned),
            ini: found.map(|trial| ini(&trial.candidate)),
            found: found.map(|trial| candidate(&trial.candidate)),
            limit: main.number(),
            figure,
            model: ModelReport {
                service: demand.mean() * 1e6,
                processor: demand.processor().map(|seconds| seconds * 1e6),
                process_mb: known(tuned.calibration.process),
                thread_mb: known(tuned.calibration.thread),
                processors: asked.processors,
            },
            trials: in_order(asked, tuned).map(trial_report).collect(),
            manifest,
        }
    }

    /// What stands in the way; nothing where something was found.
    pub(crate) fn nothing(&self) -> Option<&str> {
        self.found.is_none().then(|| self.answer.trim_end_matches('.'))
    }

    pub(crate) fn json(&self) -> String {
        // Numbers and texts alone: nothing in it can fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// Of memory, which workers tell only with memory-report.
fn known(megabytes: f64) -> Option<f64> {
    (megabytes > 0.0).then_some(megabytes)
}

fn candidate(candidate: &Candidate) -> CandidateReport {
    CandidateReport {
        name: candidate.to_string(),
        processes: candidate.processes,
        threads: candidate.threads,
        cheaper: candidate.cheaper,
        rate: candidate.rate,
    }
}

/// As they were tried; rates rise.
fn in_order<'a>(asked: &Asked<'_>, tuned: &'a Tuned) -> impl Iterator<Item = &'a Trial> {
    let mut trials: Vec<&Trial> = tuned.trials.iter().collect();
    if asked.rate.is_none() {
        trials.sort_by(|one, other| one.candidate.rate.total_cmp(&other.candidate.rate));
    }
    trials.into_iter()
}

fn trial_report(trial: &Trial) -> TrialReport {
    let mean = |name: &str| {
        let values: Vec<f64> = trial.measured.iter().filter_map(|one| one.get(name)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    TrialReport {
        candidate: candidate(&trial.candidate),
        predicted: trial.predicted,
        judged: trial.judged.clone(),
        verdict: trial.verdict,
        repeats: trial.measured.len(),
        memory: mean("max(rss_mb)"),
        processor: mean(PROCESSOR),
        workers: mean("running"),
    }
}

fn question(asked: &Asked<'_>, tuned: &Tuned) -> String {
    let memory = asked.memory.map_or(String::new(), |memory| {
        format!(" with at most {}", figure::text("rss_mb", memory))
    });
    match asked.rate {
        Some(rate) => format!(
            "What is the cheapest uWSGI that answers {} requests/s of {} with {}{memory}?",
            number::rate(rate),
            asked.path,
            asked.slo
        ),
        None => {
            let first = tuned.trials.first();
            let set_up = first.map_or(String::new(), |trial| trial.candidate.to_string());
            format!(
                "How many requests/s of {} does {set_up} sustain with {}{memory}?",
                asked.path, asked.slo
            )
        }
    }
}

fn answer(asked: &Asked<'_>, tuned: &Tuned, figure: &str) -> String {
    let Some(found) = tuned.found.map(|index| &tuned.trials[index]) else {
        return nothing(asked, tuned);
    };
    let value = |trial: &Trial| {
        let judged = trial.judged.iter().find(|judged| judged.figure == figure)?;
        judged.found
    };
    let of_found = value(found).map_or(String::new(), |found| {
        format!(", with a {figure} of {}", figure::brief(figure, found.mean))
    });
    let fails = nearest_failure(tuned, found).map_or(String::new(), |trial| {
        let how = match trial.verdict {
            Certainty::TooClose => "was too close to call",
            _ => "does not",
        };
        let what = match asked.rate {
            Some(_) => trial.candidate.to_string(),
            None => format!("{}/s", number::rate(trial.candidate.rate)),
        };
        let of_it = why(trial, figure);
        format!("; {what} {how}{of_it}")
    });
    match asked.rate {
        Some(rate) => format!(
            "{} is the cheapest that was found to hold {} at {} requests/s{of_found}{fails}.",
            found.candidate,
            asked.slo,
            number::rate(rate)
        ),
        None => format!(
            "{} holds {} up to {} requests/s{of_found}{fails}.",
            found.candidate,
            asked.slo,
            number::rate(found.candidate.rate)
        ),
    }
}

/// What the failure shows in: the figure, or whichever else it was.
fn why(trial: &Trial, figure: &str) -> String {
    let failed = trial
        .judged
        .iter()
        .filter(|judged| judged.verdict == Certainty::Fails);
    let main = trial.judged.iter().filter(|judged| judged.figure == figure);
    let told = failed.chain(main).next();
    let found = told.and_then(|judged| Some((judged, judged.found?)));
    found.map_or(String::new(), |(judged, found)| {
        format!(
            " ({} {})",
            judged.figure,
            figure::brief(&judged.figure, found.mean)
        )
    })
}

fn nothing(asked: &Asked<'_>, tuned: &Tuned) -> String {
    let (processes, threads) = asked.most;
    let demand = &tuned.calibration.demand;
    let alone = figure::brief(PROCESSOR, demand.mean() * 1e6);
    match (tuned.end, asked.rate) {
        (End::TooSlow, _) => format!(
            "Nothing holds {}: a request takes {alone} without any queue, and more workers make it no faster.",
            asked.slo
        ),
        (End::TooLarge, _) => format!(
            "Nothing is small enough: a process takes {} alone.",
            figure::text("rss_mb", tuned.calibration.process)
        ),
        (End::Tired, Some(_)) => format!(
            "Nothing of the {} configurations that were tried holds {}.",
            tuned.trials.len(),
            asked.slo
        ),
        (_, Some(_)) => format!(
            "Nothing up to {processes} processes × {threads} threads holds {}.",
            asked.slo
        ),
        (_, None) => format!("At no rate that was tried {} holds.", asked.slo),
    }
}

/// Of what did not do, the one next to the answer.
fn nearest_failure<'a>(tuned: &'a Tuned, found: &Trial) -> Option<&'a Trial> {
    let failed = tuned
        .trials
        .iter()
        .filter(|trial| trial.verdict != Certainty::Meets);
    let distance = |trial: &Trial| {
        let (one, other) = (trial.candidate, found.candidate);
        let steps = one.processes.abs_diff(other.processes) * 100 + one.threads.abs_diff(other.threads);
        f64::from(steps) + (one.rate / other.rate).ln().abs()
    };
    failed.min_by(|one, other| distance(one).total_cmp(&distance(other)))
}

fn found_of(tuned: &Tuned) -> Option<&Trial> {
    tuned.found.map(|index| &tuned.trials[index])
}

/// Where what was measured holds and the model has it that it would not for long.
fn doubt(asked: &Asked<'_>, tuned: &Tuned) -> Option<String> {
    let main = asked.objectives.main();
    let found = found_of(tuned)?;
    let says = match found.predicted {
        Prediction::Value(value) if !main.allows(value) => {
            format!("{} {}", main.figure(), figure::brief(main.figure(), value))
        }
        Prediction::FallsBehind => "a queue that grows for ever".to_owned(),
        _ => return None,
    };
    Some(format!(
        "The model has {says} for the answer, which does not hold {main}: in short measurements a queue may not have had the time to grow. \
         Longer ones (--duration) tell.",
    ))
}

/// Of fewer a 99th percentile is one of the five slowest.
const FEW: f64 = 400.0;

fn caveats(asked: &Asked<'_>, tuned: &Tuned) -> Vec<String> {
    let mut caveats = vec![
        "Verdicts hold with 95 % confidence, all looks at the measurements counted; what is too close to call counts as not held.".to_owned(),
    ];
    let errors = asked
        .objectives
        .each()
        .iter()
        .find(|one| one.figure() == "error_share");
    if let Some(errors) = errors.filter(|errors| !asked.slo.contains(&errors.to_string())) {
        caveats.push(format!("Beside {} it was held that {errors}.", asked.slo));
    }
    if let Some(doubt) = doubt(asked, tuned) {
        caveats.push(doubt);
    }
    if asked.cheaper && found_of(tuned).is_some_and(|trial| trial.candidate.processes == 1) {
        caveats.push("--cheaper: with one process there is nothing that could be stopped.".to_owned());
    }
    if tuned.end == End::Tired {
        caveats.push(format!(
            "{} configurations were measured, and no more: what lies further was not tried.",
            tuned.trials.len()
        ));
    }
    let requests = tuned.trials.iter().flat_map(|trial| &trial.measured);
    let fewest = requests
        .filter_map(|one| one.get("sent"))
        .fold(f64::INFINITY, f64::min);
    if fewest < FEW {
        caveats.push(format!(
            "A measurement had no more than {fewest:.0} requests: a high percentile is that of its few slowest. --duration makes them longer."
        ));
    }
    let close = tuned
        .trials
        .iter()
        .filter(|trial| trial.verdict == Certainty::TooClose);
    let name = |trial: &Trial| match asked.rate {
        Some(_) => trial.candidate.to_string(),
        None => format!("{}/s", number::rate(trial.candidate.rate)),
    };
    let close: Vec<String> = close.map(name).collect();
    if !close.is_empty() {
        caveats.push(format!(
            "Too close to call: {}. Longer measurements (--duration) would tell.",
            close.join(", ")
        ));
    }
    if asked.rate.is_some() && found_of(tuned).is_some_and(|trial| trial.candidate.processes == 1) {
        caveats.push(
            "With one process a crash, a harakiri or a reload stops everything for a moment; two are safer, for twice the memory."
                .to_owned(),
        );
    }
    caveats
        .push("The load generator ran on the same machine and took its part of the processors.".to_owned());
    caveats
}

fn ini(candidate: &Candidate) -> String {
    let mut lines = format!(
        "processes = {}\nthreads = {}\n",
        candidate.processes, candidate.threads
    );
    if candidate.threads > 1 {
        lines += "enable-threads = true\n";
    }
    if let Some(cheaper) = candidate.cheaper {
        lines += &format!("cheaper = {cheaper}\n");
    }
    lines
}
