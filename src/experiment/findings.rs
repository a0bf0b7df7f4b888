//! What the measurements of an experiment say: means with intervals, and which variants are better by more than chance; reads
//! no files.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::matrix::{Experiment, Judge};
use super::measured::Measured;
use super::statistics::Estimate;

/// Of all intervals of one table together.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// Figures by which those are judged that fail.
const ERRORS: [&str; 3] = ["error_share", "errors", "non_2xx"];

/// All measurements of one variant under one load.
#[derive(Debug)]
pub(crate) struct Cell<'a> {
    pub(crate) variant: usize,
    pub(crate) load: usize,
    pub(crate) measured: Vec<&'a Measured>,
}

/// The variants under one load, held against the best of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contest {
    pub(crate) load: usize,
    pub(crate) judge: Judge,
    pub(crate) best: usize,
    /// Those that have no part in it.
    pub(crate) failing: Vec<(usize, Fault)>,
    /// All others that have the figure, in the experiment's order.
    pub(crate) others: Vec<Against>,
    /// Which takes the least memory of those that do not differ from the best by more than chance.
    pub(crate) cheapest: usize,
}

/// Why a variant is not held against others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// So many of a hundred requests came to nothing.
    Errors(f64),
    /// The rate was more than it could answer.
    FallsBehind,
    /// Nothing to judge by was seen in each repetition.
    Silent,
}

/// A variant held against the best.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Against {
    pub(crate) variant: usize,
    pub(crate) gap: Gap,
    pub(crate) verdict: Verdict,
}

/// How far a variant is from the best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Gap {
    /// So many times the best's figure.
    Factor(Estimate),
    /// So much more than the best's figure, which may be 0.
    Difference(Estimate),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Worse than the best by more than chance.
    Worse,
    /// No difference that shows.
    Alike,
    /// Measured too seldom to tell.
    Unknown,
}

impl Cell<'_> {
    /// The mean of a figure; nothing where no measurement has it.
    pub(crate) fn estimate(&self, figure: &str) -> Option<Estimate> {
        Estimate::of(&self.values(figure), CONFIDENCE)
    }

    /// Of all measurements together; nothing where there is none.
    pub(crate) fn latency(&self) -> Option<Histogram<u64>> {
        pooled(self.measured.iter().map(|one| &one.latency))
    }

    /// The same from the actual start of each request.
    pub(crate) fn service(&self) -> Option<Histogram<u64>> {
        pooled(self.measured.iter().map(|one| &one.service))
    }

    /// One for each measurement that has it.
    pub(crate) fn values(&self, figure: &str) -> Vec<f64> {
        self.measured.iter().filter_map(|one| one.get(figure)).collect()
    }

    fn fault(&self, judge: &str) -> Option<Fault> {
        const MANY_PERCENT: f64 = 1.0;
        let mean = |figure| self.estimate(figure).map_or(0.0, |estimate| estimate.mean);
        let errors = mean("error_share");
        if self.values(judge).len() < self.measured.len() {
            return Some(Fault::Silent);
        }
        if ERRORS.contains(&judge) {
            return None;
        }
        // In at least half of the repetitions. What still waits at the end counts as an error too, so this comes first.
        if mean("overloaded") >= 0.5 {
            return Some(Fault::FallsBehind);
        }
        (errors > MANY_PERCENT).then_some(Fault::Errors(errors))
    }

    fn by_repeat(&self, figure: &str) -> BTreeMap<u32, f64> {
        let values = self.measured.iter();
        values
            .filter_map(|one| Some((one.repeat, one.get(figure)?)))
            .collect()
    }
}

fn pooled<'a>(histograms: impl Iterator<Item = &'a Histogram<u64>>) -> Option<Histogram<u64>> {
    histograms.cloned().reduce(|mut all, one| {
        // They grow as they must.
        all.add(one).ok();
        all
    })
}

/// What has been measured of each combination, in the experiment's order; combinations of which nothing has are left out.
pub(crate) fn cells<'a>(experiment: &Experiment, measured: &'a [Measured]) -> Vec<Cell<'a>> {
    let mut cells = Vec::new();
    for (load, phase) in experiment.loads.iter().enumerate() {
        for (variant, set_up) in experiment.variants.iter().enumerate() {
            let of_it = measured
                .iter()
                .filter(|one| one.variant == set_up.name && one.load == phase.name);
            let measured: Vec<_> = of_it.collect();
            if !measured.is_empty() {
                cells.push(Cell {
                    variant,
                    load,
                    measured,
                });
            }
        }
    }
    cells
}

/// One for each load of which something was measured by which to judge.
pub(crate) fn contests(experiment: &Experiment, cells: &[Cell<'_>]) -> Vec<Contest> {
    let loads = 0..experiment.loads.len();
    loads
        .filter_map(|load| {
            let of_load: Vec<_> = cells.iter().filter(|cell| cell.load == load).collect();
            contest(load, experiment.judge(load), &of_load)
        })
        .collect()
}

/// Comparisons with the best (Hsu, The Annals of Statistics 12, 1984), with Bonferroni's bound for as many as there are. A
/// repetition's measurements are pairs: they were made beside each other with the same requests.
fn contest(load: usize, judge: Judge, cells: &[&Cell<'_>]) -> Option<Contest> {
    let faults = cells
        .iter()
        .filter_map(|cell| Some((cell.variant, cell.fault(&judge.name)?)));
    let mut failing: Vec<(usize, Fault)> = faults.collect();
    if failing.len() == cells.len() {
        failing.clear();
    }
    let cells: Vec<_> = cells
        .iter()
        .copied()
        .filter(|cell| !failing.iter().any(|(variant, _)| *variant == cell.variant))
        .collect();
    let known: Vec<(&&Cell<'_>, f64)> = cells
        .iter()
        .filter_map(|cell| Some((cell, cell.estimate(&judge.name)?.mean)))
        .collect();
    let better = |one: f64, other: f64| match judge.higher_is_better {
        true => one > other,
        false => one < other,
    };
    let (best, _) = known
        .iter()
        .reduce(|best, one| if better(one.1, best.1) { one } else { best })?;
    let others: Vec<_> = known
        .iter()
        .filter(|(cell, _)| cell.variant != best.variant)
        .collect();
    let confidence = 1.0 - (1.0 - CONFIDENCE) / (others.len().max(1) as f64);
    let others = others.iter().filter_map(|(cell, _)| {
        let gap = gap(
            &best.by_repeat(&judge.name),
            &cell.by_repeat(&judge.name),
            confidence,
        )?;
        Some(Against {
            variant: cell.variant,
            gap,
            verdict: gap.verdict(&judge),
        })
    });
    let others: Vec<Against> = others.collect();
    let memory = |variant: usize| {
        let cell = cells.iter().find(|cell| cell.variant == variant)?;
        Some(cell.estimate("max(rss_mb)")?.mean)
    };
    let alike = others.iter().filter(|other| other.verdict == Verdict::Alike);
    let candidates = alike.map(|other| other.variant);
    let cheapest = candidates
        .filter(|variant| {
            let (one, of_best) = (memory(*variant), memory(best.variant));
            one.zip(of_best).is_some_and(|(one, of_best)| one < of_best)
        })
        .min_by(|one, other| {
            memory(*one)
                .unwrap_or(f64::MAX)
                .total_cmp(&memory(*other).unwrap_or(f64::MAX))
        })
        .unwrap_or(best.variant);
    Some(Contest {
        load,
        judge,
        best: best.variant,
        failing,
        others,
        cheapest,
    })
}

/// Of the repetitions that both have; nothing where there is none.
fn gap(best: &BTreeMap<u32, f64>, other: &BTreeMap<u32, f64>, confidence: f64) -> Option<Gap> {
    let pairs: Vec<(f64, f64)> = best
        .iter()
        .filter_map(|(repeat, value)| Some((*value, *other.get(repeat)?)))
        .collect();
    if pairs.iter().all(|(one, two)| *one > 0.0 && *two > 0.0) {
        let factors: Vec<f64> = pairs.iter().map(|(one, two)| two / one).collect();
        return Estimate::of_factors(&factors, confidence).map(Gap::Factor);
    }
    let (first, second): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    Estimate::of_pairs(&first, &second, confidence).map(Gap::Difference)
}

impl Gap {
    fn verdict(&self, judge: &Judge) -> Verdict {
        let (estimate, none) = match self {
            Self::Factor(estimate) => (estimate, 1.0),
            Self::Difference(estimate) => (estimate, 0.0),
        };
        let (Some(low), Some(high)) = (estimate.low, estimate.high) else {
            return Verdict::Unknown;
        };
        let worse = match judge.higher_is_better {
            true => high < none,
            false => low > none,
        };
        if worse { Verdict::Worse } else { Verdict::Alike }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(variant: &str, repeat: u32, p99: f64, memory: f64) -> Measured {
        let figures = [("p99", p99), ("max(rss_mb)", memory)];
        Measured {
            variant: variant.to_owned(),
            load: "calm".to_owned(),
            repeat,
            figures: figures.map(|(name, value)| (name.to_owned(), value)).into(),
            ..Measured::example()
        }
    }

    fn experiment() -> Experiment {
        let source = "title: t\nvary: {processes: [1, 2, 4]}\nloads: [{name: calm, rate: 1}, {name: other, rate: 2}]\n";
        Experiment::parse(source, std::path::Path::new("")).unwrap()
    }

    /// `values[variant][repeat]` of p99.
    fn contest_of(values: [&[f64]; 3]) -> Contest {
        let names = ["processes=1", "processes=2", "processes=4"];
        let mut all = Vec::new();
        for (index, name) in names.iter().enumerate() {
            for (repeat, p99) in (0_u32..).zip(values[index]) {
                all.push(measured(name, repeat, *p99, 10.0 * (index as f64 + 1.0)));
            }
        }
        let experiment = experiment();
        let cells = cells(&experiment, &all);
        let mut contests = contests(&experiment, &cells);
        assert_eq!(contests.len(), 1, "of the other load nothing was measured");
        contests.remove(0)
    }

    #[test]
    fn who_is_worse_by_more_than_chance_is_told_from_who_is_not() {
        let contest = contest_of([
            &[500.0, 520.0, 480.0, 510.0],
            &[101.0, 99.0, 102.0, 100.0],
            &[100.0, 101.0, 99.0, 100.5],
        ]);
        assert_eq!(contest.best, 2);
        let verdicts: Vec<_> = contest
            .others
            .iter()
            .map(|other| (other.variant, other.verdict))
            .collect();
        assert_eq!(verdicts, [(0, Verdict::Worse), (1, Verdict::Alike)]);
        assert_eq!(contest.cheapest, 1, "as good as the best, and smaller");
        let Gap::Factor(factor) = contest.others[0].gap else {
            panic!()
        };
        assert!((factor.mean - 5.0).abs() < 0.1, "{factor:?}");
    }

    #[test]
    fn who_fails_fast_is_not_the_best() {
        let experiment = experiment();
        let mut all = Vec::new();
        for repeat in 0..3 {
            let mut failing = measured("processes=1", repeat, 10.0, 1.0);
            failing.figures.insert("error_share".to_owned(), 100.0);
            all.extend([
                failing,
                measured("processes=2", repeat, 100.0 + f64::from(repeat), 1.0),
                measured("processes=4", repeat, 300.0, 1.0),
            ]);
        }
        let contest = contests(&experiment, &cells(&experiment, &all)).remove(0);
        assert_eq!(
            (contest.best, contest.failing),
            (1, vec![(0, Fault::Errors(100.0))])
        );
    }

    #[test]
    fn what_was_measured_once_tells_no_difference() {
        let contest = contest_of([&[500.0], &[100.0], &[101.0]]);
        let verdicts: Vec<_> = contest.others.iter().map(|other| other.verdict).collect();
        assert_eq!((contest.best, verdicts), (1, vec![Verdict::Unknown; 2]));
        assert_eq!(contest.cheapest, 1);
    }

    #[test]
    fn a_drift_that_hits_all_alike_hides_no_difference() {
        let contest = contest_of([
            &[110.0, 220.0, 330.0, 441.0],
            &[130.0, 260.0, 391.0, 520.0],
            &[100.0, 200.0, 300.0, 400.0],
        ]);
        let verdicts: Vec<_> = contest.others.iter().map(|other| other.verdict).collect();
        assert_eq!((contest.best, verdicts), (2, vec![Verdict::Worse; 2]));
    }

    #[test]
    fn figures_that_are_0_are_held_against_each_other_by_their_difference() {
        let judge = Judge {
            name: "errors".to_owned(),
            higher_is_better: false,
        };
        let map = |values: [f64; 3]| (0..).zip(values).collect::<BTreeMap<u32, f64>>();
        let same = gap(&map([0.0; 3]), &map([0.0; 3]), 0.95).unwrap();
        assert_eq!(same.verdict(&judge), Verdict::Alike);
        let more = gap(&map([0.0; 3]), &map([10.0, 11.0, 10.0]), 0.95).unwrap();
        assert!(matches!(more, Gap::Difference(_)));
        assert_eq!(more.verdict(&judge), Verdict::Worse);
    }
}
