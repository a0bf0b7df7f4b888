//! Stored points put together again as the readings they came from; asks nobody.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::uwsgi;

use super::super::reading::{Reading, Seen};

/// Fields and tags of one point.
type Row = Map<String, Value>;

/// The measurements that a reading is made of.
pub(super) const MEASUREMENTS: [&str; 5] = [
    "uwsgi_summary",
    "uwsgi_overview",
    "uwsgi_workers",
    "uwsgi_cores",
    "uwsgi_sockets",
];

/// The points of one reading of one server.
#[derive(Debug, Default)]
struct Parts {
    summary: Row,
    overview: Row,
    workers: BTreeMap<u64, Row>,
    cores: BTreeMap<u64, Vec<Row>>,
    sockets: Vec<Row>,
}

/// Points by their time (µs since the Unix epoch) and source.
#[derive(Debug, Default)]
pub(super) struct Pieces(BTreeMap<(u64, String), Parts>);

impl Pieces {
    /// Takes in the answer to `SELECT * FROM measurement`. Points without a time that can be read are left out.
    pub(super) fn add(&mut self, measurement: &str, answer: &Value) {
        for row in rows(answer) {
            let text = |key: &str| row.get(key).and_then(Value::as_str);
            let (Some(at_us), Some(source)) = (text("time").and_then(micros), text("source")) else {
                continue;
            };
            let parts = self.0.entry((at_us, source.to_owned())).or_default();
            let worker: u64 = text("worker_id").and_then(|id| id.parse().ok()).unwrap_or(0);
            match measurement {
                "uwsgi_summary" => parts.summary = row,
                "uwsgi_overview" => parts.overview = row,
                "uwsgi_workers" => drop(parts.workers.insert(worker, row)),
                "uwsgi_cores" => parts.cores.entry(worker).or_default().push(row),
                _ => parts.sockets.push(row),
            }
        }
    }

    /// In the order of time, each with the place of its server in `sources`.
    pub(super) fn readings(self, sources: &[String]) -> Vec<(usize, Reading)> {
        let readings = self.0.into_iter().filter_map(|((at_us, source), parts)| {
            let server = sources.iter().position(|known| *known == source)?;
            Some((server, parts.reading(at_us)?))
        });
        readings.collect()
    }
}

impl Parts {
    /// None for points that are no whole reading.
    fn reading(self, at_us: u64) -> Option<Reading> {
        let took_us = self.summary.get("scrape_us").and_then(Value::as_u64).unwrap_or(0);
        let is_down = self.summary.get("up").and_then(Value::as_u64) == Some(0);
        let outcome = if is_down {
            Err("it could not be read".to_owned())
        } else if self.workers.is_empty() {
            return None;
        } else {
            let document = self.document().to_string();
            let statistics = uwsgi::read(document.as_bytes()).ok()?;
            let in_flight = Vec::new();
            Ok(Seen {
                statistics,
                in_flight,
            })
        };
        Some(Reading {
            at_us,
            took_us,
            outcome,
        })
    }

    /// As uWSGI would have written it. Of what was not stored there is nothing.
    fn document(mut self) -> Value {
        let cores = &mut self.cores;
        let workers = self.workers.into_iter().map(|(id, mut row)| {
            renamed(&mut row, "delta_request", "delta_requests");
            if let Some(mut cores) = cores.remove(&id) {
                cores.iter_mut().for_each(|core| numbered(core, "core_id"));
                cores.sort_by_key(|core| core.get("id").and_then(Value::as_u64));
                row.insert("cores".to_owned(), json!(cores));
            }
            row
        });
        let workers: Vec<Row> = workers.collect();
        for socket in &mut self.sockets {
            renamed(socket, "socket", "name");
        }
        let mut document = self.overview;
        for key in ["uid", "gid"] {
            numbered_as(&mut document, key, key);
        }
        document.insert("sockets".to_owned(), json!(self.sockets));
        document.insert("workers".to_owned(), json!(workers));
        Value::Object(document)
    }
}

fn renamed(row: &mut Row, from: &str, to: &str) {
    if let Some(value) = row.remove(from) {
        row.insert(to.to_owned(), value);
    }
}

fn numbered(row: &mut Row, tag: &str) {
    numbered_as(row, tag, "id");
}

/// Tags are text; a document has numbers.
fn numbered_as(row: &mut Row, tag: &str, key: &str) {
    let number = row
        .remove(tag)
        .and_then(|text| text.as_str().and_then(|text| text.parse::<u64>().ok()));
    row.insert(key.to_owned(), json!(number.unwrap_or(0)));
}

/// Microseconds since the Unix epoch of a time as InfluxDB writes it.
pub(super) fn micros(time: &str) -> Option<u64> {
    let time: jiff::Timestamp = time.parse().ok()?;
    u64::try_from(time.as_microsecond()).ok()
}

/// Each row by its columns' names, without what is null.
pub(super) fn rows(answer: &Value) -> Vec<Row> {
    let mut all = Vec::new();
    let series = answer["results"][0]["series"].as_array();
    for series in series.into_iter().flatten() {
        let columns: Vec<&str> = series["columns"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for values in series["values"].as_array().into_iter().flatten() {
            let values = values.as_array().into_iter().flatten();
            let known = columns.iter().zip(values).filter(|(_, value)| !value.is_null());
            all.push(
                known
                    .map(|(column, value)| ((*column).to_owned(), value.clone()))
                    .collect(),
            );
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(columns: &[&str], values: &Value) -> Value {
        json!({"results": [{"statement_id": 0, "series": [{"name": "m", "columns": columns, "values": values}]}]})
    }

    #[test]
    fn points_become_the_document_they_came_from() {
        let mut pieces = Pieces::default();
        let time = "2026-11-29T11:02:33.5Z";
        pieces.add(
            "uwsgi_summary",
            &answer(
                &["time", "source", "up", "scrape_us", "host"],
                &json!([[time, "a:1", 1, 412, null]]),
            ),
        );
        pieces.add(
            "uwsgi_overview",
            &answer(
                &["time", "source", "uid", "gid", "version", "pid", "listen_queue"],
                &json!([[time, "a:1", "33", "34", "2.0.31", 4711, 3]]),
            ),
        );
        pieces.add(
            "uwsgi_workers",
            &answer(
                &[
                    "time",
                    "source",
                    "worker_id",
                    "pid",
                    "requests",
                    "delta_request",
                    "status",
                ],
                &json!([
                    [time, "a:1", "10", 20, 7, 2, "idle"],
                    [time, "a:1", "2", 12, 5, 1, "busy"],
                    [time, "b:1", "1", 99, 0, 0, "idle"]
                ]),
            ),
        );
        pieces.add(
            "uwsgi_cores",
            &answer(
                &["time", "source", "worker_id", "core_id", "in_request", "requests"],
                &json!([[time, "a:1", "2", "1", 1, 3], [time, "a:1", "2", "0", 0, 2]]),
            ),
        );
        pieces.add(
            "uwsgi_sockets",
            &answer(
                &["time", "source", "socket", "queue", "max_queue"],
                &json!([[time, "a:1", ":9090", 3, 100]]),
            ),
        );
        let readings = pieces.readings(&["a:1".to_owned()]);
        let expected = br#"{"version":"2.0.31","pid":4711,"uid":33,"gid":34,"listen_queue":3,
            "sockets":[{"name":":9090","queue":3,"max_queue":100}],
            "workers":[{"pid":12,"requests":5,"delta_requests":1,"status":"busy",
                "cores":[{"id":0,"requests":2},{"id":1,"requests":3,"in_request":1}]},
                {"pid":20,"requests":7,"delta_requests":2,"status":"idle"}]}"#;
        let expected = Reading {
            at_us: 1_795_950_153_500_000,
            took_us: 412,
            outcome: Ok(Seen {
                statistics: uwsgi::read(expected).unwrap(),
                in_flight: Vec::new(),
            }),
        };
        assert_eq!(readings, [(0, expected)]);
    }

    #[test]
    fn a_server_that_was_down_is_a_reading_too_and_half_a_reading_is_none() {
        let mut pieces = Pieces::default();
        let summaries = json!([
            ["2026-11-29T11:02:33Z", "a:1", 0],
            ["2026-11-29T11:02:34Z", "a:1", 1]
        ]);
        pieces.add("uwsgi_summary", &answer(&["time", "source", "up"], &summaries));
        let readings = pieces.readings(&["a:1".to_owned()]);
        let outcomes: Vec<_> = readings.into_iter().map(|(_, reading)| reading.outcome).collect();
        assert_eq!(outcomes, [Err("it could not be read".to_owned())]);
    }
}
