//! Runs that anyone can repeat: scenarios, what they came to, and what was expected of them. Prints nothing and starts no
//! services: it is given the endpoints of a lab.

mod comparison;
mod conduct;
mod demos;
mod expectation;
mod figures;
mod finding;
mod findings;
mod manifest;
mod matrix;
mod measured;
mod outcome;
mod scenario;
mod statistics;
mod stored;
mod tuning;

pub(crate) use comparison::{Compared, compare};
pub(crate) use conduct::{News, Stage, conduct};
pub(crate) use demos::{DEMOS, Demo};
pub(crate) use figures::{Figures, Known, Sample};
pub(crate) use findings::{Cell, Contest, Fault, Gap, Verdict, cells, contests};
pub(crate) use manifest::{AppRecord, Machine, Manifest};
pub(crate) use matrix::{Case, Experiment, measurement};
pub(crate) use measured::{Label, Measured, PROCESSOR};
pub(crate) use outcome::{Outcome, PhaseOutcome};
pub(crate) use scenario::{App, Deed, Phase, Scenario, Server};
pub(crate) use statistics::Estimate;
pub(crate) use stored::StoredPoints;
pub(crate) use tuning::{
    Calibration, Candidate, Certainty, Demand, End, Judged, Objectives, Prediction, Question, Search, Trial,
    Tuned,
};
