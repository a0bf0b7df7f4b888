//! What DELETE and DROP SERIES are about, and what no database is needed for.

use super::super::doomed::Doomed;
use super::super::{ShowError, databases, doomed_points, doomed_series, retention_policies, show, users};
use super::database::{Database, LATER, T};
use super::{NOW, asked, drawn, statement};
use crate::embedded::store::column::{Kind, ReadError, Series, Tables, Take, TimeRange};
use crate::embedded::store::execute::EVERYTHING;
use crate::embedded::store::ql::ast::Statement;
use std::sync::Arc;

const SECOND: i64 = 1_000_000_000;

fn doomed(text: &str) -> Result<Vec<Doomed>, String> {
    let found = match statement(text) {
        Statement::Delete { from, condition } => doomed_points(&Database, &from, condition.as_ref(), NOW),
        Statement::DropSeries { from, condition } => doomed_series(&Database, &from, condition.as_ref(), NOW),
        other => panic!("{text}: {other:?}"),
    };
    found.map_err(|error| error.to_string())
}

fn of(measurement: &str, series: &[u64], range: TimeRange) -> Doomed {
    Doomed {
        measurement: measurement.to_owned(),
        series: series.to_vec(),
        range,
    }
}

#[test]
fn points_are_found_by_measurement_tags_and_time() {
    let all = EVERYTHING;
    assert_eq!(doomed("DELETE FROM mem"), Ok(vec![of("mem", &[10, 11], all)]));
    assert_eq!(doomed("DELETE FROM nope"), Ok(vec![]));
    assert_eq!(
        doomed("DELETE FROM /^cpu/"),
        Ok(vec![of("cpu", &[2, 3, 4, 5], all), of("cpu2", &[6], all)])
    );
    assert_eq!(doomed("DELETE WHERE zone = 'z'"), Ok(vec![of("mem", &[11], all)]));
    assert_eq!(
        doomed("DELETE FROM cpu WHERE host = ''"),
        Ok(vec![of("cpu", &[2], all)])
    );
    assert_eq!(
        doomed("DELETE FROM cpu WHERE host != 'a' AND region !~ /u/"),
        Ok(vec![of("cpu", &[2, 5], all)])
    );
    assert_eq!(doomed("DELETE FROM cpu WHERE nope = 'x'"), Ok(vec![]));
    let until = TimeRange {
        to: T * SECOND - 1,
        ..all
    };
    assert_eq!(
        doomed("DELETE FROM mem WHERE time < 1500000000s"),
        Ok(vec![of("mem", &[10, 11], until)])
    );
    let since = TimeRange {
        from: NOW - 3600 * SECOND,
        ..all
    };
    let text = "DELETE FROM mem WHERE time >= now() - 1h AND host = 'a'";
    assert_eq!(doomed(text), Ok(vec![of("mem", &[10], since)]));
    assert_eq!(doomed("DELETE FROM mem WHERE time > 5 AND time < 3"), Ok(vec![]));
}

#[test]
fn a_deletion_by_fields_is_refused() {
    let refused = Err("fields not supported in WHERE clause during deletion".to_owned());
    for text in [
        "DELETE FROM cpu WHERE usage = 1",
        "DELETE FROM cpu WHERE text = 'x'",
        "DELETE FROM cpu WHERE nope = 1",
        "DELETE FROM cpu WHERE usage = 1 OR host = 'a'",
        "DROP SERIES FROM cpu WHERE usage = 1 AND host = 'a'",
    ] {
        assert_eq!(doomed(text), refused, "{text}");
    }
}

/// InfluxDB 1.6.7 takes `host > 'a'` of a deletion for `host != 'a'`.
#[test]
fn a_deletion_by_the_order_of_tags_is_refused() {
    assert_eq!(
        doomed("DELETE FROM cpu WHERE host > 'a'"),
        Err("invalid tag comparison operator".to_owned())
    );
}

#[test]
fn series_are_dropped_whenever_their_points_are() {
    assert_eq!(
        doomed("DROP SERIES FROM cpu WHERE host = 'c'"),
        Ok(vec![of("cpu", &[5], EVERYTHING)])
    );
    let refused = Err("DROP SERIES doesn't support time in WHERE clause".to_owned());
    assert_eq!(
        doomed("DROP SERIES FROM cpu WHERE host = 'c' AND time > 0"),
        refused
    );
}

#[test]
fn tag_values_of_a_time_are_those_of_the_weeks_it_touches() {
    let of_time = |time: &str| {
        let text = format!("SHOW TAG VALUES FROM mem WITH KEY = host WHERE {time}");
        drawn(show(&asked(&text), &Database, NOW))
    };
    assert_eq!(of_time(&format!("time = {LATER}s")), "mem [key, value] host, b");
    assert_eq!(of_time("time < '2017-07-11'"), "mem [key, value] host, a");
    assert_eq!(
        of_time("time > '2017-07-01' AND time < '2017-09-01'"),
        "mem [key, value] host, a; host, b"
    );
    assert_eq!(of_time("time > now() - 1h"), "");
}

#[test]
fn what_is_shown_of_the_server_has_its_columns_without_rows_too() {
    let names = ["uwsgi".to_owned(), "_internal".to_owned()];
    assert_eq!(drawn(Ok(databases(&names))), "databases [name] uwsgi; _internal");
    assert_eq!(drawn(Ok(databases(&[]))), "databases [name] ");
    assert_eq!(drawn(Ok(users(None))), " [user, admin] ");
    assert_eq!(drawn(Ok(users(Some("lab")))), " [user, admin] lab, true");
    let policies = " [name, duration, shardGroupDuration, replicaN, default] autogen, 0s, 168h0m0s, 1, true";
    assert_eq!(drawn(Ok(retention_policies())), policies);
    assert_eq!(
        drawn(show(&asked("SHOW RETENTION POLICIES"), &Database, NOW)),
        policies
    );
}

/// Very many series of one measurement.
struct Crowd(Vec<Arc<Series>>);

impl Crowd {
    fn of(count: u64) -> Self {
        let series = |id: u64| Series {
            id,
            tags: vec![("id".into(), format!("{id:07}").into())],
        };
        Self((0..count).map(|id| Arc::new(series(id))).collect())
    }
}

impl Tables for Crowd {
    fn measurements(&self) -> Vec<String> {
        vec!["m".to_owned()]
    }

    fn fields(&self, _measurement: &str) -> Vec<(String, Kind)> {
        vec![("v".to_owned(), Kind::Float)]
    }

    fn series(&self, _measurement: &str) -> Vec<Arc<Series>> {
        self.0.clone()
    }

    fn columns(
        &self,
        _measurement: &str,
        _series: &[Arc<Series>],
        _field: &str,
        _range: TimeRange,
        _take: &mut dyn Take,
    ) -> Result<(), ReadError> {
        Ok(())
    }
}

#[test]
fn very_many_series_are_counted_and_shown_in_part_but_not_in_one_answer() {
    let crowd = Crowd::of(200_001);
    let of_crowd = |text: &str| show(&asked(text), &crowd, NOW);
    assert_eq!(
        drawn(of_crowd("SHOW SERIES CARDINALITY")),
        " [cardinality estimation] 200001"
    );
    assert_eq!(
        drawn(of_crowd("SHOW SERIES LIMIT 2 OFFSET 199999")),
        " [key] m,id=0199999; m,id=0200000"
    );
    let refused = "more than 200000 rows; narrow the statement with FROM, WHERE or LIMIT";
    let error = of_crowd("SHOW SERIES").unwrap_err();
    assert!(matches!(error, ShowError::TooManyRows(200_000)), "{error}");
    assert_eq!(error.to_string(), refused);
    assert_eq!(
        of_crowd("SHOW TAG VALUES WITH KEY = id LIMIT 300000")
            .unwrap_err()
            .to_string(),
        refused
    );
}
