//! The load generator: an open loop that sends each request at its intended time, whatever became of the last,
//! and counts latency from there. Prints nothing; stores nothing.
//!
//! One worker loop ([`worker`]) composes a schedule, a client and a recorder; each worker is a thread of its own
//! with its own sockets, and one more thread merges what they saw second by second ([`merger`]).

mod asked;
mod chunked;
mod client;
mod connection;
mod exchanges;
mod fault;
mod interval;
mod jar;
#[cfg(target_os = "linux")]
mod kernel;
mod limits;
mod merger;
mod moment;
mod origin;
mod pace;
mod part;
mod pool;
mod readiness;
mod recorder;
mod remote;
mod reports;
mod request;
mod response;
mod running;
mod schedule;
mod script;
mod second;
mod stamps;
mod summary;
mod target;
mod text;
mod threshold;
mod tls;
mod typed;
mod verdict;
mod worker;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use asked::{AskedRate, parse as parse_rate};
pub(crate) use interval::Interval;
pub(crate) use limits::raise_open_files;
pub(crate) use merger::Observer;
pub(crate) use pace::Timing;
pub(crate) use remote::encoded::buckets;
pub(crate) use remote::{Coordinator, CoordinatorError, Crew, News, WorkerError, WorkerNews, take_share};
pub(crate) use request::Request;
pub(crate) use running::{Running, start, start_observed};
pub(crate) use schedule::{Arrivals, Plan, Profile, Sine, Stage, Stages};
pub(crate) use script::ScriptSource;
pub(crate) use second::{Percentiles, Second};
pub(crate) use summary::Summary;
pub(crate) use target::{Protocol, Target, TargetError};
pub(crate) use threshold::{Judgement, Threshold};
pub(crate) use tls::Trust;
pub(crate) use typed::{duration, rate_or_none, scaled};
pub(crate) use verdict::Verdict;

/// What to load and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// What is requested, one or several, each as often as its weight says.
    pub(crate) mix: Vec<Requested>,
    /// Whether cookies that answers set go with later requests, as each connection's visitor would have them.
    pub(crate) cookies: bool,
    /// What requests are chosen by, and values in requests follow from.
    pub(crate) seed: u64,
    /// Whose certificates are taken where a target speaks https.
    pub(crate) trust: Trust,
    pub(crate) rate: Rate,
    pub(crate) threads: usize,
    /// The most connections, all threads together; as many as are needed if none. Requests that find no
    /// connection free wait, and their wait counts as latency.
    pub(crate) connections: Option<usize>,
    /// How long to send; until stopped if none.
    pub(crate) duration: Option<Duration>,
    /// How many requests to send at most; as many as fall within the duration if none.
    pub(crate) requests: Option<u64>,
    /// How long to send before what is measured, in whole seconds; at the rate with which the run starts.
    pub(crate) warm_up: Duration,
    /// For one whole request, from connecting to the last byte.
    pub(crate) timeout: Duration,
    /// For establishing a connection; only that of the whole request if none.
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) timing: Timing,
    /// A script that makes the requests.
    #[serde(skip)]
    pub(crate) script: Option<ScriptSource>,
}

/// One request of a mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Requested {
    pub(crate) target: Target,
    pub(crate) request: Request,
    /// Among the sum of all weights; above 0.
    pub(crate) weight: u32,
}

impl Settings {
    /// One thread, as many connections as are needed, a plain GET, 30 s for each request; until stopped.
    pub(crate) fn new(target: Target, rate: Rate) -> Self {
        Self {
            mix: vec![Requested {
                target,
                request: Request::default(),
                weight: 1,
            }],
            cookies: false,
            seed: 1,
            trust: Trust::System,
            rate,
            threads: 1,
            connections: None,
            duration: None,
            requests: None,
            warm_up: Duration::ZERO,
            timeout: Duration::from_secs(30),
            connect_timeout: None,
            timing: Timing::Precise,
            script: None,
        }
    }

    /// What is loaded, to name it: the first target of a mix.
    pub(crate) fn target(&self) -> &Target {
        &self.mix[0].target
    }
}

/// How many requests are asked for, all threads together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Rate {
    /// Open loop: each request leaves at its time whatever became of the last.
    Open(#[serde(with = "remote::encoded::shared")] Arc<Plan>),
    /// Closed loop: each connection sends its next request when it has the response to the last.
    Max,
}

impl Rate {
    /// A constant number of requests a second, evenly spaced; above 0, fractions are fine.
    pub(crate) fn per_second(rate: f64) -> Self {
        Self::Open(Arc::new(Plan::constant(rate)))
    }
}

/// One header field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Header {
    /// # Errors
    /// A name that is no token, a value with control characters, or a field that announces a body.
    fn check(&self) -> Result<(), LoadError> {
        let body = ["content-length", "transfer-encoding"];
        let refuse = |reason| {
            Err(LoadError::Header {
                name: self.name.clone(),
                reason,
            })
        };
        if !request::is_token(&self.name) {
            refuse("its name is no HTTP token")
        } else if self.value.chars().any(|c| c.is_control() && c != '\t') {
            refuse("its value has control characters")
        } else if body.iter().any(|name| self.name.eq_ignore_ascii_case(name)) {
            refuse("it announces a body; the length follows from the body itself")
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
    #[error("nothing to load: no target, or one of weight 0")]
    Nothing,
    #[error("0 threads send nothing")]
    Threads,
    #[error("a timeout of 0 leaves no time to answer")]
    Timeout,
    #[error("a warm-up goes at the rate with which the run starts, and there is none")]
    WarmUp,
    #[error("method `{0}` is no HTTP token")]
    Method(String),
    #[error("the request's variables are longer than the 65,535 bytes of a packet of the uwsgi protocol")]
    Packet,
    #[error("header `{name}`: {reason}")]
    Header { name: String, reason: &'static str },
    #[error("{} too few for {threads} threads: each needs one of its own", plural(*connections))]
    Connections { connections: usize, threads: usize },
    #[error("{asked} connections are more than the {available} that the limit of open files leaves")]
    Descriptors { asked: usize, available: usize },
    #[error(transparent)]
    Place(#[from] text::PlaceError),
    #[error(transparent)]
    Script(#[from] script::ScriptError),
    #[error("no TLS")]
    Tls(#[from] tls::TlsError),
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
