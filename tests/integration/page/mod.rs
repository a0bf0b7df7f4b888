//! The dashboard's page in a real browser, over a real InfluxDB: what people see and do.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

mod entry;
mod faults;
mod looks;
mod modules;
mod steering;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, Programs, Screen};
use crate::dashboard::{Server, dashboard};
use crate::environment::Peer;
use crate::panels::{Influxdb, client, connect, fill, points, succeed};

const SECONDS: u64 = 900;

/// A browser, and a dashboard server with a quarter of an hour of data up to now.
struct Visit {
    browser: Browser,
    server: Server,
    influxdb: Influxdb,
    directory: TempDir,
}

impl Visit {
    /// `None` when a peer is missing.
    async fn begin(screen: Screen) -> Option<Self> {
        let (programs, influxd) = (Programs::find()?, Peer::INFLUXD.find()?);
        let directory = tempfile::tempdir().unwrap();
        let influxdb = Influxdb::start(&influxd, directory.path()).await;
        fill(&influxdb, points(now() - SECONDS)).await;
        let server = Server::start(&directory.path().join("dashboard"), "secret");
        connect(&server, &influxdb).await;
        let visit = Self {
            browser: Browser::start(&programs, screen).await,
            server,
            influxdb,
            directory,
        };
        visit.save(&dashboard()).await;
        Some(visit)
    }

    /// As `begin`, logged in and on the dashboard.
    async fn on_dashboard(screen: Screen, query: &str) -> Option<Self> {
        let visit = Self::begin(screen).await?;
        visit.log_in_to_dashboard(query).await;
        Some(visit)
    }

    async fn log_in_to_dashboard(&self, query: &str) {
        self.log_in_to(&format!("/d/uwsgi-lab/uwsgi?{query}")).await;
    }

    /// Asks for a page, logs in on the way, and waits for its panels.
    async fn log_in_to(&self, path: &str) {
        self.open(path).await;
        self.log_in("secret").await;
        let page = path.split('?').next();
        self.browser.until("location.pathname", json!(page)).await;
        self.shown().await;
    }

    /// Where the dashboard server keeps its state.
    fn data(&self) -> PathBuf {
        self.directory.path().join("dashboard")
    }

    async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.server.url)).await;
    }

    async fn log_in(&self, password: &str) {
        let script = "
            const form = document.getElementById('login');
            form.elements.user.value = 'admin';
            form.elements.password.value = given[0];
            form.requestSubmit();";
        self.browser.run(script, json!([password])).await;
    }

    /// Waits until all panels in view have had an answer.
    async fn shown(&self) {
        let answered = "document.querySelector('.panel[data-state]') && !document.querySelector('.panel[aria-busy]:not([data-state])')";
        self.browser.until(answered, json!(true)).await;
    }

    async fn post(&self, path: &str, body: &Value) {
        let request = client().post(format!("{}{path}", self.server.url));
        succeed(request.basic_auth("admin", Some("secret")).json(body)).await;
    }

    async fn save(&self, dashboard: &Value) {
        self.post(
            "/api/dashboards/db",
            &json!({ "dashboard": dashboard, "overwrite": true }),
        )
        .await;
    }

    /// The text of the panel with this id.
    async fn panel_text(&self, id: u64) -> String {
        let script = "return document.querySelector(`.panel[data-panel-id=\"${given[0]}\"]`).innerText;";
        self.browser
            .run(script, json!([id]))
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn address(&self) -> Value {
        let script = "return Object.fromEntries(new URLSearchParams(location.search));";
        self.browser.run(script, json!([])).await
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

const SOURCE: &str = "uwsgi-lab-influxdb";

fn query(text: &str) -> Value {
    json!([{ "refId": "A", "query": text, "rawQuery": true }])
}

/// A panel of the lab's data source, of the whole width.
fn panel(id: u64, kind: &str, targets: &Value) -> Value {
    panel_of(SOURCE, id, kind, targets)
}

fn panel_of(source: &str, id: u64, kind: &str, targets: &Value) -> Value {
    json!({
        "id": id, "type": kind, "title": format!("p{id}"), "gridPos": { "x": 0, "y": id, "w": 24, "h": 4 },
        "datasource": { "type": "influxdb", "uid": source }, "targets": targets,
        "fieldConfig": { "defaults": {}, "overrides": [] }, "options": {},
    })
}
