//! `uwsgi-lab collect` over many servers that come, go and change: a file of targets, real uWSGI with an Emperor, a router and a
//! unix socket, events, and Prometheus.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::environment::{Peer, Process, eventually, free_port, start_uwsgi, uwsgi_lab};

/// Serves a document of a worker to everyone.
fn stats_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let document = br#"{"version":"2.0.30","workers":[{"id":1,"pid":7,"status":"busy"},{"id":0,"status":"cheap"}]}"#;
            stream.unwrap().write_all(document).ok();
        }
    });
    address
}

/// A collector that runs, with its lines in a file.
struct Collecting {
    process: Process,
    directory: tempfile::TempDir,
}

impl Collecting {
    fn start(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let lines = fs::File::create(directory.path().join("lines")).unwrap();
        let mut command = uwsgi_lab();
        command.args(["collect", "--interval", "100ms"]).args(arguments);
        let news = fs::File::create(directory.path().join("news")).unwrap();
        let process = Process::start(command.stdout(lines).stderr(news));
        Self { process, directory }
    }

    fn lines(&self) -> String {
        fs::read_to_string(self.directory.path().join("lines")).unwrap()
    }

    fn news(&self) -> String {
        fs::read_to_string(self.directory.path().join("news")).unwrap()
    }

    fn says(&self, what: &str) {
        eventually(&format!("a line with {what}"), || self.lines().contains(what));
    }
}

#[test]
fn a_file_of_targets_is_followed_while_it_changes() {
    let (first, second) = (stats_server(), stats_server());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("targets");
    fs::write(&file, format!("{first} source=first\n")).unwrap();
    let mut collecting = Collecting::start(&["--targets", file.to_str().unwrap()]);
    collecting.says("uwsgi_summary,source=first ");
    fs::write(&file, format!("{second} source=second # another\n")).unwrap();
    collecting.says("uwsgi_summary,source=second ");
    eventually("the first one is left", || {
        collecting.news().contains("is watched no more")
    });
    fs::write(&file, "localhost\n").unwrap();
    eventually("a wrong line is told", || {
        collecting
            .news()
            .contains("line 1: `localhost` is neither HOST:PORT nor a path")
    });
    let before = collecting.lines().matches("source=second").count();
    eventually("and changes nothing", || {
        collecting.lines().matches("source=second").count() > before
    });
    collecting.process.interrupt();
    assert_eq!(collecting.process.exit_code(), Some(0));
}

#[test]
fn a_wrong_file_of_targets_ends_the_command_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("targets");
    fs::write(&file, "127.0.0.1:1\n127.0.0.1:1\n").unwrap();
    let output = uwsgi_lab()
        .args(["collect", "--targets", file.to_str().unwrap()])
        .output()
        .unwrap();
    let expected = format!(
        "error: {}: line 2: the source `127.0.0.1:1` is that of line 1 too, and their points would overwrite each other\n",
        file.display()
    );
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap()),
        (Some(2), expected)
    );
}

fn signal(process: &Process, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[test]
fn a_real_server_that_reloads_loses_a_worker_and_goes_away_is_told_as_events() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let stats = format!("127.0.0.1:{}", free_port());
    let mut server = start_uwsgi(&uwsgi, directory.path(), &["--stats", &stats]);
    let collecting = Collecting::start(&[&stats, "--source", "lab"]);
    collecting.says("uwsgi_summary,source=lab workers=2i,running=2i");

    let worker = worker_pid(&stats);
    kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL).unwrap();
    collecting.says("uwsgi_events,kind=respawn,source=lab count=1i,text=\"worker 1 respawned\",worker=1i ");

    signal(&server, Signal::HUP);
    collecting
        .says("uwsgi_events,kind=reload,source=lab count=1i,text=\"reloaded: counters begin at 0, master ");

    server.kill();
    collecting.says("uwsgi_events,kind=down,source=lab count=1i,text=\"does not answer: cannot connect");
    let _again = start_uwsgi(&uwsgi, directory.path(), &["--stats", &stats]);
    collecting.says("uwsgi_events,kind=up,source=lab count=1i,text=\"answers again after ");
    collecting.says("text=\"started anew: master ");
}

fn document(stats: &str) -> Value {
    let mut text = String::new();
    TcpStream::connect(stats)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

fn worker_pid(stats: &str) -> i32 {
    let pid = document(stats)["workers"][0]["pid"].as_i64().unwrap();
    i32::try_from(pid).unwrap()
}

#[test]
fn a_worker_that_harakiri_kills_is_told() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("slow.py"),
        "import time\ndef application(environ, start_response):\n    time.sleep(30)\n",
    )
    .unwrap();
    let (app, stats) = (free_port(), format!("127.0.0.1:{}", free_port()));
    let mut command = Command::new(&uwsgi);
    command
        .args([
            "--master",
            "--no-orphans",
            "--die-on-term",
            "--harakiri",
            "1",
            "--module",
            "slow:application",
        ])
        .args(["--http-socket", &format!("127.0.0.1:{app}"), "--stats", &stats])
        .current_dir(directory.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _server = Process::start(&mut command);
    let collecting = Collecting::start(&[&stats, "--source", "lab"]);
    collecting.says("uwsgi_summary,source=lab workers=1i,running=1i");
    let mut request = TcpStream::connect(("127.0.0.1", app)).unwrap();
    request.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    collecting.says(
        "uwsgi_events,kind=harakiri,source=lab count=1i,text=\"worker 1 killed by harakiri\",worker=1i ",
    );
}

/// A uWSGI process without workers of its own.
fn start(uwsgi: &Path, directory: &Path, options: &[&str]) -> Process {
    let mut command = Command::new(uwsgi);
    command.args(options).current_dir(directory);
    Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
}

#[test]
fn a_real_emperor_and_a_real_router_are_read_for_what_they_hold() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let vassals = directory.path().join("vassals");
    fs::create_dir(&vassals).unwrap();
    let vassal = format!(
        "[uwsgi]\nmaster = true\nhttp-socket = 127.0.0.1:{}\n",
        free_port()
    );
    fs::write(vassals.join("shop.ini"), vassal).unwrap();
    let [emperor, router, front, subscription] = [(); 4].map(|()| format!("127.0.0.1:{}", free_port()));
    let options = [
        "--emperor",
        vassals.to_str().unwrap(),
        "--emperor-stats",
        &emperor,
        "--die-on-term",
        // Else what a wheel of uWSGI starts as a vassal is the Python that it runs in.
        "--emperor-wrapper",
        uwsgi.to_str().unwrap(),
    ];
    let mut governing = start(&uwsgi, directory.path(), &options);
    let options = [
        "--master",
        "--no-orphans",
        "--http",
        &front,
        "--http-stats",
        &router,
        "--http-subscription-server",
        &subscription,
    ];
    let _routing = start(&uwsgi, directory.path(), &options);
    let node = format!("127.0.0.1:{}", free_port());
    let options = [
        "--master",
        "--no-orphans",
        "--socket",
        &node,
        "--subscribe-to",
        &format!("{subscription}:shop.example"),
    ];
    let _node = start(&uwsgi, directory.path(), &options);

    let collecting = Collecting::start(&[&emperor, "--source", "emperor", &router, "--source", "router"]);
    collecting.says("uwsgi_emperor,source=emperor,version=2.0.30 pid=");
    collecting.says("ready=1i,blacklisted=0i,throttle_level=0i ");
    collecting.says("uwsgi_vassals,source=emperor,vassal=shop.ini pid=");
    collecting.says("uwsgi_router,source=router,version=2.0.30 pid=");
    collecting.says("uwsgi_subscriptions,key=shop.example,source=router hits=0i,nodes=1i ");
    collecting.says(&format!(
        "uwsgi_nodes,key=shop.example,node={node},source=router "
    ));
    collecting.says("uwsgi_summary,source=emperor up=1i,scrape_us=");
    // An Emperor that is killed leaves its vassals behind.
    signal(&governing, Signal::TERM);
    governing.exit_code();
}

#[test]
fn the_queue_of_a_unix_socket_is_read_from_the_kernel() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("slow.py"),
        "import time\ndef application(environ, start_response):\n    time.sleep(30)\n",
    )
    .unwrap();
    let app = directory.path().join("app.sock");
    let stats = directory.path().join("stats.sock");
    let (app, stats) = (app.to_str().unwrap(), stats.to_str().unwrap());
    let options = [
        "--master",
        "--no-orphans",
        "--listen",
        "50",
        "--module",
        "slow:application",
        "--http-socket",
        app,
        "--stats",
        stats,
    ];
    let _server = start(&uwsgi, directory.path(), &options);
    let mut clients = Vec::new();
    eventually("three requests wait and one is served", || {
        clients.extend(UnixStream::connect(app));
        clients.len() == 4
    });
    for client in &mut clients {
        client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    }
    let collecting = Collecting::start(&[stats, "--source", "lab"]);
    collecting.says(",queue=3i,max_queue=50i,");
    collecting.says(&format!(
        "uwsgi_sockets,proto=http,socket={app},socket_id=0,source=lab queue=3i,max_queue=50i,"
    ));
}

fn http(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer.split_once("\r\n\r\n")?.1.to_owned())
}

#[test]
fn real_prometheus_reads_every_target_and_who_is_down() {
    let Some(prometheus) = Peer::PROMETHEUS.find() else {
        return;
    };
    let (server, nobody) = (stats_server(), format!("127.0.0.1:{}", free_port()));
    let metrics = format!("127.0.0.1:{}", free_port());
    let _collecting = Collecting::start(&[
        &server,
        "--source",
        "up",
        &nobody,
        "--source",
        "down",
        "--prometheus",
        &metrics,
    ]);
    let directory = tempfile::tempdir().unwrap();
    let config = format!(
        "global:\n  scrape_interval: 200ms\nscrape_configs:\n- job_name: uwsgi\n  static_configs:\n  - targets: ['{metrics}']\n"
    );
    fs::write(directory.path().join("prometheus.yml"), config).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(&prometheus);
    command
        .arg(format!(
            "--config.file={}",
            directory.path().join("prometheus.yml").display()
        ))
        .arg(format!(
            "--storage.tsdb.path={}",
            directory.path().join("data").display()
        ))
        .arg(format!("--web.listen-address={address}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _prometheus = Process::start(&mut command);
    for (query, source, value) in [
        ("uwsgi_up", "up", "1"),
        ("uwsgi_up", "down", "0"),
        ("uwsgi_workers_cheap", "up", "1"),
        ("sum(uwsgi_worker_busy)by(source)", "up", "1"),
    ] {
        eventually(
            &format!("Prometheus says that {query} of {source} is {value}"),
            || {
                let answer = http(&address, &format!("/api/v1/query?query={query}")).unwrap_or_default();
                let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
                let results = answer["data"]["result"].as_array().cloned().unwrap_or_default();
                let mut results = results.iter();
                results.any(|result| result["metric"]["source"] == source && result["value"][1] == value)
            },
        );
    }
    let errors = http(&address, "/api/v1/targets").unwrap();
    assert!(
        errors.contains("\"health\":\"up\"") && errors.contains("\"lastError\":\"\""),
        "{errors}"
    );
}

#[test]
fn a_port_for_prometheus_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = uwsgi_lab()
        .args(["collect", &stats_server(), "--prometheus", &address])
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.contains(&format!("cannot listen on {address} for Prometheus")),
        "{stderr}"
    );
    assert!(stderr.contains("hint: choose another port"), "{stderr}");
}
