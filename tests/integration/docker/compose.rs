//! Docker Compose and the lab: it sees a lab that we brought up, and brings the same stack up without us.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::path::Path;
use std::process::Command;

use crate::docker::lab::{Lab, handed_on};
use crate::environment::{Peer, eventually};
use crate::http;
use crate::lab::Ended;

/// docker-compose on `file`, with the variables that its user would set.
fn compose(lab: &Lab, program: &Path, file: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", lab.scratch());
    command.envs(handed_on()).envs([
        ("UWSGI_LAB_INFLUXDB_PASSWORD", "influxdb-secret"),
        ("UWSGI_LAB_GRAFANA_PASSWORD", "grafana-secret"),
    ]);
    for (variable, flag) in [
        ("UWSGI_LAB_APP_PORT", "--app-port"),
        ("UWSGI_LAB_STATS_PORT", "--stats-port"),
        ("UWSGI_LAB_INFLUXDB_PORT", "--influxdb-port"),
        ("UWSGI_LAB_GRAFANA_PORT", "--grafana-port"),
    ] {
        command.env(variable, lab.port(flag).to_string());
    }
    command
        .args(["--no-ansi", "-p", &lab.name, "-f"])
        .arg(file)
        .args(arguments);
    let ended = Ended::from(command.output().unwrap());
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    ended
}

#[test]
fn docker_compose_lists_logs_and_takes_down_a_lab_of_ours() {
    let Some(lab) = Lab::new() else { return };
    let Some(program) = Peer::DOCKER_COMPOSE.find() else {
        return;
    };
    lab.up(&[]);
    let file = lab.state().join("stack/compose.yaml");
    let listed = compose(
        &lab,
        &program,
        &file,
        &["ps", "--services", "--filter", "status=running"],
    );
    let mut services: Vec<&str> = listed.stdout.lines().collect();
    services.sort_unstable();
    assert_eq!(services, ["grafana", "influxdb", "uwsgi"]);
    let ids = compose(&lab, &program, &file, &["ps", "-q"]);
    let mut ids: Vec<&str> = ids.stdout.lines().collect();
    ids.sort_unstable();
    let containers = lab.containers();
    let mut expected: Vec<&str> = containers.values().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let logs = compose(&lab, &program, &file, &["logs", "--no-color", "uwsgi"]);
    assert!(logs.stdout.contains("spawned uWSGI worker 1 "), "{}", logs.stdout);
    compose(&lab, &program, &file, &["down", "--volumes"]);
    assert_eq!(lab.remains(), Vec::<String>::new());
    lab.down(&["--volumes"]);
    assert!(!lab.state().exists());
}

#[test]
fn docker_compose_brings_the_same_stack_up_without_us() {
    let Some(lab) = Lab::new() else { return };
    let Some(program) = Peer::DOCKER_COMPOSE.find() else {
        return;
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("stack/compose.yaml");
    compose(&lab, &program, &file, &["up", "-d"]);
    let answers = |flag: &str, path: &str| http::get(&lab.url(flag, path), None);
    eventually("the app answers", || {
        answers("--app-port", "/") == Some((200, "Hello World".to_owned()))
    });
    eventually("InfluxDB answers", || {
        answers("--influxdb-port", "/ping").is_some_and(|(status, _)| status == 204)
    });
    eventually("Grafana answers", || {
        answers("--grafana-port", "/api/health").is_some_and(|(status, _)| status == 200)
    });
    let stats = http::json(&lab.url("--stats-port", "/"), None);
    assert_eq!(stats["workers"].as_array().unwrap().len(), 4);
    let ask = lab.url("--influxdb-port", "/query?q=SHOW+DATABASES");
    assert_eq!(http::get(&ask, None).unwrap().0, 401);
    let databases = http::json(&ask, Some(("lab", "influxdb-secret")));
    assert_eq!(databases["results"][0]["series"][0]["values"][0][0], "uWSGI");
    compose(&lab, &program, &file, &["down", "--volumes"]);
}
