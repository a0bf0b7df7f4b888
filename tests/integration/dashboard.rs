//! The dashboard file against the measurements it may query, and `uwsgi-lab dashboard` as a process.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const DASHBOARD: &str = include_str!("../../dashboards/uwsgi.json");

/// Measurement, tags, fields.
type Schema = (&'static str, &'static [&'static str], &'static [&'static str]);

/// What the collector and the load generator write. A copy for now: the collector's own list takes its place once it
/// can be asked from here.
const SCHEMAS: [Schema; 3] = [
    (
        "uwsgi_summary",
        &["source"],
        &[
            "workers",
            "running",
            "busy",
            "idle",
            "cheap",
            "pause",
            "sig",
            "cores",
            "in_request",
            "queue",
            "max_queue",
            "oldest_request_s",
            "up",
            "scrape_us",
        ],
    ),
    (
        "uwsgi_workers",
        &["source", "worker_id"],
        &[
            "requests",
            "accepting",
            "delta_request",
            "exceptions",
            "harakiri_count",
            "pid",
            "signals",
            "signal_queue",
            "status",
            "rss",
            "vsz",
            "running_time",
            "last_spawn",
            "respawn_count",
            "tx",
            "avg_rt",
        ],
    ),
    (
        "uwsgi_load",
        &["target"],
        &[
            "asked_rate",
            "achieved_rate",
            "answered",
            "errors",
            "latency_p50",
            "latency_p90",
            "latency_p99",
            "latency_max",
            "service_p50",
            "connections",
            "backlog",
        ],
    ),
];

pub(crate) fn dashboard() -> Value {
    serde_json::from_str(DASHBOARD).unwrap()
}

/// All panels, those folded into rows included, without the rows.
pub(crate) fn panels(model: &Value) -> Vec<Value> {
    let own = model["panels"].as_array().into_iter().flatten();
    own.flat_map(|panel| match panel["type"].as_str() {
        Some("row") => panels(panel),
        _ => vec![panel.clone()],
    })
    .collect()
}

fn queries(panel: &Value) -> Vec<String> {
    let targets = panel["targets"].as_array().unwrap().iter();
    targets
        .map(|target| target["query"].as_str().unwrap().to_owned())
        .collect()
}

/// The innermost `SELECT … FROM "measurement" …` parts of a query.
fn innermost(query: &str) -> Vec<(String, String, String)> {
    let mut parts = Vec::new();
    for (at, _) in query.match_indices("FROM \"") {
        let select = query[..at].rfind("SELECT").unwrap();
        let (measurement, rest) = query[at + 6..].split_once('"').unwrap();
        let clauses = rest.split(") WHERE $timeFilter").next().unwrap();
        parts.push((
            measurement.to_owned(),
            query[select..at].to_owned(),
            clauses.to_owned(),
        ));
    }
    parts
}

/// Names in double quotes that are not given by `AS`.
fn identifiers(text: &str) -> Vec<String> {
    let pieces: Vec<_> = text.split('"').collect();
    let quoted = pieces.iter().enumerate().skip(1).step_by(2);
    quoted
        .filter(|(at, _)| !pieces[at - 1].trim_end().ends_with(" AS"))
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

#[test]
fn every_panel_queries_only_what_is_written() {
    let mut offences = Vec::new();
    for panel in panels(&dashboard()) {
        for query in queries(&panel) {
            let parts = innermost(&query);
            assert!(!parts.is_empty(), "no measurement in {query}");
            for (measurement, select, clauses) in parts {
                let schema = SCHEMAS.iter().find(|(name, ..)| *name == measurement);
                let (_, tags, fields) = schema.unwrap_or_else(|| panic!("nobody writes {measurement}"));
                let names = identifiers(&select).into_iter().map(|name| (fields, name));
                let names = names.chain(identifiers(&clauses).into_iter().map(|name| (tags, name)));
                let unknown = names.filter(|(known, name)| !known.contains(&name.as_str()));
                offences.extend(unknown.map(|(_, name)| format!("{}: {measurement}.{name}", panel["title"])));
            }
        }
    }
    assert_eq!(offences, Vec::<String>::new());
}

#[test]
fn the_check_of_queries_sees_through_subqueries_and_aliases() {
    let query = "SELECT sum(\"b\") AS \"x\" FROM (SELECT mean(\"busy\") AS \"b\" FROM \"s\" WHERE $timeFilter AND \
                 \"source\" =~ /^$source$/ GROUP BY time($__interval), \"source\") WHERE $timeFilter fill(none)";
    let parts = innermost(query);
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].0, "s");
    assert_eq!(identifiers(&parts[0].1), ["busy"]);
    assert_eq!(identifiers(&parts[0].2), ["source", "source"]);
}

#[test]
fn every_panel_is_complete_and_explains_itself() {
    let source: Value = serde_json::json!({ "type": "influxdb", "uid": "uwsgi-lab-influxdb" });
    let mut ids = BTreeSet::new();
    for panel in panels(&dashboard()) {
        let title = panel["title"].as_str().unwrap();
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "{title}: id is used twice"
        );
        assert!(
            ["timeseries", "stat"].contains(&panel["type"].as_str().unwrap()),
            "{title}: not a core panel"
        );
        assert!(
            panel["description"].as_str().is_some_and(|text| text.len() > 40),
            "{title}: no description"
        );
        assert_eq!(panel["datasource"], source, "{title}");
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"], source, "{title}");
            let query = target["query"].as_str().unwrap();
            let selects = query.matches("SELECT").count();
            assert_eq!(
                query.matches("WHERE $timeFilter").count(),
                selects,
                "{title}: each SELECT needs its range"
            );
        }
    }
    assert!(
        !DASHBOARD.contains('\u{3bc}'),
        "Grafana's unit is µs with the micro sign, U+00B5"
    );
}

#[test]
fn the_dashboard_is_in_exported_form() {
    let model = dashboard();
    let keys = ["id", "uid", "version", "schemaVersion", "refresh"].map(|key| model[key].clone());
    let expected = [
        Value::Null,
        "uwsgi-lab".into(),
        Value::Null,
        36.into(),
        "5s".into(),
    ];
    assert_eq!(keys, expected);
    assert!(model.get("version").is_none());
}

#[test]
fn no_panel_covers_another() {
    let mut taken = BTreeSet::new();
    for panel in panels(&dashboard()) {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
        assert!(x + w <= 24, "{} leaves the grid", panel["title"]);
        for cell in (x..x + w).flat_map(|column| (y..y + h).map(move |row| (column, row))) {
            assert!(taken.insert(cell), "{} covers another panel", panel["title"]);
        }
    }
}

/// A running `uwsgi-lab dashboard`, killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(data: &Path, password: &str) -> Self {
        let mut process = command(&["--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
            .env("GF_SECURITY_ADMIN_PASSWORD", password)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("dashboard server listens on ")
            .unwrap()
            .to_owned();
        Self { process, url }
    }

    async fn status(&self, path: &str, password: &str) -> u16 {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http
            .get(format!("{}{path}", self.url))
            .basic_auth("admin", Some(password));
        request.send().await.unwrap().status().as_u16()
    }

    fn terminate(mut self) -> ExitStatus {
        let pid = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_uwsgi-lab"));
    command.arg("dashboard").args(arguments);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null());
    command
}

#[tokio::test]
async fn what_the_server_was_told_outlives_it_and_so_does_its_first_password() {
    let data = tempfile::tempdir().unwrap();
    let first = Server::start(data.path(), "old");
    assert_eq!(first.status("/api/health", "").await, 200);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let folder = http
        .post(format!("{}/api/folders", first.url))
        .basic_auth("admin", Some("old"));
    let folder = folder.body(r#"{"uid": "f", "title": "F"}"#).send().await.unwrap();
    assert_eq!(folder.status().as_u16(), 200);
    assert_eq!(first.terminate().code(), Some(0));
    let second = Server::start(data.path(), "new");
    assert_eq!(second.status("/api/folders/f", "new").await, 401);
    assert_eq!(second.status("/api/folders/f", "old").await, 200);
}

#[test]
fn a_data_directory_in_use_is_named() {
    let data = tempfile::tempdir().unwrap();
    let _first = Server::start(data.path(), "x");
    let directory = data.path().to_str().unwrap();
    let output = command(&["--listen", "127.0.0.1:0", "--data", directory])
        .env("GF_SECURITY_ADMIN_PASSWORD", "x")
        .output()
        .unwrap();
    let expected = format!(
        "error: cannot use the state file '{directory}/dashboard.json'\n  cause: another server uses it\n  \
         hint: stop the other server, or choose another directory with --data DIRECTORY\n"
    );
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap()),
        (Some(4), expected)
    );
}

#[test]
fn the_server_does_not_start_without_a_password() {
    let mut process = command(&["--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = String::new();
    process.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    let expected = "error: the dashboard server needs a password for its admin\n  \
                    hint: set GF_SECURITY_ADMIN_PASSWORD in the environment\n";
    assert_eq!(
        (process.wait().unwrap().code(), text.as_str()),
        (Some(2), expected)
    );
}

#[test]
fn a_port_in_use_is_named() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let output = command(&["--listen", &address])
        .env("GF_SECURITY_ADMIN_PASSWORD", "x")
        .output()
        .unwrap();
    let expected = format!(
        "error: cannot listen on {address}\n  cause: Address already in use (os error 98)\n  hint: choose another port \
         with --listen ADDRESS, or stop the program that holds it\n"
    );
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap()),
        (Some(4), expected)
    );
}
