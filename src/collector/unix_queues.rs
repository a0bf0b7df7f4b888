//! How many connections wait before Unix sockets of this machine, asked of the kernel; connects to none.
//!
//! uWSGI says 0 of 0 for them on Linux. The kernel tells everybody through `sock_diag` (as `ss -lx` shows it), for the network
//! namespace of whoever asks: a socket inside a container is not seen from outside.

use std::fs;
use std::path::Path;

use crate::uwsgi::{Document, Socket};

/// Fills in queue and limit of each Unix socket of `document` that the kernel knows. Costs nothing for a document without
/// one. Leaves the document alone where its server does not run here, or not in this file system.
pub(crate) fn fill_in(document: &mut Document) {
    if !document.sockets.iter().any(is_blind) || !runs_here(document) {
        return;
    }
    let listeners = listeners();
    for socket in document.sockets.iter_mut().filter(|socket| is_blind(socket)) {
        let name = kernel_name(&socket.name);
        let mut named = listeners.iter().filter(|listener| listener.name == name);
        // Of two with one relative name nobody can tell which is this server's.
        if let (Some(listener), None) = (named.next(), named.next()) {
            socket.queue = listener.queue.into();
            socket.max_queue = listener.limit.into();
        }
    }
}

/// A Unix socket: one that says its limit is 0, and whose name is no `host:port`.
fn is_blind(socket: &Socket) -> bool {
    let unix = socket.name.contains('/') || socket.name.starts_with('@') || !socket.name.contains(':');
    socket.max_queue == 0 && socket.queue == 0 && unix
}

/// The master's pid is one of this machine's processes, in the directory that it says. A container's pid 1 is another
/// process here.
fn runs_here(document: &Document) -> bool {
    let process = format!("/proc/{}", document.pid);
    match fs::read_link(format!("{process}/cwd")) {
        Ok(directory) => directory == Path::new(&document.cwd),
        // Another user's process keeps its directory to itself.
        Err(error) => error.kind() == std::io::ErrorKind::PermissionDenied && Path::new(&process).exists(),
    }
}

/// As the kernel has it: the path as it was bound, relative or not, or NUL and the abstract name.
fn kernel_name(name: &str) -> Vec<u8> {
    match name.strip_prefix('@') {
        Some(name) => format!("\0{name}").into_bytes(),
        None => name.as_bytes().to_vec(),
    }
}

/// A Unix socket that listens.
#[derive(Debug, PartialEq, Eq)]
struct Listener {
    name: Vec<u8>,
    queue: u32,
    limit: u32,
}

#[cfg(not(target_os = "linux"))]
fn listeners() -> Vec<Listener> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn listeners() -> Vec<Listener> {
    // A kernel without `unix_diag`, or a sandbox that forbids it, tells nothing; the queue stays unknown.
    diag::dump().unwrap_or_default()
}

/// The messages of `linux/unix_diag.h` and `linux/netlink.h`, in the machine's byte order.
#[cfg(target_os = "linux")]
mod diag {
    use std::time::Duration;

    use rustix::io;
    use rustix::net::netlink::{self, SocketAddrNetlink};
    use rustix::net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with, sockopt,
    };

    use super::Listener;

    const SOCK_DIAG_BY_FAMILY: u16 = 20;
    const REQUEST_AND_DUMP: u16 = 0x301;
    const DONE: u16 = 3;
    const ERROR: u16 = 2;
    const AF_UNIX: u8 = 1;
    const LISTEN: u32 = 10;
    const SHOW_NAME: u32 = 1;
    const SHOW_QUEUE: u32 = 16;
    const NAME: u16 = 0;
    const QUEUE: u16 = 4;
    const HEADER: usize = 16;
    /// What stands before the attributes of a socket.
    const SOCKET: usize = 16;

    pub(super) fn dump() -> io::Result<Vec<Listener>> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(netlink::SOCK_DIAG),
        )?;
        // The kernel answers within the call that asks; this is for one that does not.
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(Duration::from_millis(100)))?;
        sendto(
            &socket,
            &request(),
            SendFlags::empty(),
            &SocketAddrNetlink::new(0, 0),
        )?;
        let mut listeners = Vec::new();
        let mut buffer = vec![0; 32 << 10];
        loop {
            let (_, length) = recv(&socket, &mut buffer, RecvFlags::empty())?;
            if length == 0 || !messages(&buffer[..length.min(buffer.len())], &mut listeners) {
                return Ok(listeners);
            }
        }
    }

    fn request() -> Vec<u8> {
        let mut body = vec![AF_UNIX, 0, 0, 0];
        let words = [1_u32 << LISTEN, 0, SHOW_NAME | SHOW_QUEUE, u32::MAX, u32::MAX];
        body.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        let mut message = Vec::from(((HEADER + body.len()) as u32).to_ne_bytes());
        message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        message.extend(REQUEST_AND_DUMP.to_ne_bytes());
        message.extend([0; 8]);
        message.extend(body);
        message
    }

    /// Reads the messages of one datagram; false at the end of the dump.
    pub(super) fn messages(mut bytes: &[u8], listeners: &mut Vec<Listener>) -> bool {
        while let (Some(length), Some(kind)) = (word(bytes, 0), half_word(bytes, 4)) {
            let length = length as usize;
            if kind == DONE || kind == ERROR || length < HEADER || length > bytes.len() {
                return false;
            }
            if let Some(attributes) = bytes.get(HEADER + SOCKET..length) {
                listeners.extend(listener(attributes));
            }
            bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        true
    }

    /// None for a socket without a name, or whose queue the kernel does not tell.
    fn listener(mut bytes: &[u8]) -> Option<Listener> {
        let (mut name, mut queue) = (None, None);
        while let (Some(length), Some(kind)) = (half_word(bytes, 0), half_word(bytes, 2)) {
            let length = usize::from(length);
            let value = bytes.get(4..length)?;
            match kind {
                NAME => name = Some(without_end(value).to_vec()),
                QUEUE => queue = word(value, 0).zip(word(value, 4)),
                _ => {}
            }
            bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        let (queue, limit) = queue?;
        Some(Listener {
            name: name?,
            queue,
            limit,
        })
    }

    /// A path ends in NUL, and so does an abstract name, which begins with one, if uWSGI bound it.
    fn without_end(name: &[u8]) -> &[u8] {
        name.strip_suffix(b"\0").unwrap_or(name)
    }

    fn word(bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_ne_bytes(bytes))
    }

    fn half_word(bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(u16::from_ne_bytes(bytes))
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use serde_json::json;

    use super::*;
    use crate::uwsgi;

    fn document(name: &str) -> Document {
        let document = json!({
            "pid": std::process::id(),
            "cwd": std::env::current_dir().unwrap(),
            "sockets": [
                {"name": name, "proto": "uwsgi", "queue": 0, "max_queue": 0},
                {"name": "127.0.0.1:9090", "proto": "http", "queue": 1, "max_queue": 100}
            ],
            "workers": []
        });
        uwsgi::parse(document.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn connections_that_wait_before_a_unix_socket_are_counted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let waiting: Vec<_> = (0..3).map(|_| UnixStream::connect(&path).unwrap()).collect();
        let mut document = document(path.to_str().unwrap());
        fill_in(&mut document);
        let [unix, tcp] = &document.sockets[..] else {
            panic!()
        };
        assert_eq!(unix.queue, 3);
        assert!(unix.max_queue > 0, "the backlog that the listener asked for");
        assert_eq!((tcp.queue, tcp.max_queue), (1, 100));
        drop((listener, waiting));
    }

    #[test]
    fn a_server_that_runs_elsewhere_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let mut document = document(path.to_str().unwrap());
        document.cwd = "/srv/in-a-container".to_owned();
        fill_in(&mut document);
        assert_eq!(document.sockets[0].max_queue, 0);
    }

    #[test]
    fn a_message_cut_anywhere_is_survived() {
        let message: Vec<u8> = (0..200_u32).flat_map(|word| (word % 40).to_ne_bytes()).collect();
        for end in 0..message.len() {
            diag::messages(&message[..end], &mut Vec::new());
        }
    }
}
