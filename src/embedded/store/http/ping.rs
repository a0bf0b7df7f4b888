//! `/ping` and `/health`: whether somebody is there, and who.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::server::API_LEVEL;

/// 204; the headers that every answer has say the rest. `verbose=true` changes nothing, as in InfluxDB 1.6.7.
pub(super) async fn ping() -> impl IntoResponse {
    (
        StatusCode::NO_CONTENT,
        [(header::CONTENT_TYPE, "application/json")],
    )
}

/// As InfluxDB has it from 1.8 on; clients of 2.x ask for it first.
pub(super) async fn health() -> impl IntoResponse {
    let body = format!(
        "{{\"checks\":[],\"message\":\"ready for queries and writes\",\"name\":\"influxdb\",\"status\":\"pass\",\
         \"version\":\"{API_LEVEL}\"}}"
    );
    ([(header::CONTENT_TYPE, "application/json")], body)
}
