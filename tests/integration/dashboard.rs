//! The form of the dashboard file, and `uwsgi-lab dashboard` as a process.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const DASHBOARD: &str = include_str!("../../dashboards/uwsgi.json");

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
            panel["description"].as_str().is_some_and(|text| text.len() > 40),
            "{title}: no description"
        );
        if panel["type"] == "text" {
            continue;
        }
        assert!(
            ["timeseries", "stat"].contains(&panel["type"].as_str().unwrap()),
            "{title}: not a core panel"
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
fn every_query_honours_the_variables_that_its_measurement_knows() {
    let of_worker = ["uwsgi_workers", "uwsgi_cores", "uwsgi_apps"];
    for panel in panels(&dashboard()) {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["query"].as_str().unwrap();
            let (_, measurement) = query.rsplit_once("FROM \"").unwrap();
            let measurement = measurement.split('"').next().unwrap();
            let has = |filter: &str| query.contains(filter);
            let expected = (measurement != "uwsgi_load", of_worker.contains(&measurement));
            let found = (
                has("\"source\" =~ /^$source$/"),
                has("\"worker_id\" =~ /^$worker$/"),
            );
            assert_eq!(found, expected, "{}: source, worker", panel["title"]);
        }
    }
}

/// Grafana reads an InfluxQL annotation from its `target`, as the editor of release 9 and later saves it.
#[test]
fn events_are_drawn_as_annotations_from_influxdb() {
    let model = dashboard();
    let lists = model["annotations"]["list"].as_array().unwrap();
    let events = lists.iter().find(|list| list["name"] == "uWSGI events").unwrap();
    let expected = serde_json::json!({
        "refId": "Anno", "name": "uWSGI events", "fromAnnotations": true, "queryType": "tags",
        "query": "SELECT \"text\", \"kind\", \"source\" FROM \"uwsgi_events\" WHERE $timeFilter AND \"source\" =~ /^$source$/",
        "textColumn": "text", "tagsColumn": "kind,source", "titleColumn": "", "timeEndColumn": "",
    });
    assert_eq!((&events["target"], &events["enable"]), (&expected, &true.into()));
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

/// Panels of a closed row begin below it, as if the rows after it were not there.
#[test]
fn no_panel_covers_another() {
    let model = dashboard();
    let top = model["panels"].as_array().unwrap();
    free_of_overlap(top);
    for row in top {
        if let Some(inner) = row["panels"].as_array() {
            free_of_overlap(inner);
            let first = inner
                .first()
                .map(|panel| panel["gridPos"]["y"].as_u64().unwrap() - 1);
            assert!(
                first.is_none_or(|above| row["gridPos"]["y"] == above),
                "{}",
                row["title"]
            );
        }
    }
}

fn free_of_overlap(panels: &[Value]) {
    let mut taken = BTreeSet::new();
    for panel in panels {
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
        Self::start_at("127.0.0.1:0", data, password)
    }

    pub(crate) fn start_at(address: &str, data: &Path, password: &str) -> Self {
        let mut process = command(&["--listen", address, "--data", data.to_str().unwrap()])
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

    /// Ends at once, as in a crash.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
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
    let port = holder.local_addr().unwrap().port();
    let output = command(&["--listen", &format!("localhost:{port}")])
        .env("GF_SECURITY_ADMIN_PASSWORD", "x")
        .output()
        .unwrap();
    let expected = format!(
        "error: port {port} of 127.0.0.1 is in use\n  hint: stop the program that holds it, or take any free port: \
         --listen :0\n"
    );
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap()),
        (Some(4), expected)
    );
}
