//! Points that wait on disk while the lab's store is away.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::environment::eventually;
use crate::local::lab::{Lab, kill};

fn on_disk(lab: &Lab) -> u64 {
    lab.status()["running"]["writer"]["points_on_disk"]
        .as_u64()
        .unwrap()
}

/// Files with points that wait.
fn segments(lab: &Lab) -> usize {
    let places = fs::read_dir(lab.state().join("spool")).into_iter().flatten();
    let files = places.flat_map(|place| fs::read_dir(place.unwrap().path()).unwrap());
    let names = files.map(|file| file.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().ends_with(".batches"))
        .count()
}

/// The times of all scrapes that the store has, in milliseconds.
fn scrapes(lab: &Lab) -> Vec<i64> {
    let rows = lab.influxql("SELECT up FROM uwsgi_summary");
    rows.iter().map(|row| row[0].as_i64().unwrap()).collect()
}

/// Takes the store away and waits until some scrapes are on disk.
fn take_store_away(lab: &Lab) {
    kill(lab.pids()["influxdb"]);
    // A scrape is fewer than 20 points.
    eventually("three scrapes are on disk", || on_disk(lab) >= 60);
}

#[test]
fn points_wait_on_disk_while_the_store_is_gone_and_outlive_the_process_that_read_them() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    eventually("the store has a scrape", || !scrapes(&lab).is_empty());
    let before = *scrapes(&lab).last().unwrap();
    take_store_away(&lab);
    let text = lab.run(&["status"]).stdout;
    assert!(text.contains(" on disk), 0 dropped\n"), "{text}");
    kill(lab.pid().unwrap());
    lab.ends();
    let killed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;

    lab.up(&[]);
    eventually("nothing waits on disk", || on_disk(&lab) == 0);
    let meanwhile = |time: &&i64| (before + 1..killed).contains(*time);
    let scrapes = scrapes(&lab);
    assert!(
        scrapes.iter().filter(meanwhile).count() >= 3,
        "{before} {killed} {scrapes:?}"
    );
    assert!(scrapes.is_sorted());
}

#[test]
fn points_that_wait_go_with_the_data() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    take_store_away(&lab);
    lab.down(&[]);
    assert_ne!(segments(&lab), 0);
    let reset = lab.run_with_ports(&["reset", "--detach"]);
    assert_eq!(reset.code, Some(0), "{reset:?}");
    take_store_away(&lab);
    lab.down(&["--volumes"]);
    assert!(!lab.state().join("spool").exists());
}
