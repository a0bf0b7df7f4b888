//! The connection between a coordinator and a worker: messages, each one line of JSON and none longer than a bound; knows nothing of a run.

use std::io;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::load::Settings;
use crate::load::interval::Interval;
use crate::load::part::Part;
use crate::load::reports::Gauges;
use crate::load::worker::Ending;

/// The language spoken; it changes with each change of a message.
pub(super) const PROTOCOL: u32 = 1;
/// The settings of a run, with its body and the times of its requests.
pub(super) const MOST_FOR_WORKERS: usize = 256 << 20;
/// Four histograms of 23,000 buckets each, twice.
pub(super) const MOST_FROM_WORKERS: usize = 8 << 20;

/// From the coordinator to a worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ToWorker {
    Welcome,
    /// The run does not come about, or not with this worker.
    Off {
        reason: String,
    },
    Share {
        settings: Box<Settings>,
        part: Part,
    },
    Ping,
    /// Start when the worker's own clock shows this, in nanoseconds since it joined.
    Go {
        at_ns: u64,
    },
    Stop,
    /// All that the worker told has arrived.
    Done,
}

/// From a worker to the coordinator.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FromWorker {
    Hello(Hello),
    Ready,
    /// It cannot send its share, or no longer; the outermost cause first.
    Unable {
        causes: Vec<String>,
    },
    /// What its own clock shows, in nanoseconds since it joined.
    Pong {
        at_ns: u64,
    },
    /// One of its threads, counted from 0, at the end of a second.
    Interval {
        thread: usize,
        second: u64,
        gauges: Gauges,
        warm_up: bool,
        interval: Box<Interval>,
    },
    Ended {
        thread: usize,
        ending: Box<Ending>,
    },
    /// It stops sending before its time; the endings of its threads follow.
    Leaving {
        reason: String,
    },
}

/// Who joins.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) protocol: u32,
    /// Of the program.
    pub(super) version: String,
    pub(super) pid: u32,
}

impl Hello {
    pub(super) fn own() -> Self {
        Self {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
        }
    }

    /// Two versions of the program might count differently.
    pub(super) fn fits(&self, other: &Self) -> bool {
        self.protocol == other.protocol && self.version == other.version
    }
}

/// Why a connection is of no more use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("it closed the connection")]
    Closed,
    #[error("nothing was heard from it for {} s", .0.as_secs())]
    Silent(Duration),
    #[error("its connection failed: {0}")]
    Failed(io::Error),
    #[error("it sent a message of more than {0} bytes")]
    TooLong(usize),
    #[error("it sent what is no message of uwsgi-lab")]
    Garbage(#[source] serde_json::Error),
    #[error("it sent a message out of turn")]
    OutOfTurn,
    #[error("it cannot go on: {0}")]
    Unable(String),
    #[error("it sent figures that cannot be")]
    Impossible,
}

/// One end of a connection.
pub(super) struct Line {
    stream: BufReader<TcpStream>,
    /// What has come of the next message.
    begun: Vec<u8>,
    most: usize,
}

impl Line {
    /// `most` is the length of the longest message that is taken.
    pub(super) fn new(stream: TcpStream, most: usize) -> Self {
        // Where the system will not have it, a machine that vanishes is noticed later.
        stream.set_nodelay(true).ok();
        watch(&SockRef::from(&stream)).ok();
        Self {
            stream: BufReader::new(stream),
            begun: Vec::new(),
            most,
        }
    }

    /// The next message. What has come of it is kept where this is given up before it is complete.
    pub(super) async fn receive<T: DeserializeOwned>(&mut self) -> Result<T, WireError> {
        let room = (self.most + 1).saturating_sub(self.begun.len());
        let mut bounded = (&mut self.stream).take(room as u64);
        let read = bounded.read_until(b'\n', &mut self.begun).await;
        read.map_err(failed)?;
        if self.begun.last() != Some(&b'\n') {
            return Err(match self.begun.len() > self.most {
                true => WireError::TooLong(self.most),
                false => WireError::Closed,
            });
        }
        let message = serde_json::from_slice(&self.begun);
        self.begun.clear();
        message.map_err(WireError::Garbage)
    }

    pub(super) async fn receive_within<T: DeserializeOwned>(
        &mut self,
        time: Duration,
    ) -> Result<T, WireError> {
        match tokio::time::timeout(time, self.receive()).await {
            Ok(received) => received,
            Err(_elapsed) => Err(WireError::Silent(time)),
        }
    }

    pub(super) async fn send<T: Serialize>(&mut self, message: &T) -> Result<(), WireError> {
        self.send_encoded(&encode(message)?).await
    }

    /// Sends what [`encode`] made.
    pub(super) async fn send_encoded(&mut self, message: &[u8]) -> Result<(), WireError> {
        self.stream.write_all(message).await.map_err(failed)
    }
}

/// One message as it is sent.
pub(super) fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, WireError> {
    let mut bytes = serde_json::to_vec(message).map_err(WireError::Garbage)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn failed(error: io::Error) -> WireError {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => WireError::Closed,
        _ => WireError::Failed(error),
    }
}

/// Has the system notice within some 10 s that the machine at the other end is gone.
fn watch(socket: &SockRef<'_>) -> io::Result<()> {
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(5))
        .with_interval(Duration::from_secs(1))
        .with_retries(5);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(super::SILENCE))?;
    Ok(())
}
