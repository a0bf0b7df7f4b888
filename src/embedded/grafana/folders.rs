//! Folders: create, read, list. Nested folders do not exist here.

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::keeper::Keeper;
use super::refusal::Refusal;
use super::state::{Folder, State};
use super::uid;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    uid: String,
    title: String,
}

pub(super) async fn list(Shared(keeper): Shared<Keeper>) -> Result<Json<Value>, Refusal> {
    keeper
        .read(|state| {
            let folders = state.folders.iter();
            Json(
                folders
                    .map(|folder| json!({"id": folder.id, "uid": folder.uid, "title": folder.title}))
                    .collect(),
            )
        })
        .await
}

pub(super) async fn by_uid(
    Shared(keeper): Shared<Keeper>,
    Path(uid): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let found = keeper
        .read(move |state| state.folders.iter().find(|folder| folder.uid == uid).map(shown))
        .await?;
    found
        .map(Json)
        .ok_or_else(|| Refusal::tagged(StatusCode::NOT_FOUND, "folder not found", "not-found"))
}

pub(super) async fn create(
    Shared(keeper): Shared<Keeper>,
    JsonBody(form): JsonBody<Form>,
) -> Result<Json<Value>, Refusal> {
    let title = form.title.trim().to_owned();
    if title.is_empty() {
        return Err(Refusal::bad_request("folder title cannot be empty"));
    }
    let uid = uid::given_or_random(&form.uid)?;
    keeper.change(move |state| add(state, uid, title)).await
}

/// 412 for a uid that exists, and for a title that exists, which Grafana before 11 refuses too.
fn add(state: &mut State, uid: String, title: String) -> Result<Json<Value>, Refusal> {
    let exists = |message| Refusal::new(StatusCode::PRECONDITION_FAILED, message);
    if state.folders.iter().any(|folder| folder.uid == uid) {
        return Err(exists("a folder with the same uid already exists"));
    }
    if state.folders.iter().any(|folder| folder.title == title) {
        return Err(exists(
            "a folder with the same name already exists in the current location",
        ));
    }
    let folder = Folder {
        id: state.next_id(),
        uid,
        title,
    };
    let answer = Json(shown(&folder));
    state.folders.push(folder);
    Ok(answer)
}

pub(super) fn url(folder: &Folder) -> String {
    format!("/dashboards/f/{}/{}", folder.uid, uid::slug(&folder.title))
}

fn shown(folder: &Folder) -> Value {
    json!({
        "id": folder.id, "uid": folder.uid, "orgId": 1, "title": folder.title, "url": url(folder),
        "hasAcl": false, "canSave": true, "canEdit": true, "canAdmin": true, "canDelete": true, "version": 1,
    })
}
