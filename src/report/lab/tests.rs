//! Whole outputs, as a user sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::agent::{InfluxSettings, LoadSettings, WatchSettings};
use crate::plan::Container;

fn status(load: bool) -> Status {
    let load = load.then(|| {
        json!({
            "target": "http://127.0.0.1:9090/", "asked_rate": 16.0, "achieved_rate": 15.98,
            "latency_p50": 250_900, "latency_p99": 252_100, "connections": 4, "backlog": 0,
            "sent": 160, "answered": 156, "errors": 1
        })
    });
    let status = json!({
        "pid": 42, "detached": true, "started_ms": 1,
        "targets": [{
            "source": "127.0.0.1:9191", "address": "http://127.0.0.1:9191", "up": true, "error": null,
            "workers": 4, "running": 4, "busy": 3, "cores": 8, "in_request": 4, "queue": 0, "max_queue": 100
        }],
        "writer": {
            "points_written": 1234, "points_waiting": 0, "points_dropped": 0, "first_write_ms": 2,
            "error": null
        },
        "load": load
    });
    serde_json::from_value(status).unwrap()
}

fn container(service: &str, role: Role, port: u16, state: State) -> Container {
    let holds = !matches!(state, State::Exited(_));
    Container {
        id: format!("{service}-id"),
        name: format!("lab-{service}-1"),
        service: service.to_owned(),
        settings: String::new(),
        image: String::new(),
        networks: BTreeSet::new(),
        ports: BTreeMap::from_iter(holds.then_some((port, port))),
        held_ports: BTreeSet::new(),
        labels: BTreeMap::from([(role.label(), port.to_string())]),
        state,
    }
}

fn lab(running: Option<Status>, show_passwords: bool) -> LabReport {
    let observed = Observed {
        containers: vec![
            container("grafana", Role::Grafana, 3000, State::Running),
            container("uwsgi", Role::App, 9090, State::Exited(22)),
        ],
        ..Observed::default()
    };
    let credentials = json!({"user": "me", "influxdb_password": "one", "grafana_password": "two"});
    let credentials: Credentials = serde_json::from_value(credentials).unwrap();
    LabReport::new("lab", &observed, running, Some(&credentials), show_passwords)
}

#[test]
fn a_plan_is_its_steps_by_stage_and_an_empty_one_says_so() {
    assert_eq!(
        plan_text(&Plan::default()),
        "Nothing to do: everything is as it should be.\n"
    );
    let observed = Observed {
        containers: vec![container("uwsgi", Role::App, 9090, State::Running)],
        networks: vec![crate::plan::Network {
            id: "n".to_owned(),
            key: "default".to_owned(),
        }],
        ..Observed::default()
    };
    let plan = crate::plan::down(&observed, crate::plan::Keep::Volumes, "down");
    assert_eq!(
        plan_text(&plan),
        "1. service uwsgi: remove, down\n2. network default: remove, down\n"
    );
}

#[test]
fn the_live_line_has_what_is_known_and_nothing_else() {
    assert_eq!(
        live_line(&status(true)),
        "15.98/16 req/s · p50 250.90ms p99 252.10ms · 1 error · busy 3 of 4 workers · queue 0 of 100 · \
         1234 points written"
    );
    let mut new = status(true);
    new.targets[0].up = None;
    if let Some(load) = &mut new.load {
        load.achieved_rate = None;
    }
    new.writer.points_waiting = 5;
    new.writer.error = Some("connection refused".to_owned());
    assert_eq!(
        live_line(&new),
        "load of 16 req/s starts · 127.0.0.1:9191: not read yet · 1234 points written · \
         5 waiting: connection refused"
    );
}

#[test]
fn a_status_names_services_endpoints_login_and_what_runs() {
    assert_eq!(
        status_text(&lab(Some(status(true)), false)),
        "\
lab

  grafana   running           grafana 127.0.0.1:3000
  uwsgi     exited (code 22)

  user me

  collecting in the background (pid 42)
  http://127.0.0.1:9191: busy 3 of 4 workers · queue 0 of 100
  load on http://127.0.0.1:9090/: 15.98/16 req/s · p50 250.90ms p99 252.10ms · 1 error
  1234 points written, 0 waiting, 0 dropped
"
    );
}

#[test]
fn passwords_are_shown_on_request_alone() {
    let shown = status_text(&lab(None, true));
    assert!(
        shown.contains("  password of Grafana two, of InfluxDB one\n"),
        "{shown}"
    );
    assert!(
        shown.ends_with("\n  Nothing collects and no load runs.\n"),
        "{shown}"
    );
    let login = |show| serde_json::to_value(lab(None, show)).unwrap()["login"].clone();
    assert_eq!(
        login(false),
        json!({"user": "me", "grafana_password": null, "influxdb_password": null})
    );
    assert_eq!(
        login(true),
        json!({"user": "me", "grafana_password": "two", "influxdb_password": "one"})
    );
}

#[test]
fn the_json_of_a_status_has_every_key_even_where_nothing_runs() {
    let nothing = LabReport::new("lab", &Observed::default(), None, None, false);
    assert_eq!(
        serde_json::to_value(nothing).unwrap(),
        json!({"version": 1, "name": "lab", "services": [], "endpoints": [], "login": null, "running": null})
    );
    let all = serde_json::to_value(lab(Some(status(false)), false)).unwrap();
    assert_eq!(
        (&all["services"], &all["endpoints"]),
        (
            &json!([
                {"name": "grafana", "container": "lab-grafana-1", "state": "running", "exit_code": null},
                {"name": "uwsgi", "container": "lab-uwsgi-1", "state": "exited", "exit_code": 22}
            ]),
            &json!([{"role": "grafana", "service": "grafana", "address": "127.0.0.1:3000"}])
        )
    );
    assert_eq!(all["running"], serde_json::to_value(status(false)).unwrap());
}

#[test]
fn a_welcome_says_where_to_look_who_to_log_in_as_and_what_goes_on() {
    let endpoint = |role: Role, port: u16| Endpoint {
        role,
        service: role.name().to_owned(),
        target: port,
        port,
        inside: String::new(),
    };
    let settings = AgentSettings {
        watch: vec![WatchSettings {
            address: "http://127.0.0.1:9191".to_owned(),
            source: "127.0.0.1:9191".to_owned(),
        }],
        interval: Duration::from_millis(500),
        influxdb: InfluxSettings {
            url: "http://127.0.0.1:8086".to_owned(),
            database: "uWSGI".to_owned(),
            user: "me".to_owned(),
        },
        load: Some(LoadSettings {
            url: "http://127.0.0.1:9090/".to_owned(),
            rate: 16.0,
            threads: 1,
            connections: None,
            timeout: Duration::from_secs(30),
        }),
    };
    let endpoints = [endpoint(Role::Grafana, 3000), endpoint(Role::App, 9090)];
    let mut welcome = Welcome {
        name: "lab",
        endpoints: &endpoints,
        settings: &settings,
        user: "me",
        password: Some("two"),
        panels: Some(24),
        runs: Runs::Here,
        unchanged: false,
    };
    assert_eq!(
        welcome_text(&welcome),
        "
lab is up.

  Grafana    http://127.0.0.1:3000/d/uwsgi-lab
  App        http://127.0.0.1:9090/
  User       me
  Password   two (Grafana; all: `uwsgi-lab status --show-passwords`)

  Collecting every 500ms from http://127.0.0.1:9191.
  Sending 16 requests/s to http://127.0.0.1:9090/.
  Each of the dashboard's 24 queries answers.
  Ctrl-C stops it; `uwsgi-lab down` takes it away.

"
    );
    welcome.password = None;
    assert!(!welcome_text(&welcome).contains("two"));
}
