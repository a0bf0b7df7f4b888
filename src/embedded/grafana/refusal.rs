//! An answer that is not 2xx, in the shape of Grafana's JSON errors; decides nothing about when to refuse.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A status code and the JSON body that goes with it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    /// `{"message": …}`
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self::with_body(status, json!({ "message": message.into() }))
    }

    /// `{"message": …, "status": …}`, as dashboards and folders answer.
    pub(super) fn tagged(status: StatusCode, message: &str, tag: &str) -> Self {
        Self::with_body(status, json!({ "message": message, "status": tag }))
    }

    pub(super) fn with_body(status: StatusCode, body: Value) -> Self {
        Self { status, body }
    }

    /// 401 as Grafana words it.
    pub(super) fn unauthorized(message: &str, id: &str) -> Self {
        let body = json!({ "message": message, "messageId": id, "statusCode": 401, "traceID": "" });
        Self::with_body(StatusCode::UNAUTHORIZED, body)
    }

    pub(super) fn wrong_password() -> Self {
        Self::unauthorized("Invalid username or password", "password-auth.failed")
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
