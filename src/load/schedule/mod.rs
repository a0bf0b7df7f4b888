//! When each request is meant to leave: a profile of the rate and the way requests arrive at it; knows no clock and no socket.

mod arrivals;
mod profile;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use arrivals::Arrivals;
use arrivals::Counter;
pub(crate) use profile::{Profile, Sine, Stage, Stages};

/// An open loop's plan: the same for all threads, and for each run with the same seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) profile: Profile,
    pub(crate) arrivals: Arrivals,
    /// What comes before the profile, to warm up the target.
    #[serde(skip)]
    pub(crate) lead: Option<Lead>,
}

/// A constant rate before a profile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lead {
    length: Duration,
    rate: f64,
    /// Requests in it: whole where they are spaced evenly, so that the profile begins with a request as it would alone.
    count: f64,
}

impl Plan {
    /// Even spacing at a constant rate, in requests a second.
    pub(crate) fn constant(rate: f64) -> Self {
        Self {
            profile: Profile::Constant { rate },
            arrivals: Arrivals::Even,
            lead: None,
        }
    }

    /// The same plan after `length` at the rate with which it starts; nothing where it has none.
    pub(crate) fn warmed_up(&self, length: Duration) -> Option<Self> {
        let rate = self.profile.first_rate().filter(|rate| *rate > 0.0)?;
        let count = rate * length.as_secs_f64();
        let count = match self.arrivals {
            Arrivals::Even => count.ceil(),
            Arrivals::Poisson { .. } => count,
        };
        Some(Self {
            lead: Some(Lead { length, rate, count }),
            ..self.clone()
        })
    }

    /// When the count of requests reaches `count`; nothing where it never does.
    fn time_of(&self, count: f64) -> Option<Duration> {
        match self.lead {
            Some(lead) if count < lead.count => Duration::try_from_secs_f64(count / lead.rate).ok(),
            Some(lead) => Some(lead.length + self.profile.time_of(count - lead.count)?),
            None => self.profile.time_of(count),
        }
    }

    /// When the request after the first `requests` is due, the lead left out; nothing where there is none.
    pub(crate) fn end_of(&self, requests: u64) -> Option<Duration> {
        let mut counter = Counter::new(self.arrivals);
        counter.skip(requests);
        self.profile.time_of(counter.count())
    }

    /// Requests a second asked for between two times, in the mean.
    pub(crate) fn rate_between(&self, from: Duration, to: Duration) -> f64 {
        let Some(lead) = self.lead else {
            return self.profile.rate_between(from, to);
        };
        if from >= lead.length {
            return self.profile.rate_between(from - lead.length, to - lead.length);
        }
        let within = lead.length.min(to).saturating_sub(from).as_secs_f64() * lead.rate;
        let beyond = self.profile.count_at(to.saturating_sub(lead.length));
        (within + beyond) / to.saturating_sub(from).as_secs_f64()
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
        let due = plan.time_of(counter.count());
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
        self.due = self.plan.time_of(self.counter.count());
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
    /// A request is due as soon as a connection is free for it, until none is left.
    Closed { left: u64 },
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
        matches!(self, Self::Closed { .. })
    }

    /// When the next request is intended, from the start of the run; nothing where there is none.
    pub(crate) fn due(&self) -> Option<Duration> {
        match self {
            Self::Open { next, .. } => next.due(),
            Self::Closed { left } => (*left > 0).then_some(Duration::ZERO),
        }
    }

    /// The request that was due has left.
    pub(crate) fn advance(&mut self) {
        match self {
            Self::Open { next, .. } => next.advance(),
            Self::Closed { left } => *left -= 1,
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

    const SECOND: Duration = Duration::from_secs(1);
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

    #[test]
    fn a_plan_that_warms_up_sends_at_its_first_rate_before_and_is_the_same_after() {
        let ramp = Stages::new(vec![Stage {
            length: Duration::from_secs(2),
            from: 3.0,
            to: 9.0,
        }]);
        let plan = Plan {
            profile: Profile::Stages(ramp),
            ..Plan::constant(1.0)
        };
        let warmed = plan.warmed_up(Duration::from_millis(500)).unwrap();
        let shifted = due(&plan, WHOLE, 9)
            .into_iter()
            .map(|due| due + Duration::from_millis(500));
        let third = Duration::from_secs_f64(1.0 / 3.0);
        let expected: Vec<Duration> = [Duration::ZERO, third].into_iter().chain(shifted).collect();
        assert_eq!(due(&warmed, WHOLE, 11), expected);
        let rate = |from, to| warmed.rate_between(Duration::from_millis(from), Duration::from_millis(to));
        assert_eq!((rate(0, 500), rate(500, 2_500)), (3.0, 6.0));
        assert!((rate(0, 2_500) - (1.5 + 12.0) / 2.5).abs() < 1e-9);
        let recorded = Plan {
            profile: Profile::Recorded([Duration::ZERO].into()),
            ..plan
        };
        assert_eq!(recorded.warmed_up(SECOND), None);
    }

    #[test]
    fn a_number_of_requests_ends_where_the_next_one_would_be_due() {
        assert_eq!(Plan::constant(16.0).end_of(160), Some(Duration::from_secs(10)));
        let poisson = Plan {
            arrivals: Arrivals::Poisson { seed: 3 },
            ..Plan::constant(16.0)
        };
        assert_eq!(poisson.end_of(5), due(&poisson, WHOLE, 6).last().copied());
        let recorded = Plan {
            profile: Profile::Recorded([Duration::ZERO; 3].into()),
            ..poisson
        };
        assert_eq!(recorded.end_of(4), None);
    }
}
