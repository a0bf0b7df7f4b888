//! The part of Grafana's HTTP API that provisioning and panels use (API level 12.2.1); it draws no page yet.
//!
//! Status codes and bodies follow Grafana's own, because whatever provisions this server must work with Grafana too.

mod alias;
mod annotations;
mod body;
mod dashboards;
mod datasource_health;
mod datasources;
mod folders;
mod frames;
mod gate;
mod interval;
mod keeper;
mod macros;
mod organisation;
mod query;
mod refusal;
mod search;
mod server;
mod state;
mod time_range;
mod uid;
mod upstream;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod fake;

#[cfg(test)]
pub(crate) use fake::{fake_influxdb, test_server};
pub(crate) use server::{DashboardError, DashboardOptions, DashboardServer};
