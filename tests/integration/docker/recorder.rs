//! A socket between the tool and the Docker daemon that passes everything on and keeps what was asked.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::docker::lab::handed_on;

/// Where `DOCKER_HOST` does not name another socket.
const DAEMON: &str = "/var/run/docker.sock";

/// What clients sent, connection by connection.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<Vec<u8>>>>);

pub(super) struct Recorder {
    /// For `DOCKER_HOST`.
    pub(super) host: String,
    sent: Sent,
}

impl Recorder {
    pub(super) fn start(socket: &Path) -> Self {
        let listener = UnixListener::bind(socket).unwrap();
        let sent = Sent::default();
        let recorded = sent.clone();
        // Ends with the test's process.
        thread::spawn(move || {
            for client in listener.incoming() {
                recorded.pass_on(client.unwrap());
            }
        });
        Self {
            host: format!("unix://{}", socket.display()),
            sent,
        }
    }

    /// Forgets and returns the requests that can change something, without version and query, sorted.
    pub(super) fn take_changes(&self) -> Vec<String> {
        let sent = std::mem::take(&mut *self.sent.0.lock().unwrap());
        let mut changes: Vec<String> = sent.iter().flat_map(|bytes| requests(bytes)).collect();
        assert!(!changes.is_empty(), "nothing was asked at all");
        changes.retain(|request| !request.starts_with("GET ") && !request.starts_with("HEAD "));
        changes.sort();
        changes
    }
}

impl Sent {
    fn pass_on(&self, mut client: UnixStream) {
        let mut daemon = UnixStream::connect(daemon_socket()).unwrap();
        let (mut answers, mut back) = (daemon.try_clone().unwrap(), client.try_clone().unwrap());
        thread::spawn(move || {
            std::io::copy(&mut answers, &mut back).ok();
            back.shutdown(Shutdown::Both).ok();
        });
        let sent = self.clone();
        thread::spawn(move || {
            let index = sent.open();
            let mut buffer = [0; 65_536];
            while let Ok(count @ 1..) = client.read(&mut buffer) {
                sent.keep(index, &buffer[..count]);
                if daemon.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            daemon.shutdown(Shutdown::Write).ok();
        });
    }

    fn open(&self) -> usize {
        let mut all = self.0.lock().unwrap();
        all.push(Vec::new());
        all.len() - 1
    }

    fn keep(&self, index: usize, bytes: &[u8]) {
        let mut all = self.0.lock().unwrap();
        if index >= all.len() {
            all.resize(index + 1, Vec::new());
        }
        all[index].extend_from_slice(bytes);
    }
}

fn daemon_socket() -> String {
    let host = handed_on().into_iter().find(|(name, _)| *name == "DOCKER_HOST");
    let socket = host.and_then(|(_, host)| Some(host.strip_prefix("unix://")?.to_owned()));
    socket.unwrap_or_else(|| DAEMON.to_owned())
}

/// The request lines in what one client sent.
fn requests(sent: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(sent);
    let heads = text
        .split("\r\n")
        .filter_map(|line| line.strip_suffix(" HTTP/1.1"));
    // A body may end without a line end, right before the next request.
    let from_method = heads.filter_map(|head| {
        let methods = ["GET /", "HEAD /", "POST /", "PUT /", "DELETE /"];
        let start = methods.iter().filter_map(|method| head.rfind(method)).max()?;
        Some(&head[start..])
    });
    from_method.map(without_version_and_query).collect()
}

fn without_version_and_query(request: &str) -> String {
    let (method, target) = request.split_once(' ').unwrap();
    let path = target.split('?').next().unwrap();
    let parts = path.split('/').skip(1);
    let parts = parts.skip_while(|part| part.starts_with('v') && part.contains('.'));
    format!("{method} /{}", parts.collect::<Vec<_>>().join("/"))
}

#[test]
fn requests_are_found_behind_bodies_too() {
    let sent = b"POST /v1.41/containers/create?name=a HTTP/1.1\r\nhost: x\r\n\r\n{\"a\":1}\
                 GET /_ping HTTP/1.1\r\n\r\nDELETE /v1.41/networks/n HTTP/1.1\r\n\r\n";
    assert_eq!(
        requests(sent),
        ["POST /containers/create", "GET /_ping", "DELETE /networks/n"]
    );
}
