//! The questions: every panel of every dashboard, at every zoom, at scrapes of every pace, to both servers.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use futures_util::stream::{self, StreamExt as _};
use reqwest::Client;
use serde_json::{Value, json};

use super::judge::{Answered, Zoom, offences};
use super::truths::{Row, Seen, TRUTHS, Truth, Who};
use super::world::{SECONDS, START, lines};
use super::{client, succeed};
use crate::dashboard::{Server, panels};
use crate::store::servers::Server as Database;

/// Seconds between two scrapes.
const STEPS: [i64; 3] = [1, 5, 10];
/// Milliseconds of a bucket, as they come from zooming.
const INTERVALS: [i64; 5] = [1_000, 10_000, 60_000, 600_000, 3_600_000];
/// Questions at once.
const AT_ONCE: usize = 4;

/// A dashboard server before one database for each pace.
struct Bench {
    server: Server,
    http: Client,
}

impl Bench {
    async fn new(database: &Database, directory: &Path) -> Self {
        let bench = Self {
            server: Server::start(&directory.join("dashboard"), "secret"),
            http: client(),
        };
        for step in STEPS {
            let name = format!("every{step}s");
            let made = database.ask(&[("q", &format!("CREATE DATABASE {name}"))]).await;
            assert_eq!(made.0, 200, "{}", made.1);
            let lines = lines(step);
            // InfluxDB takes no more than 25 MB at once
            for part in lines.lines().collect::<Vec<_>>().chunks(20_000) {
                database
                    .write(&format!("db={name}&precision=ms"), part.join("\n"))
                    .await;
            }
            let source = json!({
                "uid": name, "name": name, "type": "influxdb", "access": "proxy", "url": database.url,
                "jsonData": { "dbName": name },
            });
            bench.post("/api/datasources", &source).await;
        }
        bench
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.server.url));
        succeed(request.basic_auth("admin", Some("secret")).json(body)).await
    }

    /// Asks as the browser does.
    async fn ask(&self, panel: &Value, zoom: Zoom) -> Answered {
        let targets = panel["targets"].as_array().unwrap().iter();
        let queries: Vec<_> = targets
            .map(|target| {
                let mut query = target.clone();
                let text = target["query"].as_str().unwrap();
                query["query"] = json!(text.replace("$source", ".*").replace("$worker", ".*"));
                query["datasource"] = json!({ "uid": format!("every{}s", zoom.step) });
                query["intervalMs"] = json!(zoom.bucket);
                query["maxDataPoints"] = json!(1_000_000);
                query
            })
            .collect();
        let to = START + SECONDS * 1000 - 1;
        let body = json!({ "from": START.to_string(), "to": to.to_string(), "queries": queries });
        let answer = self.post("/api/ds/query", &body).await;
        let results = answer["results"].as_object().unwrap().values();
        results
            .flat_map(|result| result["frames"].as_array().unwrap())
            .map(|frame| {
                let column = |at: usize| frame["data"]["values"][at].as_array().unwrap().iter();
                let rows = column(0).zip(column(1));
                let rows = rows.filter_map(|(time, value)| Some((time.as_i64()?, value.as_f64()?)));
                (
                    frame["schema"]["name"].as_str().unwrap().to_owned(),
                    rows.collect(),
                )
            })
            .collect()
    }

    /// What is wrong with a panel at any zoom.
    async fn offences(&self, panel: &Value, rows: &[Row]) -> Vec<String> {
        let mut found = Vec::new();
        for step in STEPS {
            // the data source's least interval is that of the scrapes, and a panel may have a longer one
            let least = (step * 1000).max(own_interval(panel));
            let buckets: BTreeSet<i64> = INTERVALS.into_iter().map(|zoomed| zoomed.max(least)).collect();
            for bucket in buckets {
                let zoom = Zoom { step, bucket };
                let answered = self.ask(panel, zoom).await;
                let place = format!("{} at {zoom:?}", panel["title"]);
                let wrong = offences(rows, zoom, &answered);
                found.extend(wrong.into_iter().map(|wrong| format!("{place}: {wrong}")));
            }
        }
        found
    }

    async fn offences_of_all(&self) -> Vec<String> {
        let asked = TRUTHS
            .iter()
            .flat_map(|(file, truths)| asking(file).into_iter().zip(*truths));
        let asked = asked.map(|(panel, (_, rows))| async move { self.offences(&panel, rows).await });
        let found: Vec<Vec<String>> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        found.concat()
    }
}

/// The panels of a file that ask something.
fn asking(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("dashboards")
        .join(file);
    let model: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut panels = panels(&model);
    panels.retain(|panel| panel["targets"].is_array());
    panels
}

/// Milliseconds.
fn own_interval(panel: &Value) -> i64 {
    match panel["interval"].as_str() {
        None => 0,
        Some("10s") => 10_000,
        Some(other) => panic!("teach the test the interval '{other}'"),
    }
}

#[test]
fn every_panel_of_every_dashboard_has_a_truth() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards");
    let files = fs::read_dir(directory).unwrap();
    let mut files: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let known: Vec<_> = TRUTHS.iter().map(|(file, _)| *file).collect();
    assert_eq!(files, known);
    for (file, truths) in TRUTHS {
        let titles: Vec<_> = asking(file)
            .iter()
            .map(|panel| panel["title"].as_str().unwrap().to_owned())
            .collect();
        let known: Vec<_> = truths.iter().map(|(title, _)| (*title).to_owned()).collect();
        assert_eq!(titles, known, "{file}");
    }
}

#[tokio::test]
async fn every_panel_shows_the_truth_at_any_zoom_and_any_pace_from_influxdb() {
    let directory = tempfile::tempdir().unwrap();
    let Some(database) = Database::influxdb(directory.path(), false).await else {
        return;
    };
    let bench = Bench::new(&database, directory.path()).await;
    assert_eq!(bench.offences_of_all().await, Vec::<String>::new());
}

#[tokio::test]
async fn every_panel_shows_the_truth_at_any_zoom_and_any_pace_from_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::store(&directory.path().join("store"));
    let bench = Bench::new(&database, directory.path()).await;
    assert_eq!(bench.offences_of_all().await, Vec::<String>::new());
}

/// The queries that people write first, which each show something else at another zoom.
const NAIVE: [(&str, &str, Row); 7] = [
    (
        "a sum over scrapes",
        r#"SELECT sum("queue") FROM "uwsgi_summary" WHERE $timeFilter GROUP BY time($__interval) fill(none)"#,
        ("shown", Seen::Scrapes, Truth::Peak(|of| 10.0 * of.server)),
    ),
    (
        "a count of scrapes",
        r#"SELECT count("status") FROM "uwsgi_workers" WHERE $timeFilter AND "status" = 'busy' GROUP BY time($__interval) fill(none)"#,
        ("shown", Seen::Scrapes, Truth::Still(|_| 2.0)),
    ),
    (
        "a sum of counters",
        r#"SELECT sum("harakiri_count") FROM "uwsgi_workers" WHERE $timeFilter GROUP BY time($__interval) fill(none)"#,
        (
            "shown",
            Seen::Differences,
            Truth::Total(|of| 3.0 * of.server * events_of_kills()),
        ),
    ),
    (
        "differences between buckets",
        r#"SELECT sum("d") FROM (SELECT non_negative_difference(last("harakiri_count")) AS "d" FROM "uwsgi_workers" WHERE $timeFilter GROUP BY time($__interval), "source", "worker_id") WHERE $timeFilter GROUP BY time($__interval) fill(none)"#,
        (
            "shown",
            Seen::Differences,
            Truth::Total(|of| 3.0 * of.server * events_of_kills()),
        ),
    ),
    (
        "the spread of a bucket",
        r#"SELECT sum("d") FROM (SELECT spread("harakiri_count") AS "d" FROM "uwsgi_workers" WHERE $timeFilter GROUP BY time($__interval), "source", "worker_id") WHERE $timeFilter GROUP BY time($__interval) fill(none)"#,
        (
            "shown",
            Seen::Differences,
            Truth::Total(|of| 3.0 * of.server * events_of_kills()),
        ),
    ),
    (
        "memory that is 0 where it is unknown",
        r#"SELECT sum("m") FROM (SELECT mean("rss") AS "m" FROM "uwsgi_workers" WHERE $timeFilter GROUP BY time($__interval), "source", "worker_id") WHERE $timeFilter GROUP BY time($__interval) fill(none)"#,
        ("shown", Seen::Memory, Truth::Still(|of| 3e6 * of.server)),
    ),
    (
        "a mean over servers where their sum is meant",
        r#"SELECT mean("in_request") FROM "uwsgi_summary" WHERE $timeFilter GROUP BY time($__interval) fill(none)"#,
        ("shown", Seen::Scrapes, Truth::Moving(|of| 2.0 * of.server)),
    ),
];

fn events_of_kills() -> f64 {
    super::world::events(5)
}

#[tokio::test]
async fn naive_queries_do_not_pass_for_the_truth() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::store(&directory.path().join("store"));
    let bench = Bench::new(&database, directory.path()).await;
    for (what, query, row) in NAIVE {
        let target = json!({ "refId": "A", "rawQuery": true, "query": query, "alias": "shown" });
        let panel = json!({ "title": what, "targets": [target] });
        let found = bench.offences(&panel, &[row]).await;
        assert!(!found.is_empty(), "{what} passes for the truth");
        assert!(found.iter().all(|one| !one.contains("series")), "{found:?}");
    }
    // the judge is no stricter than the truth
    let query = r#"SELECT sum("m") FROM (SELECT mean("in_request") AS "m" FROM "uwsgi_summary" WHERE $timeFilter GROUP BY time($__interval), "source") WHERE $timeFilter GROUP BY time($__interval) fill(none)"#;
    let panel = json!({ "title": "right", "targets": [{ "refId": "A", "query": query, "alias": "shown" }] });
    let row: Row = ("shown", Seen::Scrapes, Truth::Moving(|of: Who| 2.0 * of.server));
    assert_eq!(bench.offences(&panel, &[row]).await, Vec::<String>::new());
}
