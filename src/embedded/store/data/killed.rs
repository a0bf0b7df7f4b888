//! A process that writes is killed with SIGKILL again and again; what it acknowledged has to be there afterwards.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

use super::super::column::Tables as _;
use super::*;

/// Names the directory to the child, which is this test in another process.
const DIRECTORY: &str = "UWSGI_LAB_TEST_STORE_DIRECTORY";
const ROUNDS: usize = 8;
const POINTS_OF_A_BODY: usize = 40;

/// Small, so that many kills fall into sealing.
const LIMITS: Limits = Limits {
    series: 1_000,
    fields: 10,
    head_bytes: 30_000,
    journal_bytes: 1_000_000,
    pages: None,
};

#[test]
fn a_store_that_was_killed_has_every_acknowledged_point() {
    #[expect(clippy::disallowed_methods, reason = "tells the child from its parent")]
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        write_until_killed(Path::new(&directory));
    }
    let directory = TempDir::new().unwrap();
    let mut next = 0;
    for round in 0..ROUNDS {
        let acknowledged = run_and_kill(directory.path(), 3 + round * 7 % 40);
        let stored = stored(directory.path());
        assert!(acknowledged >= next, "round {round} wrote nothing");
        assert_eq!(
            stored.keys().copied().take(acknowledged + 1).collect::<Vec<_>>(),
            (0..=acknowledged).collect::<Vec<_>>()
        );
        assert!(
            stored.values().all(|points| *points == POINTS_OF_A_BODY),
            "{stored:?}"
        );
        next = stored.len();
    }
}

/// Starts a child that goes on writing, kills it after so many bodies, and tells the number of the last acknowledged one.
fn run_and_kill(directory: &Path, bodies: usize) -> usize {
    let (_, module) = module_path!().split_once("::").unwrap();
    let name = format!("{module}::a_store_that_was_killed_has_every_acknowledged_point");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut stored = lines.filter_map(|line| line.unwrap().strip_prefix("stored ")?.parse().ok());
    let last = stored.by_ref().nth(bodies).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // What was acknowledged before the signal arrived.
    stored.last().unwrap_or(last)
}

fn write_until_killed(directory: &Path) -> ! {
    let storage = Storage::open_limited(directory, LIMITS).unwrap();
    storage.create_database("lab").unwrap();
    let tables = storage.tables("lab").unwrap().unwrap();
    let first = count_bodies(&tables).len();
    drop(tables);
    println!();
    for body in first.. {
        let lines = (0..POINTS_OF_A_BODY)
            .map(|series| format!("m,s={series} v={body}i,t=\"{body}\" {}\n", body * 10));
        let text: String = lines.collect();
        storage
            .write("lab", text.as_bytes(), Precision::Seconds, 0)
            .unwrap();
        println!("stored {body}");
    }
    unreachable!("the numbers do not end")
}

/// The numbers of the bodies that are stored, and how many points of each; the file is checked as well.
fn stored(directory: &Path) -> BTreeMap<usize, usize> {
    let storage = Storage::open_limited(directory, LIMITS).unwrap();
    let bodies = count_bodies(&storage.tables("lab").unwrap().unwrap());
    drop(storage);
    let connection = Connection::open(directory::path(directory, 1)).unwrap();
    let check: String = connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    bodies
}

fn count_bodies(tables: &Snapshot) -> BTreeMap<usize, usize> {
    let series = tables.series("m");
    let range = TimeRange {
        from: i64::MIN,
        to: i64::MAX,
    };
    let mut bodies = BTreeMap::new();
    tables
        .columns(
            "m",
            &series,
            "v",
            range,
            &mut |_: usize, column: super::super::column::Column| {
                for time in column.times {
                    *bodies
                        .entry(usize::try_from(time / 10_000_000_000).unwrap())
                        .or_insert(0) += 1;
                }
                Ok(())
            },
        )
        .unwrap();
    bodies
}
