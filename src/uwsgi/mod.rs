//! uWSGI's statistics (where they are, how they are read, what they say as points) and its configuration; keeps no state.

mod address;
mod beyond;
mod config;
mod counted;
mod document;
mod emperor;
mod fetch;
mod in_flight;
mod points;
mod reading;
mod repair;
mod router;
mod summary;

pub(crate) use address::{AddressError, StatsAddress, hostname};
pub(crate) use config::UwsgiConfig;
pub(crate) use counted::{Counted, between as counted_between};
pub(crate) use document::{App, Cache, Core, Document, Socket, Spooler, Worker};
pub(crate) use emperor::Emperor;
pub(crate) use fetch::{FetchError, fetch, fetch_as};
pub(crate) use in_flight::{InFlight, in_flight};
#[cfg(test)]
pub(crate) use points::points;
pub(crate) use points::{Scrape, failure_points, statistics_points};
pub(crate) use reading::{DocumentError, Statistics, parse, read};
pub(crate) use router::Router;
pub(crate) use summary::Summary;
