//! What a server did between two of its documents, a second and a request; pure.

use crate::uwsgi::{Document, Worker};

/// What rates are made of: counters of one document that only grow, until the master starts anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counters {
    workers: Vec<WorkerCounters>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct WorkerCounters {
    requests: u64,
    tx: u64,
    running_time: u64,
    /// Requests of each core.
    cores: Vec<u64>,
}

impl Counters {
    pub(crate) fn of(document: &Document) -> Self {
        Self {
            workers: document.workers.iter().map(WorkerCounters::of).collect(),
        }
    }
}

impl WorkerCounters {
    fn of(worker: &Worker) -> Self {
        let cores = worker.cores.iter().flatten();
        Self {
            requests: worker.requests,
            tx: worker.tx,
            running_time: worker.running_time,
            cores: cores.map(|core| core.requests).collect(),
        }
    }
}

/// What all workers, or one, did in the time between two documents.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Flow {
    /// Requests that ended, a second.
    pub(crate) requests_s: f64,
    /// Bytes sent a second.
    pub(crate) tx_s: f64,
    /// Cores that were in a request, on average. A request counts with its whole time when it ends, so that a long
    /// one can make this more than there are cores.
    pub(crate) busy_cores: f64,
    /// The true mean time in the app of the requests that ended, in µs; None where none did.
    pub(crate) mean_us: Option<f64>,
}

/// None for a worker whose counters began anew in between.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rates {
    pub(crate) seconds: f64,
    /// None where no worker can tell.
    pub(crate) total: Option<Flow>,
    pub(crate) workers: Vec<Option<WorkerFlow>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WorkerFlow {
    pub(crate) flow: Flow,
    /// Requests a second of each core.
    pub(crate) cores: Vec<Option<f64>>,
}

impl Rates {
    /// `seconds` is the time between the two, above 0.
    pub(crate) fn between(before: &Counters, after: &Counters, seconds: f64) -> Self {
        let pairs = before.workers.iter().zip(&after.workers);
        let grown: Vec<Option<Grown>> = pairs
            .clone()
            .map(|(before, after)| Grown::between(before, after))
            .collect();
        let total = grown.iter().flatten().copied().reduce(Grown::plus);
        let workers = pairs.zip(&grown).map(|((before, after), grown)| {
            Some(WorkerFlow {
                flow: grown.as_ref()?.flow(seconds),
                cores: core_rates(&before.cores, &after.cores, seconds),
            })
        });
        Self {
            seconds,
            total: total.map(|grown| grown.flow(seconds)),
            workers: workers.collect(),
        }
    }

    pub(crate) fn worker(&self, index: usize) -> Option<&WorkerFlow> {
        self.workers.get(index)?.as_ref()
    }
}

fn core_rates(before: &[u64], after: &[u64], seconds: f64) -> Vec<Option<f64>> {
    let pairs = before.iter().zip(after);
    pairs
        .map(|(before, after)| after.checked_sub(*before).map(|grown| grown as f64 / seconds))
        .collect()
}

#[derive(Debug, Clone, Copy)]
struct Grown {
    requests: u64,
    tx: u64,
    running_time: u64,
}

impl Grown {
    fn between(before: &WorkerCounters, after: &WorkerCounters) -> Option<Self> {
        Some(Self {
            requests: after.requests.checked_sub(before.requests)?,
            tx: after.tx.checked_sub(before.tx)?,
            running_time: after.running_time.checked_sub(before.running_time)?,
        })
    }

    fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            tx: self.tx.saturating_add(other.tx),
            running_time: self.running_time.saturating_add(other.running_time),
        }
    }

    fn flow(self, seconds: f64) -> Flow {
        Flow {
            requests_s: self.requests as f64 / seconds,
            tx_s: self.tx as f64 / seconds,
            busy_cores: self.running_time as f64 / 1e6 / seconds,
            mean_us: (self.requests > 0).then(|| self.running_time as f64 / self.requests as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(workers: &[(u64, u64, u64, &[u64])]) -> Counters {
        let workers = workers
            .iter()
            .map(|(requests, tx, running_time, cores)| WorkerCounters {
                requests: *requests,
                tx: *tx,
                running_time: *running_time,
                cores: cores.to_vec(),
            });
        Counters {
            workers: workers.collect(),
        }
    }

    #[test]
    fn rates_are_growth_over_time_and_the_mean_is_weighted_by_requests() {
        let before = counters(&[(10, 1_000, 500_000, &[4, 6]), (7, 0, 0, &[7, 0])]);
        let after = counters(&[(14, 3_000, 1_300_000, &[6, 8]), (9, 0, 4_000_000, &[9, 0])]);
        let rates = Rates::between(&before, &after, 2.0);
        let first = Flow {
            requests_s: 2.0,
            tx_s: 1_000.0,
            busy_cores: 0.4,
            mean_us: Some(200_000.0),
        };
        let second = Flow {
            requests_s: 1.0,
            tx_s: 0.0,
            busy_cores: 2.0,
            mean_us: Some(2_000_000.0),
        };
        let total = Flow {
            requests_s: 3.0,
            tx_s: 1_000.0,
            busy_cores: 2.4,
            mean_us: Some(800_000.0),
        };
        let worker = |flow, cores: &[f64]| {
            Some(WorkerFlow {
                flow,
                cores: cores.iter().copied().map(Some).collect(),
            })
        };
        let expected = Rates {
            seconds: 2.0,
            total: Some(total),
            workers: vec![worker(first, &[1.0, 1.0]), worker(second, &[1.0, 0.0])],
        };
        assert_eq!(rates, expected);
    }

    #[test]
    fn counters_that_fell_give_no_rate_and_do_not_spoil_the_others() {
        let before = counters(&[(10, 0, 0, &[]), (10, 0, 0, &[])]);
        let after = counters(&[(3, 0, 0, &[]), (15, 0, 0, &[])]);
        let rates = Rates::between(&before, &after, 1.0);
        assert_eq!(rates.worker(0), None);
        assert_eq!(rates.total.map(|total| total.requests_s), Some(5.0));
        let anew = counters(&[(0, 0, 0, &[]), (0, 0, 0, &[])]);
        assert_eq!(Rates::between(&after, &anew, 1.0).total, None);
    }

    #[test]
    fn an_interval_without_requests_has_no_mean() {
        let same = counters(&[(10, 0, 500, &[10])]);
        let rates = Rates::between(&same, &same, 1.0);
        assert_eq!(rates.total, Some(Flow::default()));
    }
}
