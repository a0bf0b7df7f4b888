//! `uwsgi-lab load` against real uWSGI: its own protocol, HTTP, and unix sockets, each a socket of one server.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::environment::{Peer, Process, eventually, free_port, start_uwsgi, uwsgi_lab};

#[test]
fn real_uwsgi_is_loaded_over_its_own_protocol_and_over_unix_sockets() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let tcp = format!("127.0.0.1:{}", free_port());
    let [plain, http] = ["plain", "http"].map(|name| directory.path().join(name).display().to_string());
    let sockets = ["--socket", &tcp, "--socket", &plain, "--http-socket", &http];
    let _server = start_uwsgi(&uwsgi, directory.path(), &sockets);
    for url in [
        format!("uwsgi://{tcp}/"),
        format!("uwsgi+unix:{plain}"),
        format!("http+unix:{http}:/path?q=1"),
    ] {
        eventually(&format!("{url} answers each request"), || {
            let arguments = ["load", &url, "-R", "20", "-d", "500ms", "--output", "json"];
            let output = uwsgi_lab().args(arguments).output().unwrap();
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            let counts = [&report["requests"]["answered"], &report["status"]["2xx"]];
            output.status.success() && counts == [&Value::from(10), &Value::from(10)]
        });
    }
}

/// Four cores, six connections: four are served over and over, two wait for ever. The length of `Hello World` is announced, else no
/// response would end.
#[test]
fn connections_that_http11_socket_does_not_look_at_are_counted_and_named() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let sockets = ["--http11-socket", &address, "--add-header", "Content-Length: 11"];
    let _server = start_uwsgi(&uwsgi, directory.path(), &sockets);
    let url = format!("http://{address}/");
    eventually("the server is up", || {
        let output = uwsgi_lab()
            .args(["load", &url, "-R", "10", "-n", "1"])
            .output()
            .unwrap();
        output.status.success()
    });
    let arguments = [
        "load",
        &url,
        "-R",
        "max",
        "-c",
        "6",
        "-d",
        "2s",
        "--timeout",
        "3s",
    ];
    let report = directory.path().join("run.json").display().to_string();
    let output = uwsgi_lab()
        .args(arguments)
        .args(["--save", &report])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["connections"]["requests_starved"], 2, "{text}");
    assert!(
        text.contains("Warning: 2 requests on new connections got nothing"),
        "{text}"
    );
}

/// Runs at 14/s, of 16 that the server can, for 2 s, and does something to the server after the first half; returns the report.
fn disturbed(url: &str, disturb: impl FnOnce()) -> Value {
    let arguments = [
        "load",
        url,
        "-R",
        "14",
        "-d",
        "2s",
        "--timeout",
        "2s",
        "--output",
        "json",
    ];
    let child = uwsgi_lab()
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(1));
    disturb();
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |part: &str| report["requests"][part].as_u64().unwrap();
    let parts = ["answered", "failed", "in_flight", "never_sent"].map(count);
    assert_eq!((count("scheduled"), parts.iter().sum()), (28, 28), "{report:#}");
    assert!(
        report["processor"]["busiest_thread"].as_f64().unwrap() < 0.5,
        "it spins: {report:#}"
    );
    report
}

/// Starts real uWSGI with these options and waits until it answers on the address.
fn answering(uwsgi: &Path, directory: &Path, address: &str, options: &[&str]) -> Process {
    let server = start_uwsgi(uwsgi, directory, options);
    let url = format!("http://{address}/");
    eventually("the server answers", || {
        let once = ["load", &url, "-R", "10", "-n", "1", "--timeout", "2s"];
        uwsgi_lab().args(once).output().unwrap().status.success()
    });
    server
}

#[test]
fn every_socket_that_speaks_http_is_served_whole_with_and_without_a_length() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("behind").display().to_string();
    let behind =
        |address: &str| ["--http", address, "--http-to", &socket, "--socket", &socket].map(str::to_owned);
    let in_front = |address: &str| ["--http-socket", address].map(str::to_owned);
    for length in [&["--add-header", "Content-Length: 11"][..], &[]] {
        let [first, second] = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
        for (address, options) in [
            (&first, in_front(&first).to_vec()),
            (&second, behind(&second).to_vec()),
        ] {
            let options: Vec<&str> = options
                .iter()
                .map(String::as_str)
                .chain(length.iter().copied())
                .collect();
            let _server = answering(&uwsgi, directory.path(), address, &options);
            let url = format!("http://{address}/");
            let arguments = ["load", &url, "-R", "15", "-n", "30", "--output", "json"];
            let output = uwsgi_lab().args(arguments).output().unwrap();
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(report["requests"]["answered"], 30, "{options:?}: {report:#}");
        }
    }
}

#[test]
fn a_reload_and_a_kill_in_the_middle_are_counted_and_nothing_spins_or_hangs() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let server = answering(&uwsgi, directory.path(), &address, &["--http-socket", &address]);
    let master = Pid::from_raw(server.id().cast_signed()).unwrap();
    let url = format!("http://{address}/");
    let reloaded = disturbed(&url, || kill_process(master, Signal::HUP).unwrap());
    assert!(
        reloaded["requests"]["answered"].as_u64().unwrap() >= 14,
        "{reloaded:#}"
    );
    eventually("the server answers again", || {
        let once = ["load", &url, "-R", "10", "-n", "1", "--timeout", "2s"];
        uwsgi_lab().args(once).output().unwrap().status.success()
    });
    let killed = disturbed(&url, || kill_process(master, Signal::KILL).unwrap());
    assert!(killed["errors"]["connect"].as_u64().unwrap() > 0, "{killed:#}");
    assert!(
        killed["requests"]["answered"].as_u64().unwrap() >= 8,
        "{killed:#}"
    );
}
