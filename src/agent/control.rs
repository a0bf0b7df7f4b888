//! The control endpoint of a running lab: `GET /status`, `POST /stop`, on loopback, for whoever can read the
//! lab's directory.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::gauges::Gauges;

struct Control {
    token: String,
    gauges: Gauges,
    stop: CancellationToken,
}

/// Serves until `end` is cancelled.
pub(super) fn serve(
    listener: TcpListener,
    token: String,
    gauges: Gauges,
    stop: CancellationToken,
    end: CancellationToken,
) {
    let control = Arc::new(Control { token, gauges, stop });
    let router = Router::new()
        .route("/status", get(status))
        .route("/stop", post(ask_stop))
        .with_state(control);
    tokio::spawn(async move {
        let server = axum::serve(listener, router).with_graceful_shutdown(end.cancelled_owned());
        // A control endpoint that fails leaves the lab running; a signal still ends it.
        server.await.ok();
    });
}

async fn status(State(control): State<Arc<Control>>, headers: HeaderMap) -> Response {
    if !control.allows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(control.gauges.status()).into_response()
}

async fn ask_stop(State(control): State<Arc<Control>>, headers: HeaderMap) -> Response {
    if !control.allows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    control.stop.cancel();
    StatusCode::ACCEPTED.into_response()
}

impl Control {
    fn allows(&self, headers: &HeaderMap) -> bool {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        given.and_then(|value| value.strip_prefix("Bearer ")) == Some(self.token.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::{ask_status, ask_stop};
    use super::super::gauges::tests::gauges;
    use super::*;
    use crate::state::AgentRecord;

    async fn running() -> (AgentRecord, CancellationToken, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let record = AgentRecord {
            pid: 7,
            address: listener.local_addr().unwrap().to_string(),
            token: "right".to_owned(),
            detached: true,
            settings: serde_json::Value::Null,
        };
        let (stop, end) = (CancellationToken::new(), CancellationToken::new());
        serve(listener, "right".to_owned(), gauges(), stop.clone(), end.clone());
        (record, stop, end)
    }

    #[tokio::test]
    async fn whoever_has_the_token_is_told_the_status_and_may_stop_the_lab() {
        let (record, stop, _end) = running().await;
        assert_eq!(ask_status(&record).await.unwrap(), gauges().status());
        assert!(!stop.is_cancelled());
        ask_stop(&record).await.unwrap();
        assert!(stop.is_cancelled());
    }

    #[tokio::test]
    async fn nobody_else_is_told_anything_or_stops_it() {
        let (mut record, stop, _end) = running().await;
        for wrong in ["", "wrong", "righ", "rights"] {
            wrong.clone_into(&mut record.token);
            let refused = ask_status(&record).await.unwrap_err();
            assert_eq!(
                refused.to_string(),
                "the process that runs the lab (pid 7) does not answer"
            );
            ask_stop(&record).await.unwrap_err();
        }
        assert!(!stop.is_cancelled());
    }
}
