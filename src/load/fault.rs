//! Why a request got no answer, by kind; decides nothing.

use std::io;

use serde::{Deserialize, Serialize};

use super::response::Malformed;

/// One failed request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("connect: {0}")]
    Connect(io::Error),
    #[error("connect: TLS: {0}")]
    Tls(io::Error),
    #[error("connect: the listen queue of the unix socket is full")]
    QueueFull,
    #[error("connect: not established in the time given to connect")]
    ConnectTimeout,
    #[error("timeout: no complete response in time")]
    Timeout,
    #[error("read: {0}")]
    Read(io::Error),
    #[error("read: connection closed before the response was complete")]
    ClosedEarly,
    #[error("write: {0}")]
    Write(io::Error),
    #[error("malformed response: {0}")]
    Malformed(#[from] Malformed),
}

/// Failed requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Errors {
    pub(crate) connect: u64,
    pub(crate) timeout: u64,
    /// Resets while reading, and connections closed before the response was complete.
    pub(crate) read: u64,
    pub(crate) write: u64,
    pub(crate) malformed: u64,
}

impl Errors {
    pub(crate) fn count(&mut self, fault: &Fault) {
        *match fault {
            Fault::Connect(_) | Fault::Tls(_) | Fault::ConnectTimeout | Fault::QueueFull => &mut self.connect,
            Fault::Timeout => &mut self.timeout,
            Fault::Read(_) | Fault::ClosedEarly => &mut self.read,
            Fault::Write(_) => &mut self.write,
            Fault::Malformed(_) => &mut self.malformed,
        } += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.connect += other.connect;
        self.timeout += other.timeout;
        self.read += other.read;
        self.write += other.write;
        self.malformed += other.malformed;
    }

    pub(crate) fn total(&self) -> u64 {
        self.connect + self.timeout + self.read + self.write + self.malformed
    }
}

/// The first of each kind of failure, in words, and the first status of each class that tells of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Examples {
    pub(crate) connect: Option<String>,
    pub(crate) timeout: Option<String>,
    pub(crate) read: Option<String>,
    pub(crate) write: Option<String>,
    pub(crate) malformed: Option<String>,
    pub(crate) status_4xx: Option<u16>,
    pub(crate) status_5xx: Option<u16>,
}

impl Examples {
    pub(crate) fn note(&mut self, fault: &Fault) {
        let example = match fault {
            Fault::Connect(_) | Fault::Tls(_) | Fault::ConnectTimeout | Fault::QueueFull => &mut self.connect,
            Fault::Timeout => &mut self.timeout,
            Fault::Read(_) | Fault::ClosedEarly => &mut self.read,
            Fault::Write(_) => &mut self.write,
            Fault::Malformed(_) => &mut self.malformed,
        };
        example.get_or_insert_with(|| fault.to_string());
    }

    /// Notes a status of 400 or more.
    pub(crate) fn note_status(&mut self, status: u16) {
        let example = match status {
            500.. => &mut self.status_5xx,
            _ => &mut self.status_4xx,
        };
        example.get_or_insert(status);
    }

    /// Each kind of failure that there was, in the order of a request's life.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &str> {
        [
            &self.connect,
            &self.write,
            &self.read,
            &self.malformed,
            &self.timeout,
        ]
        .into_iter()
        .flatten()
        .map(String::as_str)
    }

    /// One failure to stand for all.
    pub(crate) fn first(&self) -> Option<&str> {
        self.faults().next()
    }

    /// Takes from `other` what it has not.
    pub(crate) fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.connect, &other.connect),
            (&mut self.timeout, &other.timeout),
            (&mut self.read, &other.read),
            (&mut self.write, &other.write),
            (&mut self.malformed, &other.malformed),
        ];
        for (own, others) in pairs {
            if own.is_none() {
                own.clone_from(others);
            }
        }
        self.status_4xx = self.status_4xx.or(other.status_4xx);
        self.status_5xx = self.status_5xx.or(other.status_5xx);
    }
}
