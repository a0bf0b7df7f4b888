//! InfluxDB series to the one Grafana data frame of `resultFormat: table`: time, tags, values, a row for each point.

use serde_json::{Value, json};

use super::frames::{column_values, kind};
use super::upstream::{Series, Statement};

/// The frame of all series under the columns of the first, as Grafana's backend builds it; `None` without series.
pub(super) fn table_frame(statements: &[Statement], ref_id: &str, executed: &str) -> Option<Value> {
    let all: Vec<&Series> = statements
        .iter()
        .flat_map(|statement| &statement.series)
        .collect();
    let first = all.first()?;
    let time = first.columns.iter().filter(|column| *column == "time");
    let times = time.map(|_| (time_field(), joined(&all, |series| column(series, "time"))));
    let tags = first.tags.keys().map(|key| {
        let values = joined(&all, |series| {
            vec![json!(series.tags.get(key)); series.values.len()]
        });
        (field(key, "string", "string"), values)
    });
    let values = first
        .columns
        .iter()
        .filter(|column| *column != "time")
        .map(|name| {
            let values = joined(&all, |series| column(series, name));
            let (kind, frame) = kind(&values);
            (field(name, kind, frame), values)
        });
    let (fields, columns): (Vec<_>, Vec<_>) = times.chain(tags).chain(values).unzip();
    let meta = json!({
        "typeVersion": [0, 0], "preferredVisualisationType": "table", "executedQueryString": executed,
    });
    Some(json!({
        "schema": { "name": first.name, "refId": ref_id, "fields": fields, "meta": meta },
        "data": { "values": columns },
    }))
}

fn joined(all: &[&Series], values: impl Fn(&Series) -> Vec<Value>) -> Vec<Value> {
    all.iter().flat_map(|series| values(series)).collect()
}

/// Nulls where the series has no such column.
fn column(series: &Series, name: &str) -> Vec<Value> {
    let at = series.columns.iter().position(|column| column == name);
    at.map_or_else(
        || vec![Value::Null; series.values.len()],
        |at| column_values(series, at),
    )
}

fn time_field() -> Value {
    json!({ "name": "Time", "type": "time", "typeInfo": { "frame": "time.Time" } })
}

fn field(name: &str, kind: &str, frame: &str) -> Value {
    json!({ "name": name, "type": kind, "typeInfo": { "frame": frame, "nullable": true } })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(series: &Value) -> Option<Value> {
        let statements: Vec<Statement> = serde_json::from_value(json!([{ "series": series }])).unwrap();
        table_frame(&statements, "A", "SELECT 1")
    }

    #[test]
    fn series_become_rows_with_their_tags() {
        let found = table(&json!([
            { "name": "s", "tags": { "source": "a" }, "columns": ["time", "busy", "note"],
              "values": [[1, 3, "x"], [2, null, "y"]] },
            { "name": "s", "tags": { "source": "b" }, "columns": ["time", "note", "busy"], "values": [[1, "z", 5]] },
        ]));
        let meta = json!({
            "typeVersion": [0, 0], "preferredVisualisationType": "table", "executedQueryString": "SELECT 1",
        });
        let fields = [
            time_field(),
            field("source", "string", "string"),
            field("busy", "number", "float64"),
            field("note", "string", "string"),
        ];
        let expected = json!({
            "schema": { "name": "s", "refId": "A", "fields": fields, "meta": meta },
            "data": { "values": [[1, 2, 1], ["a", "a", "b"], [3, null, 5], ["x", "y", "z"]] },
        });
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn a_list_has_no_time_and_no_series_is_no_table() {
        let found =
            table(&json!([{ "name": "m", "columns": ["key", "value"], "values": [["k", "v"]] }])).unwrap();
        assert_eq!(found["data"], json!({ "values": [["k"], ["v"]] }));
        assert_eq!(table(&json!([])), None);
    }
}
