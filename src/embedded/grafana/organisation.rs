//! The one organisation, its preferences, the one user, and the one plugin; holds no rules beyond that.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::body::JsonBody;
use super::keeper::Keeper;
use super::refusal::Refusal;
use super::server::API_LEVEL;

pub(super) async fn organisation() -> Json<Value> {
    let address =
        json!({"address1": "", "address2": "", "city": "", "zipCode": "", "state": "", "country": ""});
    Json(json!({ "id": 1, "name": "Main Org.", "address": address }))
}

pub(super) async fn user(State(keeper): State<Keeper>) -> Result<Json<Value>, Refusal> {
    let login = keeper.read(|state| state.account.login.clone()).await?;
    Ok(Json(json!({
        "id": 1, "uid": "admin", "email": format!("{login}@localhost"), "name": "", "login": login, "theme": "",
        "orgId": 1, "isGrafanaAdmin": true, "isDisabled": false, "isExternal": false, "authLabels": [],
    })))
}

pub(super) async fn preferences(State(keeper): State<Keeper>) -> Result<Json<Value>, Refusal> {
    keeper
        .read(|state| Json(Value::Object(state.preferences.clone())))
        .await
}

/// Merges the given keys, as PATCH does; PUT, which would reset the others, is not offered.
pub(super) async fn patch_preferences(
    State(keeper): State<Keeper>,
    JsonBody(given): JsonBody<Map<String, Value>>,
) -> Result<Json<Value>, Refusal> {
    keeper
        .change(move |state| {
            if let Some(home) = given.get("homeDashboardUID").and_then(Value::as_str) {
                let exists =
                    home.is_empty() || state.dashboards.iter().any(|dashboard| dashboard.uid == home);
                exists
                    .then_some(())
                    .ok_or_else(|| Refusal::not_found("Dashboard not found"))?;
            }
            state.preferences.extend(given);
            Ok(Json(json!({ "message": "Preferences updated" })))
        })
        .await
}

/// Data sources of type `influxdb` are built in, so that plugin is always there and no other ever is.
pub(super) async fn plugin(Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    if id != "influxdb" {
        return Err(Refusal::not_found(
            "Plugin not found, no installed plugin with that id",
        ));
    }
    Ok(Json(json!({
        "name": "InfluxDB", "type": "datasource", "id": id, "enabled": true, "pinned": false,
        "info": { "version": API_LEVEL }, "signature": "internal",
    })))
}
