//! What one server, or several together, do right now: sums for heads and gauges; pure.

use super::history::Entry;
use super::rates::Flow;
use super::server::Server;

/// Unknown is None. Of several servers, the sums of those that tell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Figures {
    pub(crate) requests: u64,
    pub(crate) tx: u64,
    pub(crate) exceptions: u64,
    pub(crate) harakiri: u64,
    pub(crate) flow: Option<Flow>,
    pub(crate) running: u64,
    pub(crate) busy: u64,
    pub(crate) cores: Option<u64>,
    pub(crate) in_request: Option<u64>,
    pub(crate) queue: Option<u64>,
    pub(crate) max_queue: Option<u64>,
}

impl Figures {
    /// A server that is down counts with nothing.
    pub(crate) fn of(servers: &[Server]) -> Self {
        let up = servers.iter().filter(|server| !server.is_down());
        up.map(of_server).fold(Self::default(), Self::plus)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            tx: self.tx.saturating_add(other.tx),
            exceptions: self.exceptions + other.exceptions,
            harakiri: self.harakiri + other.harakiri,
            flow: either(self.flow, other.flow, together),
            running: self.running + other.running,
            busy: self.busy + other.busy,
            cores: either(self.cores, other.cores, u64::saturating_add),
            in_request: either(self.in_request, other.in_request, u64::saturating_add),
            queue: either(self.queue, other.queue, u64::saturating_add),
            max_queue: either(self.max_queue, other.max_queue, u64::saturating_add),
        }
    }
}

fn of_server(server: &Server) -> Figures {
    let (Some(document), Some(summary)) = (server.document(), server.summary()) else {
        return Figures::default();
    };
    let sum = |count: fn(&crate::uwsgi::Worker) -> u64| {
        let counts = document.workers.iter().map(count);
        counts.fold(0, u64::saturating_add)
    };
    Figures {
        requests: sum(|worker| worker.requests),
        tx: sum(|worker| worker.tx),
        exceptions: sum(|worker| worker.exceptions),
        harakiri: sum(|worker| worker.harakiri_count),
        flow: server.rates.as_ref().and_then(|rates| rates.total),
        running: summary.running,
        busy: summary.busy,
        cores: summary.cores,
        in_request: summary.in_request,
        queue: summary.queue,
        max_queue: summary.max_queue,
    }
}

fn either<T>(one: Option<T>, two: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, two) {
        (Some(one), Some(two)) => Some(both(one, two)),
        (one, two) => one.or(two),
    }
}

fn together(one: Flow, two: Flow) -> Flow {
    let requests_s = one.requests_s + two.requests_s;
    let busy_cores = one.busy_cores + two.busy_cores;
    Flow {
        requests_s,
        tx_s: one.tx_s + two.tx_s,
        busy_cores,
        mean_us: (requests_s > 0.0).then(|| busy_cores / requests_s * 1e6),
    }
}

/// The last `count` values of all servers together, oldest first; readings are paired from the latest on.
pub(crate) fn history(
    servers: &[Server],
    count: usize,
    pick: impl Fn(&Entry) -> Option<f64>,
) -> Vec<Option<f64>> {
    let mut sums: Vec<Option<f64>> = Vec::new();
    for server in servers {
        let values = server.history.last(count, &pick);
        let missing = values.len().saturating_sub(sums.len());
        sums.splice(0..0, std::iter::repeat_n(None, missing));
        for (sum, value) in sums.iter_mut().rev().zip(values.into_iter().rev()) {
            *sum = either(*sum, value, |one, two| one + two);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::samples::{failure, reading};
    use super::*;

    fn servers() -> Vec<Server> {
        let mut one = Server::new("a:1", "tcp://a:1");
        one.take(reading(10.0, &[(11, "busy", 10)]));
        one.take(reading(11.0, &[(11, "busy", 14)]));
        let mut two = Server::new("b:1", "tcp://b:1");
        two.take(reading(11.0, &[(21, "idle", 3), (22, "busy", 5)]));
        vec![one, two]
    }

    #[test]
    fn several_servers_are_summed_and_what_one_does_not_tell_is_left_to_the_others() {
        let figures = Figures::of(&servers());
        let flow = Flow {
            requests_s: 4.0,
            tx_s: 8_000.0,
            busy_cores: 1.0,
            mean_us: Some(250_000.0),
        };
        let expected = Figures {
            requests: 22,
            tx: 44_000,
            flow: Some(flow),
            running: 3,
            busy: 2,
            cores: Some(3),
            in_request: Some(2),
            queue: Some(6),
            max_queue: Some(200),
            ..Figures::default()
        };
        assert_eq!(figures, expected);
    }

    #[test]
    fn a_server_that_is_down_counts_with_nothing() {
        let mut servers = servers();
        servers[0].take(failure(12.0, "gone"));
        let figures = Figures::of(&servers);
        assert_eq!((figures.requests, figures.flow), (8, None));
    }

    #[test]
    fn histories_are_paired_from_the_latest_reading_on() {
        let busy = history(&servers(), 9, |entry| entry.busy);
        assert_eq!(busy, [Some(1.0), Some(2.0)]);
    }
}
