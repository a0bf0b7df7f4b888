//! What services print, and how it is read.

use std::process::Stdio;

use crate::environment::Process;
use crate::http;
use crate::local::lab::{Lab, kill};

#[test]
fn logs_are_told_apart_cut_timed_and_followed() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&["--rate", "0"]);
    let all = lab.run(&["logs"]);
    assert!(
        all.stdout.contains("uwsgi    | *** Starting uWSGI "),
        "{}",
        all.stdout
    );
    let last = lab.run(&["logs", "uwsgi", "--tail", "1", "--timestamps"]).stdout;
    let (time, _) = last.split_once(' ').unwrap();
    assert_eq!(
        (last.lines().count(), time.len(), time.ends_with('Z')),
        (1, 30, true),
        "{last}"
    );

    let mut command = lab.command(&["logs", "uwsgi", "--follow", "--tail", "0"]);
    let mut following = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let (stdout, _stderr) = following.listen();
    let ask = |path: &str| http::get(&lab.url("--app-port", path), None).unwrap();
    // Once the first is seen the rest is not missed.
    let mut asked = 0;
    while !stdout.has_next() {
        ask("/first");
        asked += 1;
        assert!(asked < 1_000);
    }
    ask("/second");
    assert!(
        stdout
            .until_containing("GET /second")
            .iter()
            .all(|line| line.contains("GET /"))
    );
    lab.up(&["--rate", "0", "--processes", "1"]);
    ask("/third");
    let anew = stdout.until_containing("GET /third");
    assert!(
        anew.iter().any(|line| line.starts_with("*** Starting uWSGI ")),
        "{anew:?}"
    );
    following.interrupt();
    assert_eq!(following.exit_code(), Some(0));
}

#[test]
fn followed_logs_end_with_the_lab() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&["--rate", "0"]);
    let mut command = lab.command(&["logs", "--follow"]);
    let mut following = Process::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let (stdout, stderr) = following.listen();
    stdout.until("uwsgi    | ");
    lab.down(&["--volumes", "--images"]);
    assert_eq!((following.exit_code(), stderr.rest()), (Some(0), Vec::new()));
    assert!(!lab.state().exists());
}

#[test]
fn a_service_that_ends_is_told_where_its_lab_runs_and_so_is_its_return() {
    let Some(lab) = Lab::new() else { return };
    let (mut process, _stdout, stderr) = lab.attend(&[]);
    kill(lab.pids()["uwsgi"]);
    let end = format!(
        "uwsgi stopped (exit code 137): see `uwsgi-lab logs --name {} uwsgi`",
        lab.name
    );
    stderr.until(&end);
    lab.up(&[]);
    let told = stderr.until("uwsgi runs again.");
    assert!(told.iter().all(|line| !line.contains(" stopped (")), "{told:?}");
    process.interrupt();
    assert_eq!(process.exit_code(), Some(0));
}

#[test]
fn status_tells_the_engine_and_what_has_ended_behind_the_back_of_a_lab() {
    let Some(lab) = Lab::new() else { return };
    assert_eq!(lab.status()["engine"], serde_json::Value::Null);
    lab.up(&[]);
    assert_eq!(lab.status()["engine"], "local");
    kill(lab.pids()["uwsgi"]);
    let text = lab.masked(&lab.run(&["status"]).stdout);
    assert!(text.starts_with("NAME (engine local)\n"), "{text}");
    assert!(text.contains("\n  uwsgi     exited (code 137)\n"), "{text}");
    assert!(
        text.ends_with("\n  `uwsgi-lab up --name NAME` with the same options heals it.\n"),
        "{text}"
    );
    lab.down(&[]);
    assert_eq!(lab.status()["engine"], "local");
}
