//! Several sinks at once: each has a writer of its own, so that none waits for another; shares the points among them.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::point::Point;

use super::sink::Sink;
use super::spool::Spool;
use super::writer::{Limits, Writer, WriterStatus};

/// Scrapes that may wait to be shared; a sender waits when it is full.
const QUEUE: usize = 256;

/// A sink and how points wait for it.
pub(crate) struct Outlet {
    pub(crate) sink: Sink,
    pub(crate) limits: Limits,
    /// Where points wait while the sink is away; in memory alone without one.
    pub(crate) spool: Option<Spool>,
}

/// Run until every sender is dropped or their caller cancels.
pub(crate) struct Writers {
    receiver: mpsc::Receiver<Vec<Point>>,
    writers: Vec<(Writer, mpsc::Sender<Arc<[Point]>>)>,
}

impl Writers {
    /// The statuses are those of `outlets`, in their order.
    pub(crate) fn new(
        outlets: Vec<Outlet>,
    ) -> (Self, mpsc::Sender<Vec<Point>>, Vec<watch::Receiver<WriterStatus>>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (mut writers, mut statuses) = (Vec::new(), Vec::new());
        for outlet in outlets {
            let (writer, points, status) = Writer::new(outlet.sink, outlet.limits, outlet.spool);
            writers.push((writer, points));
            statuses.push(status);
        }
        (Self { receiver, writers }, sender, statuses)
    }

    /// Each writer as [`Writer::run`]; ends with the last of them. Returns their statuses in the order of the outlets.
    pub(crate) async fn run(self, shutdown: CancellationToken) -> Vec<WriterStatus> {
        let (writers, senders): (Vec<_>, Vec<_>) = self.writers.into_iter().unzip();
        let running = writers.into_iter().map(|writer| writer.run(shutdown.clone()));
        let (statuses, ()) = tokio::join!(join_all(running), share(self.receiver, senders));
        statuses
    }
}

/// Returns when all points have been passed on, or nobody takes any.
async fn share(mut receiver: mpsc::Receiver<Vec<Point>>, mut senders: Vec<mpsc::Sender<Arc<[Point]>>>) {
    if senders.is_empty() {
        // Whoever only serves metrics needs the scrapes and not the points.
        while receiver.recv().await.is_some() {}
        return;
    }
    loop {
        let all_closed = join_all(senders.iter().map(mpsc::Sender::closed));
        let points = tokio::select! {
            points = receiver.recv() => points,
            _ = all_closed => None,
        };
        let Some(points) = points else { return };
        let points: Arc<[Point]> = points.into();
        // A writer takes points at once, whatever its sink does.
        for sender in &senders {
            sender.send(points.clone()).await.ok();
        }
        senders.retain(|sender| !sender.is_closed());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt as _;
    use tokio::time::timeout;

    use super::super::line_file::LineFile;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn outlet(sink: Sink) -> Outlet {
        Outlet {
            sink,
            limits: Limits {
                linger: Duration::ZERO,
                ..Limits::default()
            },
            spool: None,
        }
    }

    fn point(value: i64) -> Vec<Point> {
        vec![Point::new("m", value).field("v", value)]
    }

    #[tokio::test]
    async fn a_sink_that_hangs_delays_no_other_and_one_that_closes_ends_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines");
        let (hanging, _kept_full) = tokio::io::duplex(1);
        let (closed, reader) = tokio::io::duplex(64);
        drop(reader);
        let (writers, sender, statuses) = Writers::new(vec![
            outlet(Sink::Lines(Box::new(hanging))),
            outlet(Sink::Lines(Box::new(closed))),
            outlet(Sink::File(LineFile::open(path.clone()).unwrap())),
        ]);
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(writers.run(shutdown.clone()));
        // More than any queue holds.
        let count = 3 * QUEUE as i64;
        for value in 0..count {
            timeout(PATIENCE, sender.send(point(value)))
                .await
                .unwrap()
                .unwrap();
        }
        let mut file = statuses[2].clone();
        let all_written = file.wait_for(|status| status.points_written == count as u64);
        timeout(PATIENCE, all_written).await.unwrap().unwrap();
        assert_eq!(statuses[0].borrow().points_written, 0);
        assert!(statuses[1].borrow().closed.is_some());
        let expected: String = (0..count)
            .map(|value| format!("m v={value}i {value}\n"))
            .collect();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        running.abort();
    }

    #[tokio::test]
    async fn nobody_has_to_send_to_sinks_that_have_all_closed() {
        let (stream, mut reader) = tokio::io::duplex(64);
        let (writers, sender, _statuses) = Writers::new(vec![outlet(Sink::Lines(Box::new(stream)))]);
        let running = tokio::spawn(writers.run(CancellationToken::new()));
        sender.send(point(1)).await.unwrap();
        let mut line = [0; 9];
        reader.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, b"m v=1i 1\n");
        drop(reader);
        sender.send(point(2)).await.unwrap();
        timeout(PATIENCE, sender.closed()).await.unwrap();
        let statuses = running.await.unwrap();
        assert_eq!((statuses.len(), statuses[0].points_written), (1, 1));
    }
}
