//! `uwsgi-lab load` against servers that behave well, badly and not at all, each written here on a loopback port.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper may panic")]

use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

pub(crate) const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Serves each connection on a thread of its own, for as long as the test binary runs.
pub(crate) fn serve(handle: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let handle = handle.clone();
            thread::spawn(move || handle(stream));
        }
    });
    address
}

/// Reads one request; `false` when the client has closed.
pub(crate) fn request(stream: &mut impl Read) -> bool {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => seen.push(byte[0]),
            _ => return false,
        }
    }
    true
}

/// A server that answers every request on a connection with the same bytes.
pub(crate) fn keeps_alive(answer: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| while request(&mut stream) && stream.write_all(answer).is_ok() {})
}

/// A server that answers one request on a connection and closes it.
fn closes_after(answer: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| {
        if request(&mut stream) {
            // The client may be gone; then there is nobody to answer.
            stream.write_all(answer).ok();
        }
    })
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_uwsgi-lab"));
    command.arg("load").args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Runs to the end and returns exit code, report and stderr.
pub(crate) fn load(address: SocketAddr, arguments: &[&str]) -> (i32, Value, String) {
    let url = format!("http://{address}/");
    let output = run(&[&[url.as_str(), "--output", "json"], arguments].concat());
    finished(&output)
}

fn finished(output: &Output) -> (i32, Value, String) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    (output.status.code().unwrap(), report, stderr)
}

pub(crate) fn number(report: &Value, pointer: &str) -> u64 {
    let value = report.pointer(pointer).and_then(Value::as_u64);
    value.unwrap_or_else(|| panic!("no {pointer} in {report:#}"))
}

/// `requests` of a run in which every request was answered.
pub(crate) fn all_answered(count: u64) -> Value {
    json!({
        "scheduled": count, "sent": count, "answered": count, "failed": 0, "in_flight": 0, "never_sent": 0
    })
}

/// `requests` of a run in which every request failed.
fn all_failed(count: u64) -> Value {
    json!({
        "scheduled": count, "sent": count, "answered": 0, "failed": count, "in_flight": 0, "never_sent": 0
    })
}

pub(crate) fn assert_balanced(report: &Value) {
    let parts = ["answered", "failed", "in_flight", "never_sent"];
    let sum: u64 = parts
        .iter()
        .map(|part| number(report, &format!("/requests/{part}")))
        .sum();
    assert_eq!(number(report, "/requests/scheduled"), sum, "{report:#}");
}

#[test]
fn a_server_that_keeps_connections_serves_all_requests_on_few() {
    let address = keeps_alive(HELLO);
    let (code, report, _) = load(address, &["-R", "100", "-d", "1s"]);
    assert_eq!((code, &report["requests"]), (0, &all_answered(100)));
    assert!(number(&report, "/connections/opened") < 20, "{report:#}");
}

#[test]
fn chunked_bodies_leave_the_connection_fit_for_more() {
    let address = keeps_alive(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: 1\r\n\r\n",
    );
    let (code, report, _) = load(address, &["-R", "100", "-d", "1s"]);
    assert_eq!((code, &report["requests"]), (0, &all_answered(100)));
    assert!(number(&report, "/connections/opened") < 20, "{report:#}");
}

#[test]
fn a_server_that_closes_after_each_response_is_no_error_with_or_without_content_length() {
    let announced = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    let delimited_by_the_close = b"HTTP/1.1 200 OK\r\n\r\nhello";
    for answer in [HELLO, announced, delimited_by_the_close] {
        let (code, report, _) = load(closes_after(answer), &["-R", "100", "-d", "1s"]);
        assert_eq!((code, &report["requests"]), (0, &all_answered(100)));
        assert_eq!(number(&report, "/connections/opened"), 100, "{report:#}");
    }
}

#[test]
fn a_kept_connection_that_closes_before_the_next_response_is_tried_again() {
    let address = serve(|mut stream| {
        if request(&mut stream) && stream.write_all(HELLO).is_ok() {
            request(&mut stream);
        }
    });
    let (code, report, _) = load(address, &["-R", "50", "-d", "1s"]);
    assert_eq!((code, &report["requests"]), (0, &all_answered(50)));
    assert!(number(&report, "/connections/retried_stale") > 0, "{report:#}");
}

#[test]
fn statuses_from_400_are_answers_and_counted_apart() {
    let address = keeps_alive(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    let (code, report, _) = load(address, &["-R", "20", "-d", "1s"]);
    assert_eq!((code, &report["requests"]), (0, &all_answered(20)));
    assert_eq!(
        report["status"],
        json!({ "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 20 })
    );
}

#[test]
fn what_is_no_answer_is_counted_by_its_kind() {
    let table: [(&'static [u8], &str); 6] = [
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: twelve\r\n\r\n", "malformed"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello",
            "malformed",
        ),
        (b"", "read"),
        (b"HTTP/1.1 200 OK\r\nContent-", "read"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello", "read"),
    ];
    for (answer, kind) in table {
        let (code, report, stderr) = load(closes_after(answer), &["-R", "20", "-d", "500ms"]);
        assert_eq!((code, &report["requests"]), (1, &all_failed(10)), "{kind}");
        assert_eq!(number(&report, &format!("/errors/{kind}")), 10, "{report:#}");
        assert!(stderr.contains("answered no request"), "{stderr}");
    }
}

#[test]
fn a_body_longer_than_announced_ends_its_connection_not_the_run() {
    let address = keeps_alive(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello");
    let (code, report, _) = load(address, &["-R", "50", "-d", "1s"]);
    assert_eq!((code, &report["requests"]), (0, &all_answered(50)));
    assert_eq!(number(&report, "/connections/opened"), 50);
}

#[test]
fn headers_and_bodies_without_end_are_bounded() {
    let endless = |start: &'static [u8], more: &'static [u8]| {
        serve(move |mut stream| {
            request(&mut stream);
            let block = more.repeat(1000);
            let started = stream.write_all(start).is_ok();
            while started && stream.write_all(&block).is_ok() {}
        })
    };
    let headers = endless(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n");
    let (code, report, _) = load(headers, &["-R", "10", "-d", "500ms"]);
    assert_eq!((code, number(&report, "/errors/malformed")), (1, 5));
    let body = endless(b"HTTP/1.1 200 OK\r\n\r\n", b"0123456789");
    let (code, report, _) = load(body, &["-R", "4", "-d", "500ms", "--timeout", "300ms"]);
    assert_eq!((code, number(&report, "/errors/timeout")), (1, 2));
}

#[test]
fn a_server_that_never_answers_runs_into_the_timeout() {
    let address = serve(|mut stream| while request(&mut stream) {});
    let (code, report, stderr) = load(address, &["-R", "20", "-d", "500ms", "--timeout", "200ms"]);
    assert_eq!((code, &report["requests"]), (1, &all_failed(10)));
    assert_eq!(number(&report, "/errors/timeout"), 10);
    assert_eq!(number(&report, "/latency_us/lower_bounds"), 10);
    assert!(number(&report, "/latency_us/min") >= 199_000, "{report:#}");
    assert!(stderr.contains("timeout"), "{stderr}");
}

#[test]
fn a_port_nobody_listens_on_is_unavailable() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, report, stderr) = load(free, &["-R", "20", "-d", "500ms"]);
    assert_eq!((code, &report["requests"]), (4, &all_failed(10)));
    assert_eq!(number(&report, "/errors/connect"), 10);
    for part in [
        &format!("http://{free}/ could not be connected to"),
        "refused",
        "hint: ",
    ] {
        assert!(stderr.contains(part), "no `{part}` in {stderr}");
    }
}

#[test]
fn requests_that_find_no_connection_free_wait_and_the_wait_counts() {
    let address = serve(|mut stream| {
        while request(&mut stream) {
            thread::sleep(Duration::from_millis(100));
            if stream.write_all(HELLO).is_err() {
                return;
            }
        }
    });
    let (code, report, _) = load(address, &["-R", "50", "-d", "2s", "-c", "1"]);
    assert_eq!(code, 0);
    assert_balanced(&report);
    // One connection serves 10 a second of 50: some 20 of 100 leave at all.
    let never_sent = number(&report, "/requests/never_sent");
    assert!((70..=90).contains(&never_sent), "{report:#}");
    assert_eq!(number(&report, "/latency_us/lower_bounds"), never_sent);
    assert!(number(&report, "/service_us/p50") < 300_000, "{report:#}");
    assert!(number(&report, "/latency_us/p50") > 500_000, "{report:#}");
    assert_eq!(number(&report, "/connections/opened"), 1);
}

/// When a server began to answer, told to each of its connections: it answers nothing in the second second.
fn stalls_for_the_second_second(mut stream: TcpStream, first: Instant) {
    while request(&mut stream) {
        let elapsed = first.elapsed();
        if (Duration::from_secs(1)..Duration::from_secs(2)).contains(&elapsed) {
            thread::sleep(Duration::from_secs(2) - elapsed);
        }
        if stream.write_all(HELLO).is_err() {
            return;
        }
    }
}

/// A third of the requests fall into the stall and wait evenly between 0 and 1 s: 90 % of all wait at most 0.7 s,
/// 99 % at most 0.97 s.
#[test]
fn a_stall_of_a_second_is_seen_as_its_users_would_see_it() {
    let first = std::sync::Arc::new(std::sync::OnceLock::new());
    let address = serve(move |stream| {
        let first = *first.get_or_init(Instant::now);
        stalls_for_the_second_second(stream, first);
    });
    let (code, report, _) = load(address, &["-R", "100", "-d", "3s", "-c", "4"]);
    assert_eq!((code, &report["requests"]), (0, &all_answered(300)));
    let p90 = number(&report, "/latency_us/p90");
    let p99 = number(&report, "/latency_us/p99");
    assert!((600_000..=800_000).contains(&p90), "{report:#}");
    assert!((920_000..=1_100_000).contains(&p99), "{report:#}");
}

#[test]
fn what_is_in_flight_at_the_end_counts_as_a_lower_bound() {
    let address = serve(|mut stream| while request(&mut stream) {});
    let (code, report, _) = load(address, &["-R", "10", "-d", "1s", "-t", "2", "--timeout", "60s"]);
    assert_eq!(code, 1);
    assert_eq!(
        report["requests"],
        json!({ "scheduled": 10, "sent": 10, "answered": 0, "failed": 0, "in_flight": 10, "never_sent": 0 })
    );
    assert_eq!(number(&report, "/latency_us/count"), 10);
    // 1 s of sending, 5 s of grace: the first waited 6 s, the last 5.1 s.
    assert!(number(&report, "/latency_us/min") >= 5_000_000, "{report:#}");
}

/// A server that tells when it has its first request.
fn announcing() -> (SocketAddr, Receiver<()>) {
    let (started, first): (Sender<()>, Receiver<()>) = channel();
    let address = serve(move |mut stream| {
        while request(&mut stream) {
            // The test waits for one only.
            started.send(()).ok();
            if stream.write_all(HELLO).is_err() {
                return;
            }
        }
    });
    (address, first)
}

#[test]
fn an_interrupt_ends_the_run_early_with_a_report_of_what_was_due() {
    let (address, first) = announcing();
    let url = format!("http://{address}/");
    let child = command(&[&url, "-R", "50", "-d", "1h", "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    first.recv_timeout(Duration::from_secs(20)).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let (code, report, stderr) = finished(&child.wait_with_output().unwrap());
    assert_eq!(code, 130);
    assert_balanced(&report);
    assert!(number(&report, "/requests/answered") > 0, "{report:#}");
    assert!(stderr.contains("interrupted"), "{stderr}");
}

#[test]
fn the_text_report_has_the_lines_of_wrk2() {
    let url = format!("http://{}/", keeps_alive(HELLO));
    let output = run(&[&url, "-R", "50", "-d", "1s", "-L"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        &format!("Running 1s test @ {url}"),
        "  Thread Stats   Avg      Stdev     Max   +/- Stdev",
        "    Latency ",
        "    Req/Sec ",
        "  Latency Distribution (HdrHistogram - Recorded Latency)",
        " 50.000% ",
        "  Detailed Percentile spectrum:",
        "       Value   Percentile   TotalCount 1/(1-Percentile)",
        "#[Mean    = ",
        "#[Max     = ",
        "#[Buckets = ",
        "  50 requests in ",
        "Requests/sec:     50.00",
        "Transfer/sec: ",
    ] {
        let found = text.lines().any(|other| other.starts_with(line));
        assert!(found, "no line `{line}` in\n{text}");
    }
}

#[test]
fn wrong_usage_is_refused_by_name() {
    let url = "http://127.0.0.1:1/";
    let table: &[(&[&str], &str)] = &[
        (&[url], "-R 16 sends 16 requests a second"),
        (&[url, "-R", "0"], "the rate must be above 0"),
        (&[url, "-R", "-5"], "the rate must be above 0"),
        (&[url, "-R", "NaN"], "a rate is a number"),
        (&[url, "-R", "5", "-t", "0"], "a whole number from 1"),
        (&[url, "-R", "5", "-c", "0"], "a whole number from 1"),
        (&[url, "-R", "5", "-d", "0"], "longer than 0"),
        (&[url, "-R", "5", "-d", "soon"], "a duration is a number"),
        (&[url, "-R", "5", "-H", "no colon"], "a header is"),
        (
            &[url, "-R", "5", "-H", "Content-Length: 4"],
            "it announces a body",
        ),
        (&[url, "-R", "5", "-c", "1", "-t", "2"], "too few for 2 threads"),
        (&[url, "-R", "5", "-c", "99999999999"], "limit of open files"),
        (&[url, url, "-R", "5", "--weights", "1"], "1 weight for 2 URLs"),
        (&["http://127.0.0.1:1/{{conter}}", "-R", "5"], "no place to fill"),
        (&[url, "-R", "5", "--body", "{{random 9..1}}"], "no place to fill"),
        (&["ftp://127.0.0.1/", "-R", "5"], "unknown scheme `ftp`"),
        (&["127.0.0.1:80", "-R", "5"], "type http://127.0.0.1:80"),
    ];
    for (arguments, message) in table {
        let output = run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "no `{message}` in {stderr}");
    }
}
