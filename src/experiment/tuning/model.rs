//! A queueing model of uWSGI: what latency a number of processes and threads gives at a rate, by simulation; measures nothing.
//!
//! M/G/k with first come, first served: requests arrive at random (Poisson), wait in one listen queue for the next free core of
//! processes × threads, and take as long as was measured without load. What a request computes it does alone in its process, for
//! the interpreter has one lock, and on one of the machine's processors. Each request's beginning follows from those before it
//! (Kiefer and Wolfowitz, 1955), so nothing but the latest ends has to be remembered.

use hdrhistogram::Histogram;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// What one request takes, as measured one at a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand {
    /// From send to answer without a queue, in seconds: this many quantiles, each as likely as the others.
    quantiles: Vec<f64>,
    /// In seconds.
    mean: f64,
    /// Processor time of a request in seconds. Where it is not known, the model takes it that nothing is computed.
    processor: Option<f64>,
}

const QUANTILES: u32 = 2_000;

/// A server and its load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Setup {
    pub(crate) processes: u32,
    pub(crate) threads: u32,
    /// Requests a second.
    pub(crate) rate: f64,
    /// Processors of the machine.
    pub(crate) processors: usize,
}

impl Demand {
    /// `service` and `processor` are in µs. Nothing of no request.
    pub(crate) fn new(service: &Histogram<u64>, processor: Option<f64>) -> Option<Self> {
        if service.is_empty() {
            return None;
        }
        let quantile = |nth: u32| (f64::from(nth) + 0.5) / f64::from(QUANTILES);
        let quantiles = (0..QUANTILES).map(|nth| service.value_at_quantile(quantile(nth)) as f64 / 1e6);
        Some(Self {
            quantiles: quantiles.collect(),
            mean: service.mean() / 1e6,
            processor: processor.map(|micros| micros / 1e6),
        })
    }

    /// How long a request takes in the mean, in seconds.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    /// What it takes of a processor, in seconds.
    pub(crate) fn processor(&self) -> Option<f64> {
        self.processor
    }

    /// Without any queue, in µs.
    pub(crate) fn alone(&self) -> Option<Histogram<u64>> {
        let mut alone = Histogram::new(3).ok()?;
        for seconds in &self.quantiles {
            alone.record((seconds * 1e6) as u64).ok()?;
        }
        Some(alone)
    }

    /// The most requests a second that a set-up can answer: cores, interpreters and processors each have a limit.
    pub(crate) fn capacity(&self, setup: &Setup) -> f64 {
        let processes = f64::from(setup.processes);
        let by_cores = processes * f64::from(setup.threads) / self.mean;
        let computing = self.processor.unwrap_or(0.0);
        let by_interpreters = processes / computing;
        let by_processors = setup.processors as f64 / computing;
        by_cores.min(by_interpreters).min(by_processors)
    }

    /// Latencies of `requests` requests in µs, once the server has been loaded for a while; nothing where it cannot keep up.
    pub(crate) fn latency(&self, setup: &Setup, requests: u32, seed: u64) -> Option<Histogram<u64>> {
        if setup.rate >= self.capacity(setup) {
            return None;
        }
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut server = Server::new(setup);
        // The share of a request that it computes.
        let share = (self.processor.unwrap_or(0.0) / self.mean).min(1.0);
        let mut latency = Histogram::new(3).ok()?;
        let mut now = 0.0;
        let settling = requests / 10;
        for number in 0..requests + settling {
            now += -(1.0 - fraction(&mut random)).ln() / setup.rate;
            let drawn = (fraction(&mut random) * self.quantiles.len() as f64) as usize;
            let service = self.quantiles.get(drawn).copied().unwrap_or(self.mean);
            let end = server.serve(now, service * share, service * (1.0 - share));
            if number >= settling {
                latency.record(((end - now) * 1e6) as u64).ok()?;
            }
        }
        Some(latency)
    }
}

/// From 0 to below 1.
fn fraction(random: &mut Xoshiro256PlusPlus) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// When each part of it is free again, in seconds.
struct Server {
    /// By process, then thread.
    cores: Vec<Vec<f64>>,
    interpreters: Vec<f64>,
    processors: Vec<f64>,
}

impl Server {
    fn new(setup: &Setup) -> Self {
        let processes = setup.processes as usize;
        Self {
            cores: vec![vec![0.0; setup.threads as usize]; processes],
            interpreters: vec![0.0; processes],
            processors: vec![0.0; setup.processors.max(1)],
        }
    }

    /// Returns when a request that comes at `now` is answered. Requests come in order.
    fn serve(&mut self, now: f64, computes: f64, waits: f64) -> f64 {
        let process = earliest(self.cores.iter().map(|threads| first(threads)));
        let threads = &mut self.cores[process];
        let thread = earliest(threads.iter().copied());
        let begin = now.max(threads[thread]);
        let processor = earliest(self.processors.iter().copied());
        let computed = begin.max(self.interpreters[process]).max(if computes > 0.0 {
            self.processors[processor]
        } else {
            0.0
        }) + computes;
        if computes > 0.0 {
            self.interpreters[process] = computed;
            self.processors[processor] = computed;
        }
        let end = computed + waits;
        threads[thread] = end;
        end
    }
}

fn first(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn earliest(times: impl Iterator<Item = f64>) -> usize {
    let earliest = times.enumerate().min_by(|one, other| one.1.total_cmp(&other.1));
    earliest.map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Always `micros`, or exponential around it.
    fn demand(micros: u64, exponential: bool, processor: f64) -> Demand {
        let mut service = Histogram::new(3).unwrap();
        for nth in 0..10_000 {
            let quantile = (f64::from(nth) + 0.5) / 10_000.0;
            let factor = if exponential { -(1.0 - quantile).ln() } else { 1.0 };
            service.record((micros as f64 * factor) as u64).unwrap();
        }
        Demand::new(&service, Some(processor)).unwrap()
    }

    fn setup(processes: u32, threads: u32, rate: f64) -> Setup {
        Setup {
            processes,
            threads,
            rate,
            processors: 64,
        }
    }

    /// The chance that a request waits in M/M/k (Erlang, 1917), at an offered load of `load`.
    fn erlang_c(cores: u32, load: f64) -> f64 {
        let (mut term, mut sum) = (1.0, 1.0);
        for nth in 1..cores {
            term *= load / f64::from(nth);
            sum += term;
        }
        let last = term * load / f64::from(cores);
        let waits = last / (1.0 - load / f64::from(cores));
        waits / (sum + waits)
    }

    #[test]
    fn exponential_requests_wait_as_erlang_says() {
        for (cores, rate) in [(1, 7.0), (4, 32.0), (6, 40.0)] {
            let demand = demand(100_000, true, 0.0);
            let latency = demand.latency(&setup(cores, 1, rate), 100_000, 7).unwrap();
            let load = rate * demand.mean();
            let wait = erlang_c(cores, load) / (f64::from(cores) / demand.mean() - rate);
            let expected = demand.mean() + wait;
            let found = latency.mean() / 1e6;
            assert!(
                (found / expected - 1.0).abs() < 0.04,
                "{cores} cores at {rate}/s: {found} s, Erlang has {expected} s"
            );
        }
    }

    #[test]
    fn requests_of_one_length_wait_as_pollaczek_and_khinchine_say() {
        // M/D/1: half of what M/M/1 waits, ρ S / (2 (1 - ρ)).
        let demand = demand(100_000, false, 0.0);
        let latency = demand.latency(&setup(1, 1, 8.0), 100_000, 7).unwrap();
        let expected = 0.1 + 0.8 * 0.1 / (2.0 * 0.2);
        let found = latency.mean() / 1e6;
        assert!(
            (found / expected - 1.0).abs() < 0.04,
            "{found} s for {expected} s"
        );
    }

    #[test]
    fn threads_and_processes_are_alike_where_nothing_is_computed_and_not_where_all_is() {
        let waits = demand(100_000, false, 0.0);
        let p99 = |demand: &Demand, processes, threads, rate| {
            let latency = demand.latency(&setup(processes, threads, rate), 50_000, 7)?;
            Some(latency.value_at_percentile(99.0))
        };
        assert_eq!(p99(&waits, 6, 1, 40.0), p99(&waits, 1, 6, 40.0));
        let computes = demand(100_000, false, 100_000.0);
        assert!(p99(&computes, 6, 1, 40.0).is_some());
        assert_eq!(
            p99(&computes, 1, 6, 40.0),
            None,
            "one interpreter answers 10 a second"
        );
        let narrow = Setup {
            processors: 2,
            ..setup(6, 1, 40.0)
        };
        assert_eq!(
            computes.latency(&narrow, 1000, 7).map(|latency| latency.len()),
            None
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_latencies() {
        let demand = demand(100_000, true, 10_000.0);
        let latencies = |seed| demand.latency(&setup(2, 3, 30.0), 20_000, seed).unwrap();
        assert_eq!(latencies(3), latencies(3));
        assert_ne!(latencies(3), latencies(4));
    }

    #[test]
    fn six_cores_answer_forty_requests_a_second_of_a_tenth_of_a_second_within_three() {
        let demand = demand(100_000, false, 0.0);
        let p99 = |cores| {
            let latency = demand.latency(&setup(1, cores, 40.0), 100_000, 7)?;
            Some(latency.value_at_percentile(99.0))
        };
        assert_eq!(p99(4), None);
        assert!(
            p99(5).is_some_and(|p99| (270_000..350_000).contains(&p99)),
            "{:?}",
            p99(5)
        );
        assert!(
            p99(6).is_some_and(|p99| (165_000..200_000).contains(&p99)),
            "{:?}",
            p99(6)
        );
    }
}
