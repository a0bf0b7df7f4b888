//! A client of InfluxDB 1.x's HTTP API, which 2.x and 3 have too: query, write; decides nothing about retries.

mod client;
mod endpoint;
mod error;
#[cfg(test)]
pub(crate) mod fake;

pub(crate) use client::Client;
pub(crate) use endpoint::{Authorization, Credentials, Endpoint, EndpointError, Secret};
pub(crate) use error::InfluxError;
