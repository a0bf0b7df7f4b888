//! What a tuning asks, what it tries, and what it comes to. Plain data.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Serialize;

use crate::experiment::measured::Measured;

use super::model::Demand;
use super::objective::{Certainty, Judged, Objectives};

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) objectives: Objectives,
    pub(crate) processes: RangeInclusive<u32>,
    pub(crate) threads: RangeInclusive<u32>,
    /// MB of 10^6 bytes, all workers together.
    pub(crate) memory: Option<f64>,
    /// Whether workers may be stopped while they are not needed.
    pub(crate) cheaper: bool,
    /// Of the machine.
    pub(crate) processors: usize,
    pub(crate) seed: u64,
}

/// Something that can be measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) processes: u32,
    pub(crate) threads: u32,
    /// Workers that stay where few are needed.
    pub(crate) cheaper: Option<u32>,
    /// Requests a second.
    pub(crate) rate: f64,
}

impl fmt::Display for Candidate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "processes={} threads={}", self.processes, self.threads)?;
        match self.cheaper {
            Some(cheaper) => write!(formatter, " cheaper={cheaper}"),
            None => Ok(()),
        }
    }
}

/// What one request takes and what a server takes up, as measured before anything is tried.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Calibration {
    pub(crate) demand: Demand,
    /// MB of a process with one thread, and of each thread more.
    pub(crate) process: f64,
    pub(crate) thread: f64,
}

impl Calibration {
    /// MB of all workers.
    pub(super) fn memory(&self, candidate: &Candidate) -> f64 {
        let threads = f64::from(candidate.threads.saturating_sub(1));
        f64::from(candidate.processes) * (self.process + threads * self.thread)
    }
}

/// A candidate that was measured.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) candidate: Candidate,
    pub(crate) predicted: Prediction,
    pub(crate) measured: Vec<Measured>,
    pub(crate) judged: Vec<Judged>,
    pub(crate) verdict: Certainty,
}

/// What the model says of the figure of the first objective.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Prediction {
    /// In µs.
    Value(f64),
    /// The queue would grow for ever.
    FallsBehind,
    /// It knows nothing of the figure.
    Unknown,
}

/// Why no more was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// What is next to the answer was tried too.
    Known,
    /// A request alone takes longer than is wanted.
    TooSlow,
    /// All that might do takes too much memory.
    TooLarge,
    /// All that is allowed was tried, or what lies further does no better.
    NothingLeft,
    /// As much was tried as is tried at most.
    Tired,
}

/// All that was tried, in order, and which of them is the answer.
#[derive(Debug)]
pub(crate) struct Tuned {
    pub(crate) calibration: Calibration,
    pub(crate) trials: Vec<Trial>,
    pub(crate) found: Option<usize>,
    pub(crate) end: End,
}
