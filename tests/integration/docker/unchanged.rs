//! `up` again: nothing is touched but what was asked for, and the Docker daemon is asked for nothing else.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use serde_json::json;

use crate::docker::lab::Lab;
use crate::docker::recorder::Recorder;
use crate::http;
use crate::lab::Ended;

fn up_through(recorder: &Recorder, lab: &Lab, more: &[&str]) -> Ended {
    let mut command = lab.command_with_ports(&["up", "--detach"]);
    command.args(more).env("DOCKER_HOST", &recorder.host);
    let ended = Ended::from(command.output().unwrap());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended
}

#[test]
fn up_again_changes_nothing_and_another_setting_only_what_it_touches() {
    let Some(lab) = Lab::new() else { return };
    let recorder = Recorder::start(&lab.scratch().join("recorded.sock"));
    up_through(&recorder, &lab, &[]);
    assert!(
        recorder
            .take_changes()
            .contains(&"POST /containers/create".to_owned())
    );
    let (containers, pid) = (lab.containers(), lab.pid().unwrap());

    let again = up_through(&recorder, &lab, &[]);
    assert_eq!(recorder.take_changes(), Vec::<String>::new());
    assert_eq!((lab.containers(), lab.pid()), (containers.clone(), Some(pid)));
    let first = lab.masked(&again.stdout);
    assert!(
        first.starts_with("\nNAME is up already; nothing was changed.\n"),
        "{first}"
    );

    another_rate_changes_the_load_alone(&recorder, &lab);
    assert_eq!(lab.containers(), containers);
    more_workers_change_uwsgi_alone(&recorder, &lab);
}

fn another_rate_changes_the_load_alone(recorder: &Recorder, lab: &Lab) {
    let pid = lab.pid();
    up_through(recorder, lab, &["--rate", "5"]);
    assert_eq!(recorder.take_changes(), Vec::<String>::new());
    assert_ne!(lab.pid(), pid);
    assert_eq!(lab.status()["running"]["load"]["asked_rate"], json!(5.0));
}

fn more_workers_change_uwsgi_alone(recorder: &Recorder, lab: &Lab) {
    let (mut before, pid) = (lab.containers(), lab.pid());
    up_through(recorder, lab, &["--rate", "5", "--processes", "3"]);
    let mut after = lab.containers();
    let (old, new) = (before.remove("uwsgi").unwrap(), after.remove("uwsgi").unwrap());
    assert_ne!(old, new);
    assert_eq!(before, after);
    let expected = [
        format!("DELETE /containers/{old}"),
        "POST /containers/create".to_owned(),
        format!("POST /containers/{new}/start"),
        format!("POST /containers/{old}/stop"),
        format!("PUT /containers/{new}/archive"),
    ];
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(recorder.take_changes(), expected);
    assert_eq!(lab.pid(), pid, "the collector went on");
    let stats = http::json(&lab.url("--stats-port", "/"), None);
    assert_eq!(stats["workers"].as_array().unwrap().len(), 3);
}
