//! What a run of a scenario came to; judges its expectations.

use std::time::Duration;

use crate::collector::Happened;
use crate::load::{Second, Summary};

use super::expectation::{Expectation, Met};
use super::figures::{Figures, Sample};
use super::scenario::Scenario;

/// Everything that was seen.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// In the order in which they ran; those after an interruption are missing.
    pub(crate) phases: Vec<PhaseOutcome>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) events: Vec<Happened>,
    /// Actions that could not be done, in words.
    pub(crate) failed_actions: Vec<String>,
    /// Milliseconds since the Unix epoch.
    pub(crate) began_ms: i64,
    pub(crate) interrupted: bool,
    /// None where the server told none.
    pub(crate) uwsgi_version: Option<String>,
}

#[derive(Debug)]
pub(crate) struct PhaseOutcome {
    pub(crate) name: String,
    /// Since the run began.
    pub(crate) begin: Duration,
    pub(crate) end: Duration,
    /// None for a pause.
    pub(crate) summary: Option<Summary>,
    pub(crate) seconds: Vec<(Duration, Second)>,
}

impl Outcome {
    /// Figures of one phase; those of the whole run without one.
    pub(crate) fn figures(&self, phase: Option<&str>) -> Figures {
        let phases: Vec<&PhaseOutcome> = self
            .phases
            .iter()
            .filter(|one| phase.is_none_or(|name| one.name == name))
            .collect();
        let begin = phases.first().map_or(Duration::ZERO, |phase| phase.begin);
        let end = phases.last().map_or(Duration::ZERO, |phase| phase.end);
        let loads: Vec<&Summary> = phases.iter().filter_map(|phase| phase.summary.as_ref()).collect();
        let first = self.samples.partition_point(|sample| sample.at < begin);
        let last = self.samples.partition_point(|sample| sample.at <= end);
        // Counting begins with the last sample before the span. What the end of the last phase did is in the samples after it.
        let is_last = self.phases.last().is_some_and(|phase| phase.end <= end);
        let counted_to = if is_last { self.samples.len() } else { last };
        let of = |from: usize, to: usize| self.samples.get(from..to).unwrap_or_default();
        Figures::new(of(first, last), of(first.saturating_sub(1), counted_to), &loads)
    }

    /// Requests that the server counted, from the first look at it to the last.
    pub(crate) fn requests(&self) -> Option<f64> {
        Figures::new(&[], &self.samples, &[]).get("requests")
    }

    /// What became of each expectation, in the scenario's order.
    pub(crate) fn judge<'a>(&self, scenario: &'a Scenario) -> Vec<(&'a Expectation, Met)> {
        let expectations = scenario.expectations.iter();
        let judged = expectations.map(|expectation| {
            let figures = self.figures(expectation.phase.as_deref());
            (expectation, expectation.judge(&figures))
        });
        judged.collect()
    }
}
