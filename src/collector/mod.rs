//! Scrapes stats servers on an interval and carries points to where they are kept; knows neither labs nor terminals.

mod backlog;
mod batch;
mod delivery;
mod schedule;
mod scrape;
mod sink;
mod targets;
mod writer;

pub(crate) use scrape::{Scraped, Target, scrape};
pub(crate) use sink::Sink;
pub(crate) use targets::{Collector, Snapshot};
pub(crate) use writer::{Limits, Writer, WriterStatus};
