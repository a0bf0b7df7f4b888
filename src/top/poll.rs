//! Looks at each server on an interval of its own, so that one that hangs delays no other.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::uwsgi::StatsAddress;

use super::reading::{Clock, look};
use super::state::Message;

/// A server that is to be watched.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) address: StatsAddress,
    /// As in the `source` tag of points.
    pub(crate) source: String,
}

/// Looks at all `targets` until the tasks are aborted or nobody listens.
pub(super) fn start(
    targets: &[Target],
    clock: Clock,
    interval: &watch::Receiver<Duration>,
    readings: &mpsc::Sender<Message>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for (index, target) in targets.iter().enumerate() {
        let address = target.address.clone();
        tasks.spawn(poll(index, address, clock, interval.clone(), readings.clone()));
    }
    tasks
}

async fn poll(
    server: usize,
    mut address: StatsAddress,
    clock: Clock,
    mut interval: watch::Receiver<Duration>,
    readings: mpsc::Sender<Message>,
) {
    loop {
        let began = Instant::now();
        let reading = Box::new(look(&mut address, &clock).await);
        if readings.send(Message::Looked { server, reading }).await.is_err() {
            return;
        }
        loop {
            let due = began + *interval.borrow_and_update();
            tokio::select! {
                () = sleep_until(due) => break,
                changed = interval.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// Goes on with the panic of a task that looks at a server: it would be silent for ever.
pub(super) async fn broken(polls: &mut JoinSet<()>) {
    match polls.join_next().await {
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        _ => std::future::pending().await,
    }
}
