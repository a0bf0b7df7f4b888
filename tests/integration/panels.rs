//! Every panel's query on a real InfluxDB, over points whose truth is known: the same answer at any zoom.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::dashboard::{Server, dashboard, panels};
use crate::environment::Peer;

/// Seconds since the Unix epoch, on a full minute, so that all buckets are full.
const START: u64 = 1_700_000_040;
const SECONDS: u64 = 900;
const SOURCES: [&str; 2] = ["127.0.0.1:9191", "unix:/run/stats"];

/// What must hold of a series at every zoom.
#[derive(Clone, Copy)]
enum Truth {
    /// Each value is this one.
    Always(f64),
    /// The values add up to this: events.
    Sum(f64),
    /// The last value is this: counters.
    Last(f64),
}

use Truth::{Always, Last, Sum};

/// Each panel in the file's order, with its series in the query's order. `each worker` stands for the workers 1 to 4
/// of either source, whose truth is the value times the worker's number.
const TRUTHS: [(&str, &[(&str, Truth)]); 24] = [
    ("Requests per second", &[("achieved", Always(19.5))]),
    ("Latency p99", &[("p99", Always(300_000.0))]),
    ("Busy workers", &[("busy", Always(6.0)), ("running", Always(8.0))]),
    ("Listen queue", &[("waiting", Always(14.0))]),
    ("Harakiri kills", &[("total", Last(24.0))]),
    ("Stats server", &[("up", Always(1.0))]),
    (
        "Load: asked and achieved rate",
        &[("asked", Always(20.0)), ("achieved", Always(19.5))],
    ),
    (
        "Load: latency",
        &[
            ("p50", Always(251_000.0)),
            ("p90", Always(260_000.0)),
            ("p99", Always(300_000.0)),
            ("max", Always(400_000.0)),
            ("service p50", Always(250_500.0)),
        ],
    ),
    (
        "Worker status",
        &[
            ("busy", Always(6.0)),
            ("idle", Always(2.0)),
            ("cheap", Always(0.0)),
            ("pause", Always(0.0)),
            ("sig", Always(0.0)),
        ],
    ),
    (
        "Listen queue",
        &[
            ("average", Always(14.0)),
            ("peak", Always(14.0)),
            ("limit", Always(200.0)),
        ],
    ),
    (
        "In-request sum",
        &[("in request", Always(10.0)), ("cores", Always(16.0))],
    ),
    ("Average request time", &[("average", Always(150_000.0))]),
    ("Worker requests", &[("each worker", Always(1.0))]),
    ("Running time", &[("busy cores", Always(3.0))]),
    (
        "Workers amount",
        &[("configured", Always(8.0)), ("running", Always(8.0))],
    ),
    ("Harakiri count", &[("kills", Sum(24.0))]),
    ("Respawn count", &[("starts", Sum(24.0))]),
    ("Memory of each worker", &[("each worker", Always(1_000_000.0))]),
    ("Sent", &[("sent", Always(2000.0))]),
    ("Exceptions", &[("exceptions", Sum(64.0))]),
    (
        "Oldest request",
        &[(SOURCES[0], Always(2.0)), (SOURCES[1], Always(2.0))],
    ),
    (
        "Load: connections and backlog",
        &[("connections", Always(10.0)), ("backlog", Always(3.0))],
    ),
    (
        "Load: answers and errors",
        &[("answered", Sum(17_100.0)), ("errors", Sum(900.0))],
    ),
    (
        "Scrape time",
        &[
            ("average (127.0.0.1:9191)", Always(90.0)),
            ("peak (127.0.0.1:9191)", Always(90.0)),
            ("average (unix:/run/stats)", Always(90.0)),
            ("peak (unix:/run/stats)", Always(90.0)),
        ],
    ),
];

/// Two servers of four workers, scraped every second for a quarter of an hour, and one load generator. `start` is in
/// seconds since the Unix epoch.
pub(crate) fn points(start: u64) -> String {
    let mut lines = String::new();
    for second in 0..SECONDS {
        let time = (start + second) * 1000;
        for source in SOURCES {
            writeln!(
                lines,
                "uwsgi_summary,source={source} workers=4i,running=4i,busy=3i,idle=1i,cheap=0i,pause=0i,sig=0i,\
                 cores=8i,in_request=5i,queue=7i,max_queue=100i,oldest_request_s=2i,up=1i,scrape_us=90i {time}"
            )
            .unwrap();
            for worker in 1..=4 {
                let (requests, kills) = (second * worker, second / 225);
                let (running_time, tx, respawns) = (requests * 150_000, requests * 100, kills + 1);
                let (exceptions, rss) = (second / 100, worker * 1_000_000);
                writeln!(
                    lines,
                    "uwsgi_workers,source={source},worker_id={worker} requests={requests}i,tx={tx}i,rss={rss}i,\
                     running_time={running_time}i,harakiri_count={kills}i,respawn_count={respawns}i,\
                     exceptions={exceptions}i {time}"
                )
                .unwrap();
            }
        }
        writeln!(
            lines,
            "uwsgi_load,target=http://127.0.0.1:9090 asked_rate=20,achieved_rate=19.5,answered=19i,errors=1i,\
             latency_p50=251000i,latency_p90=260000i,latency_p99=300000i,latency_max=400000i,service_p50=250500i,\
             connections=10i,backlog=3i {time}"
        )
        .unwrap();
    }
    lines
}

/// A real `influxd` without authentication, killed when dropped.
pub(crate) struct Influxdb {
    process: Child,
    pub(crate) url: String,
}

impl Influxdb {
    pub(crate) async fn start(influxd: &Path, directory: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let place = directory.display();
        let config = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = \"{place}/meta\"\n\
             [data]\ndir = \"{place}/data\"\nwal-dir = \"{place}/wal\"\n[monitor]\nstore-enabled = false\n\
             [http]\nbind-address = \"{free}\"\nlog-enabled = false\n"
        );
        std::fs::write(directory.join("influxd.conf"), config).unwrap();
        let process = Command::new(influxd)
            .arg("-config")
            .arg(directory.join("influxd.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://{free}");
        let (deadline, http) = (Instant::now() + Duration::from_secs(30), client());
        while http.get(format!("{url}/ping")).send().await.is_err() {
            assert!(Instant::now() < deadline, "influxd does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { process, url }
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Influxdb {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub(crate) fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

pub(crate) async fn succeed(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// Writes points into the database `lab`.
pub(crate) async fn fill(influxdb: &Influxdb, points: String) {
    let url = &influxdb.url;
    succeed(
        client()
            .post(format!("{url}/query"))
            .form(&[("q", "CREATE DATABASE lab")]),
    )
    .await;
    succeed(
        client()
            .post(format!("{url}/write?db=lab&precision=ms"))
            .body(points),
    )
    .await;
}

pub(crate) async fn connect(server: &Server, influxdb: &Influxdb) {
    let source = json!({
        "uid": "uwsgi-lab-influxdb", "name": "lab", "type": "influxdb", "access": "proxy", "url": influxdb.url,
        "jsonData": { "dbName": "lab" },
    });
    let request = client().post(format!("{}/api/datasources", server.url));
    succeed(request.basic_auth("admin", Some("secret")).json(&source)).await;
}

/// The panel's series as name and values, with buckets of `interval_ms`.
async fn ask(server: &Server, panel: &Value, interval_ms: u64) -> Vec<(String, Vec<f64>)> {
    let targets = panel["targets"].as_array().unwrap().iter();
    let queries: Vec<_> = targets
        .map(|target| {
            let mut query = target.clone();
            query["query"] = json!(target["query"].as_str().unwrap().replace("$source", ".*"));
            query["intervalMs"] = json!(interval_ms);
            query["maxDataPoints"] = json!(1000);
            query
        })
        .collect();
    let (from, to) = (START * 1000, (START + SECONDS) * 1000 - 1);
    let body = json!({ "from": from.to_string(), "to": to.to_string(), "queries": queries });
    let request = client().post(format!("{}/api/ds/query", server.url));
    let answer = succeed(request.basic_auth("admin", Some("secret")).json(&body)).await;
    let frames = answer["results"]["A"]["frames"].as_array().unwrap().iter();
    frames
        .map(|frame| {
            let values = frame["data"]["values"][1].as_array().unwrap().iter();
            (
                frame["schema"]["name"].as_str().unwrap().to_owned(),
                values.filter_map(Value::as_f64).collect(),
            )
        })
        .collect()
}

fn expanded(series: &[(&str, Truth)]) -> Vec<(String, Truth)> {
    match series {
        [("each worker", Always(value))] => (1..=4_u8)
            .flat_map(|worker| SOURCES.map(|source| (worker, source)))
            .map(|(worker, source)| {
                (
                    format!("worker {worker} ({source})"),
                    Always(f64::from(worker) * value),
                )
            })
            .collect(),
        named => named
            .iter()
            .map(|(name, truth)| ((*name).to_owned(), *truth))
            .collect(),
    }
}

fn holds(truth: Truth, values: &[f64]) -> bool {
    let near = |value: f64, expected: f64| (value - expected).abs() <= expected.abs() * 1e-9;
    let right = match truth {
        Always(expected) => values.iter().all(|value| near(*value, expected)),
        Sum(expected) => near(values.iter().sum(), expected),
        Last(expected) => values.last().is_some_and(|value| near(*value, expected)),
    };
    right && !values.is_empty()
}

#[tokio::test]
async fn every_panel_shows_the_truth_at_any_zoom() {
    let Some(influxd) = Peer::INFLUXD.find() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let influxdb = Influxdb::start(&influxd, directory.path()).await;
    fill(&influxdb, points(START)).await;
    let server = Server::start(&directory.path().join("dashboard"), "secret");
    connect(&server, &influxdb).await;
    let mut offences = Vec::new();
    for interval_ms in [1_000, 10_000, 60_000, 300_000] {
        for (panel, (title, series)) in panels(&dashboard()).iter().zip(TRUTHS) {
            assert_eq!(
                panel["title"], title,
                "the table of truths follows the file's order"
            );
            let answered = ask(&server, panel, interval_ms).await;
            let expected = expanded(series);
            let mut names: Vec<_> = answered.iter().map(|(name, _)| name).collect();
            let mut wanted: Vec<_> = expected.iter().map(|(name, _)| name).collect();
            names.sort();
            wanted.sort();
            assert_eq!(names, wanted, "{title}");
            for (name, truth) in &expected {
                let (_, values) = answered.iter().find(|(other, _)| other == name).unwrap();
                if !holds(*truth, values) {
                    offences.push(format!("{title}, {name}, {interval_ms} ms: {values:?}"));
                }
            }
        }
    }
    assert_eq!(panels(&dashboard()).len(), TRUTHS.len());
    assert_eq!(offences, Vec::<String>::new());
}
