//! Annotations of the whole organisation, found by tag: a run's start and end on every dashboard.

use serde_json::{Value, json};

use super::client::Grafana;
use super::error::ProvisionError;

/// A moment, or a region once it has an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Annotation {
    pub(crate) text: String,
    pub(crate) tags: Vec<String>,
    /// Milliseconds since the Unix epoch, as `end_ms`.
    pub(crate) time_ms: i64,
    pub(crate) end_ms: Option<i64>,
}

/// Creates the annotation and returns its number, for [`close_annotation`].
pub(crate) async fn annotate(grafana: &Grafana, annotation: &Annotation) -> Result<u64, ProvisionError> {
    let mut body = json!({ "text": annotation.text, "tags": annotation.tags, "time": annotation.time_ms });
    if let Some(end) = annotation.end_ms {
        body["timeEnd"] = json!(end);
    }
    let reply = grafana.post("/api/annotations", &body).await?;
    match (reply.status, reply.body.get("id").and_then(Value::as_u64)) {
        (200, Some(id)) => Ok(id),
        _ => Err(grafana.unexpected(reply)),
    }
}

/// Makes a region of the annotation by giving it an end.
pub(crate) async fn close_annotation(grafana: &Grafana, id: u64, end_ms: i64) -> Result<(), ProvisionError> {
    let path = format!("/api/annotations/{id}");
    let reply = grafana.patch(&path, &json!({ "timeEnd": end_ms })).await?;
    match reply.status {
        200 => Ok(()),
        _ => Err(grafana.unexpected(reply)),
    }
}
