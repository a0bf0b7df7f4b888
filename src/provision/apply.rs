//! The order of provisioning: plugin, data source, folder, dashboards; each step says whether it changed anything.

use serde_json::{Value, json};

use super::client::Grafana;
use super::dashboard::{self, Dashboard};
use super::datasource::{self, DataSource};
use super::error::ProvisionError;
use super::folder::{self, Folder};
use super::patience::Failed;

/// What Grafana shall show.
pub(crate) struct Desired {
    pub(crate) datasource: DataSource,
    pub(crate) folder: Folder,
    pub(crate) dashboards: Vec<Dashboard>,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Unchanged,
    Created,
    Updated,
}

/// What was found and what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// `None` where Grafana hides it.
    pub(crate) grafana_version: Option<String>,
    /// Of the InfluxDB plugin, which newer releases update on their own.
    pub(crate) plugin_version: Option<String>,
    pub(crate) datasource: Change,
    pub(crate) folder: Change,
    /// By uid.
    pub(crate) dashboards: Vec<(String, Change)>,
}

/// Makes Grafana as desired; a second call changes nothing.
pub(crate) async fn apply(grafana: &Grafana, desired: &Desired) -> Result<Report, ProvisionError> {
    let plugin_version = wait_for_plugin(grafana).await?;
    let grafana_version = text(&grafana.get("/api/health").await?.body["version"]);
    let datasource = datasource::apply(grafana, &desired.datasource).await?;
    let folder = folder::apply(grafana, &desired.folder).await?;
    let mut dashboards = Vec::new();
    for one in &desired.dashboards {
        let change = dashboard::apply(grafana, one, &desired.folder.uid).await?;
        dashboards.push((one.uid.clone(), change));
    }
    Ok(Report {
        grafana_version,
        plugin_version,
        datasource,
        folder,
        dashboards,
    })
}

/// Newer releases install the InfluxDB plugin after `/api/health` is green.
async fn wait_for_plugin(grafana: &Grafana) -> Result<Option<String>, ProvisionError> {
    grafana
        .patience
        .retry(async || {
            let reply = grafana
                .get("/api/plugins/influxdb/settings")
                .await
                .map_err(starting)?;
            if reply.status == 200 && reply.body.get("enabled") != Some(&json!(false)) {
                return Ok(text(&reply.body["info"]["version"]));
            }
            Err(Failed::ForNow(ProvisionError::PluginMissing {
                waited: grafana.patience.limit,
                message: reply.message(),
            }))
        })
        .await
}

fn starting(error: ProvisionError) -> Failed {
    match error {
        ProvisionError::Unreachable { .. } => Failed::ForNow(error),
        other => Failed::ForGood(other),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
