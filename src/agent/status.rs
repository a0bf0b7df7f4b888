//! How a running lab is doing, as `status` and the live line show it. Fields are only ever added.

use serde::{Deserialize, Serialize};

use crate::load::Second;

use super::metrics::MetricsStatus;

/// The lab's running part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) pid: u32,
    pub(crate) detached: bool,
    /// Milliseconds since the Unix epoch.
    pub(crate) started_ms: u64,
    pub(crate) targets: Vec<TargetStatus>,
    pub(crate) writer: WriterStatus,
    pub(crate) load: Option<LoadStatus>,
    /// Null where no metrics are served.
    #[serde(default)]
    pub(crate) metrics: Option<MetricsStatus>,
}

/// One stats server. What is not known is null, never 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TargetStatus {
    pub(crate) source: String,
    pub(crate) address: String,
    /// Null before the first scrape has ended.
    pub(crate) up: Option<bool>,
    pub(crate) error: Option<String>,
    pub(crate) workers: Option<u64>,
    pub(crate) running: Option<u64>,
    pub(crate) busy: Option<u64>,
    pub(crate) cores: Option<u64>,
    pub(crate) in_request: Option<u64>,
    pub(crate) queue: Option<u64>,
    pub(crate) max_queue: Option<u64>,
}

/// Points since the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WriterStatus {
    pub(crate) points_written: u64,
    /// In memory and on disk; those on disk may be from before the start.
    pub(crate) points_waiting: u64,
    #[serde(default)]
    pub(crate) points_on_disk: u64,
    pub(crate) points_dropped: u64,
    /// Milliseconds since the Unix epoch; null before the first point was stored.
    pub(crate) first_write_ms: Option<u64>,
    pub(crate) error: Option<String>,
    /// Why points wait in memory alone.
    #[serde(default)]
    pub(crate) disk_error: Option<String>,
}

/// The load generator's last second. Rates are requests a second, latencies µs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoadStatus {
    pub(crate) target: String,
    pub(crate) asked_rate: f64,
    /// This and what follows: null before the first second is over.
    pub(crate) achieved_rate: Option<f64>,
    pub(crate) latency_p50: Option<u64>,
    pub(crate) latency_p99: Option<u64>,
    pub(crate) connections: Option<u64>,
    pub(crate) backlog: Option<u64>,
    /// Since the start.
    pub(crate) sent: u64,
    pub(crate) answered: u64,
    pub(crate) errors: u64,
    #[serde(default)]
    pub(crate) errors_by_kind: LoadErrors,
    #[serde(default)]
    pub(crate) errors_last_second: LoadErrors,
    /// The target does not answer what it is asked, and it grows worse over the last seconds.
    #[serde(default)]
    pub(crate) overloaded: bool,
}

/// Requests without an answer, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct LoadErrors {
    pub(crate) connect: u64,
    pub(crate) timeout: u64,
    pub(crate) read: u64,
    pub(crate) write: u64,
    pub(crate) malformed: u64,
}

impl LoadErrors {
    pub(crate) fn total(&self) -> u64 {
        self.connect + self.timeout + self.read + self.write + self.malformed
    }

    pub(super) fn of(second: &Second) -> Self {
        let errors = second.counts.errors;
        Self {
            connect: errors.connect,
            timeout: errors.timeout,
            read: errors.read,
            write: errors.write,
            malformed: errors.malformed,
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.connect += other.connect;
        self.timeout += other.timeout;
        self.read += other.read;
        self.write += other.write;
        self.malformed += other.malformed;
    }
}
