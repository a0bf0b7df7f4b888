//! `GET /metrics`; knows no targets but those it is given.

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::super::targets::Targets;
use super::exposition;

const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves what is known of `targets` until `end` is cancelled.
pub(crate) fn serve(listener: TcpListener, targets: Targets, end: CancellationToken) {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/", get(index))
        .with_state(targets);
    tokio::spawn(async move {
        let server = axum::serve(listener, router).with_graceful_shutdown(end.cancelled_owned());
        // A port that fails leaves the other sinks running.
        server.await.ok();
    });
}

async fn metrics(State(targets): State<Targets>) -> impl IntoResponse {
    ([(CONTENT_TYPE, FORMAT)], exposition(&targets.list()))
}

async fn index() -> impl IntoResponse {
    Html("<title>uwsgi-lab</title><a href=\"/metrics\">metrics</a>")
}
