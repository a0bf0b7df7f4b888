//! Peers for tests: an InfluxDB that says what it was told to say, and a dashboard server on a port of its own.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::server::{DashboardOptions, DashboardServer};

/// Starts a dashboard server whose admin is `admin` / `secret`; it stops when the token is cancelled.
pub(crate) async fn test_server() -> (SocketAddr, CancellationToken) {
    let options = DashboardOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        data: None,
        admin_user: "admin".to_owned(),
        admin_password: "secret".to_owned(),
        allowed_hosts: vec!["grafana".to_owned()],
    };
    let server = DashboardServer::bind(options).await.unwrap();
    let (address, stop) = (server.address(), CancellationToken::new());
    tokio::spawn(server.run(stop.clone()));
    (address, stop)
}

/// What the fake InfluxDB was asked: the query string of the URL, the form body, and the `Authorization` header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) url: String,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
}

#[derive(Clone)]
struct Script {
    status: StatusCode,
    body: Value,
    asked: mpsc::Sender<Asked>,
}

/// Starts an InfluxDB that answers every query alike and reports what it was asked.
pub(crate) async fn fake_influxdb(status: u16, body: Value) -> (SocketAddr, mpsc::Receiver<Asked>) {
    let (asked, reports) = mpsc::channel(256);
    let script = Script {
        status: StatusCode::from_u16(status).unwrap(),
        body,
        asked,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/query", post(answer)).with_state(script);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, reports)
}

async fn answer(State(script): State<Script>, request: Request) -> (StatusCode, axum::Json<Value>) {
    let url = request.uri().to_string();
    let header = request.headers().get("authorization");
    let authorization = header.map(|value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let parsed = reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8_lossy(&body))).unwrap();
    let form = parsed.query_pairs().into_owned().collect();
    script
        .asked
        .try_send(Asked {
            url,
            form,
            authorization,
        })
        .unwrap();
    (script.status, axum::Json(script.body))
}
