//! Dashboards: save with Grafana's overwrite rules, read, delete. What a panel means is not its business.

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::body::JsonBody;
use super::folders;
use super::keeper::Keeper;
use super::refusal::Refusal;
use super::state::{Dashboard, State};
use super::uid;

/// What callers send to save a dashboard. Without `folderUid` it goes to the root, also when it was elsewhere.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Form {
    dashboard: Map<String, Value>,
    #[serde(default)]
    folder_uid: String,
    #[serde(default)]
    overwrite: bool,
}

pub(super) async fn save(
    Shared(keeper): Shared<Keeper>,
    JsonBody(form): JsonBody<Form>,
) -> Result<Json<Value>, Refusal> {
    if let Some(uid) = text(&form.dashboard, "uid") {
        uid::check(uid)?;
    }
    keeper.change(move |state| store(state, form)).await
}

pub(super) async fn by_uid(
    Shared(keeper): Shared<Keeper>,
    Path(uid): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let found = keeper
        .read(move |state| {
            let found = state.dashboards.iter().find(|dashboard| dashboard.uid == uid);
            found.map(|dashboard| shown(state, dashboard))
        })
        .await?;
    found.map(Json).ok_or_else(missing)
}

pub(super) async fn delete(
    Shared(keeper): Shared<Keeper>,
    Path(uid): Path<String>,
) -> Result<Json<Value>, Refusal> {
    keeper
        .change(move |state| {
            let at = state.dashboards.iter().position(|dashboard| dashboard.uid == uid);
            let gone = state.dashboards.remove(at.ok_or_else(missing)?);
            let message = format!("Dashboard {} deleted", gone.title);
            Ok(Json(
                json!({ "id": gone.id, "uid": gone.uid, "title": gone.title, "message": message }),
            ))
        })
        .await
}

fn store(state: &mut State, form: Form) -> Result<Json<Value>, Refusal> {
    let title = text(&form.dashboard, "title")
        .unwrap_or_default()
        .trim()
        .to_owned();
    if title.is_empty() {
        return Err(Refusal::tagged(
            StatusCode::BAD_REQUEST,
            "Dashboard title cannot be empty",
            "empty-name",
        ));
    }
    let in_root = form.folder_uid.is_empty();
    if !in_root && !state.folders.iter().any(|folder| folder.uid == form.folder_uid) {
        return Err(Refusal::bad_request("folder not found"));
    }
    let target = target(state, &form, &title)?;
    let dashboard = Dashboard {
        id: target.as_ref().map_or_else(|| state.next_id(), |old| old.id),
        uid: match &target {
            Some(old) => old.uid.clone(),
            None => uid::given_or_random(text(&form.dashboard, "uid").unwrap_or_default())?,
        },
        version: target.as_ref().map_or(1, |old| old.version + 1),
        title,
        folder_uid: form.folder_uid,
        model: without_identity(form.dashboard),
    };
    let answer = saved(&dashboard);
    state.dashboards.retain(|other| other.id != dashboard.id);
    state.dashboards.push(dashboard);
    Ok(answer)
}

/// The dashboard that this save replaces, if any.
///
/// The same uid (or id) needs `overwrite` or the stored version. The same title in the same folder needs `overwrite`,
/// and then replaces that dashboard under *its* uid, as Grafana does.
fn target(state: &State, form: &Form, title: &str) -> Result<Option<Dashboard>, Refusal> {
    let version = form.dashboard.get("version").and_then(Value::as_u64);
    let same = identified(state, &form.dashboard)?;
    if same.is_some_and(|old| !form.overwrite && version != Some(old.version)) {
        return Err(precondition(
            "The dashboard has been changed by someone else",
            "version-mismatch",
        ));
    }
    let namesake = state.dashboards.iter().find(|other| {
        other.title == title
            && other.folder_uid == form.folder_uid
            && same.is_none_or(|old| old.id != other.id)
    });
    match (namesake, form.overwrite) {
        (Some(_), false) => Err(precondition(
            "A dashboard with the same name in the folder already exists",
            "name-exists",
        )),
        (Some(other), true) => Ok(Some(other.clone())),
        (None, _) => Ok(same.cloned()),
    }
}

/// An `id` must exist; a `uid` may be new.
fn identified<'a>(state: &'a State, model: &Map<String, Value>) -> Result<Option<&'a Dashboard>, Refusal> {
    if let Some(id) = model.get("id").and_then(Value::as_u64).filter(|id| *id != 0) {
        let found = state.dashboards.iter().find(|dashboard| dashboard.id == id);
        return found.map(Some).ok_or_else(missing);
    }
    let uid = text(model, "uid");
    Ok(state
        .dashboards
        .iter()
        .find(|dashboard| uid == Some(&dashboard.uid)))
}

fn without_identity(mut model: Map<String, Value>) -> Map<String, Value> {
    for key in ["id", "uid", "version"] {
        model.shift_remove(key);
    }
    model
}

fn text<'a>(model: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    model.get(key).and_then(Value::as_str)
}

fn precondition(message: &str, tag: &str) -> Refusal {
    Refusal::tagged(StatusCode::PRECONDITION_FAILED, message, tag)
}

fn missing() -> Refusal {
    Refusal::tagged(StatusCode::NOT_FOUND, "Dashboard not found", "not-found")
}

pub(super) fn url(dashboard: &Dashboard) -> String {
    format!("/d/{}/{}", dashboard.uid, uid::slug(&dashboard.title))
}

fn saved(dashboard: &Dashboard) -> Json<Value> {
    Json(json!({
        "id": dashboard.id, "uid": dashboard.uid, "slug": uid::slug(&dashboard.title), "status": "success",
        "url": url(dashboard), "version": dashboard.version, "folderUid": dashboard.folder_uid,
    }))
}

fn shown(state: &State, dashboard: &Dashboard) -> Value {
    let folder = state
        .folders
        .iter()
        .find(|folder| folder.uid == dashboard.folder_uid);
    let mut model = dashboard.model.clone();
    model.insert("id".to_owned(), json!(dashboard.id));
    model.insert("uid".to_owned(), json!(dashboard.uid));
    model.insert("version".to_owned(), json!(dashboard.version));
    json!({
        "meta": {
            "type": "db", "canSave": true, "canEdit": true, "canAdmin": true, "canStar": true, "canDelete": true,
            "slug": uid::slug(&dashboard.title), "url": url(dashboard), "version": dashboard.version,
            "folderUid": dashboard.folder_uid, "isFolder": false, "provisioned": false,
            "folderTitle": folder.map_or("Dashboards", |folder| folder.title.as_str()),
            "folderUrl": folder.map(folders::url).unwrap_or_default(),
        },
        "dashboard": model,
    })
}
