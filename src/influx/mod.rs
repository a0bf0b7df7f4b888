//! A client of InfluxDB 1.x's HTTP API: query, write; decides nothing about retries.

mod client;
mod endpoint;
mod error;
#[cfg(test)]
pub(crate) mod fake;

pub(crate) use client::Client;
pub(crate) use endpoint::{Credentials, Endpoint, EndpointError, Secret};
pub(crate) use error::InfluxError;
