//! `POST /api/ds/query`: a panel's queries, run side by side against their data sources.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::annotations::now_ms;
use super::body::JsonBody;
use super::datasources::missing;
use super::frames::{Labels, frames};
use super::refusal::Refusal;
use super::server::Shared;
use super::table_frame::table_frame;
use super::time_range::TimeRange;
use super::upstream::{self, QueryError, Source};
use super::{interval, macros};

#[derive(Debug, Deserialize)]
pub(super) struct Form {
    #[serde(default)]
    from: Value,
    #[serde(default)]
    to: Value,
    #[serde(default)]
    queries: Vec<Query>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    #[serde(default = "default_ref_id")]
    ref_id: String,
    datasource: Option<Reference>,
    #[serde(default)]
    query: String,
    #[serde(default)]
    alias: String,
    /// `time_series`, `table` or `logs`.
    #[serde(default)]
    result_format: String,
    #[serde(default = "default_interval")]
    interval_ms: i64,
    #[serde(default = "default_points")]
    max_data_points: i64,
}

#[derive(Debug, Deserialize)]
struct Reference {
    #[serde(default)]
    uid: String,
}

fn default_ref_id() -> String {
    "A".to_owned()
}

/// Grafana's default for a query that names no interval.
fn default_interval() -> i64 {
    1_000
}

/// Grafana's default for a query that names no number of points.
fn default_points() -> i64 {
    100
}

/// 200 when all queries answered; 400 when any failed, with its error beside the others' frames;
/// 404 for an unknown data source.
pub(super) async fn run(
    State(shared): State<Shared>,
    JsonBody(form): JsonBody<Form>,
) -> Result<Json<Value>, Refusal> {
    if form.queries.is_empty() {
        return Err(Refusal::bad_request("no queries found"));
    }
    let range = TimeRange::parse(&form.from, &form.to, now_ms()?)
        .map_err(|error| Refusal::bad_request(error.to_string()))?;
    let mut under_way = Vec::new();
    for query in &form.queries {
        let source = source(&shared, query).await?;
        under_way.push(answer(&shared, query, source, range));
    }
    let answers = join_all(under_way).await;
    let failed = answers.iter().any(|(_, answer)| answer.get("error").is_some());
    let results: Map<_, _> = answers.into_iter().collect();
    let body = json!({ "results": results });
    if failed {
        return Err(Refusal::with_body(StatusCode::BAD_REQUEST, body));
    }
    Ok(Json(body))
}

async fn source(shared: &Shared, query: &Query) -> Result<Source, Refusal> {
    let uid = query.datasource.as_ref().map(|reference| reference.uid.clone());
    let uid = uid.unwrap_or_default();
    let found = shared.keeper.read(move |state| Source::find(state, &uid)).await?;
    found.ok_or_else(missing)?
}

async fn answer(shared: &Shared, query: &Query, source: Source, range: TimeRange) -> (String, Value) {
    let interval = interval::interval_ms(range, query.max_data_points, query.interval_ms);
    let executed = macros::expand(&query.query, range, interval);
    let labels = Labels {
        ref_id: &query.ref_id,
        alias: &query.alias,
        executed: &executed,
    };
    let result = match upstream::query(&shared.http, &source, &executed).await {
        Ok(statements) if query.result_format == "table" => {
            let table = table_frame(&statements, &query.ref_id, &executed);
            json!({ "status": 200, "frames": Vec::from_iter(table) })
        }
        Ok(statements) => json!({ "status": 200, "frames": frames(&statements, labels) }),
        Err(error) => failure(&error),
    };
    (query.ref_id.clone(), result)
}

fn failure(error: &QueryError) -> Value {
    json!({ "status": 400, "error": error.to_string(), "errorSource": "downstream", "frames": [] })
}
