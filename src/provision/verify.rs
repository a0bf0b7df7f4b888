//! The proof that a dashboard works: each panel's queries, run through Grafana as the browser would run them.

use futures_util::future::try_join_all;
use serde_json::{Map, Value, json};

use super::client::Grafana;
use super::dashboard;
use super::error::{PanelFailure, ProvisionError};
use super::reference;
use super::variables::{self, Variable};

/// A panel's query that Grafana ran without error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PanelCheck {
    pub(crate) panel: String,
    pub(crate) ref_id: String,
    /// Values of the last five minutes that are not null, over all series; 0 in a lab that just started.
    pub(crate) rows: usize,
}

/// Runs every query of every panel of the stored dashboard, panels inside rows too, over the last five minutes.
///
/// # Errors
/// [`ProvisionError::PanelsFailed`] lists all queries that failed, not only the first.
pub(crate) async fn verify(
    grafana: &Grafana,
    dashboard_uid: &str,
) -> Result<Vec<PanelCheck>, ProvisionError> {
    let stored = dashboard::read(grafana, dashboard_uid).await?;
    let stored = stored.ok_or_else(|| ProvisionError::DashboardMissing {
        uid: dashboard_uid.to_owned(),
    })?;
    let model = &stored["dashboard"];
    let variables = variables::of_dashboard(model);
    let (mut checks, mut failures) = (Vec::new(), Vec::new());
    let asked = panels(model)
        .into_iter()
        .map(|panel| check(grafana, panel, &variables));
    for outcome in try_join_all(asked).await? {
        match outcome {
            Ok(done) => checks.extend(done),
            Err(failed) => failures.extend(failed),
        }
    }
    if failures.is_empty() {
        Ok(checks)
    } else {
        Err(ProvisionError::PanelsFailed { failures })
    }
}

/// All panels, those folded into rows included; rows themselves ask nothing.
fn panels(model: &Value) -> Vec<&Value> {
    let own = model["panels"].as_array().into_iter().flatten();
    own.flat_map(|panel| std::iter::once(panel).chain(panels(panel)))
        .collect()
}

type Outcome = Result<Vec<PanelCheck>, Vec<PanelFailure>>;

async fn check(grafana: &Grafana, panel: &Value, variables: &[Variable]) -> Result<Outcome, ProvisionError> {
    let queries = queries(panel, variables);
    if queries.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let body = json!({ "from": "now-5m", "to": "now", "queries": queries });
    let reply = grafana.post("/api/ds/query", &body).await?;
    let title = panel["title"].as_str().unwrap_or("untitled");
    match reply.body.get("results").and_then(Value::as_object) {
        Some(results) => Ok(outcome(title, results)),
        None => Err(grafana.unexpected(reply)),
    }
}

fn queries(panel: &Value, variables: &[Variable]) -> Vec<Value> {
    let targets = panel["targets"].as_array().into_iter().flatten();
    let asking = targets.filter_map(|target| Some((target, target.get("query")?.as_str()?)));
    let asking = asking.filter(|(target, query)| !query.trim().is_empty() && target["hide"] != json!(true));
    asking
        .map(|(target, query)| prepared(panel, target, query, variables))
        .collect()
}

/// What the browser adds: the variables, the bucket width and the number of points.
fn prepared(panel: &Value, target: &Value, query: &str, variables: &[Variable]) -> Value {
    let mut prepared = target.clone();
    prepared["query"] = json!(variables::substitute(query, variables));
    let named = target.get("datasource").unwrap_or(&panel["datasource"]);
    prepared["datasource"] = reference::asked(named);
    prepared["intervalMs"] = json!(1000);
    prepared["maxDataPoints"] = json!(500);
    prepared
}

fn outcome(panel: &str, results: &Map<String, Value>) -> Outcome {
    let failures: Vec<_> = results
        .iter()
        .filter_map(|(ref_id, result)| failure(panel, ref_id, result))
        .collect();
    if !failures.is_empty() {
        return Err(failures);
    }
    let checks = results.iter().map(|(ref_id, result)| PanelCheck {
        panel: panel.to_owned(),
        ref_id: ref_id.clone(),
        rows: rows(result),
    });
    Ok(checks.collect())
}

fn failure(panel: &str, ref_id: &str, result: &Value) -> Option<PanelFailure> {
    let message = result.get("error")?.as_str()?;
    Some(PanelFailure {
        panel: panel.to_owned(),
        ref_id: ref_id.to_owned(),
        message: message.to_owned(),
    })
}

/// The first column of a frame is its time.
fn rows(result: &Value) -> usize {
    let frames = result["frames"].as_array().into_iter().flatten();
    let columns = frames.flat_map(|frame| frame["data"]["values"].as_array().into_iter().flatten().skip(1));
    let values = columns.flat_map(|column| column.as_array().into_iter().flatten());
    values.filter(|value| !value.is_null()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_inside_rows_are_panels_too() {
        let model = json!({ "panels": [
            { "title": "a" },
            { "title": "row", "type": "row", "panels": [{ "title": "b" }] },
        ]});
        let titles: Vec<_> = panels(&model)
            .into_iter()
            .map(|panel| panel["title"].clone())
            .collect();
        assert_eq!(titles, ["a", "row", "b"]);
    }

    #[test]
    fn a_query_is_sent_as_the_browser_would_send_it() {
        let panel = json!({
            "datasource": { "type": "influxdb", "uid": "u" },
            "targets": [{ "refId": "A", "rawQuery": true, "query": "=~ /^$source$/ AND $timeFilter" }, { "refId": "B" }],
        });
        let variables = variables::of_dashboard(&json!({ "templating": { "list": [
            { "name": "source", "includeAll": true },
        ]}}));
        let expected = json!({
            "refId": "A", "rawQuery": true, "query": "=~ /^.*$/ AND $timeFilter",
            "datasource": { "type": "influxdb", "uid": "u" }, "intervalMs": 1000, "maxDataPoints": 500,
        });
        assert_eq!(queries(&panel, &variables), [expected]);
    }

    #[test]
    fn a_data_source_that_people_choose_is_the_labs() {
        let panel = json!({
            "datasource": { "type": "influxdb", "uid": "${ds}" },
            "targets": [{ "query": "SELECT" }, { "query": "SELECT", "datasource": { "uid": "other" } }],
        });
        let asked: Vec<_> = queries(&panel, &[])
            .iter()
            .map(|query| query["datasource"]["uid"].clone())
            .collect();
        assert_eq!(asked, ["uwsgi-lab-influxdb", "other"]);
    }

    #[test]
    fn what_is_switched_off_or_empty_is_not_asked() {
        let panel =
            json!({ "targets": [{ "query": "SELECT", "hide": true }, { "query": " " }, { "refId": "C" }] });
        assert_eq!(queries(&panel, &[]), Vec::<Value>::new());
    }

    #[test]
    fn rows_are_values_that_are_there() {
        let frame = |values: Value| json!({ "data": { "values": values } });
        let result = json!({ "frames": [frame(json!([[1, 2, 3], [null, 4, 5]])), frame(json!([[1], [6]]))] });
        assert_eq!(rows(&result), 3);
        assert_eq!(rows(&json!({ "frames": [] })), 0);
    }
}
