//! Scrapes stats servers on an interval and carries points to where they are kept; knows neither labs nor terminals.

mod backlog;
mod batch;
mod delivery;
mod disk;
mod line_file;
mod queue;
mod schedule;
mod scrape;
mod segment;
mod sink;
mod spool;
mod targets;
mod writer;
mod writers;

pub(crate) use line_file::LineFile;
pub(crate) use scrape::{Scraped, Target, in_one_line, scrape};
pub(crate) use sink::Sink;
pub(crate) use spool::{Spool, SpoolError};
pub(crate) use targets::{Collector, Snapshot};
pub(crate) use writer::{Limits, WriterStatus};
pub(crate) use writers::{Outlet, Writers};
