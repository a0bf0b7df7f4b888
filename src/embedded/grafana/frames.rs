//! InfluxDB series to Grafana data frames (JSON); sends and asks nothing.

use serde_json::{Map, Value, json};

use super::alias;
use super::upstream::{Series, Statement};

/// What the frames of one query carry besides the data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels<'a> {
    pub(super) ref_id: &'a str,
    /// Empty for Grafana's own names.
    pub(super) alias: &'a str,
    /// The query after its macros, shown in Grafana's inspector.
    pub(super) executed: &'a str,
}

/// One frame for each value column of each series, or one for a series without time, such as `SHOW TAG VALUES`.
pub(super) fn frames(statements: &[Statement], labels: Labels<'_>) -> Vec<Value> {
    let mut frames: Vec<Value> = statements
        .iter()
        .flat_map(|statement| &statement.series)
        .flat_map(|series| of_series(series, labels))
        .collect();
    // Grafana's backend puts the executed query on the first frame only
    if let Some(first) = frames.first_mut() {
        first["schema"]["meta"] = json!({
            "typeVersion": [0, 0], "preferredVisualisationType": "graph", "executedQueryString": labels.executed,
        });
    }
    frames
}

fn of_series(series: &Series, labels: Labels<'_>) -> Vec<Value> {
    let Some(time) = series.columns.iter().position(|column| column == "time") else {
        return vec![list_frame(series, labels)];
    };
    let columns = series.columns.iter().enumerate();
    columns
        .filter(|(at, _)| *at != time)
        .map(|(at, column)| time_frame(series, time, (at, column), labels))
        .collect()
}

fn time_frame(series: &Series, time: usize, (at, column): (usize, &str), labels: Labels<'_>) -> Value {
    let name = match labels.alias {
        "" => alias::plain(series, column),
        pattern => alias::expand(pattern, series, column),
    };
    let values = column_values(series, at);
    let tags: Map<_, _> = series
        .tags
        .iter()
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    let time_field = json!({ "name": "Time", "type": "time", "typeInfo": { "frame": "time.Time" } });
    let (kind, frame) = kind(&values);
    let value_field = json!({
        "name": "Value", "type": kind, "typeInfo": { "frame": frame, "nullable": true },
        "labels": tags, "config": { "displayNameFromDS": name },
    });
    json!({
        "schema": { "name": name, "refId": labels.ref_id, "fields": [time_field, value_field] },
        "data": { "values": [column_values(series, time), values] },
    })
}

/// `SHOW TAG VALUES` answers `key, value`; other `SHOW` statements answer one column.
fn list_frame(series: &Series, labels: Labels<'_>) -> Value {
    let named = series.columns.iter().position(|column| column == "value");
    let values = column_values(series, named.unwrap_or(0));
    json!({
        "schema": { "name": series.name, "refId": labels.ref_id, "fields": [
            { "name": "Value", "type": "string", "typeInfo": { "frame": "string", "nullable": true } },
        ] },
        "data": { "values": [values] },
    })
}

pub(super) fn column_values(series: &Series, at: usize) -> Vec<Value> {
    let rows = series.values.iter();
    rows.map(|row| row.get(at).cloned().unwrap_or(Value::Null))
        .collect()
}

/// The first value that is there decides; a column of nulls counts as numbers.
pub(super) fn kind(values: &[Value]) -> (&'static str, &'static str) {
    match values.iter().find(|value| !value.is_null()) {
        Some(Value::String(_)) => ("string", "string"),
        Some(Value::Bool(_)) => ("boolean", "bool"),
        _ => ("number", "float64"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(body: Value) -> Vec<Statement> {
        serde_json::from_value(body).unwrap()
    }

    const LABELS: Labels<'_> = Labels {
        ref_id: "A",
        alias: "$col of $tag_source",
        executed: "SELECT 1",
    };

    #[test]
    fn each_value_column_of_each_series_is_a_frame() {
        let statements = answered(json!([{ "statement_id": 0, "series": [{
            "name": "uwsgi_summary", "tags": { "source": "a" }, "columns": ["time", "busy", "note"],
            "values": [[1000, null, "x"], [2000, 3, null]],
        }]}]));
        let time = json!({ "name": "Time", "type": "time", "typeInfo": { "frame": "time.Time" } });
        let value = |kind: &str, frame: &str, name: &str| {
            json!({
                "name": "Value", "type": kind, "typeInfo": { "frame": frame, "nullable": true },
                "labels": { "source": "a" }, "config": { "displayNameFromDS": name },
            })
        };
        let meta = json!({
            "typeVersion": [0, 0], "preferredVisualisationType": "graph", "executedQueryString": "SELECT 1",
        });
        let expected = vec![
            json!({
                "schema": { "name": "busy of a", "refId": "A",
                    "fields": [time, value("number", "float64", "busy of a")], "meta": meta },
                "data": { "values": [[1000, 2000], [null, 3]] },
            }),
            json!({
                "schema": { "name": "note of a", "refId": "A",
                    "fields": [time, value("string", "string", "note of a")] },
                "data": { "values": [[1000, 2000], ["x", null]] },
            }),
        ];
        assert_eq!(frames(&statements, LABELS), expected);
    }

    #[test]
    fn tag_values_become_one_list_of_text() {
        let statements = answered(json!([{ "series": [{
            "name": "uwsgi_summary", "columns": ["key", "value"], "values": [["source", "a"], ["source", "b"]],
        }]}]));
        let frame = &frames(&statements, LABELS)[0];
        assert_eq!(frame["data"], json!({ "values": [["a", "b"]] }));
        assert_eq!(frame["schema"]["fields"][0]["type"], json!("string"));
    }

    #[test]
    fn no_series_is_no_frame() {
        assert_eq!(
            frames(&answered(json!([{ "statement_id": 0 }])), LABELS),
            Vec::<Value>::new()
        );
    }
}
