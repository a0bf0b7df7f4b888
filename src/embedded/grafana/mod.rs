//! The part of Grafana's HTTP API that provisioning and panels use (API level 12.2.1); the page it serves draws itself.
//!
//! Status codes and bodies follow Grafana's own, because whatever provisions this server must work with Grafana too.

mod admission;
mod alias;
mod annotations;
mod body;
mod dashboards;
mod datasource_health;
mod datasources;
mod folders;
mod frames;
mod gate;
mod guesses;
mod interval;
mod keeper;
mod login;
mod macros;
mod organisation;
mod query;
mod refusal;
mod search;
mod server;
mod session;
mod state;
mod table_frame;
mod time_range;
mod uid;
mod upstream;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod visits;

#[cfg(test)]
pub(crate) use fake::{fake_influxdb, test_server};
pub(crate) use server::{DashboardError, DashboardOptions, DashboardServer};
