//! A database in memory for tests of queries, made of line protocol without escapes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::embedded::store::column::{Column, End, Kind, ReadError, Series, Tables, Take, TimeRange, Values};

type Tags = Vec<(Arc<str>, Arc<str>)>;
/// Points by field and time.
type Fields = BTreeMap<String, BTreeMap<i64, Value>>;

#[derive(Default)]
pub(in crate::embedded::store) struct Fake {
    measurements: BTreeMap<String, BTreeMap<Tags, Fields>>,
    /// So many points of a column are handed on together; all where it is 0.
    block: usize,
    points_read: AtomicUsize,
}

#[derive(Clone)]
enum Value {
    Float(f64),
    Integer(i64),
    Text(Arc<str>),
    Boolean(bool),
}

impl Fake {
    /// `lines` as `m,tag=value field=1i,other="text" 1700000000000000000`; times are nanoseconds.
    pub(in crate::embedded::store) fn of(lines: &str) -> Self {
        let mut fake = Self::default();
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            fake.add(line.trim());
        }
        fake
    }

    pub(in crate::embedded::store) fn in_blocks_of(self, block: usize) -> Self {
        Self { block, ..self }
    }

    /// How many points queries have read.
    pub(in crate::embedded::store) fn points_read(&self) -> usize {
        self.points_read.load(Ordering::Relaxed)
    }

    fn add(&mut self, line: &str) {
        let (rest, time) = line.rsplit_once(' ').unwrap();
        let (key, fields) = rest.split_once(' ').unwrap();
        let mut key = key.split(',');
        let measurement = key.next().unwrap().to_string();
        let mut tags: Tags = key
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        tags.sort();
        let series = self.measurements.entry(measurement).or_default();
        let columns = series.entry(tags).or_default();
        for pair in fields.split(',') {
            let (name, value) = pair.split_once('=').unwrap();
            let column = columns.entry(name.to_string()).or_default();
            column.insert(time.parse().unwrap(), value_of(value));
        }
    }
}

fn value_of(text: &str) -> Value {
    if let Some(text) = text.strip_prefix('"') {
        return Value::Text(text.trim_end_matches('"').into());
    }
    match text {
        "true" => Value::Boolean(true),
        "false" => Value::Boolean(false),
        _ => match text.strip_suffix('i') {
            Some(digits) => Value::Integer(digits.parse().unwrap()),
            None => Value::Float(text.parse().unwrap()),
        },
    }
}

fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Float(_) => Kind::Float,
        Value::Integer(_) => Kind::Integer,
        Value::Text(_) => Kind::Text,
        Value::Boolean(_) => Kind::Boolean,
    }
}

fn values_of(points: &BTreeMap<i64, Value>) -> Values {
    let kind = points.values().next().map_or(Kind::Float, kind_of);
    let points = points.values();
    match kind {
        Kind::Float => Values::Float(
            points
                .map(|value| match value {
                    Value::Float(value) => *value,
                    _ => panic!("kinds differ"),
                })
                .collect(),
        ),
        Kind::Integer => Values::Integer(
            points
                .map(|value| match value {
                    Value::Integer(value) => *value,
                    _ => panic!("kinds differ"),
                })
                .collect(),
        ),
        Kind::Text => Values::Text(
            points
                .map(|value| match value {
                    Value::Text(value) => value.clone(),
                    _ => panic!("kinds differ"),
                })
                .collect(),
        ),
        Kind::Boolean => Values::Boolean(
            points
                .map(|value| match value {
                    Value::Boolean(value) => *value,
                    _ => panic!("kinds differ"),
                })
                .collect(),
        ),
    }
}

impl Tables for Fake {
    fn measurements(&self) -> Vec<String> {
        self.measurements.keys().cloned().collect()
    }

    fn fields(&self, measurement: &str) -> Vec<(String, Kind)> {
        let mut fields = BTreeMap::new();
        let series = self.measurements.get(measurement).into_iter().flatten();
        for (name, points) in series.flat_map(|(_, columns)| columns) {
            fields.insert(name.clone(), points.values().next().map_or(Kind::Float, kind_of));
        }
        fields.into_iter().collect()
    }

    fn series(&self, measurement: &str) -> Vec<Arc<Series>> {
        let tags: BTreeSet<&Tags> = self
            .measurements
            .get(measurement)
            .into_iter()
            .flat_map(BTreeMap::keys)
            .collect();
        let series = tags.into_iter().zip(1..);
        series
            .map(|(tags, id)| {
                Arc::new(Series {
                    id,
                    tags: tags.clone(),
                })
            })
            .collect()
    }

    fn part(
        &self,
        measurement: &str,
        series: &Series,
        range: TimeRange,
        end: End,
        rows: usize,
    ) -> Result<TimeRange, ReadError> {
        let fields = self.measurements[measurement][&series.tags].values();
        let times: BTreeSet<i64> = fields
            .flat_map(|points| points.range(range.from..=range.to))
            .map(|(time, _)| *time)
            .collect();
        let times: Vec<i64> = times.into_iter().collect();
        let rows = rows.clamp(self.block, self.block * 4);
        if self.block == 0 || rows >= times.len() {
            return Ok(range);
        }
        Ok(match end {
            End::First => TimeRange {
                to: times[rows] - 1,
                ..range
            },
            End::Last => TimeRange {
                from: times[times.len() - rows - 1] + 1,
                ..range
            },
        })
    }

    fn columns(
        &self,
        measurement: &str,
        series: &[Arc<Series>],
        field: &str,
        range: TimeRange,
        take: &mut dyn Take,
    ) -> Result<(), ReadError> {
        for (index, one) in series.iter().enumerate() {
            let Some(points) = self.measurements[measurement][&one.tags].get(field) else {
                continue;
            };
            let within: Vec<(i64, Value)> = points
                .range(range.from..=range.to)
                .map(|(time, value)| (*time, value.clone()))
                .collect();
            self.points_read.fetch_add(within.len(), Ordering::Relaxed);
            let together = if self.block == 0 {
                within.len().max(1)
            } else {
                self.block
            };
            for points in within.chunks(together) {
                take.room(points.len() * 16)?;
                let points: BTreeMap<i64, Value> = points.iter().cloned().collect();
                let column = Column {
                    times: points.keys().copied().collect(),
                    values: values_of(&points),
                };
                take.take(index, column)?;
            }
        }
        Ok(())
    }
}
