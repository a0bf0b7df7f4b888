//! `uwsgi-lab load` against real uWSGI: its own protocol, HTTP, and unix sockets, each a socket of one server.

use serde_json::Value;

use super::environment::{Peer, eventually, free_port, start_uwsgi, uwsgi_lab};

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
