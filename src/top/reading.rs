//! One look at one stats server: asks, reads, and says when and how long; compares nothing.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::collector::{fill_in_unix_queues, in_one_line};
use crate::report::lab::plain;
use crate::uwsgi::{InFlight, Statistics, StatsAddress, fetch_as, in_flight, read};

/// For the whole exchange with a server.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// What a server said, or why it said nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// When the answer was there: microseconds since the Unix epoch, by a [`Clock`].
    pub(crate) at_us: u64,
    /// How long connect, request and answer took.
    pub(crate) took_us: u64,
    pub(crate) outcome: Result<Seen, String>,
}

/// A document, and the requests that the server was in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) statistics: Statistics,
    pub(crate) in_flight: Vec<InFlight>,
}

/// Time of day that never jumps: read once, and carried on by a monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    began: Instant,
    began_us: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Self {
            began: Instant::now(),
            began_us: micros(since),
        }
    }

    /// Microseconds since the Unix epoch.
    pub(crate) fn now_us(&self) -> u64 {
        self.began_us + micros(self.began.elapsed())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Reads one server, and keeps in `address` how it is asked best: one typed without a scheme has one then. That the
/// server cannot be read is a reading too.
pub(crate) async fn look(address: &mut StatsAddress, clock: &Clock) -> Reading {
    let began_us = clock.now_us();
    let fetched = fetch_as(address, DEADLINE).await;
    let at_us = clock.now_us();
    let outcome = match fetched {
        Ok((bytes, found)) => {
            *address = found;
            seen(&bytes, address.is_local())
        }
        Err(error) => Err(plain(&in_one_line(&error))),
    };
    Reading {
        at_us,
        took_us: at_us.saturating_sub(began_us),
        outcome,
    }
}

fn seen(bytes: &[u8], is_local: bool) -> Result<Seen, String> {
    let mut statistics = read(bytes).map_err(|error| plain(&in_one_line(&error)))?;
    if let Statistics::Server(document) = &mut statistics
        && is_local
    {
        fill_in_unix_queues(document);
    }
    let is_busy = statistics.server().is_some_and(|document| {
        let mut cores = document
            .workers
            .iter()
            .flat_map(|worker| worker.cores.iter().flatten());
        cores.any(|core| core.in_request > 0)
    });
    // The variables of requests can be most of a document, which is then read a second time.
    let in_flight = if is_busy { in_flight(bytes) } else { Vec::new() };
    Ok(Seen {
        statistics,
        in_flight,
    })
}
