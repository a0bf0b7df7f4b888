//! The writer against a fake InfluxDB that goes away, refuses and hangs, and a disk that is full.

use std::path::Path;

use crate::influx::Client;
use crate::influx::fake::FakeInflux;

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

fn sink(fake: &FakeInflux) -> Sink {
    Sink::Influx(Client::new(fake.url(), "uWSGI", None).unwrap())
}

fn at_once() -> Limits {
    Limits {
        linger: Duration::ZERO,
        ..Limits::default()
    }
}

fn points(times: std::ops::Range<i64>) -> Arc<[Point]> {
    times.map(|time| Point::new("m", time).field("v", time)).collect()
}

fn lines(times: std::ops::Range<i64>) -> Vec<String> {
    times.map(|time| format!("m v={time}i {time}")).collect()
}

async fn until(statuses: &mut watch::Receiver<WriterStatus>, condition: impl FnMut(&WriterStatus) -> bool) {
    tokio::time::timeout(PATIENCE, statuses.wait_for(condition))
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn nothing_is_lost_and_the_order_is_kept_while_influxdb_is_away() {
    let fake = FakeInflux::start();
    let small_batches = Limits {
        batch_points: 7,
        ..at_once()
    };
    let (writer, sender, mut statuses) = Writer::new(sink(&fake), small_batches, None);
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    sender.send(points(0..10)).await.unwrap();
    until(&mut statuses, |status| status.points_written == 10).await;

    fake.away();
    for second in 1..=60 {
        sender.send(points(second * 10..second * 10 + 10)).await.unwrap();
    }
    until(&mut statuses, |status| {
        status.stalled.is_some() && status.points_waiting == 600
    })
    .await;
    fake.back();
    fake.refuse(503, "too many writes", 1);
    drop(sender);

    let status = running.await.unwrap();
    assert_eq!(fake.lines(), lines(0..610));
    assert_eq!(
        (
            status.points_written,
            status.points_waiting,
            status.points_dropped,
            status.last_error()
        ),
        (610, 0, 0, None)
    );
}

#[tokio::test]
async fn what_influxdb_refuses_is_counted_marked_and_not_sent_again() {
    let fake = FakeInflux::start();
    fake.refuse(400, "partial write: field type conflict dropped=3", 1);
    fake.refuse(400, "unable to parse", 1);
    let (writer, sender, mut statuses) = Writer::new(sink(&fake), at_once(), None);
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    for (times, dropped) in [(0..10, 3), (10..12, 5), (12..13, 5)] {
        sender.send(points(times)).await.unwrap();
        until(&mut statuses, |status| {
            status.points_waiting == 0 && status.points_dropped == dropped
        })
        .await;
    }
    drop(sender);

    let status = running.await.unwrap();
    let refusal = "InfluxDB answers 400 Bad Request: unable to parse";
    assert_eq!(
        (status.points_written, status.points_dropped, status.last_error()),
        (7 + 1 + 1, 5, Some(refusal))
    );
    let stored = fake.lines();
    assert_eq!(stored[0], "m v=12i 12");
    assert!(
        stored[1].starts_with("uwsgi_collector points_dropped=5i "),
        "{stored:?}"
    );
}

#[tokio::test]
async fn points_wait_for_a_password_that_is_right_again() {
    let fake = FakeInflux::start();
    fake.refuse(401, "authorization failed", 2);
    let (writer, sender, _statuses) = Writer::new(sink(&fake), at_once(), None);
    sender.send(points(0..10)).await.unwrap();
    drop(sender);
    let status = writer.run(CancellationToken::new()).await;
    assert_eq!(fake.lines(), lines(0..10));
    assert_eq!((status.points_written, status.points_dropped), (10, 0));
}

#[tokio::test]
async fn a_batch_that_is_too_large_is_written_in_parts() {
    let fake = FakeInflux::start();
    fake.take_at_most(3);
    let (writer, sender, _statuses) = Writer::new(sink(&fake), at_once(), None);
    sender.send(points(0..10)).await.unwrap();
    drop(sender);
    let status = writer.run(CancellationToken::new()).await;
    assert_eq!(fake.lines(), lines(0..10));
    assert_eq!((status.points_written, status.points_dropped), (10, 0));
}

#[tokio::test]
async fn a_database_that_is_gone_is_created_again() {
    let fake = FakeInflux::start();
    fake.refuse(404, "database not found: \"uWSGI\"", 1);
    let (writer, sender, _statuses) = Writer::new(sink(&fake), at_once(), None);
    sender.send(points(0..2)).await.unwrap();
    drop(sender);
    writer.run(CancellationToken::new()).await;
    assert_eq!(
        (fake.queries(), fake.lines()),
        (vec!["CREATE DATABASE \"uWSGI\"".to_owned()], lines(0..2))
    );
}

#[tokio::test]
async fn cancelling_ends_a_writer_whose_influxdb_is_away_and_tells_what_is_left() {
    let fake = FakeInflux::start();
    fake.away();
    let limits = Limits {
        flush: Duration::from_millis(50),
        ..at_once()
    };
    let (writer, sender, _statuses) = Writer::new(sink(&fake), limits, None);
    sender.send(points(0..5)).await.unwrap();
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let status = tokio::time::timeout(PATIENCE, writer.run(shutdown))
        .await
        .unwrap();
    assert_eq!((status.points_written, status.points_waiting), (0, 5));
}

#[tokio::test]
async fn a_stream_whose_reader_is_gone_ends_the_writer() {
    let (stream, reader) = tokio::io::duplex(64);
    drop(reader);
    let (writer, sender, _statuses) = Writer::new(Sink::Lines(Box::new(stream)), at_once(), None);
    sender.send(points(0..5)).await.unwrap();
    let status = tokio::time::timeout(PATIENCE, writer.run(CancellationToken::new()))
        .await
        .unwrap();
    assert_eq!((status.points_written, status.closed.is_some()), (0, true));
}

#[tokio::test]
async fn a_bucket_that_is_missing_is_waited_for() {
    let fake = FakeInflux::start();
    fake.refuse_with(404, r#"{"code":"not found","message":"unable to find DBRP"}"#);
    let (writer, sender, mut statuses) = Writer::new(sink(&fake), at_once(), None);
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    sender.send(points(0..2)).await.unwrap();
    until(&mut statuses, |status| status.stalled.is_some()).await;
    until(&mut statuses, |status| status.points_written == 2).await;
    drop(sender);
    running.await.unwrap();
    assert_eq!(fake.lines(), lines(0..2));
}

/// A spool for the points of `fake` under `root`.
fn spool(fake: &FakeInflux, root: &Path) -> Option<Spool> {
    Some(Spool::open_for(fake.url().as_str(), root, 1 << 20).unwrap())
}

#[tokio::test]
async fn what_waits_outlives_the_process_and_is_written_before_what_comes_after() {
    let (fake, root) = (FakeInflux::start(), tempfile::tempdir().unwrap());
    fake.away();
    let (writer, sender, mut statuses) = Writer::new(sink(&fake), at_once(), spool(&fake, root.path()));
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    for second in 0..20 {
        sender.send(points(second * 10..second * 10 + 10)).await.unwrap();
    }
    until(&mut statuses, |status| status.points_on_disk == 200).await;
    assert_eq!(statuses.borrow().points_waiting, 200);
    // As `kill -9`, if nothing were told to end.
    running.abort();
    running.await.unwrap_err();

    fake.back();
    let (writer, sender, _statuses) = Writer::new(sink(&fake), at_once(), spool(&fake, root.path()));
    sender.send(points(200..210)).await.unwrap();
    drop(sender);
    let status = writer.run(CancellationToken::new()).await;
    assert_eq!(fake.lines(), lines(0..210));
    assert_eq!(
        (
            status.points_written,
            status.points_waiting,
            status.points_dropped
        ),
        (210, 0, 0)
    );
    assert_eq!(spool(&fake, root.path()).unwrap().points(), 0);
}

#[tokio::test]
async fn after_an_outage_the_order_is_kept_and_the_disk_is_empty_again() {
    let (fake, root) = (FakeInflux::start(), tempfile::tempdir().unwrap());
    let small_batches = Limits {
        batch_points: 7,
        ..at_once()
    };
    let (writer, sender, mut statuses) =
        Writer::new(sink(&fake), small_batches.clone(), spool(&fake, root.path()));
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    let mut next = 0;
    for outage in 1..=3 {
        fake.away();
        for _ in 0..20 {
            sender.send(points(next..next + 10)).await.unwrap();
            next += 10;
        }
        until(&mut statuses, |status| status.points_on_disk == 200).await;
        fake.back();
        // These come while the old ones are written.
        sender.send(points(next..next + 10)).await.unwrap();
        next += 10;
        until(&mut statuses, |status| status.points_written == outage * 210).await;
        until(&mut statuses, |status| status.points_on_disk == 0).await;
    }
    drop(sender);
    running.await.unwrap();
    assert_eq!(fake.lines(), lines(0..next));
}

#[tokio::test]
async fn an_end_while_influxdb_is_away_takes_no_longer_than_it_takes_to_keep_what_is_left() {
    let (fake, root) = (FakeInflux::start(), tempfile::tempdir().unwrap());
    fake.away();
    let patient = Limits {
        linger: Duration::from_secs(3600),
        flush: Duration::from_secs(3600),
        ..Limits::default()
    };
    let (writer, sender, mut statuses) = Writer::new(sink(&fake), patient, spool(&fake, root.path()));
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    sender.send(points(0..5)).await.unwrap();
    until(&mut statuses, |status| status.stalled.is_some()).await;
    sender.send(points(5..9)).await.unwrap();
    drop(sender);
    let status = tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    assert_eq!((status.points_on_disk, status.points_lost()), (9, 0));
    assert_eq!(spool(&fake, root.path()).unwrap().points(), 9);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_told_and_the_points_wait_in_memory() {
    let (fake, root) = (FakeInflux::start(), tempfile::tempdir().unwrap());
    fake.away();
    let spool = spool(&fake, root.path());
    std::fs::remove_dir_all(root.path()).unwrap();
    let (writer, sender, mut statuses) = Writer::new(sink(&fake), at_once(), spool);
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    sender.send(points(0..5)).await.unwrap();
    until(&mut statuses, |status| status.disk_error.is_some()).await;
    sender.send(points(5..9)).await.unwrap();
    until(&mut statuses, |status| status.points_waiting == 9).await;
    assert_eq!(statuses.borrow().points_on_disk, 0);
    fake.back();
    drop(sender);
    running.await.unwrap();
    assert_eq!(fake.lines(), lines(0..9));
}

#[tokio::test]
async fn points_that_are_too_many_for_one_request_stay_on_disk_until_all_parts_are_written() {
    let (fake, root) = (FakeInflux::start(), tempfile::tempdir().unwrap());
    fake.away();
    let (writer, sender, mut statuses) = Writer::new(sink(&fake), at_once(), spool(&fake, root.path()));
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    sender.send(points(0..10)).await.unwrap();
    until(&mut statuses, |status| status.points_on_disk == 10).await;
    fake.take_at_most(3);
    fake.back();
    until(&mut statuses, |status| status.points_on_disk == 0).await;
    drop(sender);
    let status = running.await.unwrap();
    assert_eq!((status.points_written, fake.lines()), (10, lines(0..10)));
}

#[tokio::test]
async fn points_go_to_disk_while_a_write_hangs() {
    let root = tempfile::tempdir().unwrap();
    // Takes connections and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = reqwest::Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let sink = Sink::Influx(Client::new(url, "uWSGI", None).unwrap());
    let spool = Spool::open_for("hangs", root.path(), 1 << 20).unwrap();
    let (writer, sender, mut statuses) = Writer::new(sink, at_once(), Some(spool));
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    sender.send(points(0..5)).await.unwrap();
    sender.send(points(5..9)).await.unwrap();
    until(&mut statuses, |status| status.points_on_disk == 9).await;
    assert_eq!(statuses.borrow().stalled, None, "before the write has failed");
    running.abort();
}

#[tokio::test]
async fn batches_that_come_from_disk_together_go_in_smaller_requests_after_one_that_failed() {
    let (fake, root) = (FakeInflux::start(), tempfile::tempdir().unwrap());
    fake.away();
    let small_batches = Limits {
        batch_points: 2,
        ..at_once()
    };
    let (writer, sender, mut statuses) =
        Writer::new(sink(&fake), small_batches.clone(), spool(&fake, root.path()));
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    sender.send(points(0..16)).await.unwrap();
    until(&mut statuses, |status| status.points_on_disk == 16).await;
    running.abort();
    running.await.unwrap_err();

    fake.back();
    fake.refuse(503, "timeout", 2);
    let (writer, sender, mut statuses) = Writer::new(sink(&fake), small_batches, spool(&fake, root.path()));
    let running = tokio::spawn(writer.run(CancellationToken::new()));
    until(&mut statuses, |status| status.points_written == 16).await;
    drop(sender);
    running.await.unwrap();
    assert_eq!(fake.lines(), lines(0..16));
    assert_eq!(fake.sizes(), [8, 4, 2, 2, 4, 8]);
}
