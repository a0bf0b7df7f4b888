//! What the commands beside `up` say: plans, logs, addresses; and a lab that watches an existing uWSGI.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::process::{Command, Stdio};

use serde_json::json;

use crate::docker::lab::{Lab, docker};
use crate::environment::{Peer, Process, eventually, start_uwsgi};
use crate::lab::Ended;

fn good(stdout: &str) -> Ended {
    Ended {
        code: Some(0),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}

const PLAN: &str = "\
Stage 1: obtain images
  image of service uwsgi: build, not present

Stage 2: create networks, create volumes
  network default: create, not present
  volume grafana-data: create, not present
  volume influxdb-data: create, not present

Stage 3: start services
  service grafana: create, not present
  service influxdb: create, not present
  service uwsgi: create, not present
";

#[test]
fn plans_logs_and_addresses_are_told_before_and_after_a_lab_is_up() {
    let Some(lab) = Lab::new() else { return };
    assert_eq!(lab.run_with_ports(&["up", "--dry-run"]), good(PLAN));
    assert_eq!((lab.remains(), lab.state().exists()), (Vec::new(), false));
    let open = lab.run(&["open", "--print"]);
    let expected = "error: Grafana does not run\n  hint: `uwsgi-lab up --name NAME` brings it up\n";
    assert_eq!(
        (open.code, open.stdout.as_str(), lab.masked(&open.stderr).as_str()),
        (Some(4), "", expected)
    );
    let status = lab.run(&["status"]);
    let expected = "NAME: no services; `uwsgi-lab up --name NAME` brings them up.\n\n  Nothing collects and no load runs.\n";
    assert_eq!(
        (status.code, lab.masked(&status.stdout).as_str()),
        (Some(0), expected)
    );
    let logs = lab.run(&["logs"]);
    let expected = "error: there is no lab 'NAME'\n  hint: `uwsgi-lab up --name NAME` brings it up\n";
    assert_eq!(
        (logs.code, logs.stdout.as_str(), lab.masked(&logs.stderr).as_str()),
        (Some(4), "", expected)
    );

    lab.up(&[]);
    assert_eq!(
        lab.run_with_ports(&["up", "--dry-run"]),
        good("Nothing to do: everything is as it should be.\n")
    );
    let open = lab.run(&["open", "--print"]);
    assert_eq!(
        (open.code, open.stdout),
        (Some(0), lab.url("--grafana-port", "/d/uwsgi-lab\n"))
    );
    logs_are_of_one_service_or_of_all(&lab);
    followed_logs_go_on_with_the_next_container(&lab);
    a_process_that_hangs_hides_no_service(&lab);
    a_service_that_is_gone_is_missing(&lab);
    followed_logs_end_with_the_lab(&lab);
}

fn followed_logs_end_with_the_lab(lab: &Lab) {
    let mut command = lab.command(&["logs", "--follow", "influxdb"]);
    let mut process = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let (lines, _) = process.listen();
    lines.next();
    lab.down(&[]);
    assert_eq!(process.exit_code(), Some(0));
}

fn followed_logs_go_on_with_the_next_container(lab: &Lab) {
    let started = "spawned uWSGI worker 4 (pid: ";
    let mut command = lab.command(&["logs", "--follow", "uwsgi"]);
    let mut process = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let (lines, _) = process.listen();
    lines.until(started);
    docker(&["restart", "--time", "1", &lab.containers()["uwsgi"]]);
    let next = lines.until(started);
    let starts = next.iter().filter(|line| line.starts_with("*** Starting uWSGI"));
    assert_eq!(starts.count(), 1, "{next:?}");
    process.interrupt();
    assert_eq!(process.exit_code(), Some(0));
}

fn a_process_that_hangs_hides_no_service(lab: &Lab) {
    let pid = lab.pid().unwrap();
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &pid.to_string()]).status();
        assert!(sent.unwrap().success());
    };
    signal("-STOP");
    let status = lab.run(&["status"]);
    signal("-CONT");
    assert_eq!(status.code, Some(0));
    let silent = format!("(pid {pid}) does not answer; `kill {pid}` ends it.\n");
    assert!(
        status.stdout.contains("\n  influxdb  running ") && status.stdout.ends_with(&silent),
        "{}",
        status.stdout
    );
}

fn a_service_that_is_gone_is_missing(lab: &Lab) {
    docker(&["rm", "--force", &lab.containers()["uwsgi"]]);
    let status = lab.run(&["status"]);
    assert!(
        status.stdout.contains("\n  uwsgi     missing\n"),
        "{}",
        status.stdout
    );
    let heals = "\n  `uwsgi-lab up --name NAME` with the same options heals it.\n";
    assert!(lab.masked(&status.stdout).ends_with(heals), "{}", status.stdout);
    let logs = lab.run(&["logs", "uwsgi"]);
    let expected = "error: service 'uwsgi' is missing, and what it printed with it\n  \
        hint: `uwsgi-lab up --name NAME` with the same options makes it anew\n";
    assert_eq!(
        (logs.code, logs.stdout.as_str(), lab.masked(&logs.stderr).as_str()),
        (Some(4), "", expected)
    );
}

fn logs_are_of_one_service_or_of_all(lab: &Lab) {
    let logs = lab.run(&["logs", "uwsgi"]);
    assert_eq!(logs.code, Some(0));
    let started = "spawned uWSGI worker 4 (pid: ";
    assert!(
        logs.stdout.lines().any(|line| line.starts_with(started)),
        "{}",
        logs.stdout
    );
    let all = lab.run(&["logs"]);
    let prefixed = format!("uwsgi    | {started}");
    assert!(
        all.stdout.lines().any(|line| line.starts_with(&prefixed)),
        "{}",
        all.stdout
    );
    for service in ["grafana  | ", "influxdb | "] {
        assert!(
            all.stdout.lines().any(|line| line.starts_with(service)),
            "{}",
            all.stdout
        );
    }
    let last = lab.run(&["logs", "--tail", "2", "uwsgi"]);
    assert_eq!(last.stdout.lines().count(), 2);
    let nope = lab.run(&["logs", "nope"]);
    let expected = "error: there is no service 'nope'\n  hint: services: grafana, influxdb, uwsgi\n";
    assert_eq!(
        (nope.code, nope.stdout.as_str(), nope.stderr.as_str()),
        (Some(2), "", expected)
    );
}

#[test]
fn an_existing_uwsgi_is_watched_in_place_of_one_of_ours_and_gets_no_load() {
    let Some(lab) = Lab::new() else { return };
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let address = format!("127.0.0.1:{}", lab.spare_port());
    let _uwsgi = start_uwsgi(&uwsgi, lab.scratch(), &["--stats", &address]);
    lab.up(&["--stats", &format!("tcp://{address}")]);
    let services: Vec<String> = lab.services().into_keys().collect();
    assert_eq!(services, ["grafana", "influxdb"]);
    eventually("its figures are stored", || {
        lab.influxql("SELECT last(workers) FROM uwsgi_summary").len() == 1
    });
    let last = lab.influxql("SELECT last(workers), last(cores), last(up) FROM uwsgi_summary");
    assert_eq!(last[0][1..], [json!(2), json!(4), json!(1)]);
    let sources = lab.influxql("SHOW TAG VALUES FROM uwsgi_summary WITH KEY = source");
    assert_eq!(sources, [[json!("source"), json!(address)]]);
    let running = lab.status()["running"].clone();
    assert_eq!(
        (&running["load"], &running["targets"][0]["workers"]),
        (&json!(null), &json!(2))
    );
}
