//! When each request is meant to leave: a profile of the rate and the way requests arrive at it; knows no clock and no socket.

mod arrivals;
mod profile;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use arrivals::Arrivals;
use arrivals::Counter;
pub(crate) use profile::{Profile, Sine, Stage, Stages};

/// An open loop's plan: the same for all threads, and for each run with the same seed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) profile: Profile,
    pub(crate) arrivals: Arrivals,
}

impl Plan {
    /// Even spacing at a constant rate, in requests a second.
    pub(crate) fn constant(rate: f64) -> Self {
        Self {
            profile: Profile::Constant { rate },
            arrivals: Arrivals::Even,
        }
    }
}

/// One thread's part of a plan: the requests `k ≡ index (mod of)`, so that all threads together keep to the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) index: u64,
    pub(crate) of: u64,
}

/// One thread's way through its share of a plan, in order.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    plan: Arc<Plan>,
    share: Share,
    counter: Counter,
    due: Option<Duration>,
}

impl Cursor {
    pub(crate) fn new(plan: Arc<Plan>, share: Share) -> Self {
        let mut counter = Counter::new(plan.arrivals);
        counter.skip(share.index);
        let due = plan.profile.time_of(counter.count());
        Self {
            plan,
            share,
            counter,
            due,
        }
    }

    /// When the next request is intended, from the start of the run; nothing once the plan is over. Never decreases.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// Goes on to the request after it.
    pub(crate) fn advance(&mut self) {
        self.counter.skip(self.share.of);
        self.due = self.plan.profile.time_of(self.counter.count());
    }
}

/// What a thread sends and when.
#[derive(Debug)]
pub(crate) enum Agenda {
    Open {
        next: Cursor,
        /// Runs ahead of `next` where requests cannot leave, to count those that are due.
        horizon: Cursor,
        passed: u64,
    },
    /// A request is due as soon as a connection is free for it.
    Closed,
}

impl Agenda {
    pub(crate) fn open(plan: &Arc<Plan>, share: Share) -> Self {
        let next = Cursor::new(Arc::clone(plan), share);
        Self::Open {
            horizon: next.clone(),
            next,
            passed: 0,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }

    /// When the next request is intended, from the start of the run; nothing where there is none.
    pub(crate) fn due(&self) -> Option<Duration> {
        match self {
            Self::Open { next, .. } => next.due(),
            Self::Closed => Some(Duration::ZERO),
        }
    }

    /// The request that was due has left.
    pub(crate) fn advance(&mut self) {
        if let Self::Open { next, .. } = self {
            next.advance();
        }
    }

    /// How many requests are intended before `elapsed`; to be asked with times that do not decrease.
    pub(crate) fn before(&mut self, elapsed: Duration) -> u64 {
        let Self::Open { horizon, passed, .. } = self else {
            return 0;
        };
        while horizon.due().is_some_and(|due| due < elapsed) {
            horizon.advance();
            *passed += 1;
        }
        *passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(plan: &Plan, share: Share, count: usize) -> Vec<Duration> {
        let mut cursor = Cursor::new(Arc::new(plan.clone()), share);
        let mut times = Vec::new();
        while let Some(due) = cursor.due().filter(|_| times.len() < count) {
            times.push(due);
            cursor.advance();
        }
        times
    }

    const WHOLE: Share = Share { index: 0, of: 1 };

    #[test]
    fn a_constant_rate_is_spaced_evenly_also_below_one_a_second() {
        let times = |rate: f64| -> Vec<u128> {
            let times = due(&Plan::constant(rate), WHOLE, 4);
            times.iter().map(Duration::as_micros).collect()
        };
        assert_eq!(times(16.0), [0, 62_500, 125_000, 187_500]);
        assert_eq!(times(0.5), [0, 2_000_000, 4_000_000, 6_000_000]);
        assert_eq!(times(50_000.0), [0, 20, 40, 60]);
    }

    #[test]
    fn ten_seconds_hold_ten_times_the_rate() {
        for rate in [0.5, 1.0, 3.0, 16.0, 30.0, 999.9, 1000.0, 33_333.0, 50_000.0] {
            let mut agenda = Agenda::open(&Arc::new(Plan::constant(rate)), WHOLE);
            assert_eq!(agenda.before(Duration::ZERO), 0);
            assert_eq!(
                agenda.before(Duration::from_secs(10)),
                (rate * 10.0).ceil() as u64,
                "rate {rate}"
            );
        }
    }

    #[test]
    fn shares_together_are_the_whole_plan_in_turn_however_requests_arrive() {
        for arrivals in [Arrivals::Even, Arrivals::Poisson { seed: 7 }] {
            let plan = Plan {
                arrivals,
                ..Plan::constant(1000.0)
            };
            let whole = due(&plan, WHOLE, 300);
            let shares = [0, 1, 2].map(|index| due(&plan, Share { index, of: 3 }, 100));
            let together: Vec<Duration> = (0..300).map(|k| shares[k % 3][k / 3]).collect();
            assert_eq!(together, whole);
        }
    }
}
