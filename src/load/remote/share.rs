//! A worker: joins a coordinator, sends the share of a run that it is told, and tells what became of it; prints nothing.

use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::wire::{FromWorker, Hello, Line, MOST_FOR_WORKERS, ToWorker, WireError, encode};
use super::{GREETING, SILENCE, plain};
use crate::load::merger::Desk;
use crate::load::part::Part;
use crate::load::reports::Message;
use crate::load::running::{Halt, HttpWorker, halt, launch, planned, spawn, staff};
use crate::load::{LoadError, Settings};

/// Messages that wait to be sent; when there are more, threads go on filling the intervals they have.
const KEPT: usize = 16;
/// Threads of one worker, whatever its coordinator says.
const MOST_THREADS: usize = 4096;

/// Why a worker did not send its share, or not all of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkerError {
    #[error("cannot reach the coordinator at {address}")]
    Connect { address: String, source: io::Error },
    #[error("the coordinator called it off: {0}")]
    Off(String),
    #[error("the coordinator is gone: {0}")]
    Gone(WireError),
    #[error("cannot send its share")]
    Unable(#[from] LoadError),
    #[error("interrupted")]
    Interrupted,
}

impl From<WireError> for WorkerError {
    fn from(error: WireError) -> Self {
        Self::Gone(error)
    }
}

/// What a worker is about.
#[derive(Debug)]
pub(crate) enum WorkerNews {
    /// It was taken in and waits for the others.
    Joined,
    /// It sends from this part of the run's threads.
    Started { target: String, part: Part },
    /// The coordinator ended the run before its time.
    Stopped,
}

/// Joins the coordinator at `address` and sends what it is told until that is done. `interrupt` ends it early; what is in flight is
/// waited for and told.
///
/// # Errors
/// A coordinator that is not there, refuses, or is gone before all was told; a share that cannot be sent.
pub(crate) async fn take_share(
    address: &str,
    interrupt: &CancellationToken,
    mut told: impl FnMut(WorkerNews),
) -> Result<(), WorkerError> {
    let share = tokio::select! {
        share = prepare(address, &mut told) => share?,
        () = interrupt.cancelled() => return Err(WorkerError::Interrupted),
    };
    let Share {
        target,
        part,
        line,
        start,
        staff,
    } = share;
    told(WorkerNews::Started { target, part });
    let mut sending = Sending::start(line, staff, start)?;
    sending.run(interrupt, told).await
}

/// A share that is to be sent.
struct Share {
    target: String,
    part: Part,
    line: Line,
    start: Instant,
    staff: Staff,
}

struct Staff {
    workers: Vec<HttpWorker>,
    desks: Vec<Desk>,
    messages: Receiver<Message>,
}

/// Everything until the word to go.
async fn prepare(address: &str, told: &mut impl FnMut(WorkerNews)) -> Result<Share, WorkerError> {
    let mut line = join(address).await?;
    let joined = Instant::now();
    told(WorkerNews::Joined);
    let (settings, part) = match line.receive().await? {
        ToWorker::Share { settings, part } => (*settings, part),
        other => return Err(unexpected(other)),
    };
    let target = settings
        .mix
        .first()
        .map_or_else(String::new, |first| first.target.to_string());
    // It looks up a name, which blocks.
    let staff = tokio::task::spawn_blocking(move || hire(settings, part)).await;
    let staff = match staff.unwrap_or(Err(LoadError::Lost)) {
        Ok(staff) => staff,
        Err(error) => {
            let causes = causes(&error);
            line.send(&FromWorker::Unable { causes }).await?;
            return Err(error.into());
        }
    };
    line.send(&FromWorker::Ready).await?;
    loop {
        match line.receive().await? {
            ToWorker::Ping => {
                let at_ns = u64::try_from(joined.elapsed().as_nanos()).unwrap_or(u64::MAX);
                line.send(&FromWorker::Pong { at_ns }).await?;
            }
            ToWorker::Go { at_ns } => {
                let start = joined.checked_add(Duration::from_nanos(at_ns));
                let start = start.ok_or(WireError::Impossible)?;
                return Ok(Share {
                    target,
                    part,
                    line,
                    start,
                    staff,
                });
            }
            other => return Err(unexpected(other)),
        }
    }
}

async fn join(address: &str) -> Result<Line, WorkerError> {
    let refused = |source| WorkerError::Connect {
        address: address.to_owned(),
        source,
    };
    let connected = tokio::time::timeout(GREETING, TcpStream::connect(address)).await;
    let stream = connected.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()));
    let mut line = Line::new(stream.map_err(refused)?, MOST_FOR_WORKERS);
    line.send(&FromWorker::Hello(Hello::own())).await?;
    match line.receive_within(GREETING).await? {
        ToWorker::Welcome => Ok(line),
        other => Err(unexpected(other)),
    }
}

fn unexpected(message: ToWorker) -> WorkerError {
    match message {
        ToWorker::Off { reason } => WorkerError::Off(plain(&reason)),
        _ => WireError::OutOfTurn.into(),
    }
}

/// Makes the worker threads of a part, with the target looked up; starts none.
fn hire(settings: Settings, part: Part) -> Result<Staff, LoadError> {
    if !part.is_sound() || part.threads > MOST_THREADS || settings.threads != part.threads {
        return Err(LoadError::Threads);
    }
    let (settings, plan) = planned(settings)?;
    let (reports, messages) = channel();
    let hired = staff(&settings, plan.as_ref(), part, &reports)?;
    Ok(Staff {
        workers: hired.workers,
        desks: hired.desks,
        messages,
    })
}

fn causes(error: &LoadError) -> Vec<String> {
    let first: &dyn std::error::Error = error;
    std::iter::successors(Some(first), |error| error.source())
        .map(ToString::to_string)
        .collect()
}

/// A share while it is sent. Its threads stop when this is dropped.
struct Sending {
    line: Line,
    halt: Halt,
    outgoing: mpsc::Receiver<Vec<u8>>,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.halt.halt();
    }
}

impl Sending {
    fn start(line: Line, staff: Staff, start: Instant) -> Result<Self, LoadError> {
        let Staff {
            mut workers,
            desks,
            messages,
        } = staff;
        let (encoded, outgoing) = mpsc::channel(KEPT);
        let sending = Self {
            line,
            halt: halt(&workers),
            outgoing,
        };
        // They share one flag to stop, so that the first one's is that of all.
        for worker in &mut workers {
            worker.start_at(start);
        }
        spawn("load-tell", move || tell(&messages, &desks, &encoded))?;
        workers.into_iter().try_for_each(launch)?;
        Ok(sending)
    }

    async fn run(
        &mut self,
        interrupt: &CancellationToken,
        mut told: impl FnMut(WorkerNews),
    ) -> Result<(), WorkerError> {
        let mut leaving = false;
        let mut all_told = false;
        loop {
            tokio::select! {
                message = self.line.receive() => match message? {
                    ToWorker::Stop => {
                        told(WorkerNews::Stopped);
                        self.halt.halt();
                    }
                    ToWorker::Done if leaving => return Err(WorkerError::Interrupted),
                    ToWorker::Done => return Ok(()),
                    other => return Err(unexpected(other)),
                },
                message = self.outgoing.recv(), if !all_told => match message {
                    Some(message) => self.line.send_encoded(&message).await?,
                    None => all_told = true,
                },
                () = interrupt.cancelled(), if !leaving => {
                    leaving = true;
                    let reason = "it was interrupted".to_owned();
                    self.line.send(&FromWorker::Leaving { reason }).await?;
                    self.halt.halt();
                }
                () = tokio::time::sleep(SILENCE), if all_told => return Err(WireError::Silent(SILENCE).into()),
            }
        }
    }
}

/// Puts what the threads tell into messages, and gives them back their intervals; until the last one has ended.
fn tell(messages: &Receiver<Message>, desks: &[Desk], encoded: &mpsc::Sender<Vec<u8>>) {
    while let Ok(message) = messages.recv() {
        let told = match message {
            Message::Interval {
                worker: thread,
                second,
                gauges,
                warm_up,
                interval,
            } => {
                let told = FromWorker::Interval {
                    thread,
                    second,
                    gauges,
                    warm_up,
                    interval,
                };
                let bytes = encode(&told);
                if let FromWorker::Interval { mut interval, .. } = told {
                    interval.clear();
                    desks[thread].give_back(interval);
                }
                bytes
            }
            Message::Ended {
                worker: thread,
                ending: Ok(ending),
            } => encode(&FromWorker::Ended {
                thread,
                ending: Box::new(ending),
            }),
            Message::Ended {
                ending: Err(error), ..
            } => encode(&FromWorker::Unable {
                causes: causes(&error),
            }),
            Message::Lost(_) => continue,
        };
        let sent = told.map(|bytes| encoded.blocking_send(bytes));
        if !matches!(sent, Ok(Ok(()))) {
            // The connection is gone, and with it whoever would take what is told.
            return;
        }
    }
}
