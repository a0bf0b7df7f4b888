//! Makes a Grafana show the lab: data source, folder, dashboards, and the proof that panels answer.
//!
//! Everything goes through Grafana's HTTP API of releases 9.5 to 13; nothing here knows how that Grafana runs.

mod annotation;
mod apply;
mod client;
mod dashboard;
mod datasource;
mod error;
mod folder;
mod foreign;
mod patience;
mod portable;
mod reference;
mod shelf;
mod variables;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use annotation::Annotation;
pub(crate) use apply::{Change, Desired, apply};
pub(crate) use client::Grafana;
pub(crate) use dashboard::Dashboard;
pub(crate) use datasource::DataSource;
pub(crate) use error::{PanelFailure, ProvisionError, Refused};
pub(crate) use folder::Folder;
pub(crate) use shelf::{Listed, fetch, list, put, shipped};
pub(crate) use verify::verify;
