//! Runs that anyone can repeat: scenarios, what they came to, and what was expected of them. Prints nothing and starts no
//! services: it is given the endpoints of a lab.

mod comparison;
mod conduct;
mod demos;
mod expectation;
mod figures;
mod finding;
mod manifest;
mod outcome;
mod scenario;
mod stored;

pub(crate) use comparison::{Compared, compare};
pub(crate) use conduct::{News, Stage, conduct};
pub(crate) use demos::{DEMOS, Demo};
pub(crate) use figures::{Figures, Sample};
pub(crate) use manifest::{AppRecord, Machine, Manifest};
pub(crate) use outcome::{Outcome, PhaseOutcome};
pub(crate) use scenario::{Deed, Scenario};
pub(crate) use stored::StoredPoints;
