//! The dashboards that a Grafana has now: which there are, one of them, and one more.

use std::collections::BTreeSet;

use serde_json::Value;

use super::apply::Change;
use super::client::Grafana;
use super::dashboard::{self, Dashboard};
use super::error::ProvisionError;
use super::folder::{self, Folder};

/// Grafana's own upper limit of a search; more than that is no lab.
const ALL: &str = "/api/search?type=dash-db&limit=5000";

/// A dashboard in Grafana's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) uid: String,
    pub(crate) title: String,
    /// None at the root.
    pub(crate) folder: Option<String>,
}

/// All dashboards, by title.
pub(crate) async fn list(grafana: &Grafana) -> Result<Vec<Listed>, ProvisionError> {
    let reply = grafana.get(ALL).await?;
    let Some(found) = reply.body.as_array().filter(|_| reply.status == 200) else {
        return Err(grafana.unexpected(reply));
    };
    let mut listed: Vec<_> = found.iter().filter_map(listed).collect();
    listed.sort_by(|one, other| (&one.title, &one.uid).cmp(&(&other.title, &other.uid)));
    Ok(listed)
}

fn listed(found: &Value) -> Option<Listed> {
    let text = |key: &str| Some(found.get(key)?.as_str()?.to_owned());
    Some(Listed {
        uid: text("uid")?,
        title: text("title")?,
        folder: text("folderTitle"),
    })
}

/// The dashboard as it is now, in the form of a file.
///
/// # Errors
/// [`ProvisionError::DashboardMissing`], or what went wrong on the way.
pub(crate) async fn fetch(grafana: &Grafana, uid: &str) -> Result<Dashboard, ProvisionError> {
    let missing = || ProvisionError::DashboardMissing { uid: uid.to_owned() };
    // what is no uid would be another path of the API
    if uid.is_empty() || uid.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_') {
        return Err(missing());
    }
    let found = dashboard::read(grafana, uid).await?.ok_or_else(missing)?;
    Dashboard::from_model(uid, &found["dashboard"])
}

/// Saves a dashboard in the folder where it is, or in the lab's where it is new.
pub(crate) async fn put(grafana: &Grafana, dashboard: &Dashboard) -> Result<Change, ProvisionError> {
    let stored = dashboard::read(grafana, &dashboard.uid).await?;
    let folder = match &stored {
        Some(stored) => stored["meta"]["folderUid"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        None => {
            let own = Folder::default();
            folder::apply(grafana, &own).await?;
            own.uid
        }
    };
    dashboard::apply(grafana, dashboard, &folder).await
}

/// The uids of dashboards that `up` puts back as they were shipped.
pub(crate) fn shipped() -> Result<BTreeSet<String>, ProvisionError> {
    let shipped = Dashboard::shipped()?.into_iter();
    Ok(shipped.map(|dashboard| dashboard.uid).collect())
}
