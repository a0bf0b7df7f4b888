//! `uwsgi-lab collect` as people run it: against stats servers that lie, real uWSGI and real InfluxDB.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use super::environment::{Peer, Process, eventually, free_port, start_uwsgi, uwsgi_lab};

pub(crate) const DOCUMENT: &[u8] = include_bytes!("../fixtures/uwsgi-stats/in-request-control-char.json");

/// Answers every connection with `answer` and closes it. Returns `host:port`.
pub(crate) fn stats_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            stream.unwrap().write_all(answer).ok();
        }
    });
    address
}

pub(crate) fn collect(arguments: &[&str]) -> Output {
    uwsgi_lab().arg("collect").args(arguments).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Stderr with `address` made the same in each run.
fn stderr(output: &Output, address: &str) -> String {
    text(&output.stderr).replace(address, "ADDRESS")
}

#[test]
fn one_scrape_prints_every_measurement_as_line_protocol() {
    let server = stats_server(DOCUMENT);
    let output = collect(&[&format!("tcp://{server}"), "--once", "--source", "lab"]);
    assert_eq!(
        (output.status.code(), stderr(&output, &server)),
        (Some(0), String::new())
    );
    let lines = text(&output.stdout);
    let series: Vec<_> = lines
        .lines()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    let worker = |id: u8| {
        [
            format!("uwsgi_workers,source=lab,worker_id={id}"),
            format!("uwsgi_apps,app_id=0,source=lab,worker_id={id}"),
            format!("uwsgi_cores,core_id=0,source=lab,worker_id={id}"),
            format!("uwsgi_cores,core_id=1,source=lab,worker_id={id}"),
        ]
    };
    let head = [
        "uwsgi_summary,source=lab",
        "uwsgi_overview,gid=0,source=lab,uid=0,version=2.0.31",
    ];
    let expected: Vec<_> = head
        .map(str::to_owned)
        .into_iter()
        .chain((1..=4).flat_map(worker))
        .chain(["uwsgi_sockets,proto=http,socket=127.0.0.1:27090,socket_id=0,source=lab".to_owned()])
        .collect();
    assert_eq!(series, expected);
    let mut times: Vec<_> = lines
        .lines()
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    times.dedup();
    assert_eq!(times.len(), 1, "all points of a scrape share its time");
}

#[test]
fn a_failed_scrape_says_what_and_why_and_leaves_a_point_behind() {
    let server = stats_server(b"Hello World");
    let output = collect(&[&format!("tcp://{server}"), "--once", "--source", "lab"]);
    assert_eq!(
        (output.status.code(), stderr(&output, &server).as_str()),
        (
            Some(4),
            "error: cannot scrape tcp://ADDRESS: not a statistics document, it begins with `Hello World`: the app's own port?\n"
        )
    );
    assert!(text(&output.stdout).starts_with("uwsgi_summary,source=lab up=0i,scrape_us="));
}

#[test]
fn wrong_usage_is_refused_before_anything_is_scraped() {
    for (arguments, message) in [
        (
            &["localhost"][..],
            "`localhost` is neither HOST:PORT nor a path: type 127.0.0.1:9191",
        ),
        (
            &["tcp://127.0.0.1:1", "tcp://127.0.0.1:1"],
            "error: two stats servers have the same source `127.0.0.1:1`",
        ),
        (
            &["tcp://127.0.0.1:1", "--source", "a", "--source", "b"],
            "error: --source is given 2 times for 1 stats servers",
        ),
        (
            &["tcp://127.0.0.1:1", "--interval", "1ms"],
            "error: --interval is at least 10ms",
        ),
        (
            &["tcp://127.0.0.1:1", "--influxdb", "http://lab@127.0.0.1:1"],
            "error: there is no password for InfluxDB's user `lab`\n  hint: set UWSGI_LAB_INFLUXDB_PASSWORD",
        ),
    ] {
        let output = collect(arguments);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_password_is_in_no_message() {
    let port = free_port();
    for url in [
        format!("http://lab:hunter2@127.0.0.1:{port}"),
        "https://lab:hunter2@host".to_owned(),
    ] {
        let output = collect(&["tcp://127.0.0.1:1", "--once", "--influxdb", &url, "-vv"]);
        let everything = text(&output.stdout) + &text(&output.stderr);
        assert!(
            everything.contains("error: ") && !everything.contains("hunter2"),
            "{everything}"
        );
    }
}

#[test]
fn interrupting_ends_with_0_once_something_was_collected() {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("lines");
    let server = stats_server(DOCUMENT);
    let mut command = uwsgi_lab();
    command.args(["collect", &format!("tcp://{server}"), "--interval", "50ms"]);
    let mut process = Process::start(command.stdout(File::create(&output).unwrap()));
    eventually("three scrapes are printed", || {
        fs::read_to_string(&output)
            .unwrap()
            .matches("uwsgi_summary")
            .count()
            >= 3
    });
    process.interrupt();
    assert_eq!(process.exit_code(), Some(0));
    assert!(
        fs::read_to_string(&output).unwrap().ends_with('\n'),
        "the last line is whole"
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let server = stats_server(DOCUMENT);
    let mut command = uwsgi_lab();
    command.args(["collect", &format!("tcp://{server}"), "--interval", "20ms"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut start = [0; 13];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    assert_eq!(
        (text(&start).as_str(), child.wait().unwrap().code()),
        ("uwsgi_summary", Some(0))
    );
}

/// Checks that the first scrape of real uWSGI says what it should, with its stats server at `scheme` and `place`.
fn check_real_uwsgi(uwsgi: &Path, scheme: &str, place: &str, options: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let stats = [&["--stats", place][..], options].concat();
    let _server = start_uwsgi(uwsgi, directory.path(), &stats);
    let address = match scheme {
        "" => place.to_owned(),
        scheme => format!("{scheme}://{place}"),
    };
    let head = "uwsgi_summary,source=lab workers=2i,running=2i,busy=0i,idle=2i,cheap=0i,pause=0i,sig=0i,\
                cores=4i,in_request=0i,oldest_request_s=0i,";
    eventually(
        &format!("{address} {options:?} says that both workers run"),
        || {
            let lines = text(&collect(&[&address, "--once", "--source", "lab"]).stdout);
            lines.starts_with(head)
                && lines.contains("\nuwsgi_cores,core_id=1,source=lab,worker_id=2 requests=")
        },
    );
}

#[test]
fn real_uwsgi_is_read_over_each_kind_of_address() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let socket = |name| directory.path().join(name).display().to_string();
    let tcp = || format!("127.0.0.1:{}", free_port());
    for (scheme, place, options) in [
        ("tcp", tcp(), &[][..]),
        ("http", tcp(), &[]),
        ("http", tcp(), &["--stats-http"]),
        ("unix", socket("plain"), &[]),
        ("unix", socket("http"), &["--stats-http"]),
        ("http", tcp(), &["--stats-http", "--stats-minified"]),
        ("", tcp(), &[]),
        ("", tcp(), &["--stats-http"]),
        ("", format!("@uwsgi-lab-test-{}", free_port()), &[]),
    ] {
        check_real_uwsgi(&uwsgi, scheme, &place, options);
    }
}

#[test]
fn a_stats_http_port_read_over_tcp_is_explained() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let _server = start_uwsgi(&uwsgi, directory.path(), &["--stats", &address, "--stats-http"]);
    eventually("uWSGI answers", || {
        collect(&[&format!("http://{address}"), "--once"])
            .status
            .success()
    });
    let output = collect(&[&format!("tcp://{address}"), "--once"]);
    assert_eq!(
        stderr(&output, &address),
        "error: cannot scrape tcp://ADDRESS: the server says nothing: a port with stats-http, or the app's own? \
         (try http:// instead of tcp://)\n"
    );
}

/// InfluxDB with its data in `directory`; returns its address.
fn start_influxd(influxd: &Path, directory: &Path) -> (Process, String) {
    let port = free_port();
    let process = start_influxd_at(influxd, directory, port);
    (process, format!("127.0.0.1:{port}"))
}

/// The same, on a port that was its own before.
pub(crate) fn start_influxd_at(influxd: &Path, directory: &Path, port: u16) -> Process {
    let config = directory.join("influxdb.conf");
    let data = directory.display();
    let text = format!(
        "reporting-disabled = true\nbind-address = \"127.0.0.1:{}\"\n\
         [meta]\ndir = \"{data}/meta\"\n[data]\ndir = \"{data}/data\"\nwal-dir = \"{data}/wal\"\n\
         [monitor]\nstore-enabled = false\n[http]\nbind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\n",
        free_port()
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new(influxd);
    command
        .arg("-config")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let process = Process::start(&mut command);
    eventually("InfluxDB listens", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    process
}

/// The answer of InfluxDB to a query, as CSV.
pub(crate) fn query(address: &str, statement: &str) -> String {
    let escaped = statement.replace(' ', "%20").replace('"', "%22");
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /query?db=uWSGI&q={escaped} HTTP/1.0\r\nAccept: application/csv\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn real_influxdb_stores_every_measurement_with_telegrafs_types() {
    let Some(influxd) = Peer::INFLUXD.find() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let (_influxdb, address) = start_influxd(&influxd, directory.path());
    let server = stats_server(DOCUMENT);
    let influxdb = format!("http://{address}");
    let output = collect(&[
        &format!("tcp://{server}"),
        "--once",
        "--source",
        "lab",
        "--influxdb",
        &influxdb,
    ]);
    assert_eq!(
        (output.status.code(), stderr(&output, &server)),
        (Some(0), String::new())
    );

    let counts = [
        ("uwsgi_summary", "up", 1),
        ("uwsgi_workers", "status", 4),
        ("uwsgi_cores", "in_request", 8),
    ];
    for (measurement, field, count) in counts {
        let answer = query(&address, &format!("SELECT count({field}) FROM {measurement}"));
        let expected = format!("name,tags,time,count\n{measurement},,0,{count}\n");
        assert_eq!(answer, expected);
    }
    let types = query(&address, "SHOW FIELD KEYS FROM uwsgi_workers");
    let integers = types.lines().filter(|line| line.ends_with(",integer")).count();
    assert!(integers == 15 && types.contains(",status,string\n"), "{types}");
}
