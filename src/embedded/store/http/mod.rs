//! The store's HTTP door: InfluxDB 1.x's `/ping`, `/write` and `/query`. Knows neither files nor what a query means.
//!
//! Status codes, headers and bodies are those of InfluxDB 1.6.7; where they differ, the file that differs says why.

mod body;
mod csv;
mod door;
mod json;
mod login;
mod multipart;
mod number;
mod outlet;
mod parameters;
mod ping;
mod query;
mod refusal;
mod results;
mod scope;
mod server;
mod statement;
mod style;
mod write;

pub(crate) use server::{StoreError, StoreOptions, StoreServer};
