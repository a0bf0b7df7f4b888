//! What `up` says on a machine without Docker where uWSGI cannot be had: its exit code and what to do next. No network.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use super::environment::{free_port, uwsgi_lab};

/// Says that it is a Python with a pip, and that its pip cannot reach the index.
const OFFLINE_PYTHON: &str = r#"#!/bin/sh
case "$*" in
    "-m pip "*) echo "WARNING: Retrying (Retry(total=0)) after connection broken by 'OSError('Network is unreachable')': /simple/"
        echo "ERROR: No matching distribution found for pyuwsgi"
        exit 1 ;;
    -c*) echo "{\"version\": [3, 11, 7], \"kind\": \"CPython\", \"program\": \"$0\", \"base\": \"$0\", \"pip\": true, \"venv\": true, \"pyuwsgi\": null}" ;;
esac
"#;

fn up(root: &Path) -> Output {
    let mut command = uwsgi_lab();
    command
        .env("PATH", root)
        .env("UWSGI_LAB_STATE_DIR", root.join("state"))
        .args(["up", "--engine", "local"]);
    for option in ["--app-port", "--stats-port", "--influxdb-port", "--grafana-port"] {
        command.arg(format!("{option}={}", free_port()));
    }
    command.output().unwrap()
}

fn error_of(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let start = stderr.find("error: ").unwrap_or_default();
    stderr[start..].to_owned()
}

#[test]
fn without_python_up_says_what_to_install() {
    let root = tempfile::tempdir().unwrap();
    let output = up(root.path());
    let text = "error: there is no Python on PATH
  hint: install Python: `sudo apt-get install python3 python3-pip`, or `brew install python`
  hint: or take the uWSGI of your system, which does for an app without requirements: `sudo apt-get install uwsgi uwsgi-plugin-python3`
";
    assert_eq!(
        (output.status.code(), error_of(&output).as_str()),
        (Some(4), text)
    );
}

#[test]
fn without_network_up_shows_what_pip_said() {
    let root = tempfile::tempdir().unwrap();
    let python = root.path().join("python3");
    fs::write(&python, OFFLINE_PYTHON).unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    let output = up(root.path());
    let text = "error: pip cannot reach the package index: Network is unreachable
  cause: pip's last lines:
    WARNING: Retrying (Retry(total=0)) after connection broken by 'OSError('Network is unreachable')': /simple/
    ERROR: No matching distribution found for pyuwsgi
  hint: check the network; behind a proxy set HTTPS_PROXY, with a mirror PIP_INDEX_URL
  hint: or take the uWSGI of your system, which does for an app without requirements: `sudo apt-get install uwsgi uwsgi-plugin-python3`
";
    assert_eq!(
        (output.status.code(), error_of(&output).as_str()),
        (Some(4), text)
    );
}
