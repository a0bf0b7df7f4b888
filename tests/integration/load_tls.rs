//! `uwsgi-lab load` over TLS, against servers with certificates that are right, unknown and for another name.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::process::Output;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::load::{HELLO, all_answered, keeps_alive, number, request, run, serve};

/// A server with a certificate for `name`, and the directory in which `ca.pem` is that certificate.
struct Secured {
    address: SocketAddr,
    directory: TempDir,
}

impl Secured {
    /// Answers each request with `answer`, on each connection `most` times.
    fn start(name: &str, answer: &'static [u8], most: usize) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca.pem"), cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let address = serve(move |stream: TcpStream| {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(session, stream);
            for _ in 0..most {
                if !request(&mut stream) || stream.write_all(answer).is_err() {
                    return;
                }
            }
            // The client may have gone first.
            stream.conn.send_close_notify();
            stream.flush().ok();
        });
        Self { address, directory }
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/", self.address.port())
    }

    fn authority(&self) -> String {
        self.directory.path().join("ca.pem").display().to_string()
    }
}

fn load(url: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = run(&[&[url, "-R", "50", "-n", "20", "--output", "json"], more].concat());
    let stderr = String::from_utf8(stderr).unwrap();
    (
        status.code(),
        serde_json::from_slice(&stdout).unwrap_or_default(),
        stderr,
    )
}

#[test]
fn requests_are_answered_by_a_server_whose_authority_is_named() {
    let server = Secured::start("localhost", HELLO, usize::MAX);
    let (code, report, stderr) = load(&server.url("localhost"), &["--cacert", &server.authority()]);
    assert_eq!(
        (code, &report["requests"]),
        (Some(0), &all_answered(20)),
        "{report:#}{stderr}"
    );
    assert!(number(&report, "/connections/opened") < 10, "{report:#}");
}

#[test]
fn any_certificate_is_taken_where_that_is_asked_for() {
    let server = Secured::start("elsewhere.example", HELLO, usize::MAX);
    let (code, report, stderr) = load(&server.url("127.0.0.1"), &["--insecure"]);
    assert_eq!(
        (code, &report["requests"]),
        (Some(0), &all_answered(20)),
        "{report:#}{stderr}"
    );
}

#[test]
fn a_server_that_closes_after_each_response_and_a_body_that_ends_with_the_session_are_no_error() {
    for answer in [HELLO, b"HTTP/1.1 200 OK\r\n\r\nhello"] {
        let server = Secured::start("localhost", answer, 1);
        let (code, report, stderr) = load(&server.url("localhost"), &["--cacert", &server.authority()]);
        assert_eq!(
            (code, &report["requests"]),
            (Some(0), &all_answered(20)),
            "{report:#}{stderr}"
        );
        assert_eq!(number(&report, "/connections/opened"), 20, "{report:#}");
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_or_of_another_name_is_an_error_of_connecting() {
    let server = Secured::start("elsewhere.example", HELLO, usize::MAX);
    let authority = server.authority();
    for (more, reason) in [
        (&[][..], "UnknownIssuer"),
        (&["--cacert", &authority], "not valid for"),
    ] {
        let (code, report, stderr) = load(&server.url("localhost"), more);
        assert_eq!(
            (code, number(&report, "/errors/connect")),
            (Some(4), 20),
            "{report:#}{stderr}"
        );
        let example = report["errors"]["examples"]["connect"].as_str().unwrap();
        assert!(
            example.starts_with("connect: TLS: ") && example.contains(reason),
            "{example}"
        );
    }
}

#[test]
fn a_server_without_tls_and_an_authority_that_is_none_are_named() {
    let plain = keeps_alive(HELLO);
    let (code, report, _) = load(
        &format!("https://localhost:{}/", plain.port()),
        &["--insecure", "--connect-timeout", "300ms"],
    );
    assert_eq!(
        (code, number(&report, "/errors/connect")),
        (Some(4), 20),
        "{report:#}"
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem").display().to_string();
    fs::write(&file, "no certificate").unwrap();
    let (code, report, stderr) = load("https://localhost/", &["--cacert", &file]);
    assert_eq!((code, report), (Some(2), json!(null)));
    assert!(
        stderr.contains("there is no certificate in it") && stderr.contains("--cacert"),
        "{stderr}"
    );
}
