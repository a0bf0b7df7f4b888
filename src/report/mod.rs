//! Data to text: every number format of the tool lives here; prints nothing itself.

pub(crate) mod bundle;
mod chart;
pub(crate) mod command;
pub(crate) mod comparison;
mod curves;
pub(crate) mod dashboards;
pub(crate) mod experiment;
mod figure;
mod intervals;
pub(crate) mod lab;
pub(crate) mod load;
mod made;
pub(crate) mod number;
mod page;
pub(crate) mod run;
pub(crate) mod tuning;
