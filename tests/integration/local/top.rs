//! The terminal view of a lab: of what happens now, and of what it has stored.

use serde_json::Value;

use crate::environment::eventually;
use crate::local::lab::Lab;
use crate::pty::Pty;

#[test]
fn a_lab_is_shown_without_being_named_and_shown_again_from_what_it_has_stored() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&["--rate", "50"]);
    let stored = || lab.influxql("SELECT pid, requests FROM uwsgi_workers WHERE worker_id = '1'");
    eventually("some seconds are stored", || stored().len() > 5);

    let once = lab.run(&["top", "--once", "--interval", "100ms", "--output", "json"]);
    let now: Value = serde_json::from_str(&once.stdout).unwrap();
    let server = &now["servers"][0];
    let source = format!("127.0.0.1:{}", lab.port("--stats-port"));
    assert_eq!(
        (&server["source"], &server["up"], &server["workers"][0]["pid"]),
        (&source.into(), &true.into(), &stored()[0][1])
    );

    let pty = Pty::open();
    let mut view = pty.run(&lab.command(&["top", "--replay", "10m", "--speed", "64"]));
    eventually("the replay is at its end", || {
        pty.shows("REPLAY") && pty.shows("END")
    });
    let worker = stored()[0][1].to_string();
    assert!(pty.shows(&worker), "the process of worker 1, {worker}");
    pty.type_in("q");
    assert_eq!(view.exit_code(), Some(0));

    let earlier = lab.run(&["top", "--replay", "--output", "json"]);
    assert_eq!(
        (earlier.code, earlier.stderr.lines().next().unwrap()),
        (Some(2), "error: --replay is for the terminal only")
    );
}

#[test]
fn a_replay_of_a_lab_that_does_not_run_says_what_to_do() {
    let Some(lab) = Lab::new() else { return };
    let pty = Pty::open();
    let mut view = pty.run(&lab.command(&["top", "--replay"]));
    assert_eq!(view.exit_code(), Some(4));
    let name = &lab.name;
    eventually("the error is told", || {
        pty.shows(&format!(
            "error: the lab '{name}' does not run, and its InfluxDB has what it stored"
        ))
    });
}
