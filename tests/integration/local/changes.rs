//! What a change of settings touches, and what it leaves alone.

use std::collections::BTreeMap;

use crate::http;
use crate::local::lab::Lab;

/// The services that have another process than before.
fn new_processes(before: &BTreeMap<String, u64>, lab: &Lab) -> Vec<String> {
    let after = lab.pids().into_iter();
    let new = after.filter(|(service, pid)| before.get(service) != Some(pid));
    new.map(|(service, _)| service).collect()
}

#[test]
fn a_setting_of_uwsgi_recreates_uwsgi_alone() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    let before = lab.pids();
    let up = lab.up(&["--processes", "3"]);
    let about_services: Vec<&str> = up
        .stderr
        .lines()
        .filter(|line| line.starts_with("service ") && !line.contains(" on 127.0.0.1:"))
        .collect();
    assert_eq!(
        about_services,
        ["service uwsgi: removed", "service uwsgi: created"]
    );
    assert_eq!(new_processes(&before, &lab), ["uwsgi"]);
    let stats = http::json(&lab.url("--stats-port", "/"), None);
    assert_eq!(stats["workers"].as_array().unwrap().len(), 3);
}

#[test]
fn a_port_that_moves_recreates_its_service_alone() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    let before = lab.pids();
    let port = lab.spare_port().to_string();
    let up = lab.run_with_ports(&["up", "--detach", "--rate", "1"]);
    assert_eq!(up.code, Some(0), "{up:?}");
    assert_eq!(new_processes(&before, &lab), Vec::<String>::new());
    let mut command = lab.command(&["up", "--detach", "--grafana-port", &port]);
    for flag in ["--app-port", "--stats-port", "--influxdb-port"] {
        command.arg(flag).arg(lab.port(flag).to_string());
    }
    assert!(command.output().unwrap().status.success());
    assert_eq!(new_processes(&before, &lab), ["grafana"]);
    let health = http::get(&format!("http://127.0.0.1:{port}/api/health"), None);
    assert_eq!(health.unwrap().0, 200);
}

const APP: &str = "
import os
def application(environ, start_response):
    start_response('200 OK', [])
    return [('GREETING' + os.environ.get('HOME_OF_APP', '') + os.environ.get('UWSGI_LAB_NAME', '')).encode()]
";

#[test]
fn an_app_of_the_user_s_own_runs_where_it_lies_and_anew_when_it_changed() {
    let Some(lab) = Lab::new() else { return };
    lab.write("site/wsgi.py", APP);
    let own = ["--app", "site", "--module", "wsgi"];
    let up = || {
        let mut command = lab.command_with_ports(&[&["up", "--detach"], &own[..]].concat());
        let output = command.env("HOME_OF_APP", " at home").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let answer = || http::get(&lab.url("--app-port", "/"), None).unwrap().1;
    up();
    // The environment is the user's, but for what uWSGI would take for its own options.
    assert_eq!(answer(), "GREETING at home");
    let before = lab.pids();
    up();
    assert_eq!(new_processes(&before, &lab), Vec::<String>::new());
    lab.write("site/wsgi.py", &APP.replace("GREETING", "Goodbye"));
    up();
    assert_eq!(
        (answer(), new_processes(&before, &lab)),
        ("Goodbye at home".to_owned(), vec!["uwsgi".to_owned()])
    );
    let left: Vec<_> = std::fs::read_dir(lab.scratch().join("site")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
