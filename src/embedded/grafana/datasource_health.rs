//! `GET …/health`: asks a data source's InfluxDB for its measurements, as Grafana's InfluxQL health check does.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::datasources::missing;
use super::refusal::Refusal;
use super::server::Shared;
use super::uid;
use super::upstream::{self, Source};

/// 200 when healthy, else 400 with the reason in `message`; an empty database is healthy.
pub(super) async fn check(
    State(shared): State<Shared>,
    Path(uid): Path<String>,
) -> Result<Json<Value>, Refusal> {
    uid::check(&uid)?;
    let found = shared
        .keeper
        .read(move |state| Source::find(state, &uid))
        .await?
        .ok_or_else(missing)?;
    match upstream::query(&shared.http, &found?, "SHOW MEASUREMENTS").await {
        Ok(statements) => {
            let count: usize = statements
                .iter()
                .flat_map(|series| &series.series)
                .map(|series| series.values.len())
                .sum();
            let message = format!("datasource is working. {count} measurements found");
            Ok(Json(json!({ "message": message, "status": "OK" })))
        }
        Err(error) => Err(Refusal::with_body(
            StatusCode::BAD_REQUEST,
            json!({ "message": format!("error performing influxQL query: {error}"), "status": "ERROR" }),
        )),
    }
}
