//! `uwsgi-lab store` as a command: its settings, its messages, its exit codes.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use flate2::read::GzDecoder;

use super::servers::{Server, client, said, store_command};
use crate::environment::uwsgi_lab;

/// Exit code and stderr of a command that ends by itself.
fn outcome(command: &mut Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn on_port(port: u16, data: &Path) -> Command {
    let mut command = uwsgi_lab();
    command
        .args(["store", "--listen", &format!("localhost:{port}"), "--data"])
        .arg(data);
    command
}

#[test]
fn a_port_in_use_is_named() {
    let data = tempfile::tempdir().unwrap();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let expected = format!(
        "error: port {port} of 127.0.0.1 is in use\n  hint: stop the program that holds it, or take any free port: \
         --listen :0\n"
    );
    assert_eq!(outcome(&mut on_port(port, data.path())), (Some(4), expected));
}

#[test]
fn a_data_directory_in_use_is_named() {
    let data = tempfile::tempdir().unwrap();
    let _first = Server::store(data.path());
    let directory = data.path().display();
    let expected = format!(
        "error: the data directory '{directory}' is in use by another process\n  \
         hint: stop the other store, or choose another directory with --data DIRECTORY\n"
    );
    assert_eq!(outcome(&mut on_port(0, data.path())), (Some(4), expected));
}

#[test]
fn a_data_directory_that_cannot_be_made_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (code, stderr) = outcome(&mut on_port(0, &file.join("data")));
    let start = format!(
        "error: cannot use the data directory '{}'\n",
        file.join("data").display()
    );
    assert!(code == Some(4) && stderr.starts_with(&start), "{code:?} {stderr}");
}

#[test]
fn a_password_is_required_where_one_is_to_be_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let expected = "error: the store is to ask for a password, but is given none\n  hint: set INFLUXDB_ADMIN_PASSWORD in \
                    the environment, or INFLUXDB_HTTP_AUTH_ENABLED=false\n";
    let mut command = store_command(data.path());
    command.env("INFLUXDB_HTTP_AUTH_ENABLED", "true");
    assert_eq!(outcome(&mut command), (Some(2), expected.to_owned()));
}

#[tokio::test]
async fn the_environment_is_that_of_influxdbs_image() {
    let data = tempfile::tempdir().unwrap();
    let table = [
        (None, None, 200),
        (Some("true"), Some("secret"), 401),
        (None, Some("secret"), 401),
        (Some("false"), Some("secret"), 200),
        (Some("false"), None, 200),
    ];
    for (auth, password, expected) in table {
        let mut command = store_command(data.path());
        command.env("INFLUXDB_DB", "first");
        for (name, value) in [
            ("INFLUXDB_HTTP_AUTH_ENABLED", auth),
            ("INFLUXDB_ADMIN_PASSWORD", password),
        ] {
            value.map(|value| command.env(name, value));
        }
        let mut store = Server::started(&mut command);
        let anonymous = store.get("/query?q=SHOW+DATABASES").send().await.unwrap();
        assert_eq!(anonymous.status(), expected, "{auth:?} {password:?}");
        let known = store
            .get("/query?q=SHOW+DATABASES")
            .basic_auth("admin", Some("secret"));
        let databases = "{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"databases\",\"columns\":[\"name\"],\
                         \"values\":[[\"first\"]]}]}]}\n";
        assert_eq!(
            said(known.send().await.unwrap()).await,
            (200, databases.to_owned())
        );
        store.process.interrupt();
        assert_eq!(store.process.exit_code(), Some(0));
    }
}

#[tokio::test]
async fn pages_of_other_sites_and_other_names_are_kept_out() {
    let data = tempfile::tempdir().unwrap();
    let mut command = store_command(data.path());
    let store = Server::started(command.args(["--allow-host", "influx"]));
    let table = [
        ("host", "evil.example:8086", 403),
        ("host", "influx:8086", 200),
        ("host", "localhost", 200),
        ("origin", "http://evil.example", 403),
        ("origin", "null", 403),
        ("origin", store.url.as_str(), 200),
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "none", 200),
    ];
    for (name, value, expected) in table {
        let request = client()
            .get(format!("{}/query?q=SHOW+DATABASES", store.url))
            .header(name, value);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), expected, "{name}: {value}");
        assert_eq!(response.headers().get("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn what_clients_of_later_versions_ask_is_answered() {
    let data = tempfile::tempdir().unwrap();
    let store = Server::store_with_login(data.path());
    let health = "{\"checks\":[],\"message\":\"ready for queries and writes\",\"name\":\"influxdb\",\"status\":\"pass\",\
                  \"version\":\"1.6.7\"}";
    let response = store.get("/health").send().await.unwrap();
    assert_eq!(said(response).await, (200, health.to_owned()));
    let asked = store
        .get("/query?q=SHOW+DATABASES")
        .header("authorization", "Token lab:pass:word");
    assert_eq!(asked.send().await.unwrap().status(), 200);
    let ping = store
        .get("/ping")
        .header("x-request-id", "mine")
        .send()
        .await
        .unwrap();
    let header = |name| ping.headers()[name].to_str().unwrap();
    let found = [
        "x-influxdb-version",
        "x-influxdb-build",
        "request-id",
        "x-request-id",
    ]
    .map(header);
    assert_eq!(found, ["1.6.7", "uwsgi-lab", "mine", "mine"]);
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let data = tempfile::tempdir().unwrap();
    let store = Server::store(data.path());
    assert_eq!(store.ask(&[("q", "CREATE DATABASE db")]).await.0, 200);
    let lines: String = (0..20_000).map(|at| format!("m x={at} {at}\n")).collect();
    store.write("db=db", lines).await;
    let path = "/query?db=db&q=SELECT+x+FROM+m";
    let (status, plain) = said(store.get(path).send().await.unwrap()).await;
    assert!(status == 200 && plain.len() > 500_000, "{status} {}", plain.len());
    let packed = store
        .get(path)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let packed = packed.bytes().await.unwrap();
    let mut unpacked = String::new();
    GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).unwrap();
    assert!(
        unpacked == plain,
        "{} bytes, {} bytes plain",
        unpacked.len(),
        plain.len()
    );
}
