//! uWSGI's statistics (where they are, how they are read, what they say as points) and its configuration; keeps no state.

mod address;
mod config;
mod counted;
mod document;
mod fetch;
mod points;
mod repair;
mod summary;

pub(crate) use address::{AddressError, StatsAddress, hostname};
pub(crate) use config::UwsgiConfig;
pub(crate) use counted::{Counted, between as counted_between};
pub(crate) use document::{Document, DocumentError, parse};
pub(crate) use fetch::{FetchError, fetch};
pub(crate) use points::{Scrape, failure_points, points};
pub(crate) use summary::Summary;
