//! The load generator: an open loop that sends each request at its intended time, whatever became of the last,
//! and counts latency from there. Prints nothing; stores nothing.
//!
//! One worker loop ([`worker`]) composes a schedule, a client and a recorder; each worker is a thread of its own
//! with its own sockets, and one more thread merges what they saw second by second ([`merger`]).

mod chunked;
mod client;
mod connection;
mod exchanges;
mod fault;
mod limits;
mod merger;
mod pool;
mod readiness;
mod recorder;
mod reports;
mod response;
mod running;
mod schedule;
mod second;
mod summary;
mod target;
mod verdict;
mod worker;

use std::io;
use std::time::Duration;

pub(crate) use running::{Running, start};
pub(crate) use second::{Percentiles, Second};
pub(crate) use summary::Summary;
pub(crate) use target::{Target, TargetError};
pub(crate) use verdict::Verdict;

/// What to load and how.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) target: Target,
    /// Requests a second, all threads together; above 0, fractions are fine.
    pub(crate) rate: f64,
    pub(crate) threads: usize,
    /// The most connections, all threads together; as many as are needed if none. Requests that find no
    /// connection free wait, and their wait counts as latency.
    pub(crate) connections: Option<usize>,
    /// How long to send; until stopped if none.
    pub(crate) duration: Option<Duration>,
    /// For one whole request, from connecting to the last byte.
    pub(crate) timeout: Duration,
    pub(crate) headers: Vec<Header>,
}

/// One header field of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Header {
    /// # Errors
    /// A name that is no token, a value with control characters, or a field that announces a body.
    fn check(&self) -> Result<(), LoadError> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let body = ["content-length", "transfer-encoding"];
        let refuse = |reason| {
            Err(LoadError::Header {
                name: self.name.clone(),
                reason,
            })
        };
        if self.name.is_empty() || !self.name.bytes().all(token) {
            refuse("its name is no HTTP token")
        } else if self.value.chars().any(|c| c.is_control() && c != '\t') {
            refuse("its value has control characters")
        } else if body.iter().any(|name| self.name.eq_ignore_ascii_case(name)) {
            refuse("it announces a body, and requests carry none")
        } else {
            Ok(())
        }
    }
}

/// Why load could not be put on a target. What a target does once the load runs is no error but a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("rate {0} is not a number above 0")]
    Rate(f64),
    #[error("0 threads send nothing")]
    Threads,
    #[error("a timeout of 0 leaves no time to answer")]
    Timeout,
    #[error("header `{name}`: {reason}")]
    Header { name: String, reason: &'static str },
    #[error("{} too few for {threads} threads: each needs one of its own", plural(*connections))]
    Connections { connections: usize, threads: usize },
    #[error("{asked} connections are more than the {available} that the limit of open files leaves")]
    Descriptors { asked: usize, available: usize },
    #[error("host `{host}` cannot be looked up")]
    Resolve { host: String, source: io::Error },
    #[error("no worker thread can be started")]
    Start(#[source] io::Error),
    #[error("no histogram can be made")]
    Histogram(#[from] hdrhistogram::CreationError),
    #[error("sockets cannot be waited for")]
    Wait(#[source] io::Error),
    #[error("a worker thread ended without a result")]
    Lost,
}

fn plural(connections: usize) -> String {
    match connections {
        1 => "1 connection is".to_owned(),
        many => format!("{many} connections are"),
    }
}
