//! The latest scrapes as Prometheus reads them, and the port that serves them; scrapes nothing itself.

mod metrics;
mod server;
mod text;

use crate::uwsgi::{App, Document, Emperor, Router, Statistics, Summary, Worker};

use super::scrape::Target;
use super::watched::Snapshot;
use metrics::{CACHE, CORE, Metric, SERVER, SOCKET, SPOOLER, SUMMARY, WORKER, family};
pub(crate) use server::serve;
use text::{Exposition, Kind, label};

/// All targets in Prometheus' text format. A target that is down has `uwsgi_up 0` and no figures of its own, so that its
/// series end where it did.
pub(super) fn exposition(targets: &[(Target, Snapshot)]) -> String {
    let mut out = Exposition::default();
    for (target, snapshot) in targets {
        let mut labels = String::new();
        label(&mut labels, "stats_uri", &target.address.to_string());
        label(&mut labels, "source", &target.source);
        of_target(snapshot, &labels, &mut out);
        match snapshot.statistics.as_deref() {
            Some(Statistics::Server(document)) => {
                of_server(document, snapshot.summary.as_ref(), &labels, &mut out);
            }
            Some(Statistics::Emperor(emperor)) => of_emperor(emperor, &labels, &mut out),
            Some(Statistics::Router(router)) => of_router(router, &labels, &mut out),
            None => {}
        }
    }
    out.into_text()
}

fn of_target(snapshot: &Snapshot, labels: &str, out: &mut Exposition) {
    // A target that has not been scraped yet is neither up nor down.
    let Some(up) = snapshot.up else { return };
    let up = f64::from(u8::from(up));
    let seconds = snapshot.duration_us as f64 / 1e6;
    for (name, kind, help, value) in [
        ("uwsgi_up", Kind::Gauge, "1 if the latest scrape succeeded.", up),
        (
            "uwsgi_exporter_scrape_duration_seconds",
            Kind::Gauge,
            "How long the latest scrape took.",
            seconds,
        ),
        (
            "uwsgi_exporter_scrapes_total",
            Kind::Counter,
            "Scrapes, the failed ones included.",
            snapshot.scrapes as f64,
        ),
        (
            "uwsgi_exporter_scrape_errors_total",
            Kind::Counter,
            "Scrapes that failed.",
            snapshot.failures as f64,
        ),
        (
            "uwsgi_exporter_last_scrape_error",
            Kind::Gauge,
            "1 if the latest scrape failed.",
            1.0 - up,
        ),
    ] {
        out.add(family(name, kind, help), labels, value);
    }
}

fn all<T>(metrics: &[Metric<T>], of: &T, labels: &str, out: &mut Exposition) {
    for metric in metrics {
        out.add(metric.family, labels, (metric.value)(of));
    }
}

/// `labels` and more of them.
fn with(labels: &str, more: &[(&str, &str)]) -> String {
    let mut labels = labels.to_owned();
    for (name, value) in more {
        label(&mut labels, name, value);
    }
    labels
}

fn of_server(document: &Document, summary: Option<&Summary>, labels: &str, out: &mut Exposition) {
    all(&SERVER, document, labels, out);
    if let Some(summary) = summary {
        all(&SUMMARY, summary, labels, out);
    }
    let version = with(labels, &[("version", &document.version)]);
    let info = family("uwsgi_info", Kind::Gauge, "Always 1; uWSGI's version is a label.");
    out.add(info, &version, 1.0);
    for (index, socket) in document.sockets.iter().enumerate() {
        let id = index.to_string();
        let more = [
            ("name", &*socket.name),
            ("proto", &*socket.proto),
            ("socket_id", &*id),
        ];
        all(&SOCKET, socket, &with(labels, &more), out);
    }
    for cache in &document.caches {
        all(&CACHE, cache, &with(labels, &[("name", &cache.name)]), out);
    }
    for spooler in &document.spoolers {
        all(&SPOOLER, spooler, &with(labels, &[("dir", &spooler.dir)]), out);
    }
    for (name, metric) in &document.metrics {
        let more = [("name", name.as_str()), ("type", metric.kind_name())];
        let value = family(
            "uwsgi_metric",
            Kind::Gauge,
            "A value of uWSGI's metrics subsystem, by its name.",
        );
        out.add(value, &with(labels, &more), metric.value as f64);
    }
    for (index, worker) in document.workers.iter().enumerate() {
        of_worker(index, worker, labels, out);
    }
}

/// `worker_id` is the place in the list from 1 on: workers never started all call themselves 0.
fn of_worker(index: usize, worker: &Worker, labels: &str, out: &mut Exposition) {
    let labels = with(labels, &[("worker_id", &(index + 1).to_string())]);
    all(&WORKER, worker, &labels, out);
    for app in &worker.apps {
        of_app(app, &labels, out);
    }
    for core in worker.cores.iter().flatten() {
        let labels = with(&labels, &[("core_id", &core.id.to_string())]);
        all(&CORE, core, &labels, out);
    }
}

fn of_app(app: &App, labels: &str, out: &mut Exposition) {
    let more = [
        ("app_id", &*app.id.to_string()),
        ("mountpoint", &*app.mountpoint),
        ("chdir", &*app.chdir),
    ];
    let labels = with(labels, &more);
    for (name, kind, help, value) in [
        (
            "uwsgi_worker_app_startup_time_seconds",
            Kind::Gauge,
            "How long loading it took.",
            app.startup_time,
        ),
        (
            "uwsgi_worker_app_requests_total",
            Kind::Counter,
            "Requests that began.",
            app.requests,
        ),
        (
            "uwsgi_worker_app_exceptions_total",
            Kind::Counter,
            "Unhandled exceptions.",
            app.exceptions,
        ),
    ] {
        out.add(family(name, kind, help), &labels, value as f64);
    }
}

fn of_emperor(emperor: &Emperor, labels: &str, out: &mut Exposition) {
    let count = family("uwsgi_vassals", Kind::Gauge, "Servers that the Emperor keeps.");
    out.add(count, labels, emperor.vassals.len() as f64);
    for vassal in &emperor.vassals {
        let labels = with(labels, &[("vassal", &vassal.id)]);
        for (name, kind, help, value) in [
            (
                "uwsgi_vassal_ready",
                Kind::Gauge,
                "1 once it is ready.",
                vassal.ready,
            ),
            (
                "uwsgi_vassal_accepting",
                Kind::Gauge,
                "1 once it accepts requests.",
                vassal.accepting,
            ),
            (
                "uwsgi_vassal_loyal",
                Kind::Gauge,
                "1 once it is loyal.",
                vassal.loyal,
            ),
            (
                "uwsgi_vassal_respawns_total",
                Kind::Counter,
                "Times that it was started again.",
                vassal.respawns,
            ),
        ] {
            out.add(family(name, kind, help), &labels, value as f64);
        }
    }
}

fn of_router(router: &Router, labels: &str, out: &mut Exposition) {
    let sessions = family(
        "uwsgi_router_active_sessions",
        Kind::Gauge,
        "Connections being served.",
    );
    out.add(sessions, labels, router.active_sessions as f64);
    for subscription in router.subscriptions.iter().flatten() {
        for node in &subscription.nodes {
            let labels = with(labels, &[("key", &subscription.key), ("node", &node.name)]);
            for (name, kind, help, value) in [
                (
                    "uwsgi_router_node_requests_total",
                    Kind::Counter,
                    "Requests passed to the server.",
                    node.requests,
                ),
                (
                    "uwsgi_router_node_transmitted_bytes_total",
                    Kind::Counter,
                    "Bytes of its responses.",
                    node.tx,
                ),
                (
                    "uwsgi_router_node_failures_total",
                    Kind::Counter,
                    "Times that it failed.",
                    node.failcnt,
                ),
                (
                    "uwsgi_router_node_active",
                    Kind::Gauge,
                    "Connections that it serves now.",
                    node.references,
                ),
            ] {
                out.add(family(name, kind, help), &labels, value as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use super::*;
    use crate::uwsgi;

    fn target(source: &str) -> Target {
        Target {
            address: format!("tcp://{source}").parse().unwrap(),
            source: source.to_owned(),
        }
    }

    fn up(document: &[u8]) -> Snapshot {
        let statistics = uwsgi::read(document).unwrap();
        Snapshot {
            up: Some(true),
            scrapes: 3,
            failures: 1,
            duration_us: 412,
            summary: statistics.server().map(|document| Summary::of(document, 0)),
            statistics: Some(Arc::new(statistics)),
            ..Snapshot::default()
        }
    }

    /// Lines of samples, without labels of the target.
    fn samples(targets: &[(Target, Snapshot)]) -> Vec<String> {
        let text = exposition(targets);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| line.replace("stats_uri=\"tcp://a:1\",source=\"a:1\"", ""))
            .collect()
    }

    #[test]
    fn workers_never_started_and_dead_ones_are_counted_right() {
        let document = br#"{"version":"2.0.30","workers":[
            {"id":1,"pid":7,"status":"busy"}, {"id":2,"pid":0,"status":"idle"},
            {"id":0,"pid":0,"status":"cheap"}, {"id":0,"pid":0,"status":"cheap"}, {"id":5,"pid":9,"status":"sig7"}]}"#;
        let samples = samples(&[(target("a:1"), up(document))]);
        for line in [
            "uwsgi_up{} 1",
            "uwsgi_exporter_scrapes_total{} 3",
            "uwsgi_exporter_scrape_duration_seconds{} 0.000412",
            "uwsgi_workers{} 5",
            "uwsgi_workers_cheap{} 2",
            "uwsgi_workers_idle{} 0",
            "uwsgi_worker_idle{,worker_id=\"2\"} 0",
            "uwsgi_worker_cheap{,worker_id=\"4\"} 1",
            "uwsgi_worker_sig{,worker_id=\"5\"} 1",
            "uwsgi_info{,version=\"2.0.30\"} 1",
        ] {
            assert!(
                samples.iter().any(|sample| sample == line),
                "{line} of {samples:#?}"
            );
        }
    }

    #[test]
    fn no_series_is_told_twice() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/uwsgi-stats");
        for name in ["mules-spooler-cache", "metrics", "multi-app", "cheaper-busyness"] {
            let document = std::fs::read(directory.join(format!("{name}.json"))).unwrap();
            let targets = [(target("a:1"), up(&document)), (target("b:1"), up(&document))];
            let mut seen = HashSet::new();
            for sample in samples(&targets) {
                let series = sample.rsplit_once(' ').unwrap().0.to_owned();
                assert!(seen.insert(series), "{name}: {sample}");
            }
        }
    }

    #[test]
    fn a_target_that_is_down_says_only_that() {
        let down = Snapshot {
            up: Some(false),
            scrapes: 1,
            failures: 1,
            ..Snapshot::default()
        };
        let samples = samples(&[(target("a:1"), down)]);
        assert_eq!(samples[0], "uwsgi_up{} 0");
        assert_eq!(samples.len(), 5, "{samples:?}");
        assert_eq!(exposition(&[(target("a:1"), Snapshot::default())]), "");
    }
}
