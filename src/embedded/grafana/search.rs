//! `GET /api/search`: folders and dashboards by title, tag, folder and kind.

use axum::Json;
use axum::extract::{RawQuery, State as Shared};
use reqwest::Url;
use serde_json::{Value, json};

use super::keeper::Keeper;
use super::refusal::Refusal;
use super::state::{Dashboard, Folder, State};
use super::{dashboards, folders};

/// Pairs of a query string, in order; keys such as `tag` may repeat, which serde's map of a query cannot hold.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn parse(raw: Option<&str>) -> Self {
        let url = Url::parse(&format!("http://localhost/?{}", raw.unwrap_or_default()));
        Self(
            url.map(|url| url.query_pairs().into_owned().collect())
                .unwrap_or_default(),
        )
    }

    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn first<'a>(&'a self, key: &'a str) -> Option<&'a str> {
        self.all(key).next()
    }
}

/// At most this many, as Grafana without `limit`.
const DEFAULT_LIMIT: usize = 1000;

pub(super) async fn search(
    Shared(keeper): Shared<Keeper>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let parameters = Parameters::parse(raw.as_deref());
    let limit = match parameters.first("limit").map(str::parse) {
        Some(Err(_)) => return Err(Refusal::bad_request("limit must be a number")),
        Some(Ok(limit)) => limit,
        None => DEFAULT_LIMIT,
    };
    keeper
        .read(move |state| Json(found(state, &parameters).into_iter().take(limit).collect()))
        .await
}

fn found(state: &State, parameters: &Parameters) -> Vec<Value> {
    let wants = |kind| parameters.first("type").is_none_or(|wanted| wanted == kind);
    let by_dashboard_traits = ["tag", "folderUIDs", "dashboardUIDs"]
        .iter()
        .any(|key| parameters.first(key).is_some());
    let folders = state
        .folders
        .iter()
        .filter(|folder| wants("dash-folder") && !by_dashboard_traits && titled(&folder.title, parameters))
        .map(shown_folder);
    let dashboards = state
        .dashboards
        .iter()
        .filter(|dashboard| wants("dash-db") && matches(dashboard, parameters))
        .map(|dashboard| shown_dashboard(state, dashboard));
    folders.chain(dashboards).collect()
}

fn matches(dashboard: &Dashboard, parameters: &Parameters) -> bool {
    let tags = tags(dashboard);
    let one_of = |key, value: &str| {
        parameters.first(key).is_none()
            || parameters
                .all(key)
                .flat_map(|list| list.split(','))
                .any(|uid| uid == value)
    };
    titled(&dashboard.title, parameters)
        && parameters.all("tag").all(|tag| tags.contains(&tag))
        && one_of("folderUIDs", &dashboard.folder_uid)
        && one_of("dashboardUIDs", &dashboard.uid)
}

fn titled(title: &str, parameters: &Parameters) -> bool {
    let wanted = parameters.first("query").unwrap_or_default().to_lowercase();
    title.to_lowercase().contains(&wanted)
}

fn tags(dashboard: &Dashboard) -> Vec<&str> {
    let tags = dashboard.model.get("tags").and_then(Value::as_array);
    tags.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn shown_folder(folder: &Folder) -> Value {
    json!({
        "id": folder.id, "uid": folder.uid, "title": folder.title, "url": folders::url(folder),
        "type": "dash-folder", "tags": [], "isStarred": false,
    })
}

fn shown_dashboard(state: &State, dashboard: &Dashboard) -> Value {
    let mut shown = json!({
        "id": dashboard.id, "uid": dashboard.uid, "title": dashboard.title, "url": dashboards::url(dashboard),
        "type": "dash-db", "tags": tags(dashboard), "isStarred": false,
    });
    if let Some(folder) = state
        .folders
        .iter()
        .find(|folder| folder.uid == dashboard.folder_uid)
    {
        shown["folderUid"] = json!(folder.uid);
        shown["folderTitle"] = json!(folder.title);
        shown["folderUrl"] = json!(folders::url(folder));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_may_repeat_a_key_and_escape_characters() {
        let parameters = Parameters::parse(Some("tag=a%20b&tag=c&limit=3"));
        assert_eq!(parameters.all("tag").collect::<Vec<_>>(), ["a b", "c"]);
        assert_eq!(parameters.first("limit"), Some("3"));
        assert_eq!(parameters.first("from"), None);
    }
}
