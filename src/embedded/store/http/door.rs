//! What every request passes: the gate of the embedded servers, and the headers that InfluxDB puts on every answer.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::super::super::gate::{self, AllowedHosts};
use super::refusal::Refusal;
use super::server::API_LEVEL;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Unlike InfluxDB, which lets the page of any site in: a GET may change data, so all methods are checked, and no answer
/// has the headers that let another site's page read it.
pub(super) async fn guard(State(allowed): State<AllowedHosts>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let known = gate::check_host(request.headers(), &allowed);
    let mut response = match known.and_then(|()| gate::check_origin(request.headers())) {
        Ok(()) => next.run(request).await,
        Err(trespass) => Refusal::new(StatusCode::FORBIDDEN, trespass.to_string()).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert("x-influxdb-version", HeaderValue::from_static(API_LEVEL));
    headers.insert("x-influxdb-build", HeaderValue::from_static("uwsgi-lab"));
    if let Some(id) = id {
        headers.insert(REQUEST_ID, id.clone());
        headers.insert(X_REQUEST_ID, id);
    }
    response
}

/// The client's own, else a random one.
fn request_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let given = headers.get(X_REQUEST_ID).or_else(|| headers.get(REQUEST_ID));
    given.filter(|id| !id.is_empty()).cloned().or_else(random_id)
}

fn random_id() -> Option<HeaderValue> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    HeaderValue::try_from(format!("{:032x}", u128::from_be_bytes(bytes))).ok()
}
