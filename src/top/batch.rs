//! The view for scripts: the state handed on each time that every server has been read; draws nothing.

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::poll::{self, Target};
use super::reading::Clock;
use super::server::Server;
use super::state::State;

/// Reads all servers until `emit` wants no more or `stop`. It is called with the state and the time of the call before
/// (µs since the Unix epoch, 0 at first): for the first time when every server has been read twice, so that rates are
/// true, or is down. Returns the state as it was at the end.
pub(crate) async fn batch<E>(
    mut state: State,
    targets: &[Target],
    clock: Clock,
    stop: &CancellationToken,
    mut emit: impl FnMut(&State, u64) -> Result<bool, E>,
) -> Result<State, E> {
    let (readings, mut read) = mpsc::channel(64);
    let (_pace, paces) = watch::channel(state.interval);
    let mut polls = poll::start(targets, clock, &paces, &readings);
    let (mut level, mut since_us) = (0, 0);
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => return Ok(state),
            Some(reading) = read.recv() => reading,
            () = poll::broken(&mut polls) => return Ok(state),
        };
        state.update(message);
        let reached = rounds(state.servers());
        if reached > level {
            level = reached;
            if !emit(&state, since_us)? {
                return Ok(state);
            }
            since_us = state.calendar().now_us;
        }
    }
}

/// How often every server has been read since rates began. Who is down is not waited for, unless all are.
fn rounds(servers: &[Server]) -> u64 {
    let up = servers.iter().filter(|server| !server.is_down());
    let least = up.map(|server| server.readings.saturating_sub(1)).min();
    least.unwrap_or_else(|| servers.iter().map(|server| server.readings).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{failure, reading};
    use super::*;

    #[test]
    fn a_round_is_over_when_every_server_that_answers_was_read_again() {
        let mut servers = [Server::new("a:1", "tcp://a:1"), Server::new("b:1", "tcp://b:1")];
        servers[0].take(reading(1.0, &[]));
        servers[0].take(reading(2.0, &[]));
        assert_eq!(rounds(&servers), 0, "the other was not read yet");
        servers[1].take(failure(2.0, "gone"));
        assert_eq!(rounds(&servers), 1, "the other is down");
        servers[0].take(failure(3.0, "gone"));
        assert_eq!(rounds(&servers), 3);
    }
}
