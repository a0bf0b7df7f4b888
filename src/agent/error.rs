//! Why a lab's running part could not start, or could not be reached.

use thiserror::Error;

use crate::influx::{EndpointError, InfluxError};
use crate::load::LoadError;
use crate::state::StateError;

#[derive(Debug, Error)]
pub(crate) enum AgentError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error("`{address}` is no stats server")]
    Address {
        address: String,
        source: crate::uwsgi::AddressError,
    },
    #[error("`{url}` is no InfluxDB")]
    Influx { url: String, source: EndpointError },
    #[error("make a client of InfluxDB")]
    InfluxClient(#[source] InfluxError),
    #[error("`{url}` cannot be loaded")]
    Target {
        url: String,
        source: crate::load::TargetError,
    },
    #[error("start the load")]
    Load(#[from] LoadError),
    #[error("cannot serve metrics on port {port} of 127.0.0.1")]
    Metrics { port: u16, source: std::io::Error },
    #[error("make a client of Grafana")]
    GrafanaClient(#[source] crate::provision::ProvisionError),
    #[error("open the control endpoint")]
    Control(#[source] std::io::Error),
    #[error("the process that runs the lab (pid {pid}) does not answer")]
    Silent { pid: u32, source: reqwest::Error },
}
