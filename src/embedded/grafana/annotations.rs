//! Annotations: moments and regions with tags, found again by tag and time; they are drawn elsewhere.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::{Path, RawQuery, State as Shared};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::keeper::Keeper;
use super::refusal::Refusal;
use super::search::Parameters;
use super::state::{Annotation, State};

/// The oldest are dropped beyond this, so that a lab left running for months stays small.
const MOST: usize = 10_000;
/// As in Grafana when the caller gives no `limit`.
const DEFAULT_LIMIT: usize = 100;

/// What callers send to create one (`text` is required) or to change one (what is absent stays).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Form {
    time: Option<i64>,
    time_end: Option<i64>,
    text: Option<String>,
    tags: Option<Vec<String>>,
    #[serde(rename = "dashboardUID")]
    dashboard_uid: Option<String>,
    panel_id: Option<u64>,
}

pub(super) async fn create(
    Shared(keeper): Shared<Keeper>,
    JsonBody(form): JsonBody<Form>,
) -> Result<Json<Value>, Refusal> {
    let text = form.text.filter(|text| !text.is_empty());
    let text = text
        .ok_or_else(|| Refusal::bad_request("Failed to save annotation: text field should not be empty"))?;
    let now = now_ms()?;
    let (time, time_end) = in_order(form.time.unwrap_or(now), form.time_end);
    keeper
        .change(move |state| {
            let id = state.next_id();
            state.annotations.push(Annotation {
                id,
                time,
                time_end,
                text,
                tags: form.tags.unwrap_or_default(),
                dashboard_uid: form.dashboard_uid.unwrap_or_default(),
                panel_id: form.panel_id.unwrap_or_default(),
                created: now,
                updated: now,
            });
            let surplus = state.annotations.len().saturating_sub(MOST);
            state.annotations.drain(..surplus);
            Ok(Json(json!({ "id": id, "message": "Annotation added" })))
        })
        .await
}

pub(super) async fn update(
    Shared(keeper): Shared<Keeper>,
    Path(id): Path<u64>,
    JsonBody(form): JsonBody<Form>,
) -> Result<Json<Value>, Refusal> {
    let now = now_ms()?;
    keeper
        .change(move |state| {
            let at = position(state, id)?;
            let found = &mut state.annotations[at];
            found.text = form.text.unwrap_or_else(|| found.text.clone());
            found.tags = form.tags.unwrap_or_else(|| found.tags.clone());
            let end = form.time_end.unwrap_or(found.time_end);
            (found.time, found.time_end) = in_order(form.time.unwrap_or(found.time), Some(end));
            found.updated = now;
            Ok(Json(json!({ "message": "Annotation patched" })))
        })
        .await
}

pub(super) async fn delete(
    Shared(keeper): Shared<Keeper>,
    Path(id): Path<u64>,
) -> Result<Json<Value>, Refusal> {
    keeper
        .change(move |state| {
            let at = position(state, id)?;
            state.annotations.remove(at);
            Ok(Json(json!({ "message": "Annotation deleted" })))
        })
        .await
}

/// Newest first; with several tags all must be there, or any with `matchAny=true`.
pub(super) async fn find(
    Shared(keeper): Shared<Keeper>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let wanted = Wanted::parse(&Parameters::parse(raw.as_deref()))?;
    keeper
        .read(move |state| {
            let mut found: Vec<_> = state
                .annotations
                .iter()
                .filter(|one| wanted.matches(one))
                .collect();
            found.sort_by_key(|one| (std::cmp::Reverse(one.time), std::cmp::Reverse(one.id)));
            let login = &state.account.login;
            Json(
                found
                    .into_iter()
                    .take(wanted.limit)
                    .map(|one| shown(one, login))
                    .collect(),
            )
        })
        .await
}

struct Wanted {
    from: Option<i64>,
    to: Option<i64>,
    tags: Vec<String>,
    any: bool,
    dashboard_uid: Option<String>,
    limit: usize,
}

impl Wanted {
    fn parse(parameters: &Parameters) -> Result<Self, Refusal> {
        Ok(Self {
            from: number(parameters, "from")?,
            to: number(parameters, "to")?,
            tags: parameters.all("tags").map(str::to_owned).collect(),
            any: parameters.first("matchAny") == Some("true"),
            dashboard_uid: parameters.first("dashboardUID").map(str::to_owned),
            limit: number(parameters, "limit")?.unwrap_or(DEFAULT_LIMIT),
        })
    }

    fn matches(&self, annotation: &Annotation) -> bool {
        let has = |tag: &String| annotation.tags.contains(tag);
        let tagged = if self.any && !self.tags.is_empty() {
            self.tags.iter().any(has)
        } else {
            self.tags.iter().all(has)
        };
        tagged
            && self.from.is_none_or(|from| annotation.time_end >= from)
            && self.to.is_none_or(|to| annotation.time <= to)
            && self
                .dashboard_uid
                .as_ref()
                .is_none_or(|uid| *uid == annotation.dashboard_uid)
    }
}

fn number<T>(parameters: &Parameters, key: &str) -> Result<Option<T>, Refusal>
where
    T: std::str::FromStr<Err = std::num::ParseIntError>,
{
    let text = parameters.first(key).filter(|text| !text.is_empty());
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|error| Refusal::bad_request(format!("{key} must be a number: {error}")))
}

/// Start and end, swapped when they come the wrong way round; without an end it is a moment.
fn in_order(time: i64, end: Option<i64>) -> (i64, i64) {
    let end = end.filter(|end| *end != 0).unwrap_or(time);
    (time.min(end), time.max(end))
}

fn position(state: &State, id: u64) -> Result<usize, Refusal> {
    let at = state
        .annotations
        .iter()
        .position(|annotation| annotation.id == id);
    at.ok_or_else(|| Refusal::not_found("Annotation not found"))
}

/// The wall clock in milliseconds since the Unix epoch.
pub(super) fn now_ms() -> Result<i64, Refusal> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.map_err(|error| Refusal::internal(format!("the clock is wrong: {error}")))?;
    i64::try_from(since.as_millis())
        .map_err(|error| Refusal::internal(format!("the clock is wrong: {error}")))
}

fn shown(annotation: &Annotation, login: &str) -> Value {
    json!({
        "id": annotation.id, "alertId": 0, "alertName": "", "dashboardId": 0,
        "dashboardUID": annotation.dashboard_uid, "panelId": annotation.panel_id, "userId": 1, "newState": "",
        "prevState": "", "created": annotation.created, "updated": annotation.updated, "time": annotation.time,
        "timeEnd": annotation.time_end, "text": annotation.text, "tags": annotation.tags, "login": login,
        "email": "", "avatarUrl": "", "data": {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_starts_before_it_ends_and_a_moment_ends_where_it_starts() {
        assert_eq!(in_order(5, Some(9)), (5, 9));
        assert_eq!(in_order(9, Some(5)), (5, 9));
        assert_eq!(in_order(5, None), (5, 5));
        assert_eq!(in_order(5, Some(0)), (5, 5));
    }
}
