//! What one measurement came to, as it is kept on disk: figures by name and histograms; judges nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::matrix::MEASURED;
use super::outcome::Outcome;

/// Of one case. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) version: u32,
    /// The variant's name and the load's, and how often it had been measured before.
    pub(crate) variant: String,
    pub(crate) load: String,
    pub(crate) repeat: u32,
    /// RFC 3339, UTC.
    pub(crate) began: String,
    pub(crate) uwsgi: Option<String>,
    /// Times in µs; what was not seen has no entry.
    pub(crate) figures: BTreeMap<String, f64>,
    /// From the intended time of each request: values in µs, each followed by its count.
    #[serde(with = "crate::load::buckets")]
    pub(crate) latency: Histogram<u64>,
    /// From the actual start.
    #[serde(with = "crate::load::buckets")]
    pub(crate) service: Histogram<u64>,
}

/// Which measurement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label<'a> {
    pub(crate) variant: &'a str,
    pub(crate) load: &'a str,
    pub(crate) repeat: u32,
}

/// Processor time of the server for each request, in µs.
pub(crate) const PROCESSOR: &str = "cpu_us";

const KEPT: [&str; 25] = [
    "p50",
    "p90",
    "p95",
    "p99",
    "p99.9",
    "max",
    "mean",
    "service.p50",
    "service.p99",
    "service_time",
    "rate",
    "sent",
    "answered",
    "errors",
    "error_share",
    "overloaded",
    "requests",
    "busy",
    "in_request",
    "max(queue)",
    "respawns",
    "running",
    "max(running)",
    "rss_mb",
    "max(rss_mb)",
];

impl Measured {
    /// Keeps the usual figures, and `wanted` if they are not among them. `processor` is what the server took of the processors from
    /// the first request to the last, where that is known.
    /// Nothing where no request was sent.
    pub(crate) fn new(
        label: Label<'_>,
        began: String,
        outcome: &Outcome,
        wanted: &[&str],
        processor: Option<Duration>,
    ) -> Option<Self> {
        let of_phase = outcome.figures(Some(MEASURED));
        let (latency, service) = (of_phase.latency()?.clone(), of_phase.service()?.clone());
        let mut figures = BTreeMap::new();
        for name in KEPT.iter().chain(wanted) {
            if let Some(value) = of_phase.get(name) {
                figures.insert((*name).to_owned(), value);
            }
        }
        // Warmed up with too.
        let requests = outcome.requests().filter(|requests| *requests > 0.0);
        if let (Some(time), Some(requests)) = (processor, requests) {
            figures.insert(PROCESSOR.to_owned(), time.as_secs_f64() * 1e6 / requests);
        }
        Some(Self {
            version: 1,
            variant: label.variant.to_owned(),
            load: label.load.to_owned(),
            repeat: label.repeat,
            began,
            uwsgi: outcome.uwsgi_version.clone(),
            figures,
            latency,
            service,
        })
    }

    pub(crate) fn is(&self, label: Label<'_>) -> bool {
        self.version == 1
            && self.variant == label.variant
            && self.load == label.load
            && self.repeat == label.repeat
    }

    pub(crate) fn get(&self, figure: &str) -> Option<f64> {
        self.figures.get(figure).copied()
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        let empty = || Histogram::new(3).unwrap_or_else(|error| panic!("{error}"));
        Self {
            version: 1,
            variant: "variant".to_owned(),
            load: "load".to_owned(),
            repeat: 0,
            began: String::new(),
            uwsgi: None,
            figures: BTreeMap::new(),
            latency: empty(),
            service: empty(),
        }
    }
}
