//! The running lab: collector, load generator and the control endpoint by which other commands reach them.
//! Runs no services; prints nothing.

mod annotator;
mod client;
mod control;
mod error;
mod gauges;
mod metrics;
mod pressure;
mod running;
mod settings;
mod status;
#[cfg(test)]
mod written;

pub(crate) use client::{ask_status, ask_stop};
pub(crate) use error::AgentError;
pub(crate) use metrics::MetricsStatus;
pub(crate) use running::{Agent, Ending, Mode};
pub(crate) use settings::{
    AgentSettings, GrafanaSettings, InfluxSettings, LoadSettings, MetricsSettings, WatchSettings,
};
pub(crate) use status::{LoadErrors, LoadStatus, Status, TargetStatus, WriterStatus};
