//! Data sources: create, read, replace, delete. Their health and their queries are elsewhere.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::body::JsonBody;
use super::keeper::Keeper;
use super::refusal::Refusal;
use super::state::{DataSource, State};
use super::uid;

/// What callers send to create or replace a data source.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Form {
    uid: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    access: String,
    url: String,
    user: String,
    database: String,
    is_default: bool,
    json_data: Map<String, Value>,
    secure_json_data: BTreeMap<String, String>,
    version: u64,
}

pub(super) async fn list(Shared(keeper): Shared<Keeper>) -> Result<Json<Value>, Refusal> {
    keeper
        .read(|state| Json(state.datasources.iter().map(shown).collect()))
        .await
}

pub(super) async fn by_uid(
    Shared(keeper): Shared<Keeper>,
    Path(uid): Path<String>,
) -> Result<Json<Value>, Refusal> {
    uid::check(&uid)?;
    let found = keeper
        .read(move |state| state.datasources.iter().find(|other| other.uid == uid).map(shown))
        .await?;
    found.map(Json).ok_or_else(missing)
}

pub(super) async fn by_name(
    Shared(keeper): Shared<Keeper>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let found = keeper
        .read(move |state| {
            state
                .datasources
                .iter()
                .find(|other| other.name == name)
                .map(shown)
        })
        .await?;
    found.map(Json).ok_or_else(missing)
}

pub(super) async fn create(
    Shared(keeper): Shared<Keeper>,
    JsonBody(form): JsonBody<Form>,
) -> Result<Json<Value>, Refusal> {
    let url = form.checked()?;
    let uid = uid::given_or_random(&form.uid)?;
    keeper.change(move |state| add(state, form, uid, url)).await
}

pub(super) async fn update(
    Shared(keeper): Shared<Keeper>,
    Path(uid): Path<String>,
    JsonBody(form): JsonBody<Form>,
) -> Result<Json<Value>, Refusal> {
    let url = form.checked()?;
    uid::check(&uid)?;
    keeper.change(move |state| replace(state, form, &uid, url)).await
}

pub(super) async fn delete(
    Shared(keeper): Shared<Keeper>,
    Path(uid): Path<String>,
) -> Result<Json<Value>, Refusal> {
    keeper
        .change(move |state| {
            let at = position(state, &uid)?;
            let gone = state.datasources.remove(at);
            Ok(Json(json!({ "message": "Data source deleted", "id": gone.id })))
        })
        .await
}

fn add(state: &mut State, form: Form, uid: String, url: String) -> Result<Json<Value>, Refusal> {
    if state.datasources.iter().any(|other| other.name == form.name) {
        return Err(conflict("data source with the same name already exists"));
    }
    if state.datasources.iter().any(|other| other.uid == uid) {
        return Err(conflict("data source with the same uid already exists"));
    }
    let source = DataSource {
        id: state.next_id(),
        version: 1,
        secure_json_data: form.secure_json_data.clone(),
        ..form.into_source(uid, url)
    };
    let answer = answered(&source, "Datasource added");
    keep_one_default(state, &source);
    state.datasources.push(source);
    Ok(answer)
}

/// Stale is a version below the stored one; 0 or none at all is not checked, as in Grafana.
fn replace(state: &mut State, form: Form, uid: &str, url: String) -> Result<Json<Value>, Refusal> {
    let at = position(state, uid)?;
    let old = state.datasources[at].clone();
    if !form.uid.is_empty() && form.uid != uid {
        return Err(Refusal::bad_request(
            "data source uid in the body does not match the uid in the URL",
        ));
    }
    if form.version != 0 && form.version < old.version {
        return Err(conflict(
            "Datasource has already been updated by someone else. Please reload and try again",
        ));
    }
    let clashes = |other: &DataSource| other.name == form.name && other.uid != uid;
    if state.datasources.iter().any(clashes) {
        return Err(conflict("data source with the same name already exists"));
    }
    // secrets that are not sent again stay
    let mut secrets = old.secure_json_data;
    secrets.extend(form.secure_json_data.clone());
    let source = DataSource {
        id: old.id,
        version: form.version.max(old.version) + 1,
        secure_json_data: secrets,
        ..form.into_source(uid.to_owned(), url)
    };
    let answer = answered(&source, "Datasource updated");
    keep_one_default(state, &source);
    state.datasources[at] = source;
    Ok(answer)
}

impl Form {
    /// Checks what must be there, and returns the URL as it is stored.
    fn checked(&self) -> Result<String, Refusal> {
        let required = [
            ("name", &self.name),
            ("type", &self.kind),
            ("access", &self.access),
        ];
        if let Some((key, _)) = required.iter().find(|(_, value)| value.is_empty()) {
            return Err(Refusal::bad_request(format!(
                "bad request data: {key} is required"
            )));
        }
        with_scheme(&self.url)
    }

    /// Everything but the id, the version and the secrets, which depend on what is stored.
    fn into_source(self, uid: String, url: String) -> DataSource {
        DataSource {
            id: 0,
            version: 0,
            secure_json_data: BTreeMap::new(),
            uid,
            url,
            name: self.name,
            kind: self.kind,
            access: self.access,
            user: self.user,
            database: self.database,
            is_default: self.is_default,
            json_data: self.json_data,
        }
    }
}

/// No URL is allowed, no scheme means `http`, anything else must parse.
fn with_scheme(url: &str) -> Result<String, Refusal> {
    if url.is_empty() {
        return Ok(String::new());
    }
    let full = if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{url}")
    };
    match Url::parse(&full) {
        Ok(_) => Ok(full),
        Err(error) => Err(Refusal::bad_request(format!(
            "Validation error, invalid URL {url:?}: {error}"
        ))),
    }
}

fn keep_one_default(state: &mut State, newest: &DataSource) {
    if newest.is_default {
        state
            .datasources
            .iter_mut()
            .for_each(|other| other.is_default = false);
    }
}

fn position(state: &State, uid: &str) -> Result<usize, Refusal> {
    let at = state.datasources.iter().position(|other| other.uid == uid);
    at.ok_or_else(missing)
}

pub(super) fn missing() -> Refusal {
    Refusal::not_found("Data source not found")
}

fn conflict(message: &str) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, message)
}

fn answered(source: &DataSource, message: &str) -> Json<Value> {
    Json(json!({
        "datasource": shown(source), "id": source.id, "message": message, "name": source.name,
    }))
}

/// A data source as callers may see it: of the secrets only which there are.
fn shown(source: &DataSource) -> Value {
    let secrets: Map<_, _> = source
        .secure_json_data
        .keys()
        .map(|key| (key.clone(), json!(true)))
        .collect();
    json!({
        "id": source.id, "uid": source.uid, "orgId": 1, "name": source.name, "type": source.kind,
        "typeLogoUrl": "", "access": source.access, "url": source.url, "user": source.user,
        "database": source.database, "basicAuth": false, "basicAuthUser": "", "withCredentials": false,
        "isDefault": source.is_default, "jsonData": source.json_data, "secureJsonFields": secrets,
        "version": source.version, "readOnly": false,
    })
}
