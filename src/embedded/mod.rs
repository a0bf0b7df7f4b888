//! What a lab without containers runs in place of InfluxDB and Grafana; it decides nothing about when they run.

mod account;
mod gate;
mod grafana;
mod page;
mod store;

pub(crate) use grafana::{DashboardError, DashboardOptions, DashboardServer};
#[cfg(test)]
pub(crate) use grafana::{fake_influxdb, test_server};
pub(crate) use store::{StoreError, StoreOptions, StoreServer};
