//! `uwsgi-lab store` beside the real InfluxDB, under its real clients, and under what goes wrong.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper may panic")]

mod clients;
mod command;
mod comparison;
mod differences;
mod exchanges;
mod faults;
mod points;
mod queries;
pub(crate) mod servers;
