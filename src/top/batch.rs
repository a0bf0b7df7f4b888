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
    let (mut told, mut since_us) = (Vec::new(), 0);
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => return Ok(state),
            Some(reading) = read.recv() => reading,
            () = poll::broken(&mut polls) => return Ok(state),
        };
        state.update(message);
        if is_due(state.servers(), &told) {
            told = state.servers().iter().map(|server| server.readings).collect();
            if !emit(&state, since_us)? {
                return Ok(state);
            }
            since_us = state.calendar().now_us;
        }
    }
}

/// Whether every server was read since it was last told of, with the numbers of readings then; the first time, whether each
/// was read twice. Who is down is not waited for, unless all are.
fn is_due(servers: &[Server], told: &[u64]) -> bool {
    let told = |index: usize| told.get(index).copied();
    let mut up = servers
        .iter()
        .enumerate()
        .filter(|(_, server)| !server.is_down())
        .peekable();
    if up.peek().is_none() {
        let mut all = servers.iter().enumerate();
        return all.any(|(index, server)| server.readings > told(index).unwrap_or(0));
    }
    up.all(|(index, server)| server.readings > told(index).unwrap_or(0).max(1))
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
        assert!(!is_due(&servers, &[]), "the other was not read yet");
        servers[1].take(failure(2.0, "gone"));
        assert!(is_due(&servers, &[]), "the other is down");
        assert!(!is_due(&servers, &[2, 1]), "told already");
        servers[0].take(failure(3.0, "gone"));
        assert!(is_due(&servers, &[2, 1]), "all are down, and that is news");
    }

    #[test]
    fn a_server_that_hung_for_long_holds_nothing_up_when_it_answers_again() {
        let mut servers = [Server::new("a:1", "tcp://a:1"), Server::new("b:1", "tcp://b:1")];
        for second in 1..=600 {
            servers[0].take(reading(f64::from(second), &[]));
        }
        servers[1].take(failure(5.0, "hangs"));
        servers[1].take(reading(600.5, &[]));
        servers[0].take(reading(601.0, &[]));
        assert!(is_due(&servers, &[600, 1]));
    }
}
