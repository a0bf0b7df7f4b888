//! What was killed or taken away from outside, `up` brings back, and nothing besides.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::docker::lab::{Lab, docker};
use crate::environment::{Process, eventually};
use crate::http;

fn all_run() -> BTreeMap<String, String> {
    let services = ["grafana", "influxdb", "uwsgi"];
    services
        .map(|name| (name.to_owned(), "running".to_owned()))
        .into()
}

fn answers(lab: &Lab) {
    let answer = http::get(&lab.url("--app-port", "/"), None);
    assert_eq!(answer, Some((200, "Hello World".to_owned())));
    assert_eq!(lab.services(), all_run());
    assert!(lab.has_mark(), "the data outlives what happened to containers");
}

#[test]
fn up_heals_what_was_killed_or_removed_and_keeps_the_data() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    lab.leave_mark();
    a_killed_container_is_started_again(&lab);
    a_removed_container_is_created_anew(&lab);
    a_removed_network_comes_back_with_all_that_were_on_it(&lab);
    a_killed_background_process_is_replaced(&lab);
    down_works_after_the_background_process_was_killed(&lab);
}

#[test]
fn a_container_that_ends_is_told_where_its_lab_runs_and_so_is_its_return() {
    let Some(lab) = Lab::new() else { return };
    let mut command = lab.command_with_ports(&["up"]);
    let mut process = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let (stdout, stderr) = process.listen();
    stdout.until("  Ctrl-C stops it");
    docker(&["kill", &lab.containers()["uwsgi"]]);
    let told = stderr.until("uwsgi stopped (exit code 137): see `uwsgi-lab logs ");
    assert!(
        told.iter().all(|line| !line.starts_with("influxdb stopped")),
        "{told:?}"
    );
    lab.up(&[]);
    stderr.until("uwsgi runs again.");
    process.interrupt();
    assert_eq!(process.exit_code(), Some(0));
}

fn a_killed_container_is_started_again(lab: &Lab) {
    let containers = lab.containers();
    docker(&["kill", &containers["uwsgi"]]);
    assert_eq!(lab.services()["uwsgi"], "exited");
    let up = lab.up(&[]);
    assert!(up.stderr.contains("service uwsgi: started\n"), "{}", up.stderr);
    assert_eq!(lab.containers(), containers);
    answers(lab);
}

fn a_removed_container_is_created_anew(lab: &Lab) {
    let mut before = lab.containers();
    docker(&["rm", "--force", &before["influxdb"]]);
    lab.up(&[]);
    let mut after = lab.containers();
    assert_ne!(before.remove("influxdb"), after.remove("influxdb"));
    assert_eq!(before, after);
    answers(lab);
}

fn a_removed_network_comes_back_with_all_that_were_on_it(lab: &Lab) {
    let network = format!("{}_default", lab.name);
    for id in lab.containers().values() {
        docker(&["network", "disconnect", "--force", &network, id]);
    }
    docker(&["network", "rm", &network]);
    lab.up(&[]);
    answers(lab);
}

fn kill_background(lab: &Lab) -> u64 {
    let pid = lab.pid().unwrap();
    let kill = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(kill.unwrap().success());
    eventually("nothing runs in the background", || lab.pid().is_none());
    pid
}

fn a_killed_background_process_is_replaced(lab: &Lab) {
    let containers = lab.containers();
    let killed = kill_background(lab);
    lab.up(&[]);
    assert!(lab.pid().is_some_and(|pid| pid != killed));
    assert_eq!(lab.containers(), containers);
    answers(lab);
}

fn down_works_after_the_background_process_was_killed(lab: &Lab) {
    kill_background(lab);
    lab.down(&["--volumes"]);
    assert_eq!(lab.remains(), Vec::<String>::new());
}
