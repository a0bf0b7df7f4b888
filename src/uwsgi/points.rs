//! A document as points: the four measurements of Telegraf's `uwsgi` input, and our own; computes no rates.

use crate::point::Point;

use super::document::{App, Core, Document, Worker};
use super::reading::Statistics;
use super::summary::Summary;
use super::{beyond, emperor, router};

/// What a scrape knows beside the document. All its points carry the same time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scrape<'a> {
    pub(crate) source: &'a str,
    /// Milliseconds since the Unix epoch.
    pub(crate) timestamp_ms: i64,
    /// How long connect, request and answer took.
    pub(crate) duration_us: u64,
}

impl Scrape<'_> {
    pub(super) fn point(&self, measurement: &'static str) -> Point {
        Point::new(measurement, self.timestamp_ms).tag("source", self.source)
    }
}

/// The points of any document. `summary` is that of a server; an Emperor's or a router's summary says only that it is up.
pub(crate) fn statistics_points(
    statistics: &Statistics,
    summary: Option<&Summary>,
    scrape: &Scrape<'_>,
) -> Vec<Point> {
    let up = || {
        let point = scrape.point("uwsgi_summary").field("up", 1_u64);
        vec![point.field("scrape_us", scrape.duration_us)]
    };
    match (statistics, summary) {
        (Statistics::Server(document), Some(summary)) => points(document, summary, scrape),
        (Statistics::Server(_), None) => up(),
        (Statistics::Emperor(document), _) => [up(), emperor::points(document, scrape)].concat(),
        (Statistics::Router(document), _) => [up(), router::points(document, scrape)].concat(),
    }
}

/// The points of a server's document. Names, tags and types of the first four are those of Telegraf 1.12 to 1.39,
/// except that `worker_id` is the place in the list from 1 on: workers never started all call themselves 0.
pub(crate) fn points(document: &Document, summary: &Summary, scrape: &Scrape<'_>) -> Vec<Point> {
    let mut points = vec![summary_point(summary, scrape), overview(document, scrape)];
    for (index, worker) in document.workers.iter().enumerate() {
        let worker_id = (index + 1).to_string();
        points.push(worker_point(worker, &worker_id, scrape));
        let apps = worker.apps.iter().map(|app| app_point(app, &worker_id, scrape));
        points.extend(apps);
        let cores = worker.cores.iter().flatten();
        points.extend(cores.map(|core| core_point(core, &worker_id, scrape)));
    }
    beyond::points(document, scrape, &mut points);
    points
}

/// The point of a scrape that failed: the server was down, and nothing else is known.
pub(crate) fn failure_points(scrape: &Scrape<'_>) -> Vec<Point> {
    let point = scrape.point("uwsgi_summary").field("up", 0_u64);
    vec![point.field("scrape_us", scrape.duration_us)]
}

fn summary_point(summary: &Summary, scrape: &Scrape<'_>) -> Point {
    let mut point = scrape
        .point("uwsgi_summary")
        .field("workers", summary.workers)
        .field("running", summary.running)
        .field("busy", summary.busy)
        .field("idle", summary.idle)
        .field("cheap", summary.cheap)
        .field("pause", summary.pause)
        .field("sig", summary.sig);
    for (name, value) in [
        ("cores", summary.cores),
        ("in_request", summary.in_request),
        ("oldest_request_s", summary.oldest_request_s),
        ("queue", summary.queue),
        ("max_queue", summary.max_queue),
        ("rss", summary.rss),
        ("vsz", summary.vsz),
    ] {
        if let Some(value) = value {
            point = point.field(name, value);
        }
    }
    point
        .field("locks_held", summary.locks_held)
        .field("up", 1_u64)
        .field("scrape_us", scrape.duration_us)
}

fn overview(document: &Document, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_overview")
        .tag("uid", document.uid.to_string())
        .tag("gid", document.gid.to_string())
        .tag("version", document.version.as_str())
        .field("listen_queue", document.listen_queue)
        .field("listen_queue_errors", document.listen_queue_errors)
        .field("signal_queue", document.signal_queue)
        .field("load", document.load)
        .field("pid", document.pid)
}

fn worker_point(worker: &Worker, worker_id: &str, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_workers")
        .tag("worker_id", worker_id)
        .field("requests", worker.requests)
        .field("accepting", worker.accepting)
        .field("delta_request", worker.delta_requests)
        .field("exceptions", worker.exceptions)
        .field("harakiri_count", worker.harakiri_count)
        .field("pid", worker.pid)
        .field("signals", worker.signals)
        .field("signal_queue", worker.signal_queue)
        .field("status", worker.status.as_str())
        .field("rss", worker.rss)
        .field("vsz", worker.vsz)
        .field("running_time", worker.running_time)
        .field("last_spawn", worker.last_spawn)
        .field("respawn_count", worker.respawn_count)
        .field("tx", worker.tx)
        .field("avg_rt", worker.avg_rt)
}

fn app_point(app: &App, worker_id: &str, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_apps")
        .tag("worker_id", worker_id)
        .tag("app_id", app.id.to_string())
        .field("modifier1", app.modifier1)
        .field("requests", app.requests)
        .field("startup_time", app.startup_time)
        .field("exceptions", app.exceptions)
}

fn core_point(core: &Core, worker_id: &str, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_cores")
        .tag("worker_id", worker_id)
        .tag("core_id", core.id.to_string())
        .field("requests", core.requests)
        .field("static_requests", core.static_requests)
        .field("routed_requests", core.routed_requests)
        .field("offloaded_requests", core.offloaded_requests)
        .field("write_errors", core.write_errors)
        .field("read_errors", core.read_errors)
        .field("in_request", core.in_request)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::super::reading::{parse, read};
    use super::*;

    const SCRAPE: Scrape<'static> = Scrape {
        source: "127.0.0.1:9191",
        timestamp_ms: 1_795_332_700_000,
        duration_us: 412,
    };

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/uwsgi-stats")
            .join(name)
    }

    fn points_of(document: &[u8]) -> Vec<Point> {
        let document = parse(document).unwrap();
        let summary = Summary::of(&document, SCRAPE.timestamp_ms as u64 / 1000);
        points(&document, &summary, &SCRAPE)
    }

    fn lines(points: &[Point]) -> String {
        let mut out = String::new();
        points.iter().for_each(|point| point.write_line(&mut out));
        out
    }

    #[test]
    fn captured_documents_become_these_lines() {
        for name in [
            "harakiri",
            "hello-world-busy",
            "in-request-control-char",
            "memory-report",
            "metrics",
            "mules-spooler-cache",
            "minified-nocores-badcwd",
            "multi-app",
        ] {
            let written = lines(&points_of(&fs::read(fixture(&format!("{name}.json"))).unwrap()));
            let expected = fs::read_to_string(fixture(&format!("{name}.lines"))).unwrap_or_default();
            assert_eq!(written, expected, "{name}");
        }
    }

    #[test]
    fn captured_documents_of_an_emperor_and_a_router_become_these_lines() {
        for name in ["emperor", "router"] {
            let path = |extension| {
                let name = format!("tests/fixtures/uwsgi-others/{name}.{extension}");
                Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
            };
            let statistics = read(&fs::read(path("json")).unwrap()).unwrap();
            let written = lines(&statistics_points(&statistics, None, &SCRAPE));
            let expected = fs::read_to_string(path("lines")).unwrap_or_default();
            assert_eq!(written, expected, "{name}");
        }
    }

    #[test]
    fn workers_never_started_keep_series_of_their_own() {
        let points = points_of(br#"{"workers":[{"id":1,"pid":7},{"id":0},{"id":0}]}"#);
        let ids: Vec<_> = points
            .iter()
            .filter_map(|point| point.tags.get(1))
            .cloned()
            .collect();
        let expected = ["1", "2", "3"].map(|id| ("worker_id", id.to_owned()));
        assert_eq!(ids[1..], expected);
    }

    #[test]
    fn no_tag_shares_its_name_with_a_field() {
        let document = fs::read(fixture("hello-world-busy.json")).unwrap();
        for point in points_of(&document) {
            for (tag, _) in &point.tags {
                assert!(
                    point.fields.iter().all(|(field, _)| field != tag),
                    "{tag} of {}",
                    point.measurement
                );
            }
        }
    }

    #[test]
    fn a_failed_scrape_says_only_that_the_server_is_down() {
        assert_eq!(
            lines(&failure_points(&SCRAPE)),
            "uwsgi_summary,source=127.0.0.1:9191 up=0i,scrape_us=412i 1795332700000\n"
        );
    }

    #[test]
    fn a_counter_beyond_what_influxdb_can_hold_saturates() {
        let points = points_of(br#"{"workers":[],"pid":18446744073709551615}"#);
        assert!(
            lines(&points).contains(",pid=9223372036854775807i "),
            "{points:?}"
        );
    }
}
