//! One worker as its coordinator sees it: greeted, made ready, followed to its end; decides nothing about the others.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::wire::{FromWorker, Hello, Line, MOST_FROM_WORKERS, ToWorker, WireError};
use super::{GREETING, Lost, PREPARATION, Peer, SILENCE, plain};
use crate::load::Settings;
use crate::load::interval::{Counts, Interval};
use crate::load::part::Part;
use crate::load::reports::{Gauges, Message};
use crate::load::worker::Ending;

/// Round trips that are measured, of which the shortest counts.
const PINGS: usize = 8;
/// No count of one second is that large; what is, would overflow where it is added up.
const MOST: u64 = 1 << 40;
/// By how much a worker's clock may be ahead.
const AHEAD: Duration = Duration::from_secs(60);

/// Why whoever knocked is no worker.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GreetingError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("it is uwsgi-lab {theirs}, and this is {own}: both have to be of one version")]
    Version { theirs: String, own: &'static str },
}

/// Why a worker that came sends nothing.
#[derive(Debug)]
pub(super) enum Unready {
    Gone(WireError),
    /// The outermost cause first.
    Unable(Vec<String>),
}

impl From<WireError> for Unready {
    fn from(error: WireError) -> Self {
        Self::Gone(error)
    }
}

pub(super) struct Member {
    pub(super) peer: Peer,
    line: Line,
    clock: Clock,
}

/// What a worker's clock showed at a moment of this process's own.
#[derive(Debug, Clone, Copy)]
struct Clock {
    here: Instant,
    there: Duration,
    /// In which that moment lies in the middle.
    round_trip: Duration,
}

impl Clock {
    /// What the worker's clock shows at `moment`, which is to come.
    fn at(&self, moment: Instant) -> Option<u64> {
        let shows = self
            .there
            .checked_add(moment.saturating_duration_since(self.here))?;
        u64::try_from(shows.as_nanos()).ok()
    }
}

impl Member {
    /// Hears who has connected; its number is that of the first.
    pub(super) async fn greet(stream: TcpStream, address: SocketAddr) -> Result<Self, GreetingError> {
        let mut line = Line::new(stream, MOST_FROM_WORKERS);
        let FromWorker::Hello(hello) = line.receive_within(GREETING).await? else {
            return Err(WireError::OutOfTurn.into());
        };
        let own = env!("CARGO_PKG_VERSION");
        if !hello.fits(&Hello::own()) {
            let theirs = plain(&hello.version);
            let reason = format!("this worker is uwsgi-lab {theirs} and the coordinator {own}");
            // It is refused, whether it hears why or not.
            line.send(&ToWorker::Off { reason }).await.ok();
            return Err(GreetingError::Version { theirs, own });
        }
        line.send(&ToWorker::Welcome).await?;
        Ok(Self {
            peer: Peer {
                number: 1,
                address,
                pid: hello.pid,
            },
            line,
            clock: Clock {
                here: Instant::now(),
                there: Duration::ZERO,
                round_trip: Duration::MAX,
            },
        })
    }

    /// Waits for the end of a connection on which nothing is to be said now.
    pub(super) async fn left(&mut self) -> WireError {
        match self.line.receive::<FromWorker>().await {
            Ok(_any) => WireError::OutOfTurn,
            Err(error) => error,
        }
    }

    /// Has it make ready for its part and reads its clock.
    pub(super) async fn prepare(&mut self, settings: &Settings, part: Part) -> Result<(), Unready> {
        let settings = Box::new(settings.clone());
        self.line.send(&ToWorker::Share { settings, part }).await?;
        match self.line.receive_within(PREPARATION).await? {
            FromWorker::Ready => {}
            FromWorker::Unable { causes } => {
                return Err(Unready::Unable(causes.iter().map(|cause| plain(cause)).collect()));
            }
            _ => return Err(WireError::OutOfTurn.into()),
        }
        for _ in 0..PINGS {
            let sent = Instant::now();
            self.line.send(&ToWorker::Ping).await?;
            let FromWorker::Pong { at_ns } = self.line.receive_within(SILENCE).await? else {
                return Err(WireError::OutOfTurn.into());
            };
            let round_trip = sent.elapsed();
            if round_trip < self.clock.round_trip {
                self.clock = Clock {
                    here: sent + round_trip / 2,
                    there: Duration::from_nanos(at_ns),
                    round_trip,
                };
            }
        }
        Ok(())
    }

    /// Has it start at `start`.
    pub(super) async fn go(&mut self, start: Instant) -> Result<(), WireError> {
        let at_ns = self.clock.at(start).ok_or(WireError::Impossible)?;
        self.line.send(&ToWorker::Go { at_ns }).await
    }

    /// Tells it that the run does not come about.
    pub(super) async fn call_off(&mut self, reason: &str) {
        let reason = reason.to_owned();
        // It will see the end of the connection too.
        self.line.send(&ToWorker::Off { reason }).await.ok();
    }
}

/// What is known of one thread of a worker.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    second: u64,
    /// Without the warm-up.
    sent: u64,
    done: u64,
    ended: bool,
}

impl Tally {
    fn add(&mut self, counts: &Counts) {
        self.sent += counts.sent;
        self.done += counts.answered + counts.errors.total();
    }

    /// Of a thread that was never heard of again: what it had on its way when it last told counts as in flight.
    fn ending(&self, warm_up: Duration) -> Result<Ending, hdrhistogram::CreationError> {
        let heard = Duration::from_secs(self.second).saturating_sub(warm_up);
        let in_flight = self.sent.saturating_sub(self.done);
        Ok(Ending {
            rest: Box::new(Interval::new()?),
            warm_up: None,
            scheduled: self.done + in_flight,
            in_flight,
            never_sent: 0,
            stopped: heard,
            ended: heard,
            busy: Duration::ZERO,
        })
    }
}

/// Follows a worker through the run.
pub(super) struct Follower {
    pub(super) member: Member,
    /// Its threads' desks are `first..first + threads`.
    pub(super) part: Part,
    pub(super) start: Instant,
    pub(super) warm_up: Duration,
    pub(super) reports: Sender<Message>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) all_stop: CancellationToken,
}

impl Follower {
    /// Hands on what the worker tells until its last thread has ended. Where it is gone before, so is the whole run.
    pub(super) async fn follow(mut self) {
        let mut tallies = vec![Tally::default(); self.part.threads];
        let mut left = None;
        if let Err(error) = self.attend(&mut tallies, &mut left).await {
            self.lose(left.is_none().then(|| error.to_string()));
            self.settle(&tallies);
        }
    }

    async fn attend(&mut self, tallies: &mut [Tally], left: &mut Option<String>) -> Result<(), WireError> {
        let all_stop = self.all_stop.clone();
        let mut told = false;
        while tallies.iter().any(|tally| !tally.ended) {
            let message = tokio::select! {
                message = self.member.line.receive_within(SILENCE) => message?,
                () = all_stop.cancelled(), if !told => {
                    told = true;
                    self.member.line.send(&ToWorker::Stop).await?;
                    continue;
                }
            };
            if let FromWorker::Leaving { reason } = &message {
                self.lose(left.is_none().then(|| plain(reason)));
                *left = Some(reason.clone());
                continue;
            }
            let message = self.checked(message, tallies)?;
            if tallies.iter().all(|tally| tally.ended) {
                self.member.line.send(&ToWorker::Done).await.ok();
            }
            self.report(message);
        }
        Ok(())
    }

    /// A message that can be merged.
    fn checked(&self, message: FromWorker, tallies: &mut [Tally]) -> Result<Message, WireError> {
        let longest = self.start.elapsed() + AHEAD;
        match message {
            FromWorker::Interval {
                thread,
                second,
                gauges,
                warm_up,
                interval,
            } => {
                let tally = open(tallies, thread)?;
                if second <= tally.second
                    || Duration::from_secs(second) > longest
                    || !possible(&interval)
                    || !countable(&gauges)
                {
                    return Err(WireError::Impossible);
                }
                tally.second = second;
                if !warm_up {
                    tally.add(&interval.counts);
                }
                Ok(Message::Interval {
                    worker: self.part.first + thread,
                    second,
                    gauges,
                    warm_up,
                    interval,
                })
            }
            FromWorker::Ended { thread, ending } => {
                let tally = open(tallies, thread)?;
                let counts = [ending.scheduled, ending.in_flight, ending.never_sent];
                let intervals = [Some(&ending.rest), ending.warm_up.as_ref()];
                if counts.iter().any(|count| *count > MOST)
                    || !intervals.into_iter().flatten().all(|interval| possible(interval))
                    || ending.stopped.max(ending.ended) > longest
                {
                    return Err(WireError::Impossible);
                }
                tally.ended = true;
                Ok(Message::Ended {
                    worker: self.part.first + thread,
                    ending: Ok(*ending),
                })
            }
            FromWorker::Unable { causes } => Err(WireError::Unable(plain(&causes.join(": ")))),
            _ => Err(WireError::OutOfTurn),
        }
    }

    /// Ends the whole run; says why where that is not known yet.
    fn lose(&self, reason: Option<String>) {
        if let Some(reason) = reason {
            let peer = self.member.peer;
            self.report(Message::Lost(Lost { peer, reason }));
        }
        self.stop.store(true, Ordering::Relaxed);
        self.all_stop.cancel();
    }

    /// Ends in its place what the worker did not end.
    fn settle(&self, tallies: &[Tally]) {
        for (thread, tally) in tallies.iter().enumerate().filter(|(_, tally)| !tally.ended) {
            let Ok(ending) = tally.ending(self.warm_up) else {
                // A histogram's bounds are constants; without its ending the run ends as one of which nothing is known.
                return;
            };
            self.report(Message::Ended {
                worker: self.part.first + thread,
                ending: Ok(ending),
            });
        }
    }

    fn report(&self, message: Message) {
        // Nobody left to tell: the run was dropped.
        self.reports.send(message).ok();
    }
}

/// The tally of a thread that there is and that has not ended.
fn open(tallies: &mut [Tally], thread: usize) -> Result<&mut Tally, WireError> {
    let tally = tallies.get_mut(thread).filter(|tally| !tally.ended);
    tally.ok_or(WireError::OutOfTurn)
}

fn possible(interval: &Interval) -> bool {
    interval.counts.largest().max(interval.lower_bounds) <= MOST
}

fn countable(gauges: &Gauges) -> bool {
    let Gauges {
        scheduled,
        connections,
        in_flight,
        backlog,
    } = *gauges;
    [scheduled, connections, in_flight, backlog]
        .iter()
        .all(|count| *count <= MOST)
}
