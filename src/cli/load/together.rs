//! A load that several processes send together, as it is seen on the terminals of its coordinator and of its workers.

use std::net::SocketAddr;

use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use crate::load::{
    self, Coordinator, CoordinatorError, Crew, News, Settings, Summary, WorkerError, WorkerNews,
};
use crate::report::number;

use super::super::error::{Code, Failure};
use super::super::output;

/// Waits until all workers of a run are there and ready.
///
/// # Errors
/// Settings that cannot run, an address that is none to listen on, a worker that cannot send its share.
pub(super) async fn gather(listen: &str, settings: Settings, workers: usize) -> Result<Crew, Failure> {
    let coordinator = Coordinator::listen(listen, settings, workers);
    let coordinator = coordinator.await.map_err(|error| refused(&error))?;
    output::note(&format!(
        "waiting for {}: uwsgi-lab load --worker {}",
        number::counted(workers as u64, "worker"),
        reached_at(coordinator.address()),
    ));
    let crew = coordinator.gather(|news| output::note(&told(&news, workers)));
    crew.await.map_err(|error| refused(&error))
}

pub(super) async fn or_interrupted<T>(
    waiting: impl Future<Output = Result<T, Failure>>,
    interrupts: &mut Signal,
) -> Result<T, Failure> {
    tokio::select! {
        outcome = waiting => outcome,
        _ = interrupts.recv() => Err(Failure::new(Code::Interrupted, "interrupted; nothing was sent")),
    }
}

/// The address to type elsewhere. One that stands for all of this machine has none of its own.
fn reached_at(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("HOST:{}, where HOST is this machine", address.port()),
        false => address.to_string(),
    }
}

fn told(news: &News, workers: usize) -> String {
    match news {
        News::Came(peer, present) => format!("{peer} is there, {present} of {workers}"),
        News::Left(peer, present, error) => format!("{peer} has left, {present} of {workers}: {error}"),
        News::Refused(address, error) => format!("{address} is refused: {error}"),
    }
}

pub(super) fn refused(error: &CoordinatorError) -> Failure {
    match error {
        CoordinatorError::Load(error) => super::refused(error),
        CoordinatorError::Listen { .. } => Failure::from_error(Code::Unavailable, error)
            .hint("name another address with --listen, or leave it out"),
        CoordinatorError::TooLong(_) => Failure::from_error(Code::Usage, error),
        CoordinatorError::Unable { causes, .. } => {
            let mut failure = Failure::from_error(Code::Unavailable, error);
            failure.causes.extend(causes.iter().cloned());
            failure.hint("put it right where that worker runs, and start all of them again")
        }
        CoordinatorError::Left(_) => Failure::from_error(Code::Unexpected, error),
    }
}

/// # Errors
/// Workers that were gone before the end: then the report is not one of the whole run.
pub(super) fn judge(summary: &Summary) -> Result<(), Failure> {
    let Some(first) = summary.lost.first() else {
        return Ok(());
    };
    let message = format!("{} was gone before the end, and the run with it", first.peer);
    let mut failure = Failure::new(Code::Unexpected, message);
    failure.causes = match summary.lost.as_slice() {
        [only] => vec![only.reason.clone()],
        many => many.iter().map(ToString::to_string).collect(),
    };
    Err(failure)
}

/// Is a worker until the run is over. The first Ctrl-C ends its share early, a second one gives up what is in flight.
///
/// # Errors
/// A share that was not sent, or not all of it.
pub(super) async fn take_share(coordinator: &str) -> Result<(), Failure> {
    let mut interrupts = super::interrupts()?;
    let interrupt = CancellationToken::new();
    let mut share = std::pin::pin!(load::take_share(coordinator, &interrupt, |news| {
        output::note(&about(&news, coordinator));
    }));
    loop {
        tokio::select! {
            outcome = &mut share => return outcome.map_err(|error| failed(&error)),
            _ = interrupts.recv() => {
                if interrupt.is_cancelled() {
                    return Err(Failure::new(Code::Interrupted, "interrupted twice"));
                }
                interrupt.cancel();
            }
        }
    }
}

fn about(news: &WorkerNews, coordinator: &str) -> String {
    match news {
        WorkerNews::Joined => format!("joined {coordinator}, waiting for the others"),
        WorkerNews::Started { target, part } => {
            format!("sending to {target} from {} of {} threads", part.threads, part.of)
        }
        WorkerNews::Stopped => "the coordinator ends the run early".to_owned(),
    }
}

fn failed(error: &WorkerError) -> Failure {
    match error {
        WorkerError::Connect { .. } => Failure::from_error(Code::Unavailable, error)
            .hint("start it first: uwsgi-lab load URL -R RATE --workers N --listen HOST:PORT"),
        WorkerError::Off(_) => Failure::from_error(Code::Unavailable, error),
        WorkerError::Unable(cause) => {
            let mut failure = super::refused(cause);
            let first = std::mem::replace(&mut failure.message, error.to_string());
            failure.causes.insert(0, first);
            failure
        }
        WorkerError::Gone(_) => Failure::from_error(Code::Unexpected, error),
        WorkerError::Interrupted => {
            Failure::new(Code::Interrupted, "interrupted; the coordinator has been told")
        }
    }
}
