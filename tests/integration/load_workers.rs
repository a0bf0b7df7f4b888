//! `uwsgi-lab load` from several processes: one schedule, each request of it once, one report.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::load::{HELLO, all_answered, number, request, run, serve};

pub(crate) fn spawn(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_uwsgi-lab"))
        .arg("load")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A coordinator that waits for its workers.
pub(crate) struct Coordinator {
    pub(crate) child: Child,
    stderr: BufReader<ChildStderr>,
    pub(crate) address: String,
    said: String,
}

impl Coordinator {
    pub(crate) fn start(target: SocketAddr, arguments: &[&str]) -> Self {
        let url = format!("http://{target}/");
        let mut child = spawn(&[&[url.as_str(), "--output", "json"], arguments].concat());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        stderr.read_line(&mut said).unwrap();
        let address = said.trim().rsplit(' ').next().unwrap().to_owned();
        Self {
            child,
            stderr,
            address,
            said,
        }
    }

    pub(crate) fn workers<const N: usize>(&self) -> [Child; N] {
        std::array::from_fn(|_| spawn(&["--worker", &self.address]))
    }

    /// Reads on until a line says `part`.
    pub(crate) fn says(&mut self, part: &str) {
        loop {
            let mut line = String::new();
            assert_ne!(
                self.stderr.read_line(&mut line).unwrap(),
                0,
                "no `{part}` in {}",
                self.said
            );
            self.said += &line;
            if line.contains(part) {
                return;
            }
        }
    }

    /// Waits for its end: exit code, report, all of stderr.
    pub(crate) fn finish(mut self) -> (i32, Value, String) {
        self.stderr.read_to_string(&mut self.said).unwrap();
        let output = self.child.wait_with_output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), report, self.said)
    }
}

pub(crate) fn finish(child: Child) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

pub(crate) fn kill(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// A server that tells when each request arrived.
pub(crate) fn recording() -> (SocketAddr, Receiver<Instant>) {
    let (arrived, arrivals) = channel();
    let address = serve(move |mut stream| {
        while request(&mut stream) {
            // The test may have seen enough.
            arrived.send(Instant::now()).ok();
            if stream.write_all(HELLO).is_err() {
                return;
            }
        }
    });
    (address, arrivals)
}

pub(crate) fn histograms(report: &Value) -> [u64; 3] {
    ["latency_us", "service_us", "lateness_us"].map(|name| number(report, &format!("/{name}/count")))
}

/// No number of requests here divides evenly, so that a share sent twice in place of another would show in the count.
#[test]
fn four_workers_send_each_request_of_one_schedule_once() {
    for (arguments, sent) in [
        (&["-R", "200.5", "-d", "2s"][..], 401),
        (&["-R", "max", "-n", "402", "-c", "6"], 402),
        (
            &["-R", "200", "-n", "401", "--arrivals", "poisson", "-t", "2"],
            401,
        ),
        (&["-R", "max", "-n", "1"], 1),
        (&["-R", "100", "-n", "3"], 3),
    ] {
        let (target, arrivals) = recording();
        let coordinator = Coordinator::start(target, &[arguments, &["--workers", "4"]].concat());
        let workers: [Child; 4] = coordinator.workers();
        let (code, report, stderr) = coordinator.finish();
        assert_eq!((code, &report["requests"]), (0, &all_answered(sent)), "{stderr}");
        assert_eq!(histograms(&report), [sent; 3], "{report:#}");
        assert_eq!(
            (&report["workers"], &report["lost_workers"]),
            (&json!(4), &json!([]))
        );
        assert_eq!(arrivals.try_iter().count() as u64, sent, "{arguments:?}");
        for worker in workers {
            let (code, stderr) = finish(worker);
            assert_eq!(code, Some(0), "{stderr}");
            assert!(stderr.contains("joined"), "{stderr}");
        }
        assert!(stderr.contains("4 of 4"), "{stderr}");
    }
}

/// A ramp is no constant rate four times: shares of it, each sent at its own time, add up to it.
#[test]
fn workers_keep_to_the_shape_of_the_schedule() {
    let (target, arrivals) = recording();
    let rate = ["-R", "0..200:2s", "--workers", "4"];
    let coordinator = Coordinator::start(target, &rate);
    let _workers: [Child; 4] = coordinator.workers();
    let (code, report, stderr) = coordinator.finish();
    assert_eq!((code, &report["requests"]), (0, &all_answered(200)), "{stderr}");
    let mut times: Vec<Instant> = arrivals.try_iter().collect();
    times.sort();
    let half = times[0] + Duration::from_secs(1);
    let early = times.iter().filter(|time| **time < half).count();
    assert!((40..=60).contains(&early), "{early} of 200 in the first half");
}

#[test]
fn a_warm_up_is_reported_apart_and_files_and_conditions_are_the_coordinators() {
    let (target, arrivals) = recording();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run.csv");
    let arguments = [
        "-R",
        "100",
        "-d",
        "2s",
        "--warmup",
        "1s",
        "--workers",
        "2",
        "--fail-if",
        "rate<500",
        "--save",
        file.to_str().unwrap(),
    ];
    let coordinator = Coordinator::start(target, &arguments);
    let workers: [Child; 2] = coordinator.workers();
    let (code, report, stderr) = coordinator.finish();
    assert_eq!((code, &report["requests"]), (6, &all_answered(200)), "{stderr}");
    assert_eq!(number(&report, "/warm_up/answered"), 100);
    assert_eq!(number(&report, "/warm_up/latency_us/count"), 100);
    assert_eq!(arrivals.try_iter().count(), 300);
    let saved = std::fs::read_to_string(file).unwrap();
    assert!(saved.lines().count() >= 3, "{saved}");
    for worker in workers {
        assert_eq!(finish(worker).0, Some(0));
    }
}

#[test]
fn a_file_is_sent_to_workers_as_it_is_where_the_coordinator_runs() {
    let (bodies, received) = channel();
    let target = serve(move |mut stream| {
        while request(&mut stream) {
            let mut body = [0; 5];
            stream.read_exact(&mut body).unwrap();
            bodies.send(body).unwrap();
            if stream.write_all(HELLO).is_err() {
                return;
            }
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let [body, times] = ["body", "times"].map(|name| format!("@{}/{name}", directory.path().display()));
    std::fs::write(&body[1..], [0, 1, 254, 255, b'\n']).unwrap();
    std::fs::write(&times[1..], "0\n0.05\n0.1\n").unwrap();
    let coordinator = Coordinator::start(target, &["--body", &body, "-R", &times, "--workers", "2"]);
    std::fs::remove_dir_all(directory.path()).unwrap();
    let _workers: [Child; 2] = coordinator.workers();
    let (code, report, stderr) = coordinator.finish();
    assert_eq!((code, &report["requests"]), (0, &all_answered(3)), "{stderr}");
    assert_eq!(
        received.try_iter().collect::<Vec<_>>(),
        [[0, 1, 254, 255, b'\n']; 3]
    );
}

#[test]
fn wrong_usage_of_workers_is_refused_by_name() {
    let url = "http://127.0.0.1:1/";
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let table: &[(&[&str], i32, &str)] = &[
        (&["--worker", "127.0.0.1:7700", url], 2, "cannot be used with"),
        (
            &["--worker", "127.0.0.1:7700", "-R", "5"],
            2,
            "cannot be used with",
        ),
        (&["--worker", "here"], 2, "HOST:PORT"),
        (&["--worker", &nobody.to_string()], 4, "start it first"),
        (&[url, "-R", "5", "--workers", "0"], 2, "a whole number from 1"),
        (&[url, "-R", "5", "--listen", "127.0.0.1:0"], 2, "--workers"),
        (
            &[url, "-R", "5", "--workers", "3", "-c", "2"],
            2,
            "too few for 3 threads",
        ),
        (
            &[url, "-R", "5", "--workers", "2", "-H", "Content-Length: 4"],
            2,
            "it announces a body",
        ),
        (
            &[
                url,
                "-R",
                "5",
                "--workers",
                "2",
                "--listen",
                "no-such-host.invalid:1",
            ],
            4,
            "cannot listen",
        ),
        (&["--workers", "2", "-R", "5"], 2, "<URL>"),
    ];
    for (arguments, code, message) in table {
        let output = run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "no `{message}` in {stderr}");
    }
}
