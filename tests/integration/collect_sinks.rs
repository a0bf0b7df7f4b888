//! Where `uwsgi-lab collect` sends points: several places at once, and a directory while InfluxDB is away.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use super::collect::{DOCUMENT, collect, query, start_influxd_at, stats_server, text};
use super::environment::{Peer, Process, eventually, free_port, uwsgi_lab};

/// The times of all `uwsgi_summary` lines in a file, in milliseconds.
fn times(path: &Path) -> Vec<i64> {
    let lines = fs::read_to_string(path).unwrap_or_default();
    let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let summaries = whole.lines().filter(|line| line.starts_with("uwsgi_summary"));
    summaries
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect()
}

/// Bytes in the segments under `directory`.
fn spooled(directory: &Path) -> u64 {
    let places = fs::read_dir(directory).into_iter().flatten();
    let files = places.flat_map(|place| fs::read_dir(place.unwrap().path()).unwrap());
    let files = files.map(|file| file.unwrap());
    let segments = files.filter(|file| file.file_name() != "lock");
    segments
        .filter_map(|file| Some(file.metadata().ok()?.len()))
        .sum()
}

/// The times of all points of `uwsgi_summary` that InfluxDB has, in milliseconds.
fn stored(address: &str) -> Vec<i64> {
    let answer = query(address, "SELECT up FROM uwsgi_summary");
    let rows = answer.lines().skip(1);
    rows.map(|row| row.split(',').nth(2).unwrap().parse::<i64>().unwrap() / 1_000_000)
        .collect()
}

/// A collector that goes on for ever, to InfluxDB and to a file, which tells what it has seen.
fn start(server: &str, influxdb: &str, buffer: &Path, seen: &Path) -> Process {
    let mut command = uwsgi_lab();
    command.args(["collect", server, "--interval", "50ms", "--influxdb", influxdb]);
    command.arg("--buffer-dir").arg(buffer).arg("--output").arg(seen);
    Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
}

#[test]
fn killed_while_influxdb_is_away_and_started_again_it_writes_what_had_reached_the_disk() {
    let Some(influxd) = Peer::INFLUXD.find() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let (buffer, seen) = (directory.path().join("buffer"), directory.path().join("seen"));
    let port = free_port();
    let (address, url) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
    let server = format!("tcp://{}", stats_server(DOCUMENT));

    let influxdb = start_influxd_at(&influxd, directory.path(), port);
    let mut collector = start(&server, &url, &buffer, &seen);
    eventually("InfluxDB has points", || !stored(&address).is_empty());
    drop(influxdb);
    eventually("points are on disk", || spooled(&buffer) > 0);
    let last = *times(&seen).last().unwrap();
    // Each batch has everything up to its own beginning: the second one from here on has the last that was seen.
    for _ in 0..2 {
        let before = spooled(&buffer);
        eventually("another batch is on disk", || spooled(&buffer) > before);
    }
    collector.kill();

    let mut influxdb = start_influxd_at(&influxd, directory.path(), port);
    let mut collector = start(&server, &url, &buffer, &seen);
    eventually("the disk is empty", || spooled(&buffer) == 0);
    collector.interrupt();
    assert_eq!(collector.exit_code(), Some(0));
    let stored = stored(&address);
    let missing: Vec<_> = times(&seen)
        .into_iter()
        .filter(|time| *time <= last && !stored.contains(time))
        .collect();
    // What InfluxDB itself lost when it was killed is not ours: it had acknowledged those.
    assert_eq!(missing, Vec::<i64>::new());
    influxdb.kill();
}

#[test]
fn points_of_one_run_are_written_by_the_next_and_two_runs_cannot_share_a_directory() {
    let Some(influxd) = Peer::INFLUXD.find() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let buffer = directory.path().join("buffer");
    let buffer_argument = buffer.display().to_string();
    let port = free_port();
    let (address, url) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
    let server = format!("tcp://{}", stats_server(DOCUMENT));
    let arguments = [
        &server,
        "--once",
        "--influxdb",
        &url,
        "--buffer-dir",
        &buffer_argument,
    ];

    let away = collect(&arguments);
    assert_eq!(away.status.code(), Some(0), "{}", text(&away.stderr));
    let expected = format!(
        "19 points for {url}/ uWSGI wait in {buffer_argument}; the next run with the same options writes them\n"
    );
    assert!(text(&away.stderr).ends_with(&expected), "{}", text(&away.stderr));

    let seen = directory.path().join("seen");
    let running = start(&server, &url, &buffer, &seen);
    eventually("the other collector runs", || !times(&seen).is_empty());
    let refused = collect(&arguments);
    assert_eq!(refused.status.code(), Some(4));
    let said = text(&refused.stderr);
    assert!(
        said.contains("error: another uwsgi-lab keeps its points in "),
        "{said}"
    );
    assert!(
        said.ends_with("hint: give each process a --buffer-dir of its own\n"),
        "{said}"
    );
    drop(running);

    let _influxdb = start_influxd_at(&influxd, directory.path(), port);
    let back = collect(&arguments);
    assert_eq!((back.status.code(), text(&back.stderr)), (Some(0), String::new()));
    assert_eq!(spooled(&buffer), 0);
    assert!(stored(&address).len() >= 2);
}

#[test]
fn a_file_is_appended_to_and_stands_beside_stdout() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lines");
    fs::write(&path, "there 1\n").unwrap();
    let server = format!("tcp://{}", stats_server(DOCUMENT));
    let output = collect(&[
        &server,
        "--once",
        "--output",
        &path.display().to_string(),
        "--output",
        "-",
    ]);
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(0), String::new())
    );
    let printed = text(&output.stdout);
    assert_eq!(printed.lines().count(), 19);
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("there 1\n{printed}"));

    let output = collect(&[
        &server,
        "--once",
        "--output",
        &directory.path().display().to_string(),
    ]);
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), output.stdout), (Some(4), vec![]), "{said}");
    assert!(
        said.contains("error: cannot write ") && said.contains("\n  hint: "),
        "{said}"
    );
}

/// Answers each request with `answer`, a whole HTTP response. Returns `host:port`, and what the first request said.
fn http_server(answer: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let first = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (address, first)
}

#[test]
fn a_bucket_that_influxdb_2_does_not_have_is_named_with_the_commands_that_make_it() {
    let body = r#"{"code":"not found","message":"unable to find DBRP"}"#;
    let answer = format!(
        "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (address, request) = http_server(answer.leak());
    let directory = tempfile::tempdir().unwrap();
    let token = directory.path().join("token");
    fs::write(&token, "s3cret==\n").unwrap();
    let server = format!("tcp://{}", stats_server(DOCUMENT));
    let token = token.display().to_string();
    let url = format!("http://{address}");
    let output = collect(&[
        &server,
        "--once",
        "--influxdb",
        &url,
        "--influxdb-token-file",
        &token,
        "-vv",
    ]);
    let request = request.join().unwrap().to_lowercase();
    assert!(
        request.contains("\r\nauthorization: token s3cret==\r\n"),
        "{request}"
    );
    let said = text(&output.stderr);
    let expected = "error: InfluxDB 2 has no bucket for the database `uWSGI`: unable to find DBRP\n  \
         hint: make one of that name: `influx bucket create --name uWSGI`\n  \
         hint: or map one: `influx v1 dbrp create --db uWSGI --rp autogen --default --bucket-id ID`, with the ID from \
         `influx bucket list`\n";
    assert_eq!(output.status.code(), Some(4));
    assert!(said.ends_with(expected) && !said.contains("s3cret"), "{said}");
}

#[test]
fn a_token_file_that_has_none_is_refused_before_anything_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    for (path, message) in [
        (empty, "error: there is no token in "),
        (
            directory.path().join("missing"),
            "error: cannot read the token in ",
        ),
    ] {
        let path = path.display().to_string();
        let influxdb = format!("http://127.0.0.1:{}", free_port());
        let output = collect(&[
            "tcp://127.0.0.1:1",
            "--influxdb",
            &influxdb,
            "--influxdb-token-file",
            &path,
        ]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with(message) && said.contains("\n  hint: "), "{said}");
    }
}
