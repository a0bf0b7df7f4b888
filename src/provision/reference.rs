//! Where a dashboard names data sources, in each of the ways that Grafana has had, and what they become in a lab. Pure.

use serde_json::{Map, Value, json};

use super::datasource::{NAME, UID};
use super::error::ProvisionError;

/// Data sources that every Grafana has, by the text that older releases name them with.
const BUILT_IN: [(&str, &str); 5] = [
    ("-- Grafana --", "grafana"),
    ("grafana", "grafana"),
    ("-- Mixed --", "datasource"),
    ("-- Dashboard --", "datasource"),
    ("__expr__", "__expr__"),
];
/// Keys that only queries in other languages than InfluxQL have.
const OTHER_LANGUAGES: [(&str, &str); 4] = [
    ("expr", "prometheus"),
    ("rawSql", "sql"),
    ("target", "graphite"),
    ("bucketAggs", "elasticsearch"),
];

/// The lab's own data source as dashboards name it.
fn own() -> Value {
    json!({ "type": "influxdb", "uid": UID })
}

/// The data source that a query goes to; one that people choose by a variable is the lab's.
pub(super) fn asked(reference: &Value) -> Value {
    let name = reference.get("uid").and_then(Value::as_str).unwrap_or_default();
    if name.starts_with(['$', '[']) {
        own()
    } else {
        reference.clone()
    }
}

/// Names the lab's data source in one way wherever it is named; leaves all others.
pub(super) fn unify(model: &mut Map<String, Value>) {
    let is_own = |reference: &Value| {
        let name = reference.get("uid").unwrap_or(reference).as_str();
        name == Some(UID) || name == Some(NAME)
    };
    // nothing here can fail
    each(model, &mut |place| {
        if place.holder.get("datasource").is_some_and(is_own) {
            place.holder.insert("datasource".to_owned(), own());
        }
        Ok(())
    })
    .ok();
}

/// Makes every reference one that a lab can follow: InfluxDB by any name is the lab's.
///
/// # Errors
/// [`ProvisionError::OtherDataSource`] for what asks something else than an InfluxDB.
pub(super) fn adopt(model: &mut Map<String, Value>) -> Result<(), ProvisionError> {
    let chosen = choices(model)?;
    each(model, &mut |place| {
        let Some(reference) = place.holder.get("datasource") else {
            return Ok(());
        };
        let other = |kind: &str| ProvisionError::OtherDataSource {
            place: place.name.clone(),
            kind: kind.to_owned(),
        };
        let adopted = match (kind_of(reference), language(place.holder)) {
            (Some(kind), _) if !is_known(kind) => return Err(other(kind)),
            (None, Some(language)) => return Err(other(language)),
            _ => adopted(reference, &chosen),
        };
        place.holder.insert("datasource".to_owned(), adopted);
        Ok(())
    })
}

/// Variables that let people choose a data source, by name. What was chosen elsewhere is chosen anew.
fn choices(model: &mut Map<String, Value>) -> Result<Vec<String>, ProvisionError> {
    let list = model.get_mut("templating").and_then(|one| one.get_mut("list"));
    let variables = list.and_then(Value::as_array_mut).into_iter().flatten();
    let mut names = Vec::new();
    for variable in variables.filter(|variable| variable["type"] == "datasource") {
        let name = variable["name"].as_str().unwrap_or_default().to_owned();
        match variable["query"].as_str() {
            Some("influxdb") => {}
            kind => {
                return Err(ProvisionError::OtherDataSource {
                    place: format!("the variable '{name}'"),
                    kind: kind.unwrap_or("unknown").to_owned(),
                });
            }
        }
        variable["current"] = json!({});
        names.push(name);
    }
    Ok(names)
}

fn adopted(reference: &Value, chosen: &[String]) -> Value {
    let name = reference
        .get("uid")
        .unwrap_or(reference)
        .as_str()
        .unwrap_or_default();
    let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
    let variable = name
        .trim_start_matches(['$', '{', '['])
        .trim_end_matches(['}', ']']);
    match built_in {
        Some(("grafana", kind)) => json!({ "type": kind, "uid": "-- Grafana --" }),
        Some((uid, kind)) => json!({ "type": kind, "uid": uid }),
        None if name != variable && chosen.iter().any(|one| one == variable) => {
            json!({ "type": "influxdb", "uid": format!("${{{variable}}}") })
        }
        None => own(),
    }
}

/// The type that a reference names; older releases name none.
fn kind_of(reference: &Value) -> Option<&str> {
    reference.get("type")?.as_str()
}

fn is_known(kind: &str) -> bool {
    kind == "influxdb" || BUILT_IN.iter().any(|(_, built_in)| *built_in == kind)
}

/// The language of a query that is no InfluxQL, where its keys tell.
fn language(holder: &Map<String, Value>) -> Option<&'static str> {
    if holder.contains_key("query") || holder.contains_key("measurement") {
        return None;
    }
    let known = OTHER_LANGUAGES.iter().find(|(key, _)| {
        holder
            .get(*key)
            .is_some_and(|value| value.is_string() || value.is_array())
    });
    known.map(|(_, language)| *language)
}

/// Something that may hold a `datasource`, and what people call it.
struct Place<'a> {
    name: String,
    holder: &'a mut Map<String, Value>,
}

type Visit<'a> = dyn FnMut(&mut Place<'_>) -> Result<(), ProvisionError> + 'a;

/// Visits panels (in rows too, of any age), their queries, annotations, and variables that ask.
fn each(model: &mut Map<String, Value>, visit: &mut Visit<'_>) -> Result<(), ProvisionError> {
    panels(model, visit)?;
    members(model.get_mut("annotations"), "the annotation", |_| true, visit)?;
    let asks = |variable: &Map<String, Value>| {
        ["query", "adhoc", "groupby"]
            .map(Value::from)
            .contains(&variable["type"])
    };
    members(
        model.get_mut("templating"),
        "the variable",
        |variable| variable.contains_key("type") && asks(variable),
        visit,
    )
}

fn members(
    section: Option<&mut Value>,
    what: &str,
    is_wanted: impl Fn(&Map<String, Value>) -> bool,
    visit: &mut Visit<'_>,
) -> Result<(), ProvisionError> {
    let list = section.and_then(|section| section.get_mut("list"));
    for member in objects(list).filter(|member| is_wanted(member)) {
        let name = format!("{what} '{}'", text(member, "name"));
        visit(&mut Place { name, holder: member })?;
    }
    Ok(())
}

fn panels(holder: &mut Map<String, Value>, visit: &mut Visit<'_>) -> Result<(), ProvisionError> {
    for key in ["rows", "panels"] {
        for panel in objects(holder.get_mut(key)) {
            let name = format!("the panel '{}'", text(panel, "title"));
            for target in objects(panel.get_mut("targets")) {
                let name = name.clone();
                visit(&mut Place { name, holder: target })?;
            }
            visit(&mut Place { name, holder: panel })?;
            panels(panel, visit)?;
        }
    }
    Ok(())
}

fn objects(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let list = list.and_then(Value::as_array_mut).into_iter().flatten();
    list.filter_map(Value::as_object_mut)
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adopted_panel(reference: &Value) -> Result<Value, String> {
        let mut model = Map::new();
        model.insert(
            "panels".to_owned(),
            json!([{ "title": "P", "datasource": reference }]),
        );
        let choice =
            json!({ "type": "datasource", "name": "ds", "query": "influxdb", "current": { "value": "x" } });
        model.insert("templating".to_owned(), json!({ "list": [choice] }));
        adopt(&mut model).map_err(|error| error.to_string())?;
        assert_eq!(model["templating"]["list"][0]["current"], json!({}));
        Ok(model["panels"][0]["datasource"].clone())
    }

    #[test]
    fn an_influxdb_by_any_name_is_the_labs_and_what_every_grafana_has_stays() {
        let chosen = json!({ "type": "influxdb", "uid": "${ds}" });
        let grafana = json!({ "type": "grafana", "uid": "-- Grafana --" });
        let mixed = json!({ "type": "datasource", "uid": "-- Mixed --" });
        let table = [
            (json!(null), own()),
            (json!("InfluxDB"), own()),
            (json!("default"), own()),
            (json!({ "type": "influxdb", "uid": "P951FEA4DE68E13C5" }), own()),
            (json!({ "uid": "P951FEA4DE68E13C5" }), own()),
            (json!("$ds"), chosen.clone()),
            (json!("${ds}"), chosen.clone()),
            (json!("[[ds]]"), chosen.clone()),
            (json!({ "type": "influxdb", "uid": "${ds}" }), chosen),
            (json!("$nobody"), own()),
            (json!("-- Grafana --"), grafana.clone()),
            (json!({ "type": "grafana", "uid": "grafana" }), grafana),
            (json!("-- Mixed --"), mixed.clone()),
            (json!({ "type": "datasource", "uid": "-- Mixed --" }), mixed),
        ];
        for (reference, expected) in table {
            assert_eq!(adopted_panel(&reference), Ok(expected), "{reference}");
        }
    }

    #[test]
    fn what_asks_another_kind_of_data_source_is_named() {
        let table = [
            (
                json!({ "panels": [{ "title": "row", "panels": [
                    { "title": "CPU", "datasource": { "type": "prometheus", "uid": "x" } }] }] }),
                "the panel 'CPU' asks a data source of the type 'prometheus', and a lab has an InfluxDB",
            ),
            (
                json!({ "rows": [{ "panels": [{ "title": "CPU", "targets": [{ "datasource": null, "expr": "up" }] }] }] }),
                "the panel 'CPU' asks a data source of the type 'prometheus', and a lab has an InfluxDB",
            ),
            (
                json!({ "annotations": { "list": [{ "name": "A", "datasource": { "type": "loki", "uid": "x" } }] } }),
                "the annotation 'A' asks a data source of the type 'loki', and a lab has an InfluxDB",
            ),
            (
                json!({ "templating": { "list": [{ "name": "ds", "type": "datasource", "query": "loki" }] } }),
                "the variable 'ds' asks a data source of the type 'loki', and a lab has an InfluxDB",
            ),
        ];
        for (model, expected) in table {
            let mut model = model.as_object().unwrap().clone();
            assert_eq!(adopt(&mut model).unwrap_err().to_string(), expected);
        }
    }
}
