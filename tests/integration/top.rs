//! `uwsgi-lab top` and `explain` as people run them: in a terminal, in pipes, against real uWSGI and servers that lie.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use super::collect::{DOCUMENT, stats_server};
use super::environment::{Peer, Process, eventually, free_port, start_uwsgi, uwsgi_lab};
use super::pty::Pty;

fn top(arguments: &[&str]) -> Output {
    uwsgi_lab().arg("top").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

#[test]
fn without_a_terminal_the_view_says_what_to_type_instead() {
    let output = top(&["tcp://127.0.0.1:1"]);
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (
            Some(2),
            "error: `top` needs a terminal to show its view in\n  \
             hint: `uwsgi-lab top --once` prints one table, `--output json` one line a reading\n"
        )
    );
}

#[test]
fn a_server_that_does_not_answer_is_an_error_that_names_it() {
    let address = format!("tcp://127.0.0.1:{}", free_port());
    for format in ["text", "json"] {
        let output = top(&[&address, "--once", "--output", format]);
        assert_eq!(
            (output.status.code(), text(&output.stderr)),
            (
                Some(4),
                format!("error: cannot read {address}: cannot connect: Connection refused\n")
            )
        );
    }
}

#[test]
fn a_frame_as_text_has_the_requests_in_flight_whatever_bytes_are_in_them() {
    let server = stats_server(DOCUMENT);
    let output = top(&[
        &format!("tcp://{server}"),
        "--once",
        "--interval",
        "50ms",
        "--cores",
        "under",
    ]);
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(0), String::new())
    );
    let shown = text(&output.stdout);
    assert!(shown.starts_with(&format!("{server}  up  ")), "{shown}");
    for words in ["\nuWSGI 2.0.31\n", "\nWID  ", "\n2:0 ", "AGE  CORE", "  GET     "] {
        assert!(shown.contains(words), "{words:?} in {shown}");
    }
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!shown.contains(steers), "{shown:?}");
}

#[test]
fn a_server_that_hangs_delays_no_other() {
    let good = TcpListener::bind("127.0.0.1:0").unwrap();
    let good_address = format!("tcp://{}", good.local_addr().unwrap());
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reads);
    thread::spawn(move || {
        for stream in good.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            stream.unwrap().write_all(DOCUMENT).ok();
        }
    });
    // Nobody accepts: the kernel does, and nothing is ever sent.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let hung = format!("tcp://{}", silent.local_addr().unwrap());
    let output = top(&[
        &good_address,
        &hung,
        "--interval",
        "20ms",
        "--once",
        "--output",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let servers = json(&text(&output.stdout))["servers"].clone();
    assert_eq!(
        (&servers[0]["up"], &servers[1]["up"]),
        (&true.into(), &false.into())
    );
    let error = servers[1]["error"].as_str().unwrap();
    assert!(error.starts_with("the server says nothing"), "{error}");
    // One after the other they would have been read as often as each other.
    let reads = reads.load(Ordering::SeqCst);
    assert!(reads > 5, "{reads}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    let server = stats_server(DOCUMENT);
    let mut command = uwsgi_lab();
    command.args(["top", &server, "--interval", "20ms", "--output", "json"]);
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(process.stdout.take());
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

#[test]
fn real_uwsgi_is_counted_right_and_its_reload_is_told() {
    let Some(uwsgi) = Peer::UWSGI.find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let stats = format!("127.0.0.1:{}", free_port());
    let server = start_uwsgi(&uwsgi, directory.path(), &["--stats", &stats]);
    eventually("uWSGI serves statistics", || TcpStream::connect(&stats).is_ok());
    let mut command = uwsgi_lab();
    command
        .args(["top", &stats, "--interval", "100ms", "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut view = Process::start(&mut command);
    let (lines, _) = view.listen();
    let first = json(&lines.next().unwrap())["servers"][0].clone();
    assert_eq!(
        (
            &first["address"],
            &first["kind"],
            &first["running"],
            &first["cores"]
        ),
        (&stats.clone().into(), &"server".into(), &2.into(), &4.into())
    );
    assert_eq!(first["workers"][1]["worker_id"], 2);
    assert_eq!(
        first["requests_s"], 0.0,
        "rates are there from the first document on"
    );

    let hang_up = Command::new("kill")
        .args(["-HUP", &server.id().to_string()])
        .status();
    assert!(hang_up.unwrap().success());
    let told = lines.until_containing("\"kind\":\"reload\"");
    let events = &json(told.last().unwrap())["servers"][0]["events"];
    let kinds: Vec<_> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["kind"])
        .collect();
    assert!(kinds.contains(&&"reload".into()), "{events}");
    view.interrupt();
    assert_eq!(view.exit_code(), Some(0));
}

const OTHER_PAGE: &str = "\u{1b}[?1049h";
const FORMER_PAGE: &str = "\u{1b}[?1049l";
const CURSOR: &str = "\u{1b}[?25h";

#[test]
fn a_terminal_is_given_back_as_it_was_after_q_ctrl_c_and_sigterm() {
    let server = stats_server(DOCUMENT);
    for end in ["q", "\u{3}", "SIGTERM"] {
        let pty = Pty::open();
        assert!(!pty.is_raw());
        let mut view = pty.run(uwsgi_lab().args(["top", &server]));
        eventually("the view is shown", || pty.shows("127.0.0.1") && pty.shows("REQ"));
        assert!(pty.is_raw() && pty.shows(OTHER_PAGE) && !pty.shows(FORMER_PAGE));
        match end {
            "SIGTERM" => {
                let kill = Command::new("kill").arg(view.id().to_string()).status();
                assert!(kill.unwrap().success());
            }
            keys => pty.type_in(keys),
        }
        assert_eq!(view.exit_code(), Some(0), "{end:?}");
        eventually("the former page is back", || {
            pty.shows(FORMER_PAGE) && pty.shows(CURSOR)
        });
        assert!(!pty.is_raw(), "{end:?}");
    }
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_takes_it_again() {
    let server = stats_server(DOCUMENT);
    let pty = Pty::open();
    let mut view = pty.run(uwsgi_lab().args(["top", &server]));
    eventually("the view is shown", || pty.shows("REQ"));
    // The kernel stops nobody whose shell is gone, so it goes on at once.
    pty.type_in("\u{1a}");
    eventually("the view is shown again", || {
        pty.count(OTHER_PAGE) == 2 && pty.count("REQ") == 2
    });
    assert_eq!(pty.count(FORMER_PAGE), 1);
    pty.type_in("q");
    assert_eq!(view.exit_code(), Some(0));
}

#[test]
fn keys_change_the_view_and_a_terminal_that_shrinks_is_no_harm() {
    let server = stats_server(DOCUMENT);
    let pty = Pty::open();
    let mut view = pty.run(uwsgi_lab().args(["top", &server]));
    eventually("the view is shown", || pty.shows("REQ"));
    pty.type_in("i");
    eventually("requests are shown", || pty.shows("METHOD"));
    pty.type_in("?");
    eventually("help is shown", || pty.shows("Keys and columns"));
    pty.resize(10, 3);
    pty.type_in("?w");
    eventually("the little view is shown", || pty.shows("WID"));
    assert!(view.is_running());
    pty.type_in("q");
    assert_eq!(view.exit_code(), Some(0));
}

/// `group.key` of everything that `explain` knows.
fn explained() -> BTreeSet<String> {
    let output = uwsgi_lab()
        .args(["explain", "--output", "json"])
        .output()
        .unwrap();
    let groups = json(&text(&output.stdout))["groups"].clone();
    let groups = groups.as_array().unwrap().iter();
    let keys = groups.flat_map(|group| {
        let name = group["group"].as_str().unwrap();
        let keys = group["keys"].as_array().unwrap().iter();
        keys.map(move |key| format!("{name}.{}", key["key"].as_str().unwrap()))
    });
    keys.collect()
}

/// The group of each measurement.
const GROUPS: [(&str, &str); 15] = [
    ("uwsgi_summary", "uwsgi_summary"),
    ("uwsgi_overview", "server"),
    ("uwsgi_workers", "worker"),
    ("uwsgi_apps", "app"),
    ("uwsgi_cores", "core"),
    ("uwsgi_sockets", "socket"),
    ("uwsgi_caches", "cache"),
    ("uwsgi_spoolers", "spooler"),
    ("uwsgi_crons", "cron"),
    ("uwsgi_daemons", "daemon"),
    ("uwsgi_metrics", "metric"),
    ("uwsgi_emperor", "emperor"),
    ("uwsgi_vassals", "emperor"),
    ("uwsgi_router", "router"),
    ("uwsgi_nodes", "router"),
];

#[test]
fn every_field_that_is_collected_is_explained() {
    const SMALL: &[u8] = br#"{"workers":[],"crons":[{"command":"tidy"}],"daemons":[{"cmd":"redis"}],
        "metrics":{"mine":{"value":1}}}"#;
    const EMPEROR: &[u8] = br#"{"vassals":[{"id":"one.ini"}],"throttle_level":0}"#;
    const ROUTER: &[u8] = br#"{"active_sessions":0,"static_nodes":[{"name":"a"}],
        "subscriptions":[{"key":"b","nodes":[{"name":"c"}]}]}"#;
    let everything = include_bytes!("../fixtures/uwsgi-stats/mules-spooler-cache.json");
    let explained = explained();
    let mut missing = BTreeSet::new();
    for document in [everything, SMALL, EMPEROR, ROUTER] {
        let server = stats_server(document);
        let output = uwsgi_lab().args(["collect", &server, "--once"]).output().unwrap();
        for line in text(&output.stdout).lines() {
            let (series, rest) = line.split_once(' ').unwrap();
            let measurement = series.split(',').next().unwrap();
            let group = GROUPS.iter().find(|(name, _)| *name == measurement);
            let Some((_, group)) = group else { continue };
            for field in rest.rsplit_once(' ').unwrap().0.split(',') {
                let key = format!("{group}.{}", field.split('=').next().unwrap());
                if !explained.contains(&key) {
                    missing.insert(key);
                }
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn a_key_that_nobody_knows_is_wrong_usage_with_what_may_be_meant() {
    let output = uwsgi_lab().args(["explain", "avg_tr"]).output().unwrap();
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (
            Some(2),
            "error: no statistic is called 'avg_tr'\n  hint: did you mean avg_rt?\n  \
             hint: `uwsgi-lab explain` lists them all\n"
        )
    );
}
