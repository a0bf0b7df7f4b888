//! What a run, or one phase of it, came to, by name: from the server's statistics and from the load; judges nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::load::Summary as LoadSummary;
use crate::uwsgi::{Document, Summary, Worker};

/// One look at the server.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// Since the run began.
    pub(crate) at: Duration,
    pub(crate) summary: Summary,
    pub(crate) counters: Counters,
    /// Workers that were replaced since the run began, reloads left out, and those that cheaper wakes.
    pub(crate) respawns: u64,
    /// Of the master, since the run began.
    pub(crate) reloads: u64,
}

/// What the server counts, all workers together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) requests: u64,
    pub(crate) exceptions: u64,
    pub(crate) harakiri: u64,
    /// µs.
    pub(crate) running_time: u64,
}

impl Counters {
    pub(crate) fn of(document: &Document) -> Self {
        let sum = |count: fn(&Worker) -> u64| document.workers.iter().map(count).sum();
        Self {
            requests: sum(|worker| worker.requests),
            exceptions: sum(|worker| worker.exceptions),
            harakiri: sum(|worker| worker.harakiri_count),
            running_time: sum(|worker| worker.running_time),
        }
    }

    fn each(&self) -> [(&'static str, u64); 3] {
        [
            ("requests", self.requests),
            ("exceptions", self.exceptions),
            ("harakiri", self.harakiri),
        ]
    }
}

/// What kind of number a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Number,
    /// µs.
    Time,
    /// Percent.
    Share,
}

const GAUGES: [&str; 9] = [
    "busy",
    "idle",
    "cheap",
    "running",
    "workers",
    "in_request",
    "queue",
    "oldest_request_s",
    "rss_mb",
];
const COUNTS: [&str; 5] = ["requests", "exceptions", "harakiri", "respawns", "reloads"];
const OF_LOAD: [&str; 6] = ["sent", "answered", "errors", "non_2xx", "rate", "overloaded"];
const STATISTICS: [&str; 4] = ["min", "max", "mean", "last"];

impl Known {
    /// Nothing for a name that no run has a figure of.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let gauge = |name: &str| GAUGES.contains(&name);
        let inner = name.split_once('(').and_then(|(statistic, rest)| {
            let inner = rest.strip_suffix(')')?;
            STATISTICS.contains(&statistic).then_some(inner)
        });
        let time = |name: &str| {
            let percentile = name
                .strip_prefix('p')
                .and_then(|digits| digits.parse::<f64>().ok());
            name == "mean"
                || name == "max"
                || percentile.is_some_and(|percentile| (0.0..=100.0).contains(&percentile))
        };
        match name {
            _ if gauge(inner.unwrap_or(name)) => Some(Self::Number),
            _ if COUNTS.contains(&name) || OF_LOAD.contains(&name) => Some(Self::Number),
            "error_share" => Some(Self::Share),
            _ if name == "service_time" || time(name) || name.strip_prefix("service.").is_some_and(time) => {
                Some(Self::Time)
            }
            _ => None,
        }
    }

    /// All names, for messages.
    pub(crate) fn names() -> String {
        format!(
            "{} (each also as min(), max(), mean() and last()), {}, {}, error_share, service_time, p50, p99.9 and other \
             percentiles, mean, max, each of these also as service.p99",
            GAUGES.join(", "),
            COUNTS.join(", "),
            OF_LOAD.join(", ")
        )
    }
}

/// Of most figures less is better: time, errors, memory.
pub(in crate::experiment) fn is_better_high(name: &str) -> bool {
    ["rate", "answered", "requests"].contains(&name)
}

/// Figures by name; times in µs. Percentiles come from the histograms when they are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    values: BTreeMap<String, f64>,
    latency: Option<Histogram<u64>>,
    service: Option<Histogram<u64>>,
}

impl Figures {
    /// Of a span of time: what was seen in it, what is counted from the first of `counted` to the last, and the loads that were
    /// sent.
    pub(crate) fn new(seen: &[Sample], counted: &[Sample], loads: &[&LoadSummary]) -> Self {
        let mut figures = Self::default();
        figures.add_gauges(seen);
        figures.add_counts(counted);
        figures.add_loads(loads);
        figures
    }

    #[cfg(test)]
    pub(super) fn of(values: &[(&str, f64)]) -> Self {
        Self {
            values: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
            ..Self::default()
        }
    }

    /// Nothing for what was not seen.
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        if let Some(value) = self.values.get(name) {
            return Some(*value);
        }
        match name.strip_prefix("service.") {
            Some(name) => statistic(self.service.as_ref()?, name),
            None => statistic(self.latency.as_ref()?, name),
        }
    }

    /// Latency from the intended time, of all loads together.
    pub(crate) fn latency(&self) -> Option<&Histogram<u64>> {
        self.latency.as_ref()
    }

    /// From the actual start of each request.
    pub(crate) fn service(&self) -> Option<&Histogram<u64>> {
        self.service.as_ref()
    }

    fn set(&mut self, name: impl Into<String>, value: f64) {
        self.values.insert(name.into(), value);
    }

    fn add_gauges(&mut self, samples: &[Sample]) {
        for name in GAUGES {
            let seen: Vec<f64> = samples
                .iter()
                .filter_map(|sample| gauge(&sample.summary, name))
                .collect();
            let Some(last) = seen.last() else { continue };
            let mean = seen.iter().sum::<f64>() / seen.len() as f64;
            self.set(name, mean);
            self.set(format!("mean({name})"), mean);
            self.set(format!("last({name})"), *last);
            self.set(
                format!("min({name})"),
                seen.iter().copied().fold(f64::INFINITY, f64::min),
            );
            self.set(
                format!("max({name})"),
                seen.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            );
        }
    }

    /// A counter that falls began anew: the master reloaded, and what it says now it has counted since.
    fn add_counts(&mut self, samples: &[Sample]) {
        if samples.is_empty() {
            return;
        }
        let mut busy = 0;
        let mut counts = BTreeMap::new();
        for pair in samples.windows(2) {
            let (before, after) = (&pair[0].counters, &pair[1].counters);
            let reloaded = before
                .each()
                .iter()
                .zip(after.each())
                .any(|((_, before), (_, after))| after < *before);
            for ((name, before), (_, after)) in before.each().into_iter().zip(after.each()) {
                *counts.entry(name).or_insert(0) += if reloaded { after } else { after - before };
            }
            busy += if reloaded {
                after.running_time
            } else {
                after.running_time.saturating_sub(before.running_time)
            };
        }
        for (name, _) in Counters::default().each() {
            self.set(name, counts.get(name).copied().unwrap_or(0) as f64);
        }
        let (first, last) = (samples.first(), samples.last());
        let since = |count: fn(&Sample) -> u64| {
            let of = |sample: Option<&Sample>| sample.map_or(0, count);
            of(last).saturating_sub(of(first)) as f64
        };
        self.set("respawns", since(|sample| sample.respawns));
        self.set("reloads", since(|sample| sample.reloads));
        if let Some(requests) = counts.get("requests").filter(|requests| **requests > 0) {
            self.set("service_time", busy as f64 / *requests as f64);
        }
    }

    fn add_loads(&mut self, loads: &[&LoadSummary]) {
        for load in loads {
            merge(&mut self.latency, &load.latency);
            merge(&mut self.service, &load.service);
        }
        if loads.is_empty() {
            return;
        }
        let sum = |count: fn(&LoadSummary) -> u64| loads.iter().map(|load| count(load)).sum::<u64>() as f64;
        let scheduled = sum(|load| load.scheduled);
        let answered = sum(|load| load.counts.answered);
        let refused = sum(|load| load.counts.status_4xx + load.counts.status_5xx);
        let errors = (scheduled - answered).max(0.0) + refused;
        let seconds: f64 = loads.iter().map(|load| answering(load)).sum();
        self.set("sent", sum(|load| load.counts.sent));
        self.set("answered", answered);
        self.set("non_2xx", refused);
        self.set("errors", errors);
        self.set(
            "error_share",
            if scheduled > 0.0 {
                errors / scheduled * 100.0
            } else {
                0.0
            },
        );
        self.set("rate", answered / seconds.max(1e-9));
        let overloaded = loads.iter().any(|load| load.verdict.is_overloaded());
        self.set("overloaded", f64::from(u8::from(overloaded)));
    }
}

/// Seconds in which the answers of a load came. Where the server could not keep up they end after the sending.
fn answering(load: &LoadSummary) -> f64 {
    match load.achieved_rate > 0.0 {
        true => load.counts.answered as f64 / load.achieved_rate,
        false => load.sending.as_secs_f64(),
    }
}

/// Histograms grow as they must, so adding fails only where memory could not be addressed.
fn merge(all: &mut Option<Histogram<u64>>, one: &Histogram<u64>) {
    match all {
        Some(all) => drop(all.add(one)),
        None => *all = Some(one.clone()),
    }
}

fn gauge(summary: &Summary, name: &str) -> Option<f64> {
    let value = match name {
        "busy" => summary.busy,
        "idle" => summary.idle,
        "cheap" => summary.cheap,
        "running" => summary.running,
        "workers" => summary.workers,
        "in_request" => summary.in_request?,
        "queue" => summary.queue?,
        "oldest_request_s" => summary.oldest_request_s?,
        "rss_mb" => return Some(summary.rss? as f64 / 1e6),
        _ => return None,
    };
    Some(value as f64)
}

/// In µs; nothing of an empty histogram.
pub(super) fn statistic(histogram: &Histogram<u64>, name: &str) -> Option<f64> {
    if histogram.is_empty() {
        return None;
    }
    match name {
        "mean" => Some(histogram.mean()),
        "max" => Some(histogram.max() as f64),
        _ => {
            let percentile: f64 = name.strip_prefix('p')?.parse().ok()?;
            Some(histogram.value_at_percentile(percentile) as f64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: u64, busy: u64, requests: u64, respawns: u64) -> Sample {
        Sample {
            at: Duration::from_secs(at),
            summary: Summary {
                busy,
                ..Summary::default()
            },
            counters: Counters {
                requests,
                running_time: requests * 250_000,
                ..Counters::default()
            },
            respawns,
            reloads: 0,
        }
    }

    #[test]
    fn gauges_are_means_and_their_ends_are_there_too() {
        let figures = Figures::new(
            &[sample(0, 1, 0, 0), sample(1, 3, 10, 0), sample(2, 2, 20, 0)],
            &[sample(0, 1, 0, 0), sample(2, 2, 20, 0)],
            &[],
        );
        for (name, value) in [
            ("busy", 2.0),
            ("mean(busy)", 2.0),
            ("max(busy)", 3.0),
            ("min(busy)", 1.0),
            ("last(busy)", 2.0),
            ("requests", 20.0),
            ("respawns", 0.0),
            ("service_time", 250_000.0),
        ] {
            assert_eq!(figures.get(name), Some(value), "{name}");
        }
        assert_eq!(figures.get("queue"), None, "of a unix socket nothing is known");
        assert_eq!(figures.get("p99"), None, "no load was sent");
    }

    #[test]
    fn counting_goes_on_through_a_reload() {
        let mut samples = [
            sample(0, 0, 100, 0),
            sample(1, 0, 130, 1),
            sample(2, 0, 20, 1),
            sample(3, 0, 50, 1),
        ];
        for after in &mut samples[2..] {
            after.reloads = 1;
        }
        let figures = Figures::new(&samples, &samples, &[]);
        let of = |name| figures.get(name);
        assert_eq!(
            [of("requests"), of("respawns"), of("reloads")],
            [Some(80.0), Some(1.0), Some(1.0)]
        );
    }

    #[test]
    fn every_name_that_is_told_is_known() {
        for name in GAUGES.iter().chain(&COUNTS).chain(&OF_LOAD) {
            assert!(Known::of(name).is_some(), "{name}");
        }
        for (name, known) in [
            ("max(queue)", Some(Known::Number)),
            ("p99.9", Some(Known::Time)),
            ("service.mean", Some(Known::Time)),
            ("error_share", Some(Known::Share)),
            ("max(requests)", None),
            ("most(queue)", None),
            ("p101", None),
        ] {
            assert_eq!(Known::of(name), known, "{name}");
        }
    }
}
