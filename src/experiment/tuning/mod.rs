//! Tuning: which configuration meets an objective at the least cost, or what rate one sustains. A model says where to look,
//! measurements decide. Prints nothing, starts nothing.

mod model;
mod objective;
mod search;
mod trial;

pub(crate) use model::Demand;
pub(crate) use objective::{Certainty, Judged, Objectives};
pub(crate) use search::Search;
pub(crate) use trial::{Calibration, Candidate, End, Prediction, Question, Trial, Tuned};
