//! What a running lab is told to do. Kept beside it, so that a later `up` can tell whether anything changed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Serialisable, and without passwords.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AgentSettings {
    /// The stats servers to scrape; none where the lab has no uWSGI.
    pub(crate) watch: Vec<WatchSettings>,
    pub(crate) interval: Duration,
    pub(crate) influxdb: InfluxSettings,
    pub(crate) load: Option<LoadSettings>,
    /// Where Prometheus may read; nowhere if none.
    #[serde(default)]
    pub(crate) metrics: Option<MetricsSettings>,
    /// The Grafana that is told what happens.
    #[serde(default)]
    pub(crate) grafana: Option<GrafanaSettings>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MetricsSettings {
    /// On 127.0.0.1.
    pub(crate) port: u16,
    /// Whether a lab that cannot have the port is none.
    pub(crate) required: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GrafanaSettings {
    /// `http://host:port`.
    pub(crate) url: String,
    pub(crate) user: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WatchSettings {
    /// `tcp://host:port`, `http://host:port`, `unix:///path`.
    pub(crate) address: String,
    /// The `source` tag of its points.
    pub(crate) source: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct InfluxSettings {
    /// `http://host:port`.
    pub(crate) url: String,
    pub(crate) database: String,
    pub(crate) user: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoadSettings {
    pub(crate) url: String,
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) threads: usize,
    /// As many as are needed if none.
    pub(crate) connections: Option<usize>,
    pub(crate) timeout: Duration,
}
