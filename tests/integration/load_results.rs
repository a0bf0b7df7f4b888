//! What `uwsgi-lab load` makes of a run besides its report: files, conditions, a warm-up apart, a number of requests.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::environment::{Peer, free_port, start_uwsgi};
use super::load::{HELLO, all_answered, keeps_alive, load, number, request, serve};

#[test]
fn a_number_of_requests_is_sent_exactly_open_and_closed() {
    let address = keeps_alive(HELLO);
    for arguments in [
        &["-R", "200", "-n", "33"][..],
        &["-R", "max", "-n", "33", "-c", "4", "-t", "2"],
        &["-R", "200", "-n", "33", "--arrivals", "poisson", "-t", "2"],
        &["-R", "100..300:1s", "-n", "33"],
    ] {
        let (code, report, _) = load(address, arguments);
        assert_eq!(
            (code, &report["requests"]),
            (0, &all_answered(33)),
            "{arguments:?}"
        );
    }
    let (_, report, _) = load(address, &["-R", "200", "-n", "33"]);
    let achieved = report["achieved_rate"].as_f64().unwrap();
    assert!((achieved - 200.0).abs() < 10.0, "{report:#}");
    let (_, report, _) = load(address, &["-R", "100", "-n", "1000", "-d", "200ms"]);
    assert_eq!(report["requests"], all_answered(20));
}

/// Slow for its first second, as a server is that has to load things.
#[test]
fn a_warm_up_is_sent_before_and_reported_apart() {
    let first = std::sync::OnceLock::new();
    let first = std::sync::Arc::new(first);
    let address = serve(move |mut stream| {
        let first = *first.get_or_init(std::time::Instant::now);
        while request(&mut stream) {
            if first.elapsed() < Duration::from_millis(500) {
                thread::sleep(Duration::from_millis(300));
            }
            if stream.write_all(HELLO).is_err() {
                return;
            }
        }
    });
    let (code, report, stderr) = load(address, &["-R", "40", "--warmup", "1s", "-d", "1s", "-t", "2"]);
    assert_eq!((code, &report["requests"]), (0, &all_answered(40)), "{stderr}");
    assert_eq!(number(&report, "/warm_up/answered"), 40);
    assert!(
        number(&report, "/warm_up/latency_us/max") >= 299_000,
        "{report:#}"
    );
    assert!(number(&report, "/latency_us/max") < 299_000, "{report:#}");
    let sending = report["sending_s"].as_f64().unwrap();
    assert!((sending - 1.0).abs() < 0.01, "{report:#}");
    for (arguments, part) in [
        (&["-R", "40", "--warmup", "1500ms"][..], "whole seconds"),
        (&["-R", "0..40", "--warmup", "1s"], "there is none"),
    ] {
        let output = super::load::run(&[&[&format!("http://{address}/")[..]], arguments].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(2) && stderr.contains(part),
            "{stderr}"
        );
    }
}

#[test]
fn a_condition_that_holds_ends_with_its_own_exit_code_and_is_named() {
    let address = keeps_alive(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    let rate = ["-R", "50", "-d", "400ms"];
    let fine = ["--fail-if", "p99>5s", "--fail-if", "rate<50%"];
    let (code, report, _) = load(address, &[&rate[..], &fine].concat());
    assert_eq!(code, 0);
    assert_eq!(report["fail_if"][0]["failed"], json!(false));
    let both = ["--fail-if", "non-2xx>1%", "--fail-if", "errors>=20"];
    let (code, report, stderr) = load(address, &[&rate[..], &fine, &both].concat());
    assert_eq!(code, 6);
    let failed: Vec<&Value> = report["fail_if"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["failed"])
        .collect();
    assert_eq!(failed, [false, false, true, true]);
    for part in ["failed by 2 conditions", "non-2xx>1% (100%)", "errors>=20 (20)"] {
        assert!(stderr.contains(part), "no `{part}` in {stderr}");
    }
}

#[test]
fn a_connection_that_is_not_established_in_time_is_an_error_of_connecting() {
    // A listen queue of one, which the first two connections fill; the kernel drops what else knocks.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into())
        .unwrap();
    socket.listen(0).unwrap();
    let address = TcpListener::from(socket.try_clone().unwrap())
        .local_addr()
        .unwrap();
    let arguments = [
        "-R",
        "20",
        "-d",
        "500ms",
        "--connect-timeout",
        "150ms",
        "--timeout",
        "900ms",
    ];
    let (code, report, _) = load(address, &arguments);
    assert_eq!(code, 1);
    let (connect, timeout) = (
        number(&report, "/errors/connect"),
        number(&report, "/errors/timeout"),
    );
    assert!(connect >= 8 && connect + timeout == 10, "{report:#}");
    assert_eq!(
        report["errors"]["examples"]["connect"],
        json!("connect: not established in the time given to connect")
    );
}

/// Reads each line of a log with a reader of another implementation.
const READ_LOG: &str = "
import sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
whole, counts = HdrHistogram(1, 3600000000, 3), {}
reader = HistogramLogReader(sys.argv[1], whole)
while True:
    histogram = reader.get_next_interval_histogram()
    if histogram is None:
        break
    tag = histogram.get_tag() or ''
    counts[tag] = counts.get(tag, 0) + histogram.get_total_count()
    if not tag:
        whole.add(histogram)
print(counts, whole.get_value_at_percentile(50), whole.get_max_value())
";

#[test]
fn a_run_is_saved_in_each_form_and_another_implementation_reads_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let files = ["run.json", "run.txt", "run.hgrm", "run.hlog", "run.csv"].map(path);
    let saves: Vec<&str> = files.iter().flat_map(|file| ["--save", file]).collect();
    let run = ["-R", "100", "-d", "2500ms", "--warmup", "1s"];
    let (code, report, stderr) = load(keeps_alive(HELLO), &[&run[..], &saves].concat());
    assert_eq!(code, 0, "{stderr}");
    let read = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    let saved: Value = serde_json::from_str(&read("run.json")).unwrap();
    assert_eq!(
        (&saved["requests"], &saved["latency_us"]),
        (&report["requests"], &report["latency_us"])
    );
    let text = read("run.txt");
    let a_second = text.lines().find(|line| line.contains("Req/Sec")).unwrap();
    let mean: f64 = a_second.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!((mean - 100.0).abs() < 10.0, "{text}");
    assert!(read("run.hgrm").contains("#[Max     ="));
    let table = read("run.csv");
    let phases = ["warm-up", "measured"].map(|phase| table.matches(&format!(",{phase},100,")).count());
    assert_eq!(phases, [1, 2], "{table}");
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        files.len(),
        "nothing half-made stays"
    );
    let Some(python) = Peer::HDR_PYTHON.find() else {
        return;
    };
    let output = Command::new(python)
        .args(["-c", READ_LOG, &files[3]])
        .output()
        .unwrap();
    let (said, complaint) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    for part in [
        "'': 250",
        "'service': 250",
        "'warm-up': 100",
        "'warm-up-service': 100",
    ] {
        assert!(said.contains(part), "no `{part}` in {said}{complaint}");
    }
    let figures: Vec<u64> = said
        .rsplit('}')
        .next()
        .unwrap()
        .split_whitespace()
        .map(|it| it.parse().unwrap())
        .collect();
    assert_eq!(
        figures,
        [
            number(&report, "/latency_us/p50"),
            number(&report, "/latency_us/max")
        ]
    );
}

#[test]
fn a_file_that_cannot_be_written_is_known_before_the_run() {
    let address = keeps_alive(HELLO);
    let url = format!("http://{address}/");
    let output = super::load::run(&[&url, "-R", "10", "-d", "1h", "--save", "/proc/run.json"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("/proc/run.json cannot be written"), "{stderr}");
    let output = super::load::run(&[&url, "-R", "10", "--save", "run.xml"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_real_uwsgi_counted_stands_beside_what_was_sent() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let [app, stats] = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
    let _server = start_uwsgi(
        &uwsgi,
        directory.path(),
        &["--http-socket", &app, "--stats", &stats],
    );
    let url = format!("http://{app}/");
    let stats = format!("tcp://{stats}");
    let arguments = ["-R", "40", "-d", "500ms", "--stats", &stats, "--output", "json"];
    super::environment::eventually("the server is up and counts each request", || {
        let output = super::load::run(&[&[&url[..]], &arguments[..]].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        report["server"]["requests"] == json!(20) && report["requests"]["answered"] == json!(20)
    });
}

#[test]
fn a_statistics_server_that_is_gone_at_the_end_does_not_take_the_report_with_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stats = format!("tcp://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(br#"{"version":"2.0.30","pid":5,"workers":[]}"#)
            .unwrap();
    });
    let (code, report, stderr) = load(keeps_alive(HELLO), &["-R", "50", "-n", "10", "--stats", &stats]);
    assert_eq!(
        (code, &report["requests"], &report["server"]),
        (4, &all_answered(10), &json!(null))
    );
    assert!(stderr.contains("no statistics from"), "{stderr}");
}
