//! Ctrl-C: in a lab that runs in the foreground, twice, and at any step of the way up.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::process::{Command, Stdio};

use crate::docker::lab::{Lab, docker};
use crate::environment::{Lines, Process, eventually};
use crate::http;

/// `up` in the foreground with its stdout and stderr.
fn start(lab: &Lab) -> (Process, Lines, Lines) {
    let mut command = lab.command_with_ports(&["up"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = Process::start(&mut command);
    let (stdout, stderr) = process.listen();
    (process, stdout, stderr)
}

/// `service grafana: stopped (2.3s)` where that took long.
fn without_time(line: &str) -> String {
    let short = line
        .strip_suffix(')')
        .and_then(|line| line.rsplit_once(": stopped ("));
    short.map_or(line.to_owned(), |(service, _)| format!("{service}: stopped"))
}

fn number_before(text: &str, word: &str) -> f64 {
    let words: Vec<&str> = text.split([' ', '(', ')', ',', ';']).collect();
    let at = words.iter().position(|other| *other == word).unwrap();
    words[at - 1].parse().unwrap()
}

#[test]
fn ctrl_c_ends_a_lab_in_order_and_loses_no_point() {
    let Some(lab) = Lab::new() else { return };
    let (mut process, stdout, stderr) = start(&lab);
    stdout.until(&format!(
        "  Ctrl-C stops it; `uwsgi-lab down --name {}` takes it away.",
        lab.name
    ));
    assert_eq!(lab.status()["running"]["detached"], false);
    eventually("some load was sent", || {
        lab.status()["running"]["load"]["answered"].as_u64() >= Some(16)
    });
    process.interrupt();
    assert_eq!(process.exit_code(), Some(0));
    stderr.until("Stopping: load, collector, services. Ctrl-C again stops at once.");
    let mut farewell = stderr.rest();
    let figures = farewell.remove(0);
    assert!(
        figures.starts_with("load and collector: stopped (") && !figures.contains("lost"),
        "{figures}"
    );
    let latencies = farewell.remove(0);
    assert!(
        latencies.starts_with("latency of the whole run: p50 "),
        "{latencies}"
    );
    farewell[..3].sort();
    let farewell: Vec<String> = farewell
        .iter()
        .map(|line| lab.masked(&without_time(line)))
        .collect();
    assert_eq!(
        farewell,
        [
            "service grafana: stopped",
            "service influxdb: stopped",
            "service uwsgi: stopped",
            "Stopped; the data is kept. `uwsgi-lab up --name NAME` with the same options goes on, `uwsgi-lab down --name NAME --volumes` takes everything away.",
        ]
    );
    let states: Vec<String> = lab.services().into_values().collect();
    assert_eq!(states, ["exited", "exited", "exited"]);
    assert_eq!(
        number_before(&figures, "sent"),
        number_before(&figures, "answered")
    );

    docker(&["start", &lab.containers()["influxdb"]]);
    eventually("InfluxDB answers", || {
        http::get(&lab.url("--influxdb-port", "/ping"), None).is_some_and(|(status, _)| status == 204)
    });
    assert_eq!(stored_points(&lab), number_before(&figures, "points"));
}

/// Counted by a field that each point of the measurement has.
fn stored_points(lab: &Lab) -> f64 {
    let counted = [
        ("uwsgi_summary", "up"),
        ("uwsgi_overview", "pid"),
        ("uwsgi_workers", "requests"),
        ("uwsgi_apps", "requests"),
        ("uwsgi_cores", "requests"),
        ("uwsgi_sockets", "queue"),
        ("uwsgi_load", "answered"),
    ];
    let counts = counted.map(|(measurement, field)| {
        lab.influxql(&format!("SELECT count({field}) FROM {measurement}"))[0][1]
            .as_f64()
            .unwrap()
    });
    counts.iter().sum()
}

/// Runs `lab` in a terminal of its own.
fn in_terminal(lab: &Command) -> Command {
    let words = std::iter::once(lab.get_program()).chain(lab.get_args());
    let words: Vec<String> = words
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    // The shell in between would end with 130 whatever its child does.
    let command = format!("exec {}", words.join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
    script.env_clear().current_dir(lab.get_current_dir().unwrap());
    let variables = lab.get_envs();
    script.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    script
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    script
}

#[test]
fn a_terminal_is_told_the_password_and_ctrl_c_typed_there_ends_the_lab() {
    let Some(lab) = Lab::new() else { return };
    let mut process = Process::start(&mut in_terminal(&lab.command_with_ports(&["up"])));
    let (screen, _) = process.listen();
    let welcome = screen.until("  Ctrl-C stops it");
    let [_, _, grafana] = lab.credentials();
    let password = format!(
        "  Password   {grafana} (Grafana; all: `uwsgi-lab status --name {} --show-passwords`)",
        lab.name
    );
    assert!(
        welcome.iter().any(|line| line.trim_end() == password),
        "{welcome:?}"
    );
    process.type_in("\u{3}");
    assert_eq!(process.exit_code(), Some(0), "{:?}", screen.rest());
    let states: Vec<String> = lab.services().into_values().collect();
    assert_eq!(states, ["exited", "exited", "exited"]);
}

#[test]
fn a_second_ctrl_c_stops_at_once_and_down_still_works() {
    let Some(lab) = Lab::new() else { return };
    let (mut process, stdout, stderr) = start(&lab);
    stdout.until("  Ctrl-C stops it");
    process.interrupt();
    stderr.until("Stopping: ");
    process.interrupt();
    assert_eq!(process.exit_code(), Some(130));
    let last = stderr.rest();
    let last: Vec<String> = last[last.len() - 2..]
        .iter()
        .map(|line| lab.masked(line))
        .collect();
    assert_eq!(
        last,
        [
            "error: stopped at once",
            "  hint: `uwsgi-lab status --name NAME` shows what still runs, `uwsgi-lab down --name NAME` takes it away",
        ]
    );
    lab.down(&["--volumes"]);
    assert_eq!(lab.remains(), Vec::<String>::new());
}

/// Interrupts `up` after so many lines of its news, finishes with another `up`, takes everything away.
fn interrupt_after(lab: &Lab, lines: usize) {
    let (mut process, _stdout, stderr) = start(lab);
    eventually("the command has begun", || lab.state().join("stack").exists());
    let before: Vec<String> = (0..lines).map_while(|_| stderr.next()).collect();
    process.interrupt();
    let code = process.exit_code();
    assert!(
        matches!(code, Some(0 | 130)),
        "{code:?} after {before:?}: {:?}",
        stderr.rest()
    );
    lab.up(&[]);
    let states: Vec<String> = lab.services().into_values().collect();
    assert_eq!(states, ["running", "running", "running"], "after {before:?}");
    lab.down(&["--volumes"]);
    assert_eq!(lab.remains(), Vec::<String>::new(), "after {before:?}");
    assert!(!lab.state().exists());
}

#[test]
fn up_goes_on_where_ctrl_c_stopped_it_before_there_were_containers() {
    let Some(lab) = Lab::new() else { return };
    for lines in [0, 1, 3, 5] {
        interrupt_after(&lab, lines);
    }
}

#[test]
fn up_goes_on_where_ctrl_c_stopped_it_while_services_started() {
    let Some(lab) = Lab::new() else { return };
    for lines in [6, 7, 9, 11] {
        interrupt_after(&lab, lines);
    }
}
