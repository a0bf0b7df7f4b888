//! Provisioning against the embedded dashboard server, with an InfluxDB that says what the test wants.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::{Json, Router};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::embedded::{fake_influxdb, test_server};

use super::apply::Report;
use super::error::{PanelFailure, Refused};
use super::verify::PanelCheck;
use super::*;

const DASHBOARD: &str = include_str!("../../dashboards/uwsgi.json");

fn one_series() -> Value {
    let series = json!({ "name": "m", "columns": ["time", "value"], "values": [[1000, 1], [2000, null]] });
    json!({ "results": [{ "series": [series] }] })
}

fn desired(influxdb: SocketAddr) -> Desired {
    Desired {
        datasource: DataSource {
            url: format!("http://{influxdb}"),
            database: "uWSGI".to_owned(),
            user: "lab".to_owned(),
            password: "pass".to_owned(),
            interval: Duration::from_secs(1),
        },
        folder: Folder::default(),
        dashboards: Dashboard::shipped().unwrap(),
    }
}

fn grafana(address: SocketAddr) -> Grafana {
    let grafana = Grafana::new(&format!("http://{address}"), "admin", "secret").unwrap();
    grafana.waiting_at_most(Duration::ZERO)
}

fn report(change: Change) -> Report {
    Report {
        grafana_version: Some("12.2.1".to_owned()),
        plugin_version: Some("12.2.1".to_owned()),
        datasource: change,
        folder: change,
        dashboards: vec![("uwsgi-lab".to_owned(), change)],
    }
}

/// Method with path, and body.
type Mutations = Arc<Mutex<Vec<(String, Value)>>>;

/// A proxy that writes down the requests which change something; health checks and queries do not.
async fn recording_proxy(target: SocketAddr) -> (SocketAddr, Mutations) {
    let mutations = Mutations::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new()
        .fallback(forward)
        .with_state((target, Arc::clone(&mutations)));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, mutations)
}

async fn forward(
    State((target, mutations)): State<(SocketAddr, Mutations)>,
    request: Request,
) -> (StatusCode, Json<Value>) {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    if parts.method != Method::GET && parts.uri.path() != "/api/ds/query" {
        let request = format!("{} {}", parts.method, parts.uri.path());
        mutations
            .lock()
            .unwrap()
            .push((request, serde_json::from_slice(&body).unwrap()));
    }
    let http = Client::builder().no_proxy().build().unwrap();
    let request = http
        .request(parts.method, format!("http://{target}{}", parts.uri))
        .body(body);
    let response = request
        .header("authorization", &parts.headers["authorization"])
        .send()
        .await
        .unwrap();
    (response.status(), Json(response.json().await.unwrap()))
}

#[tokio::test]
async fn a_second_apply_changes_nothing() {
    let (server, _stop) = test_server().await;
    let (influxdb, _asked) = fake_influxdb(200, one_series()).await;
    let (proxy, mutations) = recording_proxy(server).await;
    let grafana = grafana(proxy);
    let desired = desired(influxdb);
    assert_eq!(apply(&grafana, &desired).await.unwrap(), report(Change::Created));
    let made: Vec<_> = mutations
        .lock()
        .unwrap()
        .drain(..)
        .map(|(request, _)| request)
        .collect();
    assert_eq!(
        made,
        [
            "POST /api/datasources",
            "POST /api/folders",
            "POST /api/dashboards/db"
        ]
    );
    assert_eq!(
        apply(&grafana, &desired).await.unwrap(),
        report(Change::Unchanged)
    );
    assert_eq!(*mutations.lock().unwrap(), []);
}

#[tokio::test]
async fn what_someone_changed_is_put_right() {
    let (server, _stop) = test_server().await;
    let (influxdb, _asked) = fake_influxdb(200, one_series()).await;
    let (proxy, mutations) = recording_proxy(server).await;
    let grafana = grafana(proxy);
    let mut desired = desired(influxdb);
    apply(&grafana, &desired).await.unwrap();
    mutations.lock().unwrap().clear();
    let to_the_root = json!({ "dashboard": { "uid": "uwsgi-lab", "title": "x" }, "overwrite": true });
    grafana.post("/api/dashboards/db", &to_the_root).await.unwrap();
    desired.datasource.interval = Duration::from_secs(10);
    let expected = Report {
        folder: Change::Unchanged,
        ..report(Change::Updated)
    };
    assert_eq!(apply(&grafana, &desired).await.unwrap(), expected);
    assert_eq!(
        apply(&grafana, &desired).await.unwrap(),
        report(Change::Unchanged)
    );
    let mutations = mutations.lock().unwrap();
    let (request, body) = &mutations[1];
    assert_eq!(request, &format!("PUT {SOURCE}"));
    assert_eq!(
        (&body["uid"], &body["version"]),
        (&json!("uwsgi-lab-influxdb"), &json!(1))
    );
}

/// Title and query of each panel that asks, in the order of the file.
fn asked_of_the_dashboard() -> Vec<(String, String)> {
    let model: Value = serde_json::from_str(DASHBOARD).unwrap();
    let top = model["panels"].as_array().unwrap().iter();
    let panels =
        top.flat_map(|panel| std::iter::once(panel).chain(panel["panels"].as_array().into_iter().flatten()));
    let targets = panels.flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(|target| (panel["title"].clone(), target["refId"].clone()))
    });
    let text = |value: Value| value.as_str().unwrap().to_owned();
    targets
        .map(|(panel, ref_id)| (text(panel), text(ref_id)))
        .collect()
}

#[tokio::test]
async fn every_panel_of_the_dashboard_is_asked_and_says_how_many_values_it_got() {
    let (server, _stop) = test_server().await;
    let (influxdb, mut asked) = fake_influxdb(200, one_series()).await;
    let grafana = grafana(server);
    apply(&grafana, &desired(influxdb)).await.unwrap();
    let checks = verify(&grafana, "uwsgi-lab").await.unwrap();
    let expected: Vec<_> = asked_of_the_dashboard()
        .into_iter()
        .map(|(panel, ref_id)| PanelCheck {
            panel,
            ref_id,
            rows: 1,
        })
        .collect();
    assert_eq!(checks, expected);
    assert!(checks.iter().all(|check| check.rows > 0));
    while let Ok(asked) = asked.try_recv() {
        assert!(
            !asked.form[0].1.contains('$') || asked.form[0].1.contains("/^.*$/"),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn a_panel_whose_query_fails_is_named() {
    let (server, _stop) = test_server().await;
    let (influxdb, _asked) = fake_influxdb(200, one_series()).await;
    let grafana = grafana(server);
    let mut desired = desired(influxdb);
    let panel =
        r#"{"title": "P", "datasource": {"uid": "gone"}, "targets": [{"refId": "A", "query": "SELECT"}]}"#;
    let text = format!(r#"{{"uid": "d", "title": "D", "panels": [{panel}]}}"#);
    desired.dashboards = vec![Dashboard::parse("d.json", &text).unwrap()];
    apply(&grafana, &desired).await.unwrap();
    let message = verify(&grafana, "d").await.unwrap_err().to_string();
    assert_eq!(
        message,
        "Grafana answered 404 to POST /api/ds/query: Data source not found"
    );
    let message = verify(&grafana, "nothing").await.unwrap_err().to_string();
    assert_eq!(message, "Grafana has no dashboard 'nothing'");
}

#[tokio::test]
async fn an_error_of_influxdb_is_reported_for_each_panel() {
    let (server, _stop) = test_server().await;
    let (healthy, _asked) = fake_influxdb(200, one_series()).await;
    let (failing, _refused) = fake_influxdb(200, json!({ "results": [{ "error": "timeout" }] })).await;
    let grafana = grafana(server);
    apply(&grafana, &desired(healthy)).await.unwrap();
    apply(&grafana, &desired(failing)).await.unwrap_err();
    let Err(ProvisionError::PanelsFailed { failures }) = verify(&grafana, "uwsgi-lab").await else {
        panic!("the panels must fail");
    };
    let expected = PanelFailure {
        panel: "Requests per second".to_owned(),
        ref_id: "A".to_owned(),
        message: "timeout".to_owned(),
    };
    let all = asked_of_the_dashboard().len();
    assert_eq!((failures.len(), &failures[0]), (all, &expected));
}

#[tokio::test]
async fn a_wrong_password_is_a_kind_of_its_own() {
    let (server, _stop) = test_server().await;
    let (influxdb, _asked) = fake_influxdb(200, one_series()).await;
    let url = format!("http://{server}");
    let grafana = Grafana::new(&url, "admin", "wrong").unwrap();
    let error = apply(&grafana, &desired(influxdb)).await.unwrap_err();
    assert!(matches!(&error, ProvisionError::Credentials { user, .. } if user == "admin"));
    assert_eq!(
        error.to_string(),
        format!("Grafana at {url} refuses the password of 'admin'")
    );
}

#[tokio::test]
async fn an_unhealthy_data_source_is_a_kind_of_its_own() {
    let (server, _stop) = test_server().await;
    let (influxdb, _asked) = fake_influxdb(401, json!({ "error": "authorization failed" })).await;
    let error = apply(&grafana(server), &desired(influxdb)).await.unwrap_err();
    let expected = "Grafana cannot use the data source 'uwsgi-lab-influxdb': \
                    error performing influxQL query: InfluxDB answered 401: authorization failed";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn an_influxdb_that_refuses_connections_is_waited_for_and_then_named() {
    let (server, _stop) = test_server().await;
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let error = apply(&grafana(server), &desired(closed)).await.unwrap_err();
    assert!(
        matches!(&error, ProvisionError::UnhealthyDataSource { message, .. }
        if message.to_lowercase().contains("connection refused")),
        "{error}"
    );
}

#[tokio::test]
async fn a_grafana_that_is_not_there_is_named_with_its_address() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let error = apply(&grafana(closed), &desired(closed)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot reach Grafana at http://{closed}")
    );
}

#[tokio::test]
async fn a_data_source_of_another_uid_with_our_name_is_named() {
    let (server, _stop) = test_server().await;
    let (influxdb, _asked) = fake_influxdb(200, one_series()).await;
    let grafana = grafana(server);
    let other =
        json!({ "uid": "other", "name": "uwsgi-lab InfluxDB", "type": "influxdb", "access": "proxy" });
    grafana.post("/api/datasources", &other).await.unwrap();
    let error = apply(&grafana, &desired(influxdb)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "another data source, 'other', has the name 'uwsgi-lab InfluxDB'"
    );
}

/// What a scripted Grafana says: method, path, status, body. Several lines for one request are said in turn, the last
/// one from then on.
type Line = (&'static str, &'static str, u16, Value);

/// A Grafana that answers by script where the embedded server cannot be brought to: other releases, races, bugs.
async fn scripted(lines: Vec<Line>) -> Grafana {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(Mutex::new(VecDeque::from(lines)));
    let routes = Router::new().fallback(say).with_state(script);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    grafana(address)
}

async fn say(
    State(script): State<Arc<Mutex<VecDeque<Line>>>>,
    request: Request,
) -> (StatusCode, Json<Value>) {
    let mut script = script.lock().unwrap();
    let asked = (request.method().as_str(), request.uri().path());
    let matches = |line: &Line| (line.0, line.1) == asked;
    let first = script
        .iter()
        .position(matches)
        .unwrap_or_else(|| panic!("no line for {asked:?}"));
    let (.., status, body) = script[first].clone();
    if script.iter().filter(|line| matches(line)).count() > 1 {
        script.remove(first);
    }
    (StatusCode::from_u16(status).unwrap(), Json(body))
}

const SOURCE: &str = "/api/datasources/uid/uwsgi-lab-influxdb";
const SOURCE_HEALTH: &str = "/api/datasources/uid/uwsgi-lab-influxdb/health";
const BOARD: &str = "/api/dashboards/uid/uwsgi-lab";

/// A Grafana where each step succeeds; lines put before these win.
fn after(mut lines: Vec<Line>) -> Vec<Line> {
    let said: Vec<_> = lines.iter().map(|line| (line.0, line.1)).collect();
    let smooth = [
        (
            "GET",
            "/api/plugins/influxdb/settings",
            200,
            json!({ "enabled": true }),
        ),
        ("GET", "/api/health", 200, json!({ "database": "ok" })),
        ("GET", SOURCE, 404, json!({})),
        ("POST", "/api/datasources", 200, json!({})),
        ("GET", SOURCE_HEALTH, 200, json!({ "status": "OK" })),
        ("GET", "/api/folders/uwsgi-lab", 404, json!({})),
        ("POST", "/api/folders", 200, json!({})),
        ("GET", BOARD, 404, json!({})),
        ("POST", "/api/dashboards/db", 200, json!({})),
    ];
    lines.extend(
        smooth
            .into_iter()
            .filter(|line| !said.contains(&(line.0, line.1))),
    );
    lines
}

async fn apply_to(lines: Vec<Line>) -> Result<Report, ProvisionError> {
    apply(
        &scripted(after(lines)).await,
        &desired(([127, 0, 0, 1], 8086).into()),
    )
    .await
}

#[tokio::test]
async fn each_refusal_of_grafana_has_its_own_words() {
    let save = |status: u16, tag: &str| {
        vec![(
            "POST",
            "/api/dashboards/db",
            status,
            json!({ "message": "no", "status": tag }),
        )]
    };
    let dashboard = "Grafana refused the dashboard 'uwsgi-lab': no";
    let table = [
        (
            vec![(
                "GET",
                "/api/plugins/influxdb/settings",
                404,
                json!({ "message": "Plugin not found" }),
            )],
            "Grafana has no InfluxDB plugin after 0ns: Plugin not found",
        ),
        (
            vec![
                (
                    "GET",
                    SOURCE,
                    200,
                    json!({ "url": "http://elsewhere", "version": 4 }),
                ),
                (
                    "PUT",
                    SOURCE,
                    403,
                    json!({ "message": "Cannot update read-only data source" }),
                ),
            ],
            "the data source 'uwsgi-lab-influxdb' differs and is read-only, because a file provisions it",
        ),
        (
            vec![(
                "POST",
                "/api/datasources",
                403,
                json!({ "message": "Permission denied" }),
            )],
            "Grafana forbids 'admin' to POST /api/datasources: Permission denied",
        ),
        (
            vec![("POST", "/api/folders", 412, json!({ "message": "name exists" }))],
            "the folder title 'uwsgi-lab' is taken: name exists",
        ),
        (
            vec![("POST", "/api/folders", 500, json!("proxy error"))],
            "Grafana answered 500 to POST /api/folders: proxy error",
        ),
        (save(412, "name-exists"), dashboard),
        (save(409, ""), dashboard),
    ];
    for (lines, expected) in table {
        assert_eq!(apply_to(lines).await.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn a_refused_dashboard_says_by_kind_why() {
    let table = [
        (412, "name-exists", Refused::NameExists),
        (412, "version-mismatch", Refused::VersionMismatch),
        (412, "plugin-dashboard", Refused::PluginDashboard),
        (409, "", Refused::StorageConflict),
    ];
    for (status, tag, expected) in table {
        let line = (
            "POST",
            "/api/dashboards/db",
            status,
            json!({ "message": "no", "status": tag }),
        );
        let Err(ProvisionError::DashboardRefused { reason, .. }) = apply_to(vec![line]).await else {
            panic!("{status} {tag} must be refused");
        };
        assert_eq!(reason, expected);
    }
}

#[tokio::test]
async fn what_someone_else_creates_at_the_same_moment_is_accepted() {
    let theirs = json!({
        "name": "uwsgi-lab InfluxDB", "type": "influxdb", "access": "proxy", "url": "http://127.0.0.1:8086",
        "uid": "uwsgi-lab-influxdb", "user": "lab", "database": "uWSGI", "isDefault": true, "version": 1,
        "jsonData": { "version": "InfluxQL", "dbName": "uWSGI", "httpMode": "POST", "timeInterval": "1s" },
        "secureJsonFields": { "password": true },
    });
    let report = apply_to(vec![
        ("GET", SOURCE, 404, json!({})),
        ("POST", "/api/datasources", 409, json!({ "message": "exists" })),
        ("GET", SOURCE, 200, theirs),
        ("GET", "/api/folders/uwsgi-lab", 404, json!({})),
        ("POST", "/api/folders", 412, json!({ "message": "exists" })),
        ("GET", "/api/folders/uwsgi-lab", 200, json!({})),
    ])
    .await
    .unwrap();
    assert_eq!(
        (report.datasource, report.folder),
        (Change::Unchanged, Change::Unchanged)
    );
}

#[tokio::test]
async fn a_password_that_no_longer_fits_is_sent_again() {
    let (server, _stop) = test_server().await;
    let (influxdb, _asked) = fake_influxdb(200, one_series()).await;
    let (grafana, desired) = (grafana(server), desired(influxdb));
    apply(&grafana, &desired).await.unwrap();
    let stored = grafana.get(SOURCE).await.unwrap().body;
    let refused = json!({ "message": "InfluxDB answered 401: authorization failed" });
    let lines = after(vec![
        ("GET", SOURCE, 200, stored),
        ("PUT", SOURCE, 200, json!({})),
        ("GET", SOURCE_HEALTH, 400, refused),
        ("GET", SOURCE_HEALTH, 200, json!({ "status": "OK" })),
    ]);
    let report = apply(&scripted(lines).await, &desired).await.unwrap();
    assert_eq!(report.datasource, Change::Updated);
}

#[tokio::test]
async fn a_dashboard_of_the_same_title_that_someone_made_is_not_replaced() {
    let (server, _stop) = test_server().await;
    let (influxdb, _asked) = fake_influxdb(200, one_series()).await;
    let grafana = grafana(server);
    let desired = desired(influxdb);
    grafana
        .post(
            "/api/folders",
            &json!({ "uid": "uwsgi-lab", "title": "uwsgi-lab" }),
        )
        .await
        .unwrap();
    let theirs = json!({ "dashboard": { "uid": "theirs", "title": "uWSGI" }, "folderUid": "uwsgi-lab" });
    grafana.post("/api/dashboards/db", &theirs).await.unwrap();
    let error = apply(&grafana, &desired).await.unwrap_err();
    assert!(
        matches!(
            error,
            ProvisionError::DashboardRefused {
                reason: Refused::NameExists,
                ..
            }
        ),
        "{error}"
    );
}
