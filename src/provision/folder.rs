//! The folder that the lab's dashboards live in; a title that someone changed by hand stays.

use serde_json::json;

use super::apply::Change;
use super::client::Grafana;
use super::error::ProvisionError;

/// A folder by its fixed uid; the title is used when it is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) uid: String,
    pub(crate) title: String,
}

impl Default for Folder {
    fn default() -> Self {
        Self {
            uid: "uwsgi-lab".to_owned(),
            title: "uwsgi-lab".to_owned(),
        }
    }
}

pub(super) async fn apply(grafana: &Grafana, desired: &Folder) -> Result<Change, ProvisionError> {
    if exists(grafana, &desired.uid).await? {
        return Ok(Change::Unchanged);
    }
    let body = json!({ "uid": desired.uid, "title": desired.title });
    let reply = grafana.post("/api/folders", &body).await?;
    match reply.status {
        200 | 201 => Ok(Change::Created),
        // someone created it meanwhile, or the title is taken; 412 in /api, 409 in /apis
        409 | 412 if exists(grafana, &desired.uid).await? => Ok(Change::Unchanged),
        409 | 412 => Err(ProvisionError::FolderRefused {
            title: desired.title.clone(),
            message: reply.message(),
        }),
        _ => Err(grafana.unexpected(reply)),
    }
}

async fn exists(grafana: &Grafana, uid: &str) -> Result<bool, ProvisionError> {
    let reply = grafana.get(&format!("/api/folders/{uid}")).await?;
    match reply.status {
        200 => Ok(true),
        404 => Ok(false),
        _ => Err(grafana.unexpected(reply)),
    }
}
