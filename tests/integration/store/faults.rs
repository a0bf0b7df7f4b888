//! What must not hurt the store: bodies and queries of absurd size, a disk that is full, and SIGKILL while it writes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::servers::{Server, said, store_command};

/// The most that the process has had resident, in MB; `None` where the system does not tell.
fn peak_mb(store: &Server) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", store.process.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024)
}

async fn with_database(directory: &Path) -> Server {
    let store = Server::store(directory);
    assert_eq!(store.ask(&[("q", "CREATE DATABASE db")]).await.0, 200);
    store
}

/// The only number in the answer to a query.
async fn number(store: &Server, query: &str) -> i64 {
    let (status, body) = store.ask(&[("db", "db"), ("q", query), ("epoch", "ns")]).await;
    assert_eq!(status, 200, "{body}");
    let document: serde_json::Value = serde_json::from_str(&body).unwrap();
    document["results"][0]["series"][0]["values"][0][1]
        .as_i64()
        .unwrap_or_else(|| panic!("{query}: {body}"))
}

/// The answer to a write whose body does not say how long it is.
async fn sent_in_chunks(store: &Server, body: &[u8]) -> String {
    let address = store.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /write?db=db HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in body.chunks(1 << 20) {
        stream
            .write_all(format!("{:x}\r\n", piece.len()).as_bytes())
            .await
            .unwrap();
        stream.write_all(piece).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_within_bounds() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_database(directory.path()).await;
    let refused = (413, "{\"error\":\"Request Entity Too Large\"}\n".to_owned());
    let line = "m,host=a value=1 1\n";
    let large = line.repeat(100_000_000 / line.len());
    let declared = store
        .post("/write?db=db")
        .body(large.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(said(declared).await, refused);
    assert!(
        sent_in_chunks(&store, large.as_bytes())
            .await
            .starts_with("HTTP/1.1 413 ")
    );
    let bomb = super::exchanges::gzip(line.repeat(400_000_000 / line.len()).as_bytes());
    assert!(bomb.len() < 25_000_000);
    let unpacked = store
        .post("/write?db=db")
        .header("content-encoding", "gzip")
        .body(bomb);
    assert_eq!(said(unpacked.send().await.unwrap()).await, refused);
    let form = format!("q=SELECT {}", "x".repeat(2_000_000));
    assert_eq!(
        said(store.post("/query").body(form).send().await.unwrap()).await,
        refused
    );
    store.write("db=db", line).await;
    let peak = peak_mb(&store).unwrap_or_default();
    assert!(peak < 150, "{peak} MB");
}

#[tokio::test]
async fn absurd_queries_are_refused_with_a_reason_and_hurt_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let store = with_database(directory.path()).await;
    let lines: String = (0..1000)
        .map(|at| format!("m,host=h{at} value={at} {at}000000000000\n"))
        .collect();
    store.write("db=db", lines).await;
    let nested = format!("SELECT {}value{} FROM m", "(".repeat(10_000), ")".repeat(10_000));
    let deep = format!(
        "{}SELECT value FROM m{}",
        "SELECT value FROM (".repeat(1000),
        ")".repeat(1000)
    );
    let wide = format!("SELECT {} FROM m", vec!["value"; 20_000].join(", "));
    let high = format!("SELECT {} FROM m", vec!["value"; 20_000].join(" + "));
    let table = [
        (
            "SELECT mean(value) FROM m WHERE time >= 0 AND time < 1000000s GROUP BY time(1ns)",
            200,
            "max-select-buckets limit exceeded",
        ),
        (
            "SELECT mean(value) FROM m GROUP BY time(1u) fill(0)",
            200,
            "max-select-buckets limit exceeded",
        ),
        (
            "SELECT mean(value) FROM m WHERE time >= 0 AND time < 1000000s GROUP BY time(1s), host fill(0)",
            200,
            "bytes of memory",
        ),
        (&nested, 400, "error parsing query: more than"),
        (&deep, 400, "error parsing query: more than"),
        (&high, 400, "error parsing query: more than"),
        (&wide, 200, "a SELECT of 20000 columns is not supported"),
    ];
    for (query, status, reason) in table {
        let answer = store.ask(&[("db", "db"), ("q", query)]).await;
        let start: String = answer.1.chars().take(300).collect();
        assert!(
            answer.0 == status && start.contains(reason),
            "{}: {} {start}",
            &query[..60],
            answer.0
        );
        assert_eq!(number(&store, "SELECT count(value) FROM m").await, 1000);
    }
    let peak = peak_mb(&store).unwrap_or_default();
    assert!(peak < 600, "{peak} MB");
}

#[tokio::test]
async fn every_acknowledged_point_is_there_after_sigkill() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..5 {
        let mut store = with_database(directory.path()).await;
        let (url, http) = (store.url.clone(), store.http.clone());
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let writing = tokio::spawn(async move {
            let mut written = acknowledged;
            loop {
                let lines: String = (0..100)
                    .map(|at| format!("m value={at}i {}\n", written + at))
                    .collect();
                let request = http.post(format!("{url}/write?db=db")).body(lines);
                match request.send().await {
                    Ok(response) if response.status() == 204 => written += 100,
                    _ => return written,
                }
                sender.send(written).await.ok();
            }
        });
        // in the middle of one of the writes that follow
        let enough = acknowledged + 300 + 100 * round;
        while receiver.recv().await.unwrap() < enough {}
        receiver.close();
        store.process.kill();
        acknowledged = writing.await.unwrap();
        let again = Server::store(directory.path());
        let found = number(&again, "SELECT count(value) FROM m").await;
        assert!(
            found == acknowledged || found == acknowledged + 100,
            "{found}, acknowledged {acknowledged}"
        );
    }
}

/// The store on a file system of 6 MB of its own; `None` where this user may not mount one.
fn on_small_disk(directory: &Path) -> Option<Command> {
    let place = directory.display();
    let store = store_command(directory);
    let script = format!("mount -t tmpfs -o size=6m none '{place}' && exec \"$@\"");
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]);
        command
    };
    let mut attempt = unshare(&script);
    let may = attempt.arg("true").stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        return None;
    }
    let mut command = unshare(&script);
    command.arg(store.get_program()).args(store.get_args());
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

#[tokio::test]
async fn a_full_disk_is_told_and_what_was_acknowledged_stays() {
    let directory = tempfile::tempdir().unwrap();
    let Some(mut command) = on_small_disk(directory.path()) else {
        eprintln!("SKIPPED: no file system can be mounted for a test of a full disk");
        return;
    };
    let store = Server::started(&mut command);
    assert_eq!(store.ask(&[("q", "CREATE DATABASE db")]).await.0, 200);
    let mut chance = super::points::Chance::new(7);
    let mut acknowledged = 0;
    let refusal = loop {
        let lines: String = (0..2000)
            .map(|at| {
                format!(
                    "m a={}i,b=\"{}\" {}\n",
                    chance.below(1 << 30),
                    chance.below(1 << 30),
                    acknowledged + at
                )
            })
            .collect();
        let answer = said(store.post("/write?db=db").body(lines).send().await.unwrap()).await;
        if answer.0 != 204 {
            break answer;
        }
        acknowledged += 2000;
        assert!(acknowledged < 10_000_000, "the disk is never full");
    };
    assert!(refusal.0 == 500 && refusal.1.contains("no space"), "{refusal:?}");
    assert_eq!(number(&store, "SELECT count(a) FROM m").await, acknowledged);
}
