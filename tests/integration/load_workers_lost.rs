//! What becomes of a run of several processes that loses one of them, or hears from somebody who is none of them.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::load::{HELLO, all_answered, assert_balanced, keeps_alive, number};
use super::load_workers::{Coordinator, finish, histograms, kill, recording, spawn};

const DEADLINE: Duration = Duration::from_secs(30);

/// Starts a run of an hour with two workers and waits until requests arrive.
fn long_run() -> (Coordinator, [Child; 2], Receiver<Instant>) {
    let (target, arrivals) = recording();
    let coordinator = Coordinator::start(target, &["-R", "100", "-d", "1h", "--workers", "2"]);
    let workers = coordinator.workers();
    // Two seconds, so that each worker has told of one.
    for _ in 0..200 {
        arrivals.recv_timeout(DEADLINE).unwrap();
    }
    (coordinator, workers, arrivals)
}

fn assert_balanced_and_answered(report: &Value) {
    assert_balanced(report);
    assert!(number(report, "/requests/answered") > 0, "{report:#}");
}

#[test]
fn a_worker_that_is_killed_ends_the_run_and_is_named() {
    let (coordinator, [victim, other], _arrivals) = long_run();
    kill(&victim, Signal::KILL);
    let (code, report, stderr) = coordinator.finish();
    assert_eq!(code, 1, "{stderr}");
    let pid = format!("pid {})", victim.id());
    assert!(
        stderr.contains(&pid) && stderr.contains("was gone before the end"),
        "{stderr}"
    );
    let lost = report["lost_workers"][0].as_str().unwrap();
    assert!(lost.contains(&pid), "{lost}");
    assert_balanced_and_answered(&report);
    finish(victim);
    let (code, stderr) = finish(other);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("ends the run early"), "{stderr}");
}

#[test]
fn a_worker_that_is_interrupted_tells_all_it_has_and_ends_the_run() {
    let (coordinator, [victim, other], _arrivals) = long_run();
    kill(&victim, Signal::INT);
    let (code, report, stderr) = coordinator.finish();
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("it was interrupted"), "{stderr}");
    assert_balanced_and_answered(&report);
    let answered = number(&report, "/requests/answered");
    assert_eq!(
        histograms(&report),
        [answered; 3],
        "nothing of what was sent is missing"
    );
    assert_eq!(finish(victim).0, Some(130));
    assert_eq!(finish(other).0, Some(0));
}

#[test]
fn an_interrupted_coordinator_stops_its_workers_and_reports() {
    let (coordinator, workers, _arrivals) = long_run();
    kill(&coordinator.child, Signal::INT);
    let (code, report, stderr) = coordinator.finish();
    assert_eq!(code, 130, "{stderr}");
    assert_eq!(report["lost_workers"], json!([]));
    assert_balanced_and_answered(&report);
    for worker in workers {
        assert_eq!(finish(worker).0, Some(0));
    }
}

#[test]
fn workers_without_their_coordinator_stop() {
    let (mut coordinator, workers, arrivals) = long_run();
    kill(&coordinator.child, Signal::KILL);
    coordinator.child.wait().unwrap();
    for worker in workers {
        let (code, stderr) = finish(worker);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains("the coordinator is gone"), "{stderr}");
    }
    // The server's threads hold the other end for as long as somebody is connected to them.
    let already = arrivals.try_iter().count();
    assert!(already < 500, "{already} requests after the coordinator was gone");
}

#[test]
fn who_is_no_worker_is_refused_and_the_run_waits_on() {
    let target = keeps_alive(HELLO);
    let mut coordinator = Coordinator::start(target, &["-R", "50", "-d", "1s", "--workers", "1"]);
    let knock = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(&coordinator.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        // It may be reset with what was not read.
        stream.read_to_string(&mut answer).ok();
        answer
    };
    knock(b"GET / HTTP/1.1\r\n\r\n");
    // No end of a message: it is waited for, but not for long.
    knock(&[0xff; 64]);
    knock(b"\"ready\"\n");
    let answer = knock(b"{\"hello\":{\"protocol\":1,\"version\":\"99.9\\u001b[31m\",\"pid\":7}}\n");
    assert!(answer.contains("this worker is uwsgi-lab 99.9[31m"), "{answer}");
    coordinator.says("is uwsgi-lab 99.9[31m, and this is");
    let workers: [Child; 1] = coordinator.workers();
    let (code, report, stderr) = coordinator.finish();
    assert_eq!((code, &report["requests"]), (0, &all_answered(50)), "{stderr}");
    for part in ["no message of uwsgi-lab", "out of turn"] {
        assert!(stderr.contains(part), "no `{part}` in {stderr}");
    }
    assert_eq!(workers.map(|worker| finish(worker).0), [Some(0)]);
}

/// A peer that joins as a worker does and then says `last` in place of what became of its share.
fn joins_and_says(address: &str, last: &[u8]) {
    let mut stream = TcpStream::connect(address).unwrap();
    let hello = json!({ "hello": { "protocol": 1, "version": env!("CARGO_PKG_VERSION"), "pid": std::process::id() } });
    writeln!(stream, "{hello}").unwrap();
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    for line in lines.map_while(Result::ok) {
        let answer: &[u8] = match line {
            line if line.starts_with("{\"share\"") => b"\"ready\"\n",
            line if line == "\"ping\"" => b"{\"pong\":{\"at_ns\":1}}\n",
            line if line.starts_with("{\"go\"") => last,
            _ => continue,
        };
        stream.write_all(answer).unwrap();
    }
}

#[test]
fn garbage_in_the_middle_of_a_run_ends_it_without_a_panic() {
    let ending = |count: u64| {
        let interval = json!({
            "counts": {
                "sent": count, "answered": count,
                "errors": { "connect": 0, "timeout": 0, "read": 0, "write": 0, "malformed": 0 },
                "status_2xx": 0, "status_3xx": 0, "status_4xx": 0, "status_5xx": 0, "bytes": 0, "connected": 0,
                "held_back": 0, "closed_by_server": 0, "starved": 0, "retried": 0
            },
            "latency": [u64::MAX, 1], "lower_bounds": 0, "service": [], "connect": [], "lateness": [],
            "first_answer": null, "last_answer": null,
            "examples": {
                "connect": null, "timeout": null, "read": null, "write": null, "malformed": null,
                "status_4xx": null, "status_5xx": null
            }
        });
        let zero = json!({ "secs": 0, "nanos": 0 });
        json!({ "ended": { "thread": 0, "ending": {
            "rest": interval, "warm_up": null, "scheduled": count, "in_flight": 0, "never_sent": 0, "stopped": zero,
            "ended": zero, "busy": zero
        } } })
    };
    let mut no_bucket = ending(1).to_string();
    no_bucket.push('\n');
    let mut too_many = ending(u64::MAX).to_string().replace("18446744073709551615,1", "");
    too_many.push('\n');
    let long = vec![b' '; (8 << 20) + 2];
    let cases: [(&[u8], &str); 6] = [
        (b"\x00\xff\x00\n", "no message of uwsgi-lab"),
        (
            b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
            "no message of uwsgi-lab",
        ),
        (b"{\"pong\":{\"at_ns\":1}}\n", "out of turn"),
        (no_bucket.as_bytes(), "no message of uwsgi-lab"),
        (too_many.as_bytes(), "figures that cannot be"),
        (&long, "a message of more than"),
    ];
    for (last, reason) in cases {
        let target = keeps_alive(HELLO);
        let coordinator = Coordinator::start(target, &["-R", "50", "-d", "1h", "--workers", "2"]);
        let honest: [Child; 1] = coordinator.workers();
        let address = coordinator.address.clone();
        let last = last.to_vec();
        let peer = thread::spawn(move || joins_and_says(&address, &last));
        let (code, report, stderr) = coordinator.finish();
        assert_eq!(code, 1, "{stderr}");
        assert!(
            stderr.contains(reason) && !stderr.contains("panicked"),
            "no `{reason}` in {stderr}"
        );
        assert_eq!(report["lost_workers"].as_array().unwrap().len(), 1, "{report:#}");
        assert_eq!(honest.map(|worker| finish(worker).0), [Some(0)]);
        // It may have been cut off in the middle of what it said.
        peer.join().ok();
    }
}

#[test]
fn a_coordinator_that_talks_garbage_is_left() {
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"\"go\"\n",
        b"\"stop\"\n",
        b"",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let worker = spawn(&["--worker", &address]);
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(answer).unwrap();
        drop(stream);
        let (code, stderr) = finish(worker);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains("the coordinator is gone"), "{stderr}");
    }
}

#[test]
fn a_worker_that_cannot_send_its_share_says_why_to_all() {
    let target = keeps_alive(HELLO);
    let url = format!("http://{target}/");
    // Connections that the coordinator need not open, and a worker may not.
    let coordinator = Coordinator::start(target, &["-R", "50", "-c", "1000000000", "--workers", "2"]);
    let workers: [Child; 2] = coordinator.workers();
    let (code, report, stderr) = coordinator.finish();
    assert_eq!((code, &report), (4, &Value::Null), "{stderr}");
    assert!(
        stderr.contains("cannot send its share") && stderr.contains("limit of open files"),
        "{stderr}"
    );
    for worker in workers {
        let (code, stderr) = finish(worker);
        assert_ne!(code, Some(0), "{stderr}");
    }
    let unknown = url.replace("127.0.0.1", "no-such-host.invalid");
    let mut child = spawn(&[&unknown, "-R", "5", "--workers", "1"]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    let worker = spawn(&["--worker", said.trim().rsplit(' ').next().unwrap()]);
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4), "{said}");
    assert!(said.contains("no-such-host.invalid"), "{said}");
    assert_eq!(finish(worker).0, Some(4));
}

#[test]
fn a_worker_that_leaves_while_the_others_are_waited_for_is_counted_no_more() {
    let target = keeps_alive(HELLO);
    let mut coordinator = Coordinator::start(target, &["-R", "50", "-d", "1s", "--workers", "2"]);
    let [first]: [Child; 1] = coordinator.workers();
    coordinator.says("1 of 2");
    kill(&first, Signal::INT);
    assert_eq!(finish(first).0, Some(130));
    coordinator.says("has left, 0 of 2");
    let workers: [Child; 2] = coordinator.workers();
    let (code, report, stderr) = coordinator.finish();
    assert_eq!((code, &report["requests"]), (0, &all_answered(50)), "{stderr}");
    assert_eq!(workers.map(|worker| finish(worker).0), [Some(0); 2]);
    let waiting = Coordinator::start(target, &["-R", "50", "--workers", "2"]);
    kill(&waiting.child, Signal::INT);
    let (code, _, stderr) = waiting.finish();
    assert_eq!(code, 130, "{stderr}");
    assert!(stderr.contains("nothing was sent"), "{stderr}");
}
