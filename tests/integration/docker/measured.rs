//! What `up --detach` brings: a server that is measured under load, and a dashboard that shows it.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::dashboard::panels;
use crate::docker::lab::{Lab, docker};
use crate::environment::eventually;
use crate::http;
use crate::lab::Ended;

const WELCOME: &str = "
NAME is up.

  Grafana    http://127.0.0.1:<grafana-port>/d/uwsgi-lab
  App        http://127.0.0.1:<app-port>/
  Stats      http://127.0.0.1:<stats-port>/
  InfluxDB   http://127.0.0.1:<influxdb-port>/
  User       lab
  Password   shown by `uwsgi-lab status --name NAME --show-passwords`

  Collecting every 1s from http://127.0.0.1:<stats-port>.
  Sending 16 requests/s to http://127.0.0.1:<app-port>/.
  The dashboard's 55 queries work.
  It runs in the background (pid PID): `uwsgi-lab status --name NAME` shows how, `uwsgi-lab down --name NAME` takes it away.

";

#[test]
fn a_lab_that_is_up_is_under_load_and_everything_about_it_is_stored_and_shown() {
    let Some(lab) = Lab::new() else { return };
    let up = lab.up(&[]);
    let pid = lab.pid().unwrap();
    assert_eq!(
        lab.masked(&up.stdout).replace(&format!("pid {pid})"), "pid PID)"),
        WELCOME
    );
    status_tells_services_endpoints_and_who_runs_them(&lab, pid);
    every_container_listens_on_this_machine_alone(&lab);
    passwords_are_for_their_owner_alone(&lab, &up);
    eventually("five seconds of load are stored", || {
        lab.influxql("SELECT * FROM uwsgi_load").len() >= 5
    });
    every_measurement_is_there_with_every_worker(&lab);
    figures_are_those_of_the_load(&lab);
    scrapes_are_whole(&lab);
    the_data_source_is_healthy(&lab);
    every_panel_has_data(&lab);
    the_dashboard_is_listed(&lab);
    passwords_are_for_their_owner_alone(&lab, &up);
}

fn status_tells_services_endpoints_and_who_runs_them(lab: &Lab, pid: u64) {
    let mut status = lab.status();
    let running = status.as_object_mut().unwrap().remove("running").unwrap();
    let name = &lab.name;
    let service = |service: &str| json!({ "name": service, "container": format!("{name}-{service}-1"), "state": "running", "exit_code": null });
    let endpoint = |role: &str, service: &str| {
        let port = lab.port(&format!("--{role}-port"));
        json!({ "role": role, "service": service, "address": format!("127.0.0.1:{port}") })
    };
    let expected = json!({
        "version": 1,
        "name": name,
        "services": [service("grafana"), service("influxdb"), service("uwsgi")],
        "endpoints": [
            endpoint("grafana", "grafana"),
            endpoint("influxdb", "influxdb"),
            endpoint("app", "uwsgi"),
            endpoint("stats", "uwsgi"),
        ],
        "login": { "user": "lab", "grafana_password": null, "influxdb_password": null },
        "silent_pid": null,
        "engine": "docker",
    });
    assert_eq!(status, expected);
    let known = json!([
        running["pid"],
        running["detached"],
        running["load"]["asked_rate"],
        running["load"]["errors"]
    ]);
    assert_eq!(known, json!([pid, true, 16.0, 0]));
}

fn every_container_listens_on_this_machine_alone(lab: &Lab) {
    let format =
        "{{range $port, $bindings := .NetworkSettings.Ports}}{{range $bindings}}{{.HostIp}} {{end}}{{end}}";
    let addresses: Vec<String> = lab
        .containers()
        .values()
        .map(|id| docker(&["inspect", "--format", format, id]))
        .collect();
    assert_eq!(addresses, ["127.0.0.1", "127.0.0.1", "127.0.0.1 127.0.0.1"]);
}

fn passwords_are_for_their_owner_alone(lab: &Lab, up: &Ended) {
    let file = lab.state().join("credentials.json");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let log = fs::read_to_string(lab.state().join("agent.log")).unwrap();
    let [_, influxdb, grafana] = lab.credentials();
    for password in [&influxdb, &grafana] {
        assert_eq!(command_lines_with(password), Vec::<String>::new());
        for text in [&up.stdout, &up.stderr, &log] {
            assert!(!text.contains(password.as_str()), "{text}");
        }
    }
}

/// Command lines of all processes of the machine.
fn command_lines_with(text: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
    lines.filter(|line| line.contains(text)).collect()
}

fn every_measurement_is_there_with_every_worker(lab: &Lab) {
    let first = |query: &str| -> BTreeSet<String> {
        let rows = lab.influxql(query);
        rows.iter()
            .map(|row| row.last().unwrap().as_str().unwrap().to_owned())
            .collect()
    };
    let set = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<BTreeSet<_>>()
    };
    let measurements = set(&[
        "uwsgi_apps",
        "uwsgi_cores",
        "uwsgi_load",
        "uwsgi_overview",
        "uwsgi_sockets",
        "uwsgi_summary",
        "uwsgi_workers",
    ]);
    assert_eq!(first("SHOW MEASUREMENTS"), measurements);
    for measurement in ["uwsgi_workers", "uwsgi_apps", "uwsgi_cores"] {
        let query = format!("SHOW TAG VALUES FROM {measurement} WITH KEY = worker_id");
        assert_eq!(first(&query), set(&["1", "2", "3", "4"]), "{measurement}");
    }
    let cores = first("SHOW TAG VALUES FROM uwsgi_cores WITH KEY = core_id");
    assert_eq!(cores, set(&["0", "1"]));
}

/// The values of one row, without its time.
fn row(lab: &Lab, query: &str) -> Vec<f64> {
    let rows = lab.influxql(query);
    rows[0][1..].iter().map(|value| value.as_f64().unwrap()).collect()
}

fn figures_are_those_of_the_load(lab: &Lab) {
    let summary =
        "SELECT last(workers), last(running), last(cores), last(max_queue), last(up) FROM uwsgi_summary";
    assert_eq!(row(lab, summary), [4.0, 4.0, 8.0, 100.0, 1.0]);
    assert_eq!(
        row(
            lab,
            "SELECT sum(errors), min(asked_rate), max(asked_rate) FROM uwsgi_load"
        ),
        [0.0, 16.0, 16.0]
    );
    let load = row(lab, "SELECT min(latency_p50), sum(answered) FROM uwsgi_load");
    let (fastest, answered) = (load[0], load[1]);
    assert!(
        fastest >= 250_000.0,
        "the app sleeps 250 ms, and p50 is {fastest} µs"
    );
    // uWSGI counts a request before its client has seen the answer, and was asked by nobody else.
    let workers = lab.influxql("SELECT last(requests) FROM uwsgi_workers GROUP BY worker_id");
    let counted: f64 = workers.iter().map(|row| row[1].as_f64().unwrap()).sum();
    assert!(
        answered >= 48.0 && counted + 16.0 >= answered,
        "{counted} by uWSGI, {answered} by us"
    );
    let busiest = row(lab, "SELECT max(busy), max(in_request) FROM uwsgi_summary");
    assert!(
        busiest.iter().all(|value| (1.0..=8.0).contains(value)),
        "{busiest:?}"
    );
    let memory = row(lab, "SELECT max(rss) FROM uwsgi_workers");
    assert!(memory[0] > 1_000_000.0, "{memory:?}");
}

/// All points of a scrape have its time: one summary and overview, four workers and apps, eight cores.
fn scrapes_are_whole(lab: &Lab) {
    let last = lab.influxql("SELECT last(up) FROM uwsgi_summary")[0][0]
        .as_u64()
        .unwrap();
    let counts = [
        ("uwsgi_summary", "up"),
        ("uwsgi_overview", "pid"),
        ("uwsgi_workers", "requests"),
        ("uwsgi_apps", "requests"),
        ("uwsgi_cores", "requests"),
    ];
    let counts = counts.map(|(measurement, field)| {
        let query = format!("SELECT count({field}) FROM {measurement} WHERE time = {last}ms");
        row(lab, &query)[0] as u64
    });
    assert_eq!(counts, [1, 1, 4, 4, 8]);
}

fn the_data_source_is_healthy(lab: &Lab) {
    let [user, _, password] = lab.credentials();
    let url = lab.url("--grafana-port", "/api/datasources/uid/uwsgi-lab-influxdb/health");
    assert_eq!(http::json(&url, Some((&user, &password)))["status"], "OK");
    assert_eq!(http::get(&url, None).unwrap().0, 401);
    let ask = lab.url("--influxdb-port", "/query?q=SHOW+DATABASES");
    assert_eq!(http::get(&ask, None).unwrap().0, 401);
}

fn the_dashboard_is_listed(lab: &Lab) {
    let listed = lab.run(&["dashboards", "list"]).stdout;
    let expected = "uwsgi-lab  uWSGI  http://127.0.0.1:<grafana-port>/d/uwsgi-lab\n";
    assert_eq!(lab.masked(&listed), expected);
}

fn every_panel_has_data(lab: &Lab) {
    let [user, _, password] = lab.credentials();
    let login = Some((user.as_str(), password.as_str()));
    let stored = http::json(&lab.url("--grafana-port", "/api/dashboards/uid/uwsgi-lab"), login);
    let panels = panels(&stored["dashboard"]);
    let asking: Vec<Value> = panels
        .into_iter()
        .filter(|panel| panel["targets"].is_array() && !asks_for_what_this_server_lacks(panel))
        .collect();
    assert_eq!(asking.len(), 45);
    for panel in &asking {
        let title = panel["title"].as_str().unwrap();
        eventually(&format!("the panel '{title}' has data"), || {
            let without = queries_without_data(lab, login, panel);
            without.is_empty()
        });
    }
}

/// Caches and spoolers, which the hello-world app has none of, and events, of which there are none yet.
fn asks_for_what_this_server_lacks(panel: &Value) -> bool {
    let lacking = ["uwsgi_caches", "uwsgi_spoolers", "uwsgi_events"];
    let query = panel["targets"][0]["query"].as_str().unwrap();
    lacking.iter().any(|name| query.contains(name))
}

/// Asks as the browser does and names the queries that answered nothing.
fn queries_without_data(lab: &Lab, login: http::Login<'_>, panel: &Value) -> Vec<String> {
    let targets = panel["targets"].as_array().unwrap().iter();
    let queries: Vec<Value> = targets
        .map(|target| {
            let mut query = target.clone();
            query["query"] = json!(
                target["query"]
                    .as_str()
                    .unwrap()
                    .replace("$source", ".*")
                    .replace("$worker", ".*")
            );
            query["intervalMs"] = json!(1000);
            query["maxDataPoints"] = json!(500);
            query
        })
        .collect();
    let body = json!({ "from": "now-5m", "to": "now", "queries": queries }).to_string();
    let (status, answer) = http::post(&lab.url("--grafana-port", "/api/ds/query"), login, body).unwrap();
    assert_eq!(status, 200, "{}: {answer}", panel["title"]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let results = answer["results"].as_object().unwrap();
    assert_eq!(results.len(), queries.len());
    let empty = results.iter().filter(|(_, result)| !has_values(result));
    empty.map(|(name, _)| name.clone()).collect()
}

/// The first column of a frame is its time.
fn has_values(result: &Value) -> bool {
    let frames = result["frames"].as_array().into_iter().flatten();
    let columns = frames.flat_map(|frame| frame["data"]["values"].as_array().into_iter().flatten().skip(1));
    let mut values = columns.flat_map(|column| column.as_array().into_iter().flatten());
    values.any(|value| !value.is_null())
}
