//! Which engine `auto` takes where a Docker daemon answers that cannot get images.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::local::lab::Lab;

const OFFLINE: &str =
    "Get \\\"https://registry-1.docker.io/v2/\\\": dial tcp: lookup registry-1.docker.io: no such host";

/// A daemon without images and without a network, for as long as the tests run. Its address.
fn daemon() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap());
        }
    });
    address
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let request = lines.next().unwrap().unwrap();
    lines.find(|line| line.as_ref().is_ok_and(String::is_empty));
    let path = request.split(' ').nth(1).unwrap();
    let (status, body) = match path {
        path if path.contains("/distribution/") => (500, format!("{{\"message\": \"{OFFLINE}\"}}")),
        path if path.contains("/images/json")
            || path.contains("/containers/json")
            || path.contains("/networks") =>
        {
            (200, "[]".to_owned())
        }
        path if path.contains("/images/") => (404, "{\"message\": \"no such image\"}".to_owned()),
        path if path.contains("/volumes") => (200, "{\"Volumes\": []}".to_owned()),
        path if path.contains("/version") => (
            200,
            "{\"ApiVersion\": \"1.41\", \"MinAPIVersion\": \"1.12\"}".to_owned(),
        ),
        _ => (200, "OK".to_owned()),
    };
    let head = format!("HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nConnection: close\r\n");
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
}

#[test]
fn auto_does_without_docker_where_no_image_is_to_be_had() {
    let Some(lab) = Lab::new() else { return };
    let daemon = daemon();
    let plan = |engine: &str| {
        let mut command = lab.command_with_ports(&["up", "--dry-run", "--engine", engine]);
        let output = command.env("DOCKER_HOST", &daemon).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, stdout, stderr) = plan("auto");
    let why = "Engine: local, because the Docker daemon answers, but image grafana/grafana:12.2.1 is not there and cannot \
               be pulled: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host.\n";
    assert_eq!((code, stderr.as_str()), (Some(0), why));
    assert!(stdout.starts_with("Stage 1: build environments\n"), "{stdout}");
    let (code, stdout, stderr) = plan("docker");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(
        stdout.starts_with("Stage 1: obtain images\n  image grafana/grafana:12.2.1: pull, not present\n"),
        "{stdout}"
    );
}
