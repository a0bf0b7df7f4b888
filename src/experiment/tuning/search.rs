//! The way to the cheapest configuration for a rate, or to the highest rate of a configuration: a model says where to look,
//! measurements decide. Measures through what it is given.

use hdrhistogram::Histogram;
use tokio::task::yield_now;

use crate::experiment::figures::{Known, statistic};
use crate::experiment::measured::Measured;

use super::model::Setup;
use super::objective::{Certainty, MOST_REPEATS, verdict};
use super::trial::{Calibration, Candidate, End, Prediction, Question, Trial, Tuned};

/// Requests that are simulated for each look at the model.
const SIMULATED: u32 = 30_000;
/// Candidates that are measured at most.
const MOST_TRIALS: usize = 14;
/// So many numbers of processes that promise something are looked at.
const ENOUGH: usize = 6;
/// More threads that leave a figure above this part of what it was are no help.
const BETTER: f64 = 0.95;
/// A rate is found when the next that fails is so near.
const NEAR: f64 = 1.06;

/// Searches. `measure` measures a candidate for the n-th time, from 0.
pub(crate) struct Search<'a, M> {
    question: &'a Question,
    calibration: Calibration,
    measure: M,
    trials: Vec<Trial>,
}

impl<'a, M> Search<'a, M> {
    pub(crate) fn new(question: &'a Question, calibration: Calibration, measure: M) -> Self {
        Self {
            question,
            calibration,
            measure,
            trials: Vec::new(),
        }
    }

    /// The cheapest configuration that meets the objectives at `rate`.
    pub(crate) async fn cheapest<E>(mut self, rate: f64) -> Result<Tuned, E>
    where
        M: AsyncFnMut(Candidate, u32) -> Result<Measured, E>,
    {
        let promising = match self.is_too_slow() {
            true => return Ok(self.tuned(None, End::TooSlow)),
            false => self.promising(rate).await,
        };
        if promising.is_empty() {
            return Ok(self.tuned(None, End::TooLarge));
        }
        let mut found = None;
        for start in promising {
            found = self.upwards(start).await?;
            if found.is_some() || self.is_tired() {
                break;
            }
        }
        while let Some(index) = found
            && let Some(below) = self.below(index)
            && !self.is_tired()
        {
            let index = self.attempt(below).await?;
            if self.trials[index].verdict != Certainty::Meets {
                break;
            }
            found = Some(index);
        }
        if let Some(index) = found
            && self.question.cheaper
        {
            found = self.with_cheaper(index).await?.or(found);
        }
        let end = match found {
            _ if self.is_tired() => End::Tired,
            Some(_) => End::Known,
            None => End::NothingLeft,
        };
        Ok(self.tuned(found, end))
    }

    /// The highest rate at which the first configuration of the question meets the objectives, to 6 in a hundred.
    pub(crate) async fn highest_rate<E>(mut self) -> Result<Tuned, E>
    where
        M: AsyncFnMut(Candidate, u32) -> Result<Measured, E>,
    {
        let mut candidate = Candidate {
            processes: *self.question.processes.start(),
            threads: *self.question.threads.start(),
            cheaper: None,
            rate: 0.0,
        };
        if self.is_too_slow() {
            return Ok(self.tuned(None, End::TooSlow));
        }
        candidate.rate = self.rate_by_model(candidate).await;
        let (mut holds, mut fails) = (None::<(usize, f64)>, None::<f64>);
        while self.trials.len() < MOST_TRIALS {
            let index = self.attempt(candidate).await?;
            match self.trials[index].verdict {
                Certainty::Meets => holds = Some((index, candidate.rate)),
                _ => fails = Some(candidate.rate),
            }
            candidate.rate = rounded(match (holds, fails) {
                (Some((_, low)), Some(high)) if high / low <= NEAR => break,
                (Some((_, low)), Some(high)) => (low * high).sqrt(),
                (Some((_, low)), None) => low * 1.2,
                (None, Some(high)) => high / 1.3,
                (None, None) => candidate.rate,
            });
            if self.trials.iter().any(|trial| trial.candidate == candidate) {
                break;
            }
        }
        let found = holds.map(|(index, _)| index);
        let end = match found {
            _ if self.is_tired() => End::Tired,
            Some(_) => End::Known,
            None => End::NothingLeft,
        };
        Ok(self.tuned(found, end))
    }

    fn tuned(self, found: Option<usize>, end: End) -> Tuned {
        Tuned {
            calibration: self.calibration,
            trials: self.trials,
            found,
            end,
        }
    }

    /// Whether a request takes too long even without a queue.
    fn is_too_slow(&self) -> bool {
        let alone = self.calibration.demand.alone();
        alone.is_some_and(|alone| !self.allows(&alone))
    }

    fn is_tired(&self) -> bool {
        self.trials.len() >= MOST_TRIALS
    }

    /// Of each number of processes the fewest threads that the model takes to be enough; those that take little memory first.
    /// Where it takes nothing to be enough, the largest that is allowed, for measurements decide. Empty where memory allows
    /// nothing.
    async fn promising(&self, rate: f64) -> Vec<Candidate> {
        let memory = |candidate: &Candidate| self.calibration.memory(candidate);
        let fits = |candidate: &Candidate| {
            self.question
                .memory
                .is_none_or(|limit| memory(candidate) <= limit)
        };
        let candidate = |processes, threads| Candidate {
            processes,
            threads,
            cheaper: None,
            rate,
        };
        let mut promising: Vec<Candidate> = Vec::new();
        for processes in self.question.processes.clone() {
            // Somebody may want to interrupt it.
            yield_now().await;
            let found = self.fewest_threads(|threads| candidate(processes, threads));
            promising.extend(found.filter(fits));
            if promising.len() >= ENOUGH {
                break;
            }
        }
        promising.sort_by(|one, other| memory(one).total_cmp(&memory(other)));
        if promising.is_empty() {
            let all = self.question.processes.clone().rev();
            let mut largest = all.map(|processes| candidate(processes, *self.question.threads.end()));
            promising.extend(largest.find(fits));
        }
        promising
    }

    fn fewest_threads(&self, candidate: impl Fn(u32) -> Candidate) -> Option<Candidate> {
        let (mut low, mut high) = (*self.question.threads.start(), *self.question.threads.end());
        if !self.promises(&candidate(high)) {
            return None;
        }
        while low < high {
            let middle = low.midpoint(high);
            match self.promises(&candidate(middle)) {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        Some(candidate(high))
    }

    /// Tries `start`, and where that is not enough more threads, for as long as they do better.
    async fn upwards<E>(&mut self, start: Candidate) -> Result<Option<usize>, E>
    where
        M: AsyncFnMut(Candidate, u32) -> Result<Measured, E>,
    {
        let most = *self.question.threads.end();
        let mut candidate = start;
        let mut before = f64::INFINITY;
        for _ in 0..5 {
            let index = self.attempt(candidate).await?;
            let trial = &self.trials[index];
            if trial.verdict == Certainty::Meets {
                return Ok(Some(index));
            }
            let now = trial.judged.first().and_then(|judged| judged.found);
            let now = now.map_or(f64::INFINITY, |found| found.mean);
            if candidate.threads >= most || now > before * BETTER || self.is_tired() {
                break;
            }
            before = now;
            candidate.threads = most.min(candidate.threads + (candidate.threads / 3).max(1));
        }
        Ok(None)
    }

    /// A thread less, or a process less where there is one thread: what has to fail, or it were the answer.
    fn below(&self, index: usize) -> Option<Candidate> {
        let candidate = self.trials[index].candidate;
        let fewer_threads = Candidate {
            threads: candidate.threads - 1,
            ..candidate
        };
        let fewer_processes = Candidate {
            processes: candidate.processes - 1,
            ..candidate
        };
        let below = if self.question.threads.contains(&fewer_threads.threads) {
            fewer_threads
        } else if self.question.processes.contains(&fewer_processes.processes) {
            fewer_processes
        } else {
            return None;
        };
        let tried = self.trials.iter().any(|trial| trial.candidate == below);
        (!tried).then_some(below)
    }

    /// The fewest workers that may stay, of the candidate that was found.
    async fn with_cheaper<E>(&mut self, index: usize) -> Result<Option<usize>, E>
    where
        M: AsyncFnMut(Candidate, u32) -> Result<Measured, E>,
    {
        let candidate = self.trials[index].candidate;
        let most = candidate.processes - 1;
        let mut tried = vec![1, most / 2, most];
        tried.retain(|cheaper| *cheaper > 0 && *cheaper <= most);
        tried.dedup();
        for cheaper in tried {
            let candidate = Candidate {
                cheaper: Some(cheaper),
                ..candidate
            };
            let index = self.attempt(candidate).await?;
            if self.trials[index].verdict == Certainty::Meets {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Measures until it is clear, and no longer.
    async fn attempt<E>(&mut self, candidate: Candidate) -> Result<usize, E>
    where
        M: AsyncFnMut(Candidate, u32) -> Result<Measured, E>,
    {
        let mut measured = Vec::new();
        let mut judged = Vec::new();
        for repeat in 0..MOST_REPEATS {
            measured.push((self.measure)(candidate, repeat).await?);
            judged = self.question.objectives.judge(&measured);
            if verdict(&judged) != Certainty::TooClose {
                break;
            }
        }
        self.trials.push(Trial {
            candidate,
            predicted: self.predicted(&candidate),
            measured,
            verdict: verdict(&judged),
            judged,
        });
        Ok(self.trials.len() - 1)
    }

    fn setup(&self, candidate: &Candidate) -> Setup {
        Setup {
            processes: candidate.processes,
            threads: candidate.threads,
            rate: candidate.rate,
            processors: self.question.processors,
        }
    }

    fn predicted(&self, candidate: &Candidate) -> Prediction {
        let figure = self.question.objectives.main().figure();
        let setup = self.setup(candidate);
        let latency = self
            .calibration
            .demand
            .latency(&setup, SIMULATED, self.question.seed);
        let alone = self.calibration.demand.alone();
        match (latency, alone.and_then(|alone| statistic(&alone, figure))) {
            (_, None) => Prediction::Unknown,
            (None, _) => Prediction::FallsBehind,
            (Some(latency), _) => statistic(&latency, figure).map_or(Prediction::Unknown, Prediction::Value),
        }
    }

    /// Whether the model takes all objectives of a time to hold.
    fn promises(&self, candidate: &Candidate) -> bool {
        let setup = self.setup(candidate);
        let latency = self
            .calibration
            .demand
            .latency(&setup, SIMULATED, self.question.seed);
        latency.is_some_and(|latency| self.allows(&latency))
    }

    fn allows(&self, latency: &Histogram<u64>) -> bool {
        let times = self.question.objectives.each().iter();
        times
            .filter(|objective| Known::of(objective.figure()) == Some(Known::Time))
            .filter_map(|objective| Some((objective, statistic(latency, objective.figure())?)))
            .all(|(objective, found)| objective.allows(found))
    }

    /// The highest that the model takes to be possible; half of what the server could answer where it promises none.
    async fn rate_by_model(&self, candidate: Candidate) -> f64 {
        let capacity = self.calibration.demand.capacity(&self.setup(&candidate));
        let (mut low, mut high) = (0.0, capacity);
        for _ in 0..12 {
            yield_now().await;
            let rate = f64::midpoint(low, high);
            match self.promises(&Candidate { rate, ..candidate }) {
                true => low = rate,
                false => high = rate,
            }
        }
        rounded(if low > 0.0 { low } else { capacity / 2.0 })
    }
}

/// To three digits: nobody configures 31.8273 requests a second.
fn rounded(rate: f64) -> f64 {
    let unit = 10_f64.powf(rate.log10().floor() - 2.0);
    // Divided and not multiplied, so that 0.1 stays 0.1.
    let steps = 1.0 / unit;
    (rate * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::ops::RangeInclusive;

    use super::super::model::Demand;
    use super::*;

    /// Requests that wait `waits_ms` and compute `computes_ms`.
    fn calibration(waits_ms: u64, computes_ms: u64) -> Calibration {
        let mut service = Histogram::new(3).unwrap();
        service.record_n((waits_ms + computes_ms) * 1000, 1000).unwrap();
        Calibration {
            demand: Demand::new(&service, Some(computes_ms as f64 * 1e3)).unwrap(),
            process: 12.0,
            thread: 0.2,
        }
    }

    fn question(processes: RangeInclusive<u32>, threads: RangeInclusive<u32>) -> Question {
        Question {
            objectives: "p99<300ms".parse().unwrap(),
            processes,
            threads,
            memory: None,
            cheaper: false,
            processors: 4,
            seed: 1,
        }
    }

    /// A server that behaves as the model of `truth` has it, seen through runs of 600 requests.
    fn measured(truth: &Calibration, candidate: Candidate, repeat: u32) -> Measured {
        let setup = Setup {
            processes: candidate.processes,
            threads: candidate.threads,
            rate: candidate.rate,
            processors: 4,
        };
        let latency = truth.demand.latency(&setup, 600, 100 + u64::from(repeat));
        let mut one = Measured::example();
        // What is not answered in 15 s waits on.
        let behind = 1.0 - truth.demand.capacity(&setup) / candidate.rate;
        let waits = 1e6 + 15e6 * behind + f64::from(repeat);
        let p99 = latency.map_or(waits, |latency| latency.value_at_percentile(99.0) as f64);
        one.figures = [
            ("p99".to_owned(), p99),
            ("error_share".to_owned(), 0.0),
            ("max(rss_mb)".to_owned(), truth.memory(&candidate)),
        ]
        .into();
        one
    }

    fn cheapest(question: &Question, believed: Calibration, truth: &Calibration, rate: f64) -> Tuned {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let measure = async |candidate, repeat| Ok::<_, Infallible>(measured(truth, candidate, repeat));
        let Ok(tuned) = runtime.block_on(Search::new(question, believed, measure).cheapest(rate));
        tuned
    }

    fn answer(tuned: &Tuned) -> Option<String> {
        Some(tuned.trials[tuned.found?].candidate.to_string())
    }

    #[test]
    fn requests_that_wait_are_answered_cheapest_by_threads_of_one_process() {
        let app = calibration(100, 0);
        let tuned = cheapest(&question(1..=8, 1..=16), app.clone(), &app, 40.0);
        assert_eq!(answer(&tuned).as_deref(), Some("processes=1 threads=6"));
        let fewer = tuned.trials.iter().find(|trial| trial.candidate.threads == 5);
        assert!(fewer.is_some_and(|trial| trial.verdict != Certainty::Meets));
    }

    #[test]
    fn requests_that_compute_take_processes() {
        let app = calibration(0, 50);
        let tuned = cheapest(&question(1..=8, 1..=8), app.clone(), &app, 40.0);
        let found = &tuned.trials[tuned.found.unwrap()].candidate;
        assert!(
            found.processes >= 3,
            "{found}: each interpreter answers 20 a second"
        );
    }

    #[test]
    fn without_threads_processes_are_counted_up_and_the_one_below_fails() {
        let app = calibration(100, 0);
        let tuned = cheapest(&question(1..=16, 1..=1), app.clone(), &app, 40.0);
        assert_eq!(answer(&tuned).as_deref(), Some("processes=6 threads=1"));
        let fewer = tuned.trials.iter().find(|trial| trial.candidate.processes == 5);
        assert!(fewer.is_some_and(|trial| trial.verdict != Certainty::Meets));
    }

    #[test]
    fn measurements_win_over_the_model() {
        // The app is slower than it was when it was calibrated.
        let tuned = cheapest(
            &question(1..=1, 1..=16),
            calibration(60, 0),
            &calibration(100, 0),
            40.0,
        );
        assert_eq!(answer(&tuned).as_deref(), Some("processes=1 threads=6"));
        let first = &tuned.trials[0];
        assert!(first.candidate.threads < 6 && first.verdict == Certainty::Fails);
    }

    #[test]
    fn what_takes_too_much_memory_is_no_answer() {
        let app = calibration(0, 50);
        let question = Question {
            memory: Some(30.0),
            ..question(1..=8, 1..=8)
        };
        let tuned = cheapest(&question, app.clone(), &app, 40.0);
        assert_eq!(
            (answer(&tuned), tuned.end),
            (None, End::NothingLeft),
            "two processes are the most, and not enough"
        );
        let most = tuned.trials.iter().map(|trial| trial.candidate.processes).max();
        assert_eq!(most, Some(2));
        let nothing = Question {
            memory: Some(3.0),
            ..question
        };
        let tuned = cheapest(&nothing, app.clone(), &app, 40.0);
        assert_eq!((tuned.trials.len(), tuned.end), (0, End::TooLarge));
    }

    #[test]
    fn what_is_too_slow_alone_is_not_measured_and_what_the_model_doubts_is() {
        let slow = calibration(400, 0);
        let tuned = cheapest(&question(1..=4, 1..=4), slow.clone(), &slow, 5.0);
        assert_eq!((tuned.trials.len(), tuned.end), (0, End::TooSlow));
        let (doubted, truth) = (calibration(290, 0), calibration(100, 0));
        let tuned = cheapest(&question(1..=1, 1..=8), doubted, &truth, 40.0);
        assert!(answer(&tuned).is_some(), "measurements decide");
    }

    #[test]
    fn more_threads_are_not_tried_where_they_do_no_better() {
        let computes = calibration(0, 90);
        let tuned = cheapest(&question(1..=1, 1..=16), calibration(90, 0), &computes, 20.0);
        assert_eq!(answer(&tuned), None);
        assert!(tuned.trials.len() <= 3, "{}", tuned.trials.len());
    }

    #[test]
    fn workers_that_may_be_stopped_are_tried_where_that_is_asked_for() {
        let app = calibration(100, 0);
        let question = Question {
            cheaper: true,
            ..question(1..=16, 1..=1)
        };
        let tuned = cheapest(&question, app.clone(), &app, 40.0);
        assert_eq!(answer(&tuned).as_deref(), Some("processes=6 threads=1 cheaper=1"));
    }

    #[test]
    fn the_highest_rate_is_found_from_above_and_from_below() {
        let truth = calibration(100, 0);
        for believed in [calibration(100, 0), calibration(50, 0), calibration(200, 0)] {
            let question = question(4..=4, 2..=2);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let measure = async |candidate, repeat| Ok::<_, Infallible>(measured(&truth, candidate, repeat));
            let Ok(tuned) = runtime.block_on(Search::new(&question, believed, measure).highest_rate());
            let rate = tuned.trials[tuned.found.unwrap()].candidate.rate;
            assert!(
                (55.0..78.0).contains(&rate),
                "8 cores answer 80 a second at most: {rate}"
            );
        }
    }

    #[test]
    fn rates_have_three_digits() {
        for (rate, expected) in [(31.827, 31.8), (1234.5, 1230.0), (0.012_345, 0.0123)] {
            assert!(
                (rounded(rate) - expected).abs() < 1e-9,
                "{rate}: {}",
                rounded(rate)
            );
        }
    }
}
