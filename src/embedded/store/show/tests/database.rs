//! A database in memory, with names of every kind: the same points that InfluxDB 1.6.7 was given.

use std::sync::Arc;

use crate::embedded::store::column::{Column, Kind, ReadError, Series, Tables, Take, TimeRange, Values};

/// Seconds since 1970: Friday, 2017-07-14.
pub(super) const T: i64 = 1_500_000_000;
/// A shard that no other point is in.
pub(super) const LATER: i64 = T + 30 * 86_400;

/// Measurement, tags, and fields, each with the seconds of its points.
type Line = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, Kind, &'static [i64])],
);

const LINES: &[Line] = &[
    ("Zeta", &[], &[("v", Kind::Float, &[T])]),
    (r"back\slash", &[("k", r"a\b")], &[("v", Kind::Float, &[T])]),
    ("cpu", &[], &[("usage", Kind::Float, &[T])]),
    (
        "cpu",
        &[("host", "a"), ("region", "eu")],
        &[
            ("load", Kind::Integer, &[T]),
            ("usage", Kind::Float, &[T, T + 60]),
        ],
    ),
    (
        "cpu",
        &[("host", "b"), ("region", "us")],
        &[("text", Kind::Text, &[T]), ("usage", Kind::Float, &[T])],
    ),
    (
        "cpu",
        &[("host", "c")],
        &[("ok", Kind::Boolean, &[T]), ("usage", Kind::Float, &[T])],
    ),
    ("cpu2", &[("host", "é")], &[("v", Kind::Float, &[T])]),
    (
        "disk",
        &[("host", "a"), ("path", "/a b")],
        &[("host", Kind::Float, &[T]), ("used", Kind::Float, &[T])],
    ),
    (
        "disk",
        &[("host", "b"), ("path", "/a,b=c")],
        &[("used", Kind::Float, &[T])],
    ),
    ("m=n", &[("a", "b")], &[("v", Kind::Float, &[T])]),
    ("mem", &[("host", "a")], &[("free", Kind::Integer, &[T])]),
    (
        "mem",
        &[("host", "b"), ("zone", "z")],
        &[("free", Kind::Integer, &[LATER])],
    ),
    ("q\"uote", &[("k", "\"x\"")], &[("v", Kind::Float, &[T])]),
    (
        "we ird,m",
        &[("ta g,x=y", "v a,l=u")],
        &[("b", Kind::Text, &[T]), ("fi eld", Kind::Float, &[T])],
    ),
];

pub(super) struct Database;

impl Tables for Database {
    fn measurements(&self) -> Vec<String> {
        let mut names: Vec<String> = LINES.iter().map(|(name, ..)| (*name).to_owned()).collect();
        names.dedup();
        names
    }

    fn fields(&self, measurement: &str) -> Vec<(String, Kind)> {
        let of_measurement = LINES.iter().filter(|(name, ..)| *name == measurement);
        let fields = of_measurement.flat_map(|(_, _, fields)| *fields);
        let mut fields: Vec<_> = fields
            .map(|(field, kind, _)| ((*field).to_owned(), *kind))
            .collect();
        fields.sort_by(|left, right| left.0.cmp(&right.0));
        fields.dedup();
        fields
    }

    fn series(&self, measurement: &str) -> Vec<Arc<Series>> {
        let numbered = LINES
            .iter()
            .zip(0..)
            .filter(|((name, ..), _)| *name == measurement);
        let tags = |tags: &[(&str, &str)]| {
            tags.iter()
                .map(|(key, value)| ((*key).into(), (*value).into()))
                .collect()
        };
        numbered
            .map(|((_, of_series, _), id)| {
                Arc::new(Series {
                    id,
                    tags: tags(of_series),
                })
            })
            .collect()
    }

    fn columns(
        &self,
        _measurement: &str,
        series: &[Arc<Series>],
        field: &str,
        range: TimeRange,
        take: &mut dyn Take,
    ) -> Result<(), ReadError> {
        for (index, series) in series.iter().enumerate() {
            let line = &LINES[usize::try_from(series.id).unwrap()];
            let seconds = line
                .2
                .iter()
                .filter(|(name, ..)| *name == field)
                .flat_map(|(_, _, seconds)| *seconds);
            let times = seconds.map(|second| second * 1_000_000_000);
            let times: Vec<i64> = times
                .filter(|time| (range.from..=range.to).contains(time))
                .collect();
            if !times.is_empty() {
                let values = Values::Integer(vec![0; times.len()]);
                take.take(index, Column { times, values })?;
            }
        }
        Ok(())
    }
}
