//! Scrapes stats servers on an interval and carries points to where they are kept; knows neither labs nor terminals.

mod backlog;
mod batch;
mod delivery;
mod events;
mod prometheus;
mod schedule;
mod scrape;
mod sink;
mod target_file;
mod targets;
mod unix_queues;
mod watched;
mod writer;

pub(crate) use prometheus::serve as serve_metrics;
pub(crate) use scrape::{Scraped, Target, scrape};
pub(crate) use sink::Sink;
pub(crate) use target_file::TargetFile;
pub(crate) use targets::{Collector, Happened, Targets};
pub(crate) use watched::Snapshot;
pub(crate) use writer::{Limits, Writer, WriterStatus};
