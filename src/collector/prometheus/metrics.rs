//! What each key of a document is called in Prometheus. Names, labels and units of uwsgi_exporter 1.3 where it has one, so
//! that dashboards made for it work; what it lacks is named in its manner.

use crate::uwsgi::{Cache, Core, Document, Socket, Spooler, Summary, Worker};

use super::text::{Family, Kind};

/// A metric of a `T`.
pub(super) struct Metric<T> {
    pub(super) family: Family,
    pub(super) value: fn(&T) -> f64,
}

const fn counter<T>(name: &'static str, help: &'static str, value: fn(&T) -> f64) -> Metric<T> {
    let kind = Kind::Counter;
    Metric {
        family: Family { name, kind, help },
        value,
    }
}

const fn gauge<T>(name: &'static str, help: &'static str, value: fn(&T) -> f64) -> Metric<T> {
    let kind = Kind::Gauge;
    Metric {
        family: Family { name, kind, help },
        value,
    }
}

pub(super) const fn family(name: &'static str, kind: Kind, help: &'static str) -> Family {
    Family { name, kind, help }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// A worker that died says `idle` until it is respawned, and is not.
fn is(worker: &Worker, status: &str) -> f64 {
    truth(worker.status == status && (status == "cheap" || worker.pid > 0))
}

pub(super) const SERVER: [Metric<Document>; 4] = [
    gauge(
        "uwsgi_listen_queue_length",
        "Connections that wait, of the socket where most do.",
        |d| d.listen_queue as f64,
    ),
    counter("uwsgi_listen_queue_errors", "Always 0: uWSGI counts none.", |d| {
        d.listen_queue_errors as f64
    }),
    gauge(
        "uwsgi_signal_queue_length",
        "Bytes that wait in the master's signal pipe.",
        |d| d.signal_queue as f64,
    ),
    gauge("uwsgi_workers", "Workers as configured, running or not.", |d| {
        d.workers.len() as f64
    }),
];

/// One for each state, and what follows from them.
pub(super) const SUMMARY: [Metric<Summary>; 7] = [
    gauge("uwsgi_workers_running", "Workers with a process.", |s| {
        s.running as f64
    }),
    gauge("uwsgi_workers_busy", "Workers with a core in a request.", |s| {
        s.busy as f64
    }),
    gauge("uwsgi_workers_idle", "Running workers without a request.", |s| {
        s.idle as f64
    }),
    gauge(
        "uwsgi_workers_cheap",
        "Workers that cheaper has stopped or not yet started.",
        |s| s.cheap as f64,
    ),
    gauge("uwsgi_workers_pause", "Suspended workers.", |s| s.pause as f64),
    gauge(
        "uwsgi_workers_sig",
        "Workers that handle a signal of uWSGI's.",
        |s| s.sig as f64,
    ),
    gauge("uwsgi_locks_held", "Locks that a process holds.", |s| {
        s.locks_held as f64
    }),
];

pub(super) const WORKER: [Metric<Worker>; 22] = [
    gauge(
        "uwsgi_worker_accepting",
        "1 once started; stays 1 on a cheap worker.",
        |w| w.accepting as f64,
    ),
    counter(
        "uwsgi_worker_requests_total",
        "Requests since the master started or reloaded.",
        |w| w.requests as f64,
    ),
    gauge(
        "uwsgi_worker_delta_requests",
        "Requests since this worker was spawned.",
        |w| w.delta_requests as f64,
    ),
    counter("uwsgi_worker_exceptions_total", "Unhandled exceptions.", |w| {
        w.exceptions as f64
    }),
    counter(
        "uwsgi_worker_harakiri_count_total",
        "Times that harakiri killed the worker.",
        |w| w.harakiri_count as f64,
    ),
    counter("uwsgi_worker_signals_total", "Signals of uWSGI's handled.", |w| {
        w.signals as f64
    }),
    gauge(
        "uwsgi_worker_signal_queue_length",
        "Bytes in the worker's signal pipe.",
        |w| w.signal_queue as f64,
    ),
    gauge(
        "uwsgi_worker_rss_bytes",
        "Resident memory at the last request's end; 0 is unknown.",
        |w| w.rss as f64,
    ),
    gauge(
        "uwsgi_worker_vsz_bytes",
        "Virtual memory at the last request's end; 0 is unknown.",
        |w| w.vsz as f64,
    ),
    counter(
        "uwsgi_worker_running_time_seconds",
        "Time inside requests that have ended.",
        |w| w.running_time as f64 / 1e6,
    ),
    gauge(
        "uwsgi_worker_last_spawn_time_seconds",
        "When the worker was spawned, Unix time.",
        |w| w.last_spawn as f64,
    ),
    counter(
        "uwsgi_worker_respawn_count_total",
        "Spawns, the first one and cheaper's included.",
        |w| w.respawn_count as f64,
    ),
    counter(
        "uwsgi_worker_transmitted_bytes_total",
        "Bytes of responses.",
        |w| w.tx as f64,
    ),
    gauge(
        "uwsgi_worker_average_response_time_seconds",
        "Average in which each request weighs half; rate(running_time) / rate(requests) is the mean.",
        |w| w.avg_rt as f64 / 1e6,
    ),
    gauge("uwsgi_worker_apps", "Applications loaded.", |w| {
        w.apps.len() as f64
    }),
    gauge(
        "uwsgi_worker_cores",
        "Cores: threads or asynchronous slots.",
        |w| w.cores.as_ref().map_or(0, Vec::len) as f64,
    ),
    gauge(
        "uwsgi_worker_running",
        "1 with a process that cheaper does not stop.",
        |w| truth(w.pid > 0 && w.status != "cheap"),
    ),
    gauge("uwsgi_worker_busy", "1 with a core in a request.", |w| {
        is(w, "busy")
    }),
    gauge("uwsgi_worker_idle", "1 while running without a request.", |w| {
        is(w, "idle")
    }),
    gauge(
        "uwsgi_worker_cheap",
        "1 while stopped by cheaper or not yet started.",
        |w| is(w, "cheap"),
    ),
    gauge("uwsgi_worker_pause", "1 while suspended.", |w| is(w, "pause")),
    gauge("uwsgi_worker_sig", "1 while handling a signal of uWSGI's.", |w| {
        truth(w.status.starts_with("sig"))
    }),
];

pub(super) const CORE: [Metric<Core>; 7] = [
    gauge("uwsgi_worker_core_busy", "1 while in a request.", |c| {
        c.in_request as f64
    }),
    counter("uwsgi_worker_core_requests_total", "Requests.", |c| {
        c.requests as f64
    }),
    counter(
        "uwsgi_worker_core_static_requests_total",
        "Requests for static files.",
        |c| c.static_requests as f64,
    ),
    counter(
        "uwsgi_worker_core_routed_requests_total",
        "Requests answered by internal routing.",
        |c| c.routed_requests as f64,
    ),
    counter(
        "uwsgi_worker_core_offloaded_requests_total",
        "Requests handed to offload threads.",
        |c| c.offloaded_requests as f64,
    ),
    counter(
        "uwsgi_worker_core_write_errors_total",
        "Responses that could not be written.",
        |c| c.write_errors as f64,
    ),
    counter(
        "uwsgi_worker_core_read_errors_total",
        "Requests that could not be read.",
        |c| c.read_errors as f64,
    ),
];

pub(super) const SOCKET: [Metric<Socket>; 4] = [
    gauge("uwsgi_socket_queue_length", "Connections that wait.", |s| {
        s.queue as f64
    }),
    gauge(
        "uwsgi_socket_max_queue_length",
        "Connections that may wait.",
        |s| s.max_queue as f64,
    ),
    gauge("uwsgi_socket_shared", "1 if shared.", |s| s.shared as f64),
    gauge(
        "uwsgi_socket_can_offload",
        "1 if offload threads may serve it.",
        |s| s.can_offload as f64,
    ),
];

pub(super) const CACHE: [Metric<Cache>; 5] = [
    counter("uwsgi_cache_hits", "Keys found.", |c| c.hits as f64),
    counter("uwsgi_cache_misses", "Keys not found.", |c| c.miss as f64),
    counter(
        "uwsgi_cache_full",
        "Items refused because the cache was full.",
        |c| c.full as f64,
    ),
    gauge("uwsgi_cache_items", "Items held.", |c| c.items as f64),
    gauge("uwsgi_cache_max_items", "Items that it can hold.", |c| {
        c.max_items as f64
    }),
];

pub(super) const SPOOLER: [Metric<Spooler>; 3] = [
    counter("uwsgi_spooler_tasks_total", "Tasks done.", |s| s.tasks as f64),
    counter("uwsgi_spooler_respawns_total", "Spawns of the spooler.", |s| {
        s.respawns as f64
    }),
    gauge("uwsgi_spooler_running", "1 while a task is under way.", |s| {
        s.running as f64
    }),
];
