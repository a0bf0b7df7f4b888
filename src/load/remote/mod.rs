//! A load that several processes send together: one, the coordinator, sends nothing and merges; the others, its workers, each send a
//! share of the same schedule.
//!
//! A worker joins over one TCP connection, on which both sides write messages of one line of JSON each ([`wire`]). It says which
//! version it is, and one of another version is refused. When all are there, each is told the settings of the run and which of its
//! threads are the worker's own ([`Part`](super::part::Part)), looks up the target, and says that it is ready or why it cannot be.
//! The k-th request of the schedule is sent by thread k modulo their number whichever process that thread is in, and histograms
//! hold counts of whole microseconds' buckets, so that the sum over all workers is what one process would have counted.
//!
//! **The common start.** The coordinator asks for each worker's monotonic clock eight times, takes the answer that came soonest to be
//! of the middle of its round trip, and tells the worker what its clock will show when the run begins. Starts so differ by at most half
//! of the shortest round trip, and by that only where one direction takes all of it. Four processes on one busy machine
//! of two cores started 0.03 to 0.11 ms apart (six runs, medians of 75 arrivals each). After that each worker keeps to its own clock,
//! and those of two machines drift apart by up to some 0.05 ms a second.
//!
//! **Who goes missing.** A process that dies takes its connection with it, which the other side sees at once; a machine that
//! vanishes is noticed after 10 s. A run without one of its workers is ended and says so. A worker without its coordinator stops.

mod coordinator;
pub(super) mod encoded;
mod member;
mod share;
mod wire;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) use coordinator::{Coordinator, CoordinatorError, Crew, News};
pub(crate) use share::{WorkerError, WorkerNews, take_share};

/// How long whoever knocks has to say who it is.
const GREETING: Duration = Duration::from_secs(5);
/// How long a worker has to look up the target and make ready.
const PREPARATION: Duration = Duration::from_secs(60);
/// A worker tells of each second as it is over; one that is silent for this long is gone.
const SILENCE: Duration = Duration::from_secs(10);

/// One worker as the coordinator names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    /// From 1, in the order in which they came.
    pub(crate) number: usize,
    pub(crate) address: SocketAddr,
    /// Of its process, as it told.
    pub(crate) pid: u32,
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, address, pid } = self;
        write!(formatter, "worker {number} ({address}, pid {pid})")
    }
}

/// A worker that was gone before its share was complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) peer: Peer,
    pub(crate) reason: String,
}

impl fmt::Display for Lost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.peer, self.reason)
    }
}

/// A text from another process, fit for a terminal: without control characters, and not without end.
fn plain(text: &str) -> String {
    const LONGEST: usize = 1000;
    let printed = text.chars().filter(|character| !character.is_control());
    printed.take(LONGEST).collect()
}
