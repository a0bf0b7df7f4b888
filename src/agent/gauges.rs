//! Where the latest figures of a running lab are to be read, and the status they make. Changes nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::collector::{self, Snapshot};
use crate::load::{self, Second};

use super::metrics::MetricsStatus;
use super::pressure::Pressure;
use super::status::{LoadErrors, LoadStatus, Status, TargetStatus, WriterStatus};
use super::{LoadSettings, WatchSettings};

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Gauges {
    pub(super) detached: bool,
    pub(super) started_ms: u64,
    pub(super) targets: Vec<(WatchSettings, watch::Receiver<Snapshot>)>,
    /// One for each place that points go to.
    pub(super) writers: Vec<watch::Receiver<collector::WriterStatus>>,
    /// Why points cannot wait on disk.
    pub(super) spool_error: Option<String>,
    pub(super) load: Option<(LoadSettings, watch::Receiver<LoadTotals>)>,
    pub(super) metrics: Option<MetricsStatus>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct LoadTotals {
    last: Option<Second>,
    sent: u64,
    answered: u64,
    errors: LoadErrors,
    pressure: Pressure,
}

impl LoadTotals {
    pub(super) fn add(&mut self, second: Second) {
        self.sent += second.counts.sent;
        self.answered += second.counts.answered;
        self.errors.add(LoadErrors::of(&second));
        self.pressure.add(&second);
        self.last = Some(second);
    }
}

/// Since the Unix epoch.
pub(super) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Gauges {
    pub(super) fn status(&self) -> Status {
        Status {
            pid: std::process::id(),
            detached: self.detached,
            started_ms: self.started_ms,
            targets: self
                .targets
                .iter()
                .map(|(watched, seen)| target_status(watched, &seen.borrow()))
                .collect(),
            writer: self.writer_status(),
            load: self
                .load
                .as_ref()
                .map(|(settings, totals)| load_status(settings, &totals.borrow())),
            metrics: self.metrics.clone(),
        }
    }
}

impl Gauges {
    /// Of the lab's InfluxDB.
    fn writer_status(&self) -> WriterStatus {
        let seen = self.writers.first().map(|seen| seen.borrow().clone());
        let seen = seen.unwrap_or_default();
        WriterStatus {
            points_written: seen.points_written,
            points_waiting: seen.points_waiting,
            points_on_disk: seen.points_on_disk,
            points_dropped: seen.points_dropped,
            first_write_ms: seen.first_write_at.map(milliseconds),
            error: seen.last_error().map(str::to_owned),
            disk_error: seen.disk_error.or_else(|| self.spool_error.clone()),
        }
    }
}

fn target_status(watched: &WatchSettings, seen: &Snapshot) -> TargetStatus {
    let summary = seen.summary.as_ref();
    TargetStatus {
        source: watched.source.clone(),
        address: watched.address.clone(),
        up: seen.up,
        error: seen.last_error.clone().filter(|_| seen.up == Some(false)),
        workers: summary.map(|summary| summary.workers),
        running: summary.map(|summary| summary.running),
        busy: summary.map(|summary| summary.busy),
        cores: summary.and_then(|summary| summary.cores),
        in_request: summary.and_then(|summary| summary.in_request),
        queue: summary.and_then(|summary| summary.queue),
        max_queue: summary.and_then(|summary| summary.max_queue),
    }
}

fn load_status(settings: &LoadSettings, totals: &LoadTotals) -> LoadStatus {
    let last = totals.last.as_ref();
    let recorded = last.filter(|second| second.latency != load::Percentiles::default());
    LoadStatus {
        target: settings.url.clone(),
        asked_rate: settings.rate,
        achieved_rate: last.map(Second::achieved_rate),
        latency_p50: recorded.map(|second| second.latency.p50),
        latency_p99: recorded.map(|second| second.latency.p99),
        connections: last.map(|second| second.gauges.connections),
        backlog: last.map(|second| second.gauges.backlog),
        sent: totals.sent,
        answered: totals.answered,
        errors: totals.errors.total(),
        errors_by_kind: totals.errors,
        errors_last_second: last.map(LoadErrors::of).unwrap_or_default(),
        overloaded: totals.pressure.is_overloaded(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Of a lab that watches one server and has seen nothing yet.
    pub(in super::super) fn gauges() -> Gauges {
        let watched = WatchSettings {
            address: "http://127.0.0.1:9191".to_owned(),
            source: "127.0.0.1:9191".to_owned(),
        };
        Gauges {
            detached: true,
            started_ms: 1,
            targets: vec![(watched, watch::channel(Snapshot::default()).1)],
            writers: vec![watch::channel(collector::WriterStatus::default()).1],
            spool_error: None,
            load: None,
            metrics: None,
        }
    }
}
