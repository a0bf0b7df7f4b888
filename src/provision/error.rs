//! Why Grafana could not be provisioned; each case is one that the command line words its own hint for.

use std::time::Duration;

/// A failure, by kind.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProvisionError {
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
    #[error("cannot reach Grafana at {url}")]
    Unreachable { url: String, source: reqwest::Error },
    /// The admin password applies to an empty data volume only, so this usually means an old volume.
    #[error("Grafana at {url} refuses the password of '{user}'")]
    Credentials { url: String, user: String },
    #[error("Grafana forbids '{user}' to {method} {path}: {message}")]
    Forbidden {
        user: String,
        method: &'static str,
        path: String,
        message: String,
    },
    #[error("Grafana has no InfluxDB plugin after {waited:?}: {message}")]
    PluginMissing { waited: Duration, message: String },
    #[error("the data source '{uid}' differs and is read-only, because a file provisions it")]
    ReadOnlyDataSource { uid: String },
    #[error("another data source, '{holder}', has the name '{name}'")]
    DataSourceNameTaken { name: String, holder: String },
    #[error("Grafana cannot use the data source '{uid}': {message}")]
    UnhealthyDataSource { uid: String, message: String },
    #[error("the folder title '{title}' is taken: {message}")]
    FolderRefused { title: String, message: String },
    #[error("Grafana refused the dashboard '{uid}': {message}")]
    DashboardRefused {
        uid: String,
        reason: Refused,
        message: String,
    },
    #[error("'{name}' is not a dashboard")]
    NotJson { name: String, source: serde_json::Error },
    #[error("'{name}' is not a dashboard: it has no {missing}")]
    Incomplete { name: String, missing: &'static str },
    #[error("'{name}' is a dashboard of schema v2, which has no panels of the classic form")]
    NewSchema { name: String },
    #[error("{place} asks a data source of the type '{kind}', and a lab has an InfluxDB")]
    OtherDataSource { place: String, kind: String },
    #[error("the panel '{panel}' is in a library that the file does not carry")]
    LibraryPanelMissing { panel: String },
    #[error("Grafana has no dashboard '{uid}'")]
    DashboardMissing { uid: String },
    #[error("panel queries failed: {}", list(failures))]
    PanelsFailed { failures: Vec<PanelFailure> },
    #[error("Grafana answered {status} to {method} {path}: {message}")]
    Unexpected {
        method: &'static str,
        path: String,
        status: u16,
        message: String,
    },
}

/// Why a dashboard was refused although it was sent with `overwrite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// 412 `name-exists`: another dashboard of this title is in the folder; rename or remove it.
    NameExists,
    /// 412 `version-mismatch`: early 12.0 builds ignored `overwrite`; delete the dashboard and apply again.
    VersionMismatch,
    /// 412 `plugin-dashboard`: the uid belongs to a plugin's dashboard.
    PluginDashboard,
    /// 409 on a migrated SQLite volume of Grafana 13 (grafana#130334); a fresh volume helps.
    StorageConflict,
}

/// A panel's query that Grafana could not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PanelFailure {
    pub(crate) panel: String,
    pub(crate) ref_id: String,
    pub(crate) message: String,
}

fn list(failures: &[PanelFailure]) -> String {
    let lines = failures.iter();
    let lines = lines.map(|failure| format!("'{}' {}: {}", failure.panel, failure.ref_id, failure.message));
    lines.collect::<Vec<_>>().join("; ")
}
