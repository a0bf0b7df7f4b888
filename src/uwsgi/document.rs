//! The statistics document of a uWSGI server as data; reads no bytes.
//!
//! Not kept: what a request in flight says of itself ([`mod@super::in_flight`] reads it), which can be most of a document.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

/// What the master of one uWSGI server says about it. A key that is missing reads as zero, as in Telegraf.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Document {
    #[serde(default)]
    pub(crate) version: String,
    /// The longest of the sockets' queues, not their sum; refreshed once a second.
    #[serde(default)]
    pub(crate) listen_queue: u64,
    /// Always 0: nothing in uWSGI increments it.
    #[serde(default)]
    pub(crate) listen_queue_errors: u64,
    /// Bytes waiting in the master's signal pipe.
    #[serde(default)]
    pub(crate) signal_queue: u64,
    /// A copy of `listen_queue`.
    #[serde(default)]
    pub(crate) load: u64,
    #[serde(default)]
    pub(crate) pid: u64,
    #[serde(default)]
    pub(crate) uid: u64,
    #[serde(default)]
    pub(crate) gid: u64,
    /// The master's working directory.
    #[serde(default)]
    pub(crate) cwd: String,
    #[serde(default, rename = "locks")]
    pub(crate) locks_held: HeldLocks,
    #[serde(default)]
    pub(crate) sockets: Vec<Socket>,
    #[serde(default)]
    pub(crate) caches: Vec<Cache>,
    #[serde(default)]
    pub(crate) spoolers: Vec<Spooler>,
    #[serde(default)]
    pub(crate) crons: Vec<Cron>,
    #[serde(default)]
    pub(crate) daemons: Vec<Daemon>,
    /// Only with `enable-metrics`; the app's own ones too. By name.
    #[serde(default)]
    pub(crate) metrics: BTreeMap<String, Metric>,
    pub(crate) workers: Vec<Worker>,
}

/// A socket that takes requests. Of a Unix socket uWSGI always says 0 and 0 on Linux.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Socket {
    /// As configured: `host:port`, a path (perhaps relative to `cwd`) or `@` and an abstract name. Two may share one.
    pub(crate) name: String,
    /// `http`, `uwsgi`, `fastcgi`, …
    pub(crate) proto: String,
    /// Connections that wait; refreshed once a second.
    pub(crate) queue: u64,
    pub(crate) max_queue: u64,
    pub(crate) shared: u64,
    pub(crate) can_offload: u64,
}

/// A cache of the caching framework.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Cache {
    pub(crate) name: String,
    pub(crate) hashsize: u64,
    /// Bytes.
    pub(crate) keysize: u64,
    pub(crate) max_items: u64,
    pub(crate) blocks: u64,
    /// Bytes.
    pub(crate) blocksize: u64,
    pub(crate) items: u64,
    pub(crate) hits: u64,
    pub(crate) miss: u64,
    /// Items refused because the cache was full.
    pub(crate) full: u64,
    /// Unix seconds.
    pub(crate) last_modified_at: u64,
}

/// A process that works a spool directory off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Spooler {
    pub(crate) dir: String,
    pub(crate) pid: u64,
    /// Done since the master started.
    pub(crate) tasks: u64,
    pub(crate) respawns: u64,
    /// 1 while a task is under way.
    pub(crate) running: u64,
}

/// A command that uWSGI runs at times; -1 in a field of the time means any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Cron {
    pub(crate) command: String,
    pub(crate) minute: i64,
    pub(crate) hour: i64,
    pub(crate) day: i64,
    pub(crate) month: i64,
    pub(crate) week: i64,
    pub(crate) unique: i64,
    /// -1 while it does not run.
    pub(crate) pid: i64,
    /// Unix seconds.
    pub(crate) started_at: i64,
}

/// A process started with `attach-daemon`. Its `respawns` is left out: uWSGI 2.0.31 always says 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Daemon {
    pub(crate) cmd: String,
    pub(crate) pid: i64,
}

/// A value of the metrics subsystem.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Metric {
    #[serde(rename = "type")]
    pub(crate) kind: u64,
    pub(crate) value: i64,
}

impl Metric {
    /// As uWSGI's documentation calls them.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self.kind {
            0 => "counter",
            1 => "gauge",
            2 => "absolute",
            _ => "alias",
        }
    }
}

/// How many of the server's locks some process holds. The document lists them as objects of one key each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HeldLocks(pub(crate) u64);

/// One entry of `workers`: always as many as `processes`, running or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Worker {
    /// 0 while the worker does not run.
    pub(crate) pid: u64,
    pub(crate) accepting: u64,
    /// Since the master started or reloaded; survives the worker's respawn.
    pub(crate) requests: u64,
    /// Since this worker was spawned.
    pub(crate) delta_requests: u64,
    pub(crate) exceptions: u64,
    pub(crate) harakiri_count: u64,
    pub(crate) signals: u64,
    /// Bytes.
    pub(crate) signal_queue: u64,
    /// `idle`, `busy`, `cheap`, `pause` or `sig` and a number.
    pub(crate) status: String,
    /// Bytes as of the last request's end; 0 means unknown.
    pub(crate) rss: u64,
    /// Bytes as of the last request's end; 0 means unknown.
    pub(crate) vsz: u64,
    /// Microseconds inside requests that have ended.
    pub(crate) running_time: u64,
    /// Unix seconds.
    pub(crate) last_spawn: u64,
    /// Starts at 1.
    pub(crate) respawn_count: u64,
    /// Bytes of headers and bodies.
    pub(crate) tx: u64,
    /// Microseconds; an exponential average of weight 1/2.
    pub(crate) avg_rt: u64,
    pub(crate) apps: Vec<App>,
    /// None with `stats-no-cores`.
    pub(crate) cores: Option<Vec<Core>>,
}

/// An application that a worker has loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) modifier1: u64,
    /// Counted when a request starts.
    pub(crate) requests: u64,
    /// Seconds.
    pub(crate) startup_time: u64,
    pub(crate) exceptions: u64,
    pub(crate) mountpoint: String,
    pub(crate) chdir: String,
}

/// A thread (or asynchronous slot) of a worker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Core {
    pub(crate) id: u64,
    pub(crate) requests: u64,
    pub(crate) static_requests: u64,
    pub(crate) routed_requests: u64,
    pub(crate) offloaded_requests: u64,
    pub(crate) write_errors: u64,
    pub(crate) read_errors: u64,
    /// 0 or 1.
    pub(crate) in_request: u64,
    pub(crate) req_info: RequestInfo,
}

/// The request in flight; empty between requests (since uWSGI 2.0.14).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct RequestInfo {
    /// Unix seconds.
    pub(crate) request_start: Option<u64>,
}

impl<'de> Deserialize<'de> for HeldLocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Locks).map(Self)
    }
}

struct Locks;

impl<'de> Visitor<'de> for Locks {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of locks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut locks: A) -> Result<u64, A::Error> {
        let mut held = 0;
        while let Some(Holders(holders)) = locks.next_element()? {
            held += holders;
        }
        Ok(held)
    }
}

/// The locks of one object that have a holder.
struct Holders(u64);

impl<'de> Deserialize<'de> for Holders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Lock).map(Self)
    }
}

struct Lock;

impl<'de> Visitor<'de> for Lock {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a lock and the process that holds it")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut lock: A) -> Result<u64, A::Error> {
        let mut held = 0;
        while let Some((_, pid)) = lock.next_entry::<serde::de::IgnoredAny, i64>()? {
            held += u64::from(pid > 0);
        }
        Ok(held)
    }
}
