//! Up, again, down, and what stays.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use crate::environment::eventually;
use crate::http;
use crate::lab::Ended;
use crate::local::lab::Lab;

const PLAN: &str = "\
Stage 1: build environments
  environment of service uwsgi: build, not present

Stage 2: create volumes
  volume grafana-data: create, not present
  volume influxdb-data: create, not present

Stage 3: start services
  service grafana: create, not present
  service influxdb: create, not present
  service uwsgi: create, not present
";
const WHY: &str = "Engine: local, because no Docker daemon answers at unix:///nowhere/docker.sock.\n";

fn entries(lab: &Lab) -> Vec<String> {
    let entries = fs::read_dir(lab.state()).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_lab_comes_up_without_docker_and_nothing_is_left_of_it() {
    let Some(lab) = Lab::new() else { return };
    let dry = Ended {
        code: Some(0),
        stdout: PLAN.to_owned(),
        stderr: WHY.to_owned(),
    };
    assert_eq!(lab.run_with_ports(&["up", "--dry-run"]), dry);
    assert!(!lab.state().exists());

    let up = lab.up(&[]);
    assert!(up.stderr.starts_with(WHY), "{}", up.stderr);
    assert!(
        up.stdout.contains("\n  The dashboard's 55 queries work.\n"),
        "{}",
        up.stdout
    );
    let running = ["grafana", "influxdb", "uwsgi"].map(|name| (name.to_owned(), "running".to_owned()));
    assert_eq!(lab.services(), running.into());
    assert_eq!(
        http::get(&lab.url("--app-port", "/"), None).unwrap(),
        (200, "Hello World".to_owned())
    );
    eventually("points of uWSGI and of the load are stored", || {
        let count = |measurement: &str| lab.influxql(&format!("SELECT count(*) FROM {measurement}")).len();
        count("uwsgi_summary") == 1 && count("uwsgi_load") == 1
    });
    lab.leave_mark();

    let down = lab.down(&[]);
    assert!(down.stderr.ends_with(&format!(
        "The data is kept; `uwsgi-lab down --name {} --volumes` removes it too.\n",
        lab.name
    )));
    assert_eq!((lab.processes(), lab.services().len()), (Vec::new(), 0));
    assert!(
        lab.up(&[])
            .stderr
            .starts_with("Engine: local, with which this lab was made.\n")
    );
    assert!(lab.has_mark());

    lab.down(&["--volumes"]);
    assert_eq!(
        (lab.processes(), entries(&lab)),
        (Vec::new(), vec!["environments".to_owned()])
    );
    lab.down(&["--volumes", "--images"]);
    assert!(!lab.state().exists());
}

#[test]
fn a_lab_that_is_up_is_left_as_it_is() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    let (pids, agent) = (lab.pids(), lab.pid());
    let again = lab.up(&[]);
    assert!(
        again.stdout.contains(" is up already; nothing was changed.\n"),
        "{}",
        again.stdout
    );
    assert_eq!((lab.pids(), lab.pid()), (pids, agent));
}

#[test]
fn reset_begins_again_with_empty_data() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    lab.leave_mark();
    let reset = lab.run_with_ports(&["reset", "--detach"]);
    assert_eq!(reset.code, Some(0), "{reset:?}");
    assert!(!lab.has_mark());
}

#[test]
fn an_existing_uwsgi_is_watched_in_place_of_one_of_ours() {
    let Some(watched) = Lab::new() else { return };
    let Some(lab) = Lab::new() else { return };
    watched.up(&[]);
    let stats = watched.url("--stats-port", "");
    let up = lab.up(&["--stats", &stats]);
    assert!(
        up.stdout
            .contains(&format!("  Collecting every 1s from {stats}.\n")),
        "{}",
        up.stdout
    );
    let names: Vec<String> = lab.services().into_keys().collect();
    assert_eq!(names, ["grafana", "influxdb"]);
    eventually("its statistics are stored", || {
        !lab.influxql("SELECT * FROM uwsgi_summary").is_empty()
    });
}
