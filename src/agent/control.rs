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

use super::running::Gauges;

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
