//! `/write`: takes line protocol in, and says what became of it.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::IntoResponse;

use super::super::data::WriteError;
use super::super::line::Precision;
use super::body::LARGEST_WRITE;
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::scope::POLICY;
use super::server::Shared;

/// Answers once the points are stored.
pub(super) async fn write(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let parameters = Parameters::of_url(uri.query());
    let database = parameters.text("db").to_owned();
    check(&parameters)?;
    let mut received = shared.room.receive(&headers, body, LARGEST_WRITE).await?;
    let precision = Precision::named(parameters.text("precision"));
    let turn = shared.writers.acquire_owned().await;
    let storage = shared.storage;
    let storing = shared.tasks.spawn_blocking(move || {
        let _turn = turn;
        let lines = received.unpacked()?;
        let stored = storage.write(&database, lines, precision, now());
        stored.map_err(|error| refusal(&error))
    });
    storing
        .await
        .unwrap_or_else(|_| Err(Refusal::internal("the write failed")))?;
    Ok((
        StatusCode::NO_CONTENT,
        [(header::CONTENT_TYPE, "application/json")],
    ))
}

/// What InfluxDB refuses before it reads a point. There is one retention policy.
fn check(parameters: &Parameters) -> Result<(), Refusal> {
    if parameters.text("db").is_empty() {
        return Err(Refusal::bad_request("database is required"));
    }
    if !["", "any", "one", "quorum", "all"].contains(&parameters.text("consistency")) {
        return Err(Refusal::bad_request("invalid consistency level"));
    }
    match parameters.text("rp") {
        "" | POLICY => Ok(()),
        other => Err(Refusal::internal(format!("retention policy not found: {other}"))),
    }
}

fn refusal(error: &WriteError) -> Refusal {
    let message = error.to_string();
    match error {
        WriteError::DatabaseMissing(_) => Refusal::new(StatusCode::NOT_FOUND, message),
        WriteError::Partial { .. } | WriteError::Invalid(_) => Refusal::bad_request(message),
        WriteError::Full => Refusal::internal(message),
        WriteError::Storage(cause) => {
            tracing::warn!(error = cause as &dyn std::error::Error, "points were not stored");
            Refusal::internal(message)
        }
    }
}

/// Nanoseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
