//! An experiment: settings of uWSGI × loads, each combination several times. Read from YAML and checked as a whole before
//! anything starts; starts nothing.

mod reader;

use std::path::Path;
use std::time::Duration;

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use super::figures::is_better_high;
use super::scenario::{App, Phase, PhaseLoad, Scenario, ScenarioError, Server};

/// An experiment that can be run.
#[derive(Debug, Clone)]
pub(crate) struct Experiment {
    pub(crate) title: String,
    pub(crate) question: String,
    pub(crate) seed: u64,
    /// The built-in one where it is None.
    pub(crate) app: Option<App>,
    pub(crate) variants: Vec<Variant>,
    /// Phases of the same length, each with a load.
    pub(crate) loads: Vec<Phase>,
    /// How often each combination is measured.
    pub(crate) repeat: u32,
    pub(crate) warm_up: Duration,
    pub(crate) cool_down: Duration,
    /// The figure by which a variant is better than another; by default p99, or the rate where the load is a closed loop.
    judge: Option<String>,
}

/// One way to set uWSGI up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variant {
    /// What sets it apart, as in `processes=4 threads=1`.
    pub(crate) name: String,
    pub(crate) server: Server,
}

/// One measurement: a variant under a load, for the n-th time. Indices count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Case {
    pub(crate) repeat: u32,
    pub(crate) variant: usize,
    pub(crate) load: usize,
}

/// The name of the phase that counts.
pub(crate) const MEASURED: &str = "measured";

impl Experiment {
    /// `directory` is that of its file, from which its paths lead on.
    ///
    /// # Errors
    /// What is wrong first, with its line and column.
    pub(crate) fn parse(source: &str, directory: &Path) -> Result<Self, ScenarioError> {
        reader::read(source, directory)
    }

    /// All measurements in the order in which they are made. Each repetition has every combination once, in an order of its
    /// own, so that a machine that gets slower does so for all. The same seed gives the same order.
    pub(crate) fn cases(&self) -> Vec<Case> {
        let mut random = SplitMix64::seed_from_u64(self.seed);
        let mut cases = Vec::new();
        for repeat in 0..self.repeat {
            let mut block: Vec<Case> = (0..self.variants.len())
                .flat_map(|variant| {
                    (0..self.loads.len()).map(move |load| Case {
                        repeat,
                        variant,
                        load,
                    })
                })
                .collect();
            shuffle(&mut block, &mut random);
            cases.append(&mut block);
        }
        cases
    }

    /// How long a measurement takes, the start of the server left out.
    pub(crate) fn length_of(&self, case: Case) -> Duration {
        self.warm_up + self.loads[case.load].duration + self.cool_down
    }

    /// What is played for it. All variants get the same requests at the same times, each repetition others where arrivals are
    /// random.
    pub(crate) fn scenario(&self, case: Case) -> Scenario {
        let seed = self.seed.wrapping_add(u64::from(case.repeat));
        measurement(
            &self.title,
            seed,
            &self.variants[case.variant].server,
            &self.loads[case.load],
            (self.warm_up, self.cool_down),
        )
    }

    /// The figure by which variants are judged under a load.
    pub(crate) fn judge(&self, load: usize) -> Judge {
        let closed = self.loads[load].load.as_ref().is_some_and(PhaseLoad::is_closed);
        let name = match &self.judge {
            Some(name) => name.clone(),
            None if closed => "rate".to_owned(),
            None => "p99".to_owned(),
        };
        Judge {
            higher_is_better: is_better_high(&name),
            name,
        }
    }
}

/// A figure and its better end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judge {
    pub(crate) name: String,
    pub(crate) higher_is_better: bool,
}

/// A scenario that measures one load on one server: what leads in does not count, and what leads out lets it come to rest.
pub(crate) fn measurement(
    title: &str,
    seed: u64,
    server: &Server,
    load: &Phase,
    (warm_up, cool_down): (Duration, Duration),
) -> Scenario {
    let mut measured = load.clone().seeded(seed);
    measured.name = MEASURED.to_owned();
    if let Some(load) = &mut measured.load {
        load.warm_up = warm_up;
    }
    let mut phases = vec![measured];
    if !cool_down.is_zero() {
        phases.push(Phase::pause("cool-down", cool_down));
    }
    Scenario::of_phases(title, seed, server.clone(), phases)
}

/// Fisher and Yates.
fn shuffle<T>(items: &mut [T], random: &mut SplitMix64) {
    for last in (1..items.len()).rev() {
        // Of 64 bits the remainder favours nobody that could be seen.
        let other = usize::try_from(random.next_u64() % (last as u64 + 1)).unwrap_or(0);
        items.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Rate;

    pub(super) const EXPERIMENT: &str = "\
title: Processes or threads
question: Which of them answer sooner?
seed: 3
repeat: 4
warm-up: 2s
duration: 10s
cool-down: 1s
uwsgi: {options: {lazy-apps: true}}
vary:
  processes: [1, 4]
  threads: [1, 2]
  max-requests: [0, 500]
cases:
- {name: as it is, uwsgi: {processes: 3}}
loads:
- {name: calm, rate: 16}
- name: random
  rate: 30
  arrivals: poisson
  duration: 5s
  requests: [{path: /?sleep=0.1}]
";

    #[test]
    fn settings_are_combined_in_the_order_in_which_they_were_typed() {
        let experiment = Experiment::parse(EXPERIMENT, Path::new("")).unwrap();
        let names: Vec<_> = experiment
            .variants
            .iter()
            .map(|variant| variant.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "processes=1 threads=1 max-requests=0",
                "processes=1 threads=1 max-requests=500",
                "processes=1 threads=2 max-requests=0",
                "processes=1 threads=2 max-requests=500",
                "processes=4 threads=1 max-requests=0",
                "processes=4 threads=1 max-requests=500",
                "processes=4 threads=2 max-requests=0",
                "processes=4 threads=2 max-requests=500",
                "as it is",
            ]
        );
        let server = &experiment.variants[3].server;
        assert_eq!((server.processes, server.threads), (Some(1), Some(2)));
        let options = server.options();
        let typed = [("lazy-apps", "true"), ("max-requests", "500")];
        assert_eq!(
            options,
            typed.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
        assert_eq!(experiment.variants[8].server.processes, Some(3));
        assert_eq!(experiment.loads[1].duration, Duration::from_secs(5));
    }

    #[test]
    fn each_repetition_has_every_case_once_in_an_order_of_its_own() {
        let experiment = Experiment::parse(EXPERIMENT, Path::new("")).unwrap();
        let cases = experiment.cases();
        assert_eq!(cases.len(), 4 * 9 * 2);
        let blocks: Vec<Vec<(usize, usize)>> = cases
            .chunks(18)
            .map(|block| block.iter().map(|case| (case.variant, case.load)).collect())
            .collect();
        for (index, block) in blocks.iter().enumerate() {
            let mut sorted = block.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), 18, "repetition {index}");
            assert_ne!(*block, sorted, "shuffled");
        }
        assert_ne!(blocks[0], blocks[1]);
        assert_eq!(
            cases,
            Experiment::parse(EXPERIMENT, Path::new("")).unwrap().cases()
        );
        let other = EXPERIMENT.replace("seed: 3", "seed: 4");
        assert_ne!(cases, Experiment::parse(&other, Path::new("")).unwrap().cases());
    }

    #[test]
    fn all_variants_of_a_repetition_get_the_same_requests_and_the_next_gets_others() {
        let experiment = Experiment::parse(EXPERIMENT, Path::new("")).unwrap();
        let times = |variant, repeat| {
            let case = Case {
                repeat,
                variant,
                load: 1,
            };
            let scenario = experiment.scenario(case);
            assert_eq!(scenario.duration(), Duration::from_secs(6));
            let Some(Rate::Open(plan)) = scenario.phases[0].rate() else {
                panic!()
            };
            (0..50).map(|nth| plan.end_of(nth).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(times(0, 0), times(8, 0));
        assert_ne!(times(0, 0), times(0, 1));
    }

    #[test]
    fn a_closed_loop_is_judged_by_its_rate() {
        let closed = EXPERIMENT.replace("rate: 16", "rate: max, connections: 8");
        let experiment = Experiment::parse(&closed, Path::new("")).unwrap();
        let judges = [experiment.judge(0), experiment.judge(1)];
        assert_eq!(
            judges.map(|judge| (judge.name, judge.higher_is_better)),
            [("rate".to_owned(), true), ("p99".to_owned(), false)]
        );
    }
}
