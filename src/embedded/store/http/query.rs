//! `/query`: reads what is asked, lets it be answered within bounds, and hands the answer on as it is written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_util::sync::DropGuard;

use super::super::super::gate::text;
use super::super::ql::{self, ast::Statement};
use super::body::LARGEST_FORM;
use super::outlet::{Gone, Outlet, pipe};
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::results::Results;
use super::server::Shared;
use super::statement::{Context, PATIENCE};
use super::style::{Format, Style};
use super::{multipart, write};

/// How long a query may wait for its turn.
const TURN: Duration = Duration::from_secs(30);

pub(super) async fn query(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answered = async {
        let mut parameters = Parameters::of_url(uri.query());
        if method == Method::POST {
            read_form(&shared, &headers, body, &mut parameters).await?;
        }
        let style = Style::asked(&headers, &parameters);
        let job = Job::read(&shared, &parameters, method == Method::GET, style)?;
        let turn = turn(&shared).await?;
        let wants_gzip =
            text(&headers, header::ACCEPT_ENCODING).is_some_and(|accepted| accepted.contains("gzip"));
        respond(
            &shared,
            job,
            turn,
            wants_gzip,
            parameters.get("async") == Some("true"),
        )
        .await
    };
    let format = Format::accepted(&headers);
    answered
        .await
        .unwrap_or_else(|refusal: Refusal| refusal.in_format(format).into_response())
}

/// A body that is no form says nothing, as in InfluxDB.
async fn read_form(
    shared: &Shared,
    headers: &HeaderMap,
    body: Body,
    parameters: &mut Parameters,
) -> Result<(), Refusal> {
    let mut received = shared.room.receive(headers, body, LARGEST_FORM).await?;
    let content_type = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    let form = received.unpacked()?;
    if content_type.starts_with("application/x-www-form-urlencoded") {
        parameters.prefer_form(form);
    } else if let Some(fields) = multipart::fields(content_type, form) {
        for (name, value) in fields.into_iter().rev() {
            parameters.prefer(name, value);
        }
    }
    Ok(())
}

async fn turn(shared: &Shared) -> Result<OwnedSemaphorePermit, Refusal> {
    let turn = timeout(TURN, Arc::clone(&shared.queries).acquire_owned()).await;
    let busy = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many queries at once");
    turn.ok().and_then(Result::ok).ok_or_else(busy)
}

/// A query that can be carried out.
struct Job {
    statements: Vec<Statement>,
    context: Context,
    style: Style,
}

impl Job {
    fn read(shared: &Shared, parameters: &Parameters, by_get: bool, style: Style) -> Result<Self, Refusal> {
        let query = parameters.text("q").trim();
        if query.is_empty() {
            return Err(Refusal::bad_request("missing required parameter \"q\""));
        }
        let now = write::now();
        let bound = bound(parameters.text("params"))
            .map_err(|error| Refusal::bad_request(format!("error parsing query parameters: {error}")))?;
        let statements = ql::parse(query, &bound, now)
            .map_err(|error| Refusal::bad_request(format!("error parsing query: {error}")))?;
        let context = Context {
            storage: Arc::clone(&shared.storage),
            database: parameters.text("db").to_owned(),
            policy: parameters.text("rp").to_owned(),
            login: shared.login.clone(),
            by_get,
            now,
            deadline: Instant::now() + PATIENCE,
            cancelled: Arc::default(),
        };
        Ok(Self {
            statements,
            context,
            style,
        })
    }

    /// Carries out one statement after the other, and none after one that failed.
    fn run(self, outlet: Outlet) -> Result<(), Gone> {
        let mut results = Results::new(outlet, self.style);
        let mut failed = false;
        for (number, statement) in self.statements.iter().enumerate() {
            if failed {
                // InfluxDB says this of the failed statement, too, unless it is the last
                results.error(number, "not executed")?;
                continue;
            }
            match self.context.answer(statement) {
                Ok(answer) => results.answer(number, &answer)?,
                Err(error) => {
                    failed = true;
                    results.error(number, &error.to_string())?;
                }
            }
        }
        results.finish()
    }
}

/// What `$name` stands for in a query.
fn bound(parameters: &str) -> serde_json::Result<BTreeMap<String, Value>> {
    if parameters.is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_str(parameters)
}

async fn respond(
    shared: &Shared,
    job: Job,
    turn: OwnedSemaphorePermit,
    gzip: bool,
    unattended: bool,
) -> Result<Response, Refusal> {
    let style = job.style;
    let guard = guard(shared, &job.context.cancelled);
    let (outlet, inlet) = pipe(Handle::current(), gzip && !unattended);
    let running = move || {
        let _turn = turn;
        job.run(outlet)
    };
    // the client is told by the end of the pipe
    drop(shared.tasks.spawn_blocking(running));
    let kind = HeaderValue::from_static(style.format.content_type());
    let kind = [(header::CONTENT_TYPE, kind)];
    if unattended {
        shared.tasks.spawn(inlet.discard(guard));
        return Ok((StatusCode::NO_CONTENT, kind).into_response());
    }
    let body = inlet.body(guard).await;
    let body = body.ok_or_else(|| Refusal::internal("the query failed"))?;
    let mut response = (kind, body).into_response();
    if gzip {
        let encoding = HeaderValue::from_static("gzip");
        response.headers_mut().insert(header::CONTENT_ENCODING, encoding);
    }
    Ok(response)
}

/// What ends the query when it is dropped, which a client that goes away does; so does the end of the server.
fn guard(shared: &Shared, cancelled: &Arc<AtomicBool>) -> DropGuard {
    let stop = shared.ending.child_token();
    let (told, cancelled) = (stop.clone(), Arc::clone(cancelled));
    tokio::spawn(async move {
        told.cancelled().await;
        cancelled.store(true, Ordering::Relaxed);
    });
    stop.drop_guard()
}
