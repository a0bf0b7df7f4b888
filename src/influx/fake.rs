//! An InfluxDB for tests: keeps the lines it is sent and can be told to refuse them or to go away.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::any;
use reqwest::Url;
use tokio::runtime::{self, Runtime};

/// An answer to the writes to come, and how often to give it.
type Refusal = (StatusCode, String, usize);

#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    requests: Vec<String>,
    queries: Vec<String>,
    refusals: Vec<Refusal>,
    largest_write: usize,
    unknown_statement: Option<&'static str>,
}

pub(crate) struct FakeInflux {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    server: Mutex<Option<Runtime>>,
}

impl FakeInflux {
    pub(crate) fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen {
            largest_write: usize::MAX,
            ..Seen::default()
        }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Mutex::new(Some(serve(listener, seen.clone())));
        Self {
            address,
            seen,
            server,
        }
    }

    pub(crate) fn url(&self) -> Url {
        Url::parse(&format!("http://{}", self.address)).unwrap()
    }

    /// Refuses the next `times` writes.
    pub(crate) fn refuse(&self, status: u16, error: &str, times: usize) {
        let body = serde_json::json!({ "error": error }).to_string();
        let status = StatusCode::from_u16(status).unwrap();
        self.seen.lock().unwrap().refusals.push((status, body, times));
    }

    /// Answers the next write so.
    pub(crate) fn refuse_with(&self, status: u16, body: &str) {
        let status = StatusCode::from_u16(status).unwrap();
        self.seen
            .lock()
            .unwrap()
            .refusals
            .push((status, body.to_owned(), 1));
    }

    /// Answers statements that begin so as InfluxDB 2.x does.
    pub(crate) fn knows_no(&self, statement: &'static str) {
        self.seen.lock().unwrap().unknown_statement = Some(statement);
    }

    /// Answers 413 to writes of more lines.
    pub(crate) fn take_at_most(&self, lines: usize) {
        self.seen.lock().unwrap().largest_write = lines;
    }

    /// Closes the port and every connection.
    pub(crate) fn away(&self) {
        if let Some(server) = self.server.lock().unwrap().take() {
            server.shutdown_background();
        }
    }

    /// Opens the same port again.
    pub(crate) fn back(&self) {
        let listener = TcpListener::bind(self.address).unwrap();
        *self.server.lock().unwrap() = Some(serve(listener, self.seen.clone()));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().lines.clone()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    pub(crate) fn queries(&self) -> Vec<String> {
        self.seen.lock().unwrap().queries.clone()
    }
}

/// The server has a runtime of its own, because connections that were kept open end only with that.
fn serve(listener: TcpListener, seen: Arc<Mutex<Seen>>) -> Runtime {
    let router = Router::new()
        .route("/ping", any(async || StatusCode::NO_CONTENT))
        .route("/write", any(write))
        .route("/query", any(query))
        .with_state(seen);
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener, router).await.unwrap();
    });
    runtime
}

impl Drop for FakeInflux {
    fn drop(&mut self) {
        self.away();
    }
}

async fn write(
    State(seen): State<Arc<Mutex<Seen>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let authorization = headers
        .get("authorization")
        .map_or("", |value| value.to_str().unwrap());
    let lines = gunzip(&body);
    let mut seen = seen.lock().unwrap();
    seen.requests.push(format!("{method} {uri} {authorization}"));
    if let Some(index) = seen.refusals.iter().position(|(_, _, times)| *times > 0) {
        let refusal = &mut seen.refusals[index];
        refusal.2 -= 1;
        return (refusal.0, refusal.1.clone());
    }
    if lines.lines().count() > seen.largest_write {
        return (StatusCode::PAYLOAD_TOO_LARGE, String::new());
    }
    seen.lines.extend(lines.lines().map(str::to_owned));
    (StatusCode::NO_CONTENT, String::new())
}

async fn query(State(seen): State<Arc<Mutex<Seen>>>, body: String) -> String {
    let url = Url::parse(&format!("http://form/?{body}")).unwrap();
    let (_, statement) = url.query_pairs().find(|(key, _)| key == "q").unwrap();
    let mut seen = seen.lock().unwrap();
    let error = match seen.unknown_statement {
        Some(unknown) if statement.starts_with(unknown) => Some(format!("not implemented: {unknown}")),
        _ => (statement == "BROKEN").then(|| "broken as asked".to_owned()),
    };
    let result = match error {
        Some(error) => serde_json::json!({ "statement_id": 0, "error": error }),
        None => serde_json::json!({ "statement_id": 0 }),
    };
    seen.queries.push(statement.into_owned());
    serde_json::json!({ "results": [result] }).to_string()
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_string(&mut text)
        .unwrap();
    text
}
