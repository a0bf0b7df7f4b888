//! One InfluxQL query over HTTP to a data source's InfluxDB 1.x; knows nothing of panels or frames.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;
use serde_json::Value;

use super::refusal::Refusal;
use super::state::{DataSource, State};

/// Longer than any panel of a lab needs; Grafana's own default is 30 s too.
const DEADLINE: Duration = Duration::from_secs(30);
/// An answer beyond this is refused rather than held in memory.
const LARGEST_ANSWER: usize = 64 << 20;

/// Where to send a query, and as whom.
#[derive(Debug, Clone)]
pub(super) struct Source {
    url: String,
    database: String,
    user: String,
    password: String,
}

impl Source {
    /// The data source of that uid; `Some(Err)` when it is none that we can query.
    pub(super) fn find(state: &State, uid: &str) -> Option<Result<Self, Refusal>> {
        let source = state.datasources.iter().find(|source| source.uid == uid)?;
        Some(if source.kind == "influxdb" {
            Ok(Self::of(source))
        } else {
            Err(Refusal::not_found("Plugin not found"))
        })
    }

    /// `jsonData.dbName` wins over the older `database`.
    fn of(source: &DataSource) -> Self {
        let named = source
            .json_data
            .get("dbName")
            .and_then(Value::as_str)
            .filter(|name| !name.is_empty());
        Self {
            url: source.url.clone(),
            database: named.unwrap_or(&source.database).to_owned(),
            user: source.user.clone(),
            password: source
                .secure_json_data
                .get("password")
                .cloned()
                .unwrap_or_default(),
        }
    }
}

/// The answer to one statement.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Statement {
    #[serde(default)]
    pub(super) series: Vec<Series>,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Series {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    pub(super) columns: Vec<String>,
    #[serde(default)]
    pub(super) values: Vec<Vec<Value>>,
}

#[derive(Debug, Default, Deserialize)]
struct Answer {
    #[serde(default)]
    results: Vec<Statement>,
    error: Option<String>,
}

/// Why a query has no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum QueryError {
    /// With the innermost cause, because callers look for "connection refused" in it.
    #[error("{0}")]
    Unreachable(String),
    #[error("InfluxDB answered {status}: {message}")]
    Status { status: u16, message: String },
    #[error("{0}")]
    Statement(String),
    #[error("InfluxDB's answer exceeds {LARGEST_ANSWER} bytes")]
    TooLarge,
    #[error("InfluxDB's answer is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
}

impl From<reqwest::Error> for QueryError {
    fn from(error: reqwest::Error) -> Self {
        // The address says who; of the causes the last says what, and those between only where in the client.
        let address = error
            .url()
            .map(|url| url.authority().to_owned())
            .unwrap_or_default();
        let mut last: &dyn std::error::Error = &error;
        while let Some(cause) = last.source() {
            last = cause;
        }
        Self::Unreachable(format!("InfluxDB at {address} does not answer: {last}"))
    }
}

/// A client that never goes through a proxy and never follows a redirect with the credentials in hand.
pub(super) fn client() -> reqwest::Result<Client> {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(DEADLINE)
        .build()
}

/// Runs `text` with times in milliseconds. InfluxDB answers 200 even for statement errors, so the body decides.
pub(super) async fn query(http: &Client, source: &Source, text: &str) -> Result<Vec<Statement>, QueryError> {
    let url = format!("{}/query", source.url.trim_end_matches('/'));
    let mut request = http
        .post(url)
        .query(&[("db", source.database.as_str()), ("epoch", "ms")])
        .form(&[("q", text)]);
    if !source.user.is_empty() {
        request = request.basic_auth(&source.user, Some(&source.password));
    }
    let response = request.send().await?;
    let status = response.status();
    let body = bounded(response).await?;
    let parsed: Result<Answer, _> = serde_json::from_slice(&body);
    if !status.is_success() {
        let message = parsed.ok().and_then(|answer| answer.error);
        let message = message.unwrap_or_else(|| String::from_utf8_lossy(&body).trim().to_owned());
        let status = status.as_u16();
        return Err(QueryError::Status { status, message });
    }
    let answer = parsed?;
    let failed = answer
        .results
        .iter()
        .find_map(|statement| statement.error.clone());
    match answer.error.or(failed) {
        Some(message) => Err(QueryError::Statement(message)),
        None => Ok(answer.results),
    }
}

async fn bounded(mut response: reqwest::Response) -> Result<Vec<u8>, QueryError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(QueryError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
