//! Annotations: moments that Grafana marks in graphs.

use serde_json::json;

use super::client::Grafana;
use super::error::ProvisionError;

/// A moment with a text and tags, of the organisation and not of one dashboard, so that every dashboard may show it by its
/// tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Annotation {
    /// Milliseconds since the Unix epoch.
    pub(crate) timestamp_ms: i64,
    pub(crate) text: String,
    pub(crate) tags: Vec<String>,
}

impl Grafana {
    /// Writes one annotation (`POST /api/annotations`).
    pub(crate) async fn annotate(&self, annotation: &Annotation) -> Result<(), ProvisionError> {
        let body = json!({
            "time": annotation.timestamp_ms,
            "text": annotation.text,
            "tags": annotation.tags,
        });
        let reply = self.post("/api/annotations", &body).await?;
        match reply.status {
            200 => Ok(()),
            _ => Err(self.unexpected(reply)),
        }
    }
}
