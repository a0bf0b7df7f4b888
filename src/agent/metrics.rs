//! The port on which Prometheus reads a running lab; knows no figures.

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::collector::{self, Targets};

use super::{AgentError, MetricsSettings};

/// Where Prometheus can read a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MetricsStatus {
    pub(crate) url: String,
    /// Why nothing is served there; null where it is.
    pub(crate) error: Option<String>,
}

/// Serves `targets` until `end` is cancelled. A port that is taken is an error only where somebody asked for it.
pub(super) async fn open(
    settings: &MetricsSettings,
    targets: Targets,
    end: CancellationToken,
) -> Result<MetricsStatus, AgentError> {
    let port = settings.port;
    let url = format!("http://127.0.0.1:{port}/metrics");
    match TcpListener::bind(("127.0.0.1", port)).await {
        Ok(listener) => {
            collector::serve_metrics(listener, targets, end);
            Ok(MetricsStatus { url, error: None })
        }
        Err(source) if settings.required => Err(AgentError::Metrics { port, source }),
        Err(source) => Ok(MetricsStatus {
            url,
            error: Some(source.to_string()),
        }),
    }
}
