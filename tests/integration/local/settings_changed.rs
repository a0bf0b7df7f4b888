//! A scenario that changes uWSGI's settings while it runs: they have their effect, and are the lab's own again afterwards,
//! however the run ends.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use crate::environment::{Process, eventually};
use crate::http;
use crate::lab;
use crate::local::lab::Lab;

const UWSGI: &str = "uwsgi: {processes: 3, threads: 2}\n";

fn scenario(lab: &lab::Lab, name: &str, rest: &str) -> PathBuf {
    let file = lab.scratch().join(name);
    fs::write(&file, format!("title: Changed\n{UWSGI}{rest}")).unwrap();
    file
}

/// How many cores each worker has that runs; nothing where the server does not answer.
fn cores(lab: &lab::Lab) -> Vec<usize> {
    let Some((200, body)) = http::get(&lab.url("--stats-port", "/"), None) else {
        return Vec::new();
    };
    let document: serde_json::Value = serde_json::from_str(&body).unwrap();
    let workers = document["workers"].as_array().unwrap().iter();
    let running = workers.filter(|worker| worker["pid"].as_u64() > Some(0));
    running
        .map(|worker| worker["cores"].as_array().unwrap().len())
        .collect()
}

/// The lab has its own settings, then those of the scenario, then its own again.
pub(crate) fn change_and_come_back(lab: &lab::Lab) {
    let rest = "\
phases:
- {name: before, rate: 8, duration: 5s}
- {name: reloading, rate: 8, duration: 5s}
- {name: after, rate: 8, duration: 5s}
actions:
- {at: 5s, do: {set: {processes: 2, threads: 1, max-requests: 15, min-worker-lifetime: 1}}}
expect:
- 'before: min(workers) == 3'
- 'after: max(workers) == 2'
- 'reloading: reloads == 1'
- respawns >= 1
";
    let file = scenario(lab, "changes.yaml", rest);
    let directory = lab.scratch().join("changed");
    let arguments = [
        "run",
        file.to_str().unwrap(),
        "--save",
        directory.to_str().unwrap(),
    ];
    let ended = lab.run_with_ports(&arguments);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("warning"), "{}", ended.stderr);
    assert_eq!(cores(lab), [2, 2, 2]);
    let report = fs::read_to_string(directory.join("report.md")).unwrap();
    assert!(
        report.contains(" 5.0 s: max-requests = 15, min-worker-lifetime = 1, processes = 2, threads = 1\n"),
        "{report}"
    );
}

#[test]
fn settings_change_while_uwsgi_runs_and_are_put_back() {
    let Some(lab) = Lab::new() else { return };
    change_and_come_back(&lab);
}

/// A run whose server has one worker of one thread by now.
fn changed(lab: &lab::Lab, name: &str) -> Process {
    let rest = "phases: [{name: long, rate: 1, duration: 300s}]\nactions:\n- {at: 0s, do: {set: {processes: 1, threads: 1}}}\n";
    let file = scenario(lab, "long.yaml", rest);
    let directory = lab.scratch().join(name);
    let mut command = lab.command_with_ports(&[
        "run",
        file.to_str().unwrap(),
        "--save",
        directory.to_str().unwrap(),
    ]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let process = Process::start(&mut command);
    eventually("the settings change", || cores(lab) == [1]);
    process
}

/// What was measured is kept, and not written over.
fn says_how_far_it_came(lab: &lab::Lab, name: &str) {
    let directory = lab.scratch().join(name);
    let markdown = fs::read_to_string(directory.join("report.md")).unwrap();
    assert!(
        markdown.contains("**Interrupted after ")
            && markdown.contains(" of 5m, in phase 1 of 1 (long): what was measured"),
        "{markdown}"
    );
    let file = lab.scratch().join("long.yaml");
    let again = lab.run_with_ports(&[
        "run",
        file.to_str().unwrap(),
        "--save",
        directory.to_str().unwrap(),
    ]);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(
        again
            .stderr
            .contains("interrupted holds a run that was interrupted\n"),
        "{}",
        again.stderr
    );
}

#[test]
fn settings_are_put_back_after_ctrl_c_and_by_the_next_command_after_a_kill() {
    let Some(lab) = Lab::new() else { return };
    let mut interrupted = changed(&lab, "interrupted");
    interrupted.interrupt();
    assert_eq!(interrupted.exit_code(), Some(130));
    assert_eq!(cores(&lab), [2, 2, 2]);
    says_how_far_it_came(&lab, "interrupted");
    let mut killed = changed(&lab, "killed");
    killed.kill();
    let rest = "phases: [{name: short, rate: 1, duration: 3s}]\nexpect: [min(workers) == 3]\n";
    let file = scenario(&lab, "short.yaml", rest);
    let next = lab.run_with_ports(&["run", file.to_str().unwrap()]);
    assert_eq!(next.code, Some(0), "{next:?}");
    assert!(next.stderr.contains("service uwsgi: created"), "{}", next.stderr);
    assert_eq!(cores(&lab), [2, 2, 2]);
    let again = lab.run_with_ports(&["run", file.to_str().unwrap()]);
    assert!(
        !again.stderr.contains("service uwsgi: created"),
        "{}",
        again.stderr
    );
}

#[test]
fn what_a_reload_cannot_change_is_refused_with_its_place_before_anything_starts() {
    let Some(lab) = Lab::new() else { return };
    for (set, message) in [
        (
            "{listen: 200}",
            "line 5, column 23: `listen` cannot be changed while uWSGI runs",
        ),
        (
            "{chdir: /tmp}",
            "line 5, column 23: `chdir` cannot be changed while uWSGI runs",
        ),
        (
            "{'a b': 1}",
            "line 5, column 24: `a b` is not the name of a uWSGI option",
        ),
        (
            "{cheaper: 3}",
            "line 5, column 23: with `cheaper` at `processes` or above uWSGI ends",
        ),
        ("{}", "line 5, column 17: `set` names settings of uWSGI"),
    ] {
        let rest = format!(
            "phases: [{{name: a, rate: 1, duration: 3s}}]\nactions:\n- {{at: 1s, do: {{set: {set}}}}}\n"
        );
        let file = scenario(&lab, "wrong.yaml", &rest);
        let ended = lab.run_with_ports(&["run", file.to_str().unwrap()]);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.stderr.contains(message), "{set}: {}", ended.stderr);
    }
    assert_eq!(lab.services().len(), 0);
}
