//! Scrapes stats servers on an interval and carries points to where they are kept; knows neither labs nor terminals.

mod backlog;
mod batch;
mod delivery;
mod disk;
mod events;
mod line_file;
mod prometheus;
mod queue;
mod schedule;
mod scrape;
mod segment;
mod sink;
mod spool;
mod target_file;
mod targets;
mod unix_queues;
mod watched;
mod writer;
mod writers;

pub(crate) use batch::gzipped;
pub(crate) use events::{Event, EventKind, between as events_between};
pub(crate) use line_file::LineFile;
pub(crate) use prometheus::serve as serve_metrics;
pub(crate) use scrape::{Scraped, Target, in_one_line, scrape};
pub(crate) use sink::Sink;
pub(crate) use spool::{Spool, SpoolError};
pub(crate) use target_file::TargetFile;
pub(crate) use targets::{Collector, Happened, Targets};
pub(crate) use unix_queues::fill_in as fill_in_unix_queues;
pub(crate) use watched::Snapshot;
pub(crate) use writer::{Limits, WriterStatus};
pub(crate) use writers::{Outlet, Writers};
