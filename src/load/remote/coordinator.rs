//! The coordinator: waits for workers, gives each its share of one run, and merges what they tell as if their threads were its own;
//! sends no request.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use futures_util::future::{join_all, pending, select_all};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::member::{Follower, GreetingError, Member, Unready};
use super::wire::{MOST_FOR_WORKERS, ToWorker, WireError, encode};
use super::{Lost, Peer};
use crate::load::merger::{Desk, Observer};
use crate::load::part::Part;
use crate::load::request::Prepared;
use crate::load::running::{Halt, Running, connections, merging, planned};
use crate::load::summary::Gathered;
use crate::load::{LoadError, Settings, limits};

/// From the call to start until the first request: all workers have heard it by then.
const LEAD: Duration = Duration::from_millis(250);
/// Whoever knocks while so many are being greeted waits.
const GREETED_AT_ONCE: usize = 64;

/// Why a run of several processes does not come about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CoordinatorError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("cannot listen for workers on {address}")]
    Listen { address: String, source: io::Error },
    #[error("the body or the times of the requests are too long to be sent to workers: {0} bytes")]
    TooLong(usize),
    #[error("{peer} cannot send its share")]
    Unable { peer: Peer, causes: Vec<String> },
    #[error("{0}")]
    Left(Lost),
}

/// What happens while workers are waited for.
#[derive(Debug)]
pub(crate) enum News {
    /// So many are there now.
    Came(Peer, usize),
    Left(Peer, usize, WireError),
    /// Somebody who is no worker.
    Refused(SocketAddr, GreetingError),
}

/// Listens for workers.
pub(crate) struct Coordinator {
    listener: TcpListener,
    address: SocketAddr,
    settings: Settings,
    workers: usize,
}

/// All workers of a run, each ready for its share.
pub(crate) struct Crew {
    members: Vec<(Member, Part)>,
    settings: Settings,
}

impl Coordinator {
    /// Of the settings, the threads are those of each worker and the connections those of all together.
    ///
    /// # Errors
    /// Settings that cannot run wherever it is, and an address that is none to listen on.
    pub(crate) async fn listen(
        address: &str,
        settings: Settings,
        workers: usize,
    ) -> Result<Self, CoordinatorError> {
        check(&settings, workers)?;
        let refused = |source| CoordinatorError::Listen {
            address: address.to_owned(),
            source,
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        Ok(Self {
            address: listener.local_addr().map_err(refused)?,
            listener,
            settings,
            workers,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until all workers are there, however long that takes, and has them make ready.
    ///
    /// # Errors
    /// A worker that cannot send its share, or that leaves after the last one came.
    pub(crate) async fn gather(self, told: impl FnMut(News)) -> Result<Crew, CoordinatorError> {
        let mut members = assemble(&self.listener, self.workers, told).await;
        drop(self.listener);
        let threads = self.settings.threads;
        let mut parts = Vec::new();
        for (index, member) in members.iter_mut().enumerate() {
            member.peer.number = index + 1;
            parts.push(Part::of_several(threads, index, self.workers).ok_or(LoadError::Threads)?);
        }
        let prepared = members
            .iter_mut()
            .zip(&parts)
            .map(|(member, part)| member.prepare(&self.settings, *part));
        let prepared = join_all(prepared).await;
        let mut outcomes = members.iter().zip(prepared);
        let failure = outcomes.find_map(|(member, outcome)| Some(unready(member.peer, outcome.err()?)));
        match failure {
            None => Ok(Crew {
                members: members.into_iter().zip(parts).collect(),
                settings: self.settings,
            }),
            Some(failure) => {
                let reason = failure.to_string();
                join_all(members.iter_mut().map(|member| member.call_off(&reason))).await;
                Err(failure)
            }
        }
    }
}

fn unready(peer: Peer, reason: Unready) -> CoordinatorError {
    match reason {
        Unready::Unable(causes) => CoordinatorError::Unable { peer, causes },
        Unready::Gone(error) => CoordinatorError::Left(Lost {
            peer,
            reason: error.to_string(),
        }),
    }
}

/// What would be refused wherever it runs is refused before anybody is waited for.
fn check(settings: &Settings, workers: usize) -> Result<(), CoordinatorError> {
    planned(settings.clone())?;
    let origins = vec![0; settings.mix.len()];
    Prepared::new(&settings.mix, &origins, settings.seed)?;
    let part = Part::of_several(settings.threads, 0, workers).ok_or(LoadError::Threads)?;
    if let Some(connections) = connections(settings, part.of) {
        limits::check(connections, part.of)?;
    }
    let settings = Box::new(settings.clone());
    // Numbers always have a form in JSON.
    let length = encode(&ToWorker::Share { settings, part }).map_or(usize::MAX, |message| message.len());
    match length > MOST_FOR_WORKERS {
        true => Err(CoordinatorError::TooLong(length)),
        false => Ok(()),
    }
}

/// Takes in whoever is a worker until there are enough at one time.
async fn assemble(listener: &TcpListener, wanted: usize, mut told: impl FnMut(News)) -> Vec<Member> {
    let mut greetings = JoinSet::new();
    let mut present: Vec<Member> = Vec::new();
    while present.len() < wanted {
        tokio::select! {
            accepted = listener.accept(), if greetings.len() < GREETED_AT_ONCE => match accepted {
                Ok((stream, address)) => {
                    greetings.spawn(async move { (address, Member::greet(stream, address).await) });
                }
                // Too many files are open, or the connection is gone again; either passes.
                Err(_transient) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(Ok((address, greeted))) = greetings.join_next() => match greeted {
                Ok(mut member) => {
                    member.peer.number = present.len() + 1;
                    told(News::Came(member.peer, present.len() + 1));
                    present.push(member);
                }
                Err(reason) => told(News::Refused(address, reason)),
            },
            (index, error) = first_to_leave(&mut present) => {
                let gone = present.remove(index);
                told(News::Left(gone.peer, present.len(), error));
            }
        }
    }
    present
}

async fn first_to_leave(present: &mut [Member]) -> (usize, WireError) {
    if present.is_empty() {
        return pending().await;
    }
    let leaving = present.iter_mut().map(|member| Box::pin(member.left()));
    let (error, index, _others) = pin!(select_all(leaving)).await;
    (index, error)
}

impl Crew {
    /// Starts the run. What the workers tell is taken in on the current runtime, which has to be kept until the run is over.
    ///
    /// # Errors
    /// A worker that has left since it was ready.
    pub(crate) async fn start(
        self,
        observer: Option<Box<dyn Observer>>,
    ) -> Result<Running, CoordinatorError> {
        let (mut settings, plan) = planned(self.settings)?;
        let workers = self.members.len();
        settings.threads *= workers;
        let warm_up = settings.warm_up;
        let desks = (0..settings.threads).map(|_| Desk::remote()).collect();
        let mut gathered = Gathered::new(settings, plan).map_err(LoadError::from)?;
        gathered.workers = Some(workers);
        let (reports, messages) = channel();
        let all_stop = CancellationToken::new();
        let halt = Halt {
            stop: Arc::default(),
            wakers: Vec::new(),
            remote: all_stop.clone(),
        };
        let stop = Arc::clone(&halt.stop);
        let start = Instant::now() + LEAD;
        let mut members = self.members;
        for (member, _) in &mut members {
            if let Err(error) = member.go(start).await {
                return Err(unready(member.peer, Unready::Gone(error)));
            }
        }
        let running = merging(gathered, messages, desks, halt, observer)?;
        for (member, part) in members {
            let follower = Follower {
                member,
                part,
                start,
                warm_up,
                reports: reports.clone(),
                stop: Arc::clone(&stop),
                all_stop: all_stop.clone(),
            };
            tokio::spawn(follower.follow());
        }
        Ok(running)
    }
}
