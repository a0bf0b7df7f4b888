//! Reading a request's JSON: bounded in time here, in size by the router; what the JSON means is the handlers' business.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::refusal::Refusal;

/// A body that trickles in holds no connection for longer than this.
const LONGEST_UPLOAD: Duration = Duration::from_secs(30);

/// A JSON body of any content type; one that does not fit gets Grafana's `bad request data`.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = match timeout(LONGEST_UPLOAD, Bytes::from_request(request, state)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(rejection)) => return Err(Refusal::new(rejection.status(), rejection.body_text())),
            Err(_) => {
                return Err(Refusal::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "the request took too long",
                ));
            }
        };
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Refusal::bad_request(format!("bad request data: {error}")))
    }
}
