//! What a whole run came to: counts that balance, histograms, rates; prints nothing.

use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};

use super::Settings;
use super::fault::Examples;
use super::interval::{Counts, Interval, histogram};
use super::remote::Lost;
use super::schedule::Plan;
use super::verdict::{Trend, Verdict};
use super::worker::Ending;

/// Holds `scheduled = answered + errors + in_flight + never_sent`.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    pub(crate) settings: Settings,
    /// How long requests were sent, and until the last of them was answered or given up.
    pub(crate) sending: Duration,
    pub(crate) elapsed: Duration,
    pub(crate) scheduled: u64,
    pub(crate) counts: Counts,
    /// Sent and neither answered nor failed when the run ended.
    pub(crate) in_flight: u64,
    /// Due, but no connection became free for them.
    pub(crate) never_sent: u64,
    /// From the intended time, in µs. Of its values, `lower_bounds` are times waited without an answer:
    /// timeouts, requests in flight and never sent.
    pub(crate) latency: Histogram<u64>,
    pub(crate) lower_bounds: u64,
    /// From the actual start of a request, in µs; answers only.
    pub(crate) service: Histogram<u64>,
    /// From the start of connecting to where the connection takes the request, in µs.
    pub(crate) connect: Histogram<u64>,
    /// How late the generator itself was, in µs; requests that the limit of connections held back are left out.
    pub(crate) lateness: Histogram<u64>,
    /// Answers a second, in hundredths, one value a whole second.
    pub(crate) per_second: Histogram<u64>,
    /// Requests a second asked for, in the mean; nothing in a closed loop.
    pub(crate) asked_rate: Option<f64>,
    pub(crate) achieved_rate: f64,
    pub(crate) verdict: Verdict,
    /// Processor time of all workers, and the share of its time for which the busiest was at work.
    pub(crate) busy: Duration,
    pub(crate) busiest: f64,
    pub(crate) examples: Examples,
    /// What was sent before what is measured, recorded apart.
    pub(crate) warm_up: Option<Interval>,
    /// Processes that sent it together; nothing where one did alone.
    pub(crate) workers: Option<usize>,
    /// Those of them that were gone before the end: what they would have sent after that is in no figure here.
    pub(crate) lost: Vec<Lost>,
}

/// What the merging thread gathers for a summary besides the intervals.
pub(crate) struct Gathered {
    pub(crate) settings: Settings,
    /// The schedule, with the warm-up before it; nothing in a closed loop.
    pub(crate) plan: Option<Arc<Plan>>,
    pub(crate) trend: Trend,
    pub(crate) per_second: Histogram<u64>,
    pub(crate) workers: Option<usize>,
    pub(crate) lost: Vec<Lost>,
}

impl Gathered {
    pub(crate) fn new(settings: Settings, plan: Option<Arc<Plan>>) -> Result<Self, CreationError> {
        Ok(Self {
            settings,
            plan,
            trend: Trend::default(),
            per_second: histogram()?,
            workers: None,
            lost: Vec::new(),
        })
    }
}

impl Summary {
    /// From everything that was recorded; `total` holds all intervals but the rests of the `endings`.
    pub(crate) fn new(
        gathered: Gathered,
        mut total: Interval,
        mut warm_up: Option<Interval>,
        endings: &[Ending],
    ) -> Self {
        for ending in endings {
            total.add(&ending.rest);
            if let (Some(warm_up), Some(rest)) = (&mut warm_up, &ending.warm_up) {
                warm_up.add(rest);
            }
        }
        let sum = |count: fn(&Ending) -> u64| endings.iter().map(count).sum();
        let longest = |time: fn(&Ending) -> Duration| endings.iter().map(time).max().unwrap_or_default();
        let sending = longest(|ending| ending.stopped);
        let achieved_rate = achieved_rate(&total, sending);
        let from = gathered.settings.warm_up;
        let asked_rate = gathered.plan.map(|plan| plan.rate_between(from, from + sending));
        Self {
            verdict: match asked_rate {
                Some(asked) => gathered.trend.verdict(asked, achieved_rate),
                None => Verdict::NotAsked,
            },
            asked_rate,
            settings: gathered.settings,
            sending,
            elapsed: longest(|ending| ending.ended),
            scheduled: sum(|ending| ending.scheduled),
            counts: total.counts,
            in_flight: sum(|ending| ending.in_flight),
            never_sent: sum(|ending| ending.never_sent),
            latency: total.latency,
            lower_bounds: total.lower_bounds,
            service: total.service,
            connect: total.connect,
            lateness: total.lateness,
            per_second: gathered.per_second,
            achieved_rate,
            busy: endings.iter().map(|ending| ending.busy).sum(),
            busiest: endings
                .iter()
                .map(|ending| ending.busy.as_secs_f64() / (from + ending.ended).as_secs_f64().max(1e-9))
                .fold(0.0, f64::max),
            examples: total.examples,
            warm_up,
            workers: gathered.workers,
            lost: gathered.lost,
        }
    }
}

#[cfg(test)]
impl Summary {
    /// A run of which nothing is known yet, for the tests of those who read summaries.
    pub(crate) fn empty(settings: Settings) -> Result<Self, CreationError> {
        let plan = match &settings.rate {
            super::Rate::Open(plan) => Some(Arc::clone(plan)),
            super::Rate::Max => None,
        };
        Ok(Self::new(
            Gathered::new(settings, plan)?,
            Interval::new()?,
            None,
            &[],
        ))
    }
}

/// Answers a second. Answers that come after sending has ended count, and so does their time, but for the first
/// answer's latency: a target that keeps up answers at the rate asked, only later by one latency.
fn achieved_rate(total: &Interval, sending: Duration) -> f64 {
    let last = total.last_answer.unwrap_or_default();
    let answering = last.saturating_sub(total.first_answer.unwrap_or_default());
    let span = sending.max(answering).as_secs_f64();
    if span == 0.0 {
        return 0.0;
    }
    total.counts.answered as f64 / span
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(answered: u64, first_ms: u64, last_ms: u64, sending_s: u64) -> f64 {
        let mut total = Interval::new().unwrap();
        total.counts.answered = answered;
        total.first_answer = Some(Duration::from_millis(first_ms));
        total.last_answer = Some(Duration::from_millis(last_ms));
        achieved_rate(&total, Duration::from_secs(sending_s))
    }

    #[test]
    fn a_target_that_keeps_up_achieves_the_rate_asked_whatever_its_latency() {
        assert_eq!(rate(160, 250, 10_187, 10), 16.0);
        assert_eq!(rate(10_000, 1, 9_999, 10), 1000.0);
    }

    #[test]
    fn answers_to_the_backlog_after_the_end_do_not_raise_the_rate() {
        assert_eq!(rate(800, 250, 25_250, 20), 32.0);
    }

    #[test]
    fn a_target_that_stopped_answering_is_measured_over_the_whole_run() {
        assert_eq!(rate(500, 1, 5_000, 10), 50.0);
        assert_eq!(achieved_rate(&Interval::new().unwrap(), Duration::ZERO), 0.0);
    }
}
