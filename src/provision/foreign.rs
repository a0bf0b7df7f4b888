//! Dashboards that come from elsewhere: files as any Grafana exports them become dashboards of a lab. Asks nobody.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::dashboard::Dashboard;
use super::datasource::UID;
use super::error::ProvisionError;
use super::{portable, reference};

/// Grafana's limit.
const LONGEST_UID: usize = 40;
/// What an export for others carries besides the dashboard.
const ENCLOSED: [&str; 3] = ["__inputs", "__elements", "__requires"];

impl Dashboard {
    /// Reads an export of any Grafana from 5 on: its file, its "share externally" form with `__inputs`, the answer of its
    /// API, or the resource of release 12 as long as that holds the classic model. `name` is used in errors only.
    ///
    /// Data sources become the lab's. The uid stays, or is made of the title, so that the next import is the same
    /// dashboard again.
    ///
    /// # Errors
    /// The text is no dashboard, asks something else than an InfluxDB, or lacks parts of itself.
    pub(crate) fn adopt(name: &str, text: &str) -> Result<Self, ProvisionError> {
        let parsed = serde_json::from_str(text).map_err(|source| ProvisionError::NotJson {
            name: name.to_owned(),
            source,
        })?;
        let mut model = unwrapped(name, parsed)?;
        fill_in(&mut model)?;
        insert_library_panels(&mut model)?;
        for key in ENCLOSED {
            model.shift_remove(key);
        }
        reference::adopt(&mut model)?;
        let title = text_of(&model, "title").trim().to_owned();
        let uid = lasting_uid(text_of(&model, "uid"), &title);
        model.insert("uid".to_owned(), uid.clone().into());
        let model = portable::portable(&model);
        Ok(Self { uid, title, model })
    }
}

/// The model out of the envelope that it comes in.
fn unwrapped(name: &str, parsed: Value) -> Result<Map<String, Value>, ProvisionError> {
    let lacks = |missing| ProvisionError::Incomplete {
        name: name.to_owned(),
        missing,
    };
    let Value::Object(mut object) = parsed else {
        return Err(lacks("title"));
    };
    if let Some(Value::Object(inner)) = object.get_mut("dashboard") {
        object = std::mem::take(inner);
    } else if let Some(Value::Object(spec)) = object.get("spec") {
        let mut spec = spec.clone();
        if spec.contains_key("elements") {
            return Err(ProvisionError::NewSchema {
                name: name.to_owned(),
            });
        }
        let resource = object.get("metadata").and_then(|metadata| metadata.get("name"));
        if let (None, Some(uid)) = (spec.get("uid"), resource) {
            spec.insert("uid".to_owned(), uid.clone());
        }
        object = spec;
    }
    if text_of(&object, "title").trim().is_empty() {
        return Err(lacks("title"));
    }
    if !["panels", "rows"]
        .iter()
        .any(|key| object.get(*key).is_some_and(Value::is_array))
    {
        return Err(lacks("panels"));
    }
    Ok(object)
}

/// Puts what `__inputs` asks for in the places that wait for it: the lab's data source, and constants as they were.
fn fill_in(model: &mut Map<String, Value>) -> Result<(), ProvisionError> {
    let inputs = model.get("__inputs").and_then(Value::as_array).cloned();
    let mut values = BTreeMap::new();
    for input in inputs.iter().flatten() {
        let name = input["name"].as_str().unwrap_or_default();
        let value = match (input["type"].as_str(), input["pluginId"].as_str()) {
            (Some("datasource"), Some("influxdb")) => UID,
            (Some("datasource"), Some("__expr__")) => "__expr__",
            (Some("datasource"), kind) => {
                return Err(ProvisionError::OtherDataSource {
                    place: format!("the input '{name}'"),
                    kind: kind.unwrap_or("unknown").to_owned(),
                });
            }
            _ => input["value"].as_str().unwrap_or_default(),
        };
        values.insert(format!("${{{name}}}"), value.to_owned());
    }
    for value in model.values_mut() {
        replace(value, &values);
    }
    Ok(())
}

fn replace(value: &mut Value, values: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            for (place, value) in values.iter().filter(|(place, _)| !place.is_empty()) {
                if text.contains(place) {
                    *text = text.replace(place, value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| replace(one, values)),
        Value::Object(object) => object.values_mut().for_each(|one| replace(one, values)),
        _ => {}
    }
}

/// A panel of the exporting Grafana's library is in the file under `__elements`, and becomes an ordinary one.
fn insert_library_panels(model: &mut Map<String, Value>) -> Result<(), ProvisionError> {
    let elements = model.get("__elements").cloned().unwrap_or_default();
    insert_into(model, &elements)
}

fn insert_into(holder: &mut Map<String, Value>, elements: &Value) -> Result<(), ProvisionError> {
    let panels = holder.get_mut("panels").and_then(Value::as_array_mut);
    for panel in panels.into_iter().flatten().filter_map(Value::as_object_mut) {
        if let Some(uid) = panel
            .get("libraryPanel")
            .and_then(|library| library["uid"].as_str())
        {
            let found = element(elements, uid).ok_or_else(|| ProvisionError::LibraryPanelMissing {
                panel: text_of(panel, "title").to_owned(),
            })?;
            let mut own = found.clone();
            for key in ["id", "gridPos"] {
                if let Some(value) = panel.get(key) {
                    own.insert(key.to_owned(), value.clone());
                }
            }
            *panel = own;
        }
        insert_into(panel, elements)?;
    }
    Ok(())
}

/// By uid in an object, or in the list that release 8 wrote.
fn element<'a>(elements: &'a Value, uid: &str) -> Option<&'a Map<String, Value>> {
    let found = match elements {
        Value::Array(list) => list.iter().find(|one| one["uid"] == uid),
        by_uid => by_uid.get(uid),
    };
    found?.get("model")?.as_object()
}

/// The uid where it is one that Grafana takes, else one that follows from the title alone.
fn lasting_uid(given: &str, title: &str) -> String {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !given.is_empty() && given.len() <= LONGEST_UID && given.chars().all(is_fine) {
        return given.to_owned();
    }
    let words: Vec<_> = title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let slug = words.join("-");
    if (1..=LONGEST_UID).contains(&slug.len()) && title.is_ascii() {
        return slug;
    }
    let digest = Sha256::digest(title.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn text_of<'a>(model: &'a Map<String, Value>, key: &str) -> &'a str {
    model.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn own() -> Value {
        json!({ "type": "influxdb", "uid": "uwsgi-lab-influxdb" })
    }

    fn adopted(model: &Value) -> Value {
        Value::Object(Dashboard::adopt("file", &model.to_string()).unwrap().model)
    }

    #[test]
    fn a_dashboard_for_grafana_7_gets_a_uid_and_the_labs_data_source() {
        let exported = json!({
            "id": 12, "iteration": 1_600_000_000_000_u64, "version": 9, "uid": null, "title": "uWSGI tutorial",
            "annotations": { "list": [{ "builtIn": 1, "datasource": "-- Grafana --", "name": "A" }] },
            "templating": { "list": [{ "name": "source", "type": "query", "datasource": "InfluxDB" }] },
            "panels": [{ "id": 2, "type": "graph", "title": "load", "datasource": "InfluxDB", "targets": [
                { "refId": "A", "query": "SELECT 1" }] }],
        });
        let expected = json!({
            "uid": "uwsgi-tutorial", "title": "uWSGI tutorial",
            "annotations": { "list": [{
                "builtIn": 1, "datasource": { "type": "grafana", "uid": "-- Grafana --" }, "name": "A",
            }] },
            "templating": { "list": [{ "name": "source", "type": "query", "datasource": own() }] },
            "panels": [{ "id": 2, "type": "graph", "title": "load", "datasource": own(), "targets": [
                { "refId": "A", "query": "SELECT 1" }] }],
        });
        assert_eq!(adopted(&exported), expected);
    }

    #[test]
    fn what_an_export_for_others_asks_for_is_filled_in() {
        let exported = json!({
            "__inputs": [
                { "name": "DS_INFLUX", "type": "datasource", "pluginId": "influxdb" },
                { "name": "VAR_DB", "type": "constant", "value": "uWSGI" },
            ],
            "__requires": [{ "type": "panel", "id": "graph" }],
            "__elements": { "lib": { "model": { "type": "stat", "title": "L", "datasource": "${DS_INFLUX}" } } },
            "uid": "abc", "title": "T",
            "panels": [
                { "id": 1, "datasource": "${DS_INFLUX}", "title": "of ${VAR_DB}", "targets": [
                    { "datasource": { "type": "influxdb", "uid": "${DS_INFLUX}" }, "query": "SELECT ${other}" }] },
                { "id": 2, "gridPos": { "x": 1 }, "libraryPanel": { "uid": "lib" } },
            ],
        });
        let expected = json!({
            "uid": "abc", "title": "T",
            "panels": [
                { "id": 1, "datasource": own(), "title": "of uWSGI", "targets": [
                    { "datasource": own(), "query": "SELECT ${other}" }] },
                { "type": "stat", "title": "L", "datasource": own(), "id": 2, "gridPos": { "x": 1 } },
            ],
        });
        assert_eq!(adopted(&exported), expected);
    }

    #[test]
    fn a_dashboard_may_come_in_the_envelope_of_an_api() {
        let model = json!({ "uid": "u", "title": "T", "panels": [] });
        let envelopes = [
            json!({ "meta": { "slug": "t" }, "dashboard": { "uid": "u", "title": "T", "panels": [], "id": 3 } }),
            json!({
                "apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard", "metadata": { "name": "u" },
                "spec": { "title": "T", "panels": [] },
            }),
        ];
        for envelope in envelopes {
            assert_eq!(adopted(&envelope), model);
        }
    }

    #[test]
    fn a_uid_that_is_missing_or_no_uid_follows_from_the_title() {
        let table = [
            ("kept_UID-1", "T", "kept_UID-1"),
            ("", "My uWSGI: 24 h", "my-uwsgi-24-h"),
            ("a/b", "T", "t"),
        ];
        for (given, title, expected) in table {
            assert_eq!(lasting_uid(given, title), expected);
        }
        let digests = ["Übersicht", "Ubersicht Übersicht", "漢字"].map(|title| lasting_uid("", title));
        assert!(digests.iter().all(|uid| uid.len() == 16), "{digests:?}");
        assert_ne!(digests[0], digests[2]);
    }

    #[test]
    fn what_is_no_dashboard_says_what_is_wrong() {
        let table = [
            ("{", "'file' is not a dashboard"),
            ("[]", "'file' is not a dashboard: it has no title"),
            ("{}", "'file' is not a dashboard: it has no title"),
            (r#"{"title": "T"}"#, "'file' is not a dashboard: it has no panels"),
            (
                r#"{"spec": {"title": "T", "elements": {}}}"#,
                "'file' is a dashboard of schema v2, which has no panels of the classic form",
            ),
            (
                r#"{"title": "T", "panels": [{"title": "P", "libraryPanel": {"uid": "x"}}]}"#,
                "the panel 'P' is in a library that the file does not carry",
            ),
            (
                r#"{"title": "T", "panels": [], "__inputs": [{"name": "DS", "type": "datasource", "pluginId": "loki"}]}"#,
                "the input 'DS' asks a data source of the type 'loki', and a lab has an InfluxDB",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(
                Dashboard::adopt("file", text).unwrap_err().to_string(),
                expected,
                "{text}"
            );
        }
    }
}
