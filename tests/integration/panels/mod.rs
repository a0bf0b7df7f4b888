//! Every panel's query on a real InfluxDB and on the store, over points whose truth is known: the same at any zoom.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper may panic")]

mod asked;
mod judge;
mod truths;
mod uwsgi;
mod world;

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::dashboard::Server;

const SECONDS: u64 = 900;
const SOURCES: [&str; 2] = ["127.0.0.1:9191", "unix:/run/stats"];

/// Two servers of four workers, scraped every second for a quarter of an hour, and one load generator: something for
/// each panel. `start` is in seconds since the Unix epoch.
pub(crate) fn points(start: u64) -> String {
    let mut lines = String::new();
    for second in 0..SECONDS {
        let time = (start + second) * 1000;
        for source in SOURCES {
            for line in of_server(second) {
                let (measurement, rest) = line.split_at(line.find([',', ' ']).unwrap());
                writeln!(lines, "{measurement},source={source}{rest} {time}").unwrap();
            }
        }
        writeln!(
            lines,
            "uwsgi_load,target=http://127.0.0.1:9090 asked_rate=20,achieved_rate=19.5,answered=19i,errors=15i,\
             errors_connect=1i,errors_timeout=2i,errors_read=3i,errors_write=4i,errors_malformed=5i,status_2xx=16i,\
             status_3xx=1i,status_4xx=1i,status_5xx=1i,latency_p50=251000i,latency_p90=260000i,latency_p99=300000i,\
             latency_max=400000i,service_p50=250500i,connections=10i,backlog=3i {time}"
        )
        .unwrap();
    }
    lines
}

/// The lines of one server's scrape, without source and time.
fn of_server(second: u64) -> Vec<String> {
    let (event, tasks) = (second / 100, second * 2);
    let mut lines = vec![
        "uwsgi_summary workers=4i,running=4i,busy=3i,idle=1i,cheap=0i,pause=0i,sig=0i,cores=8i,in_request=5i,queue=7i,\
         max_queue=100i,oldest_request_s=2i,up=1i,scrape_us=90i"
            .to_owned(),
        "uwsgi_sockets,socket=:9090,socket_id=0,proto=http queue=7i,max_queue=100i".to_owned(),
        format!("uwsgi_caches,cache=default items=20i,max_items=100i,hits={tasks}i,miss={second}i,full={event}i"),
        format!("uwsgi_spoolers,spooler=/tmp/spool tasks={tasks}i,respawns={event}i,running=1i"),
    ];
    if second % 100 == 50 {
        let kinds = ["respawn", "harakiri"];
        let event = |kind| format!("uwsgi_events,kind={kind} text=\"{kind} of worker 1\",count=1i");
        lines.extend(kinds.map(event));
    }
    for worker in 1..=4 {
        let (requests, kills) = (second * worker, second / 225);
        lines.push(format!(
            "uwsgi_workers,worker_id={worker} requests={requests}i,delta_request={requests}i,tx={}i,rss={}i,\
             running_time={}i,harakiri_count={kills}i,respawn_count={}i,exceptions={event}i,status=\"busy\"",
            requests * 100,
            worker * 1_000_000,
            requests * 150_000,
            kills + 1,
        ));
        lines.push(format!(
            "uwsgi_apps,worker_id={worker},app_id=0 requests={requests}i"
        ));
        lines.push(format!(
            "uwsgi_cores,worker_id={worker},core_id=0 requests={requests}i,static_requests={second}i,\
             routed_requests={second}i,offloaded_requests={second}i,write_errors={event}i,read_errors={event}i,\
             in_request=1i"
        ));
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
