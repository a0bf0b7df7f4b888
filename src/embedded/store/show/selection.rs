//! Which measurements and series a statement is about. Makes no rows.

use std::sync::Arc;

use regex::Regex;

use crate::embedded::store::column::{Column, ReadError, Series, Tables, TimeRange};
use crate::embedded::store::execute::{EVERYTHING, split_time};
use crate::embedded::store::ql::ast::{Expression, Measurement, Named};
use crate::embedded::store::ql::{PatternError, compile};
use crate::embedded::store::tags::{Purpose, Scope, TagCondition, TagError};

use super::error::ShowError;

/// InfluxDB keeps the points of a week, from Monday on, in one shard, and knows which series a shard has, not when.
const SHARD: i64 = 7 * DAY;
/// 1969-12-29, in nanoseconds since 1970.
const A_MONDAY: i64 = -3 * DAY;
const DAY: i64 = 86_400_000_000_000;

/// Measurements by name or pattern.
pub(super) enum Names {
    Is(String),
    Matches(Regex),
}

impl Names {
    pub(super) fn new(named: &Named) -> Result<Self, PatternError> {
        Ok(match named {
            Named::Is(name) => Self::Is(name.clone()),
            Named::Matches(pattern) => Self::Matches(compile(pattern)?),
        })
    }

    pub(super) fn accepts(&self, measurement: &str) -> bool {
        match self {
            Self::Is(name) => name == measurement,
            Self::Matches(pattern) => pattern.is_match(measurement),
        }
    }
}

/// Those of `from`, all where it is empty; sorted.
pub(super) fn measurements(tables: &dyn Tables, from: &[Measurement]) -> Result<Vec<String>, PatternError> {
    let names: Vec<Names> = from
        .iter()
        .map(|from| Names::new(&from.name))
        .collect::<Result<_, _>>()?;
    let mut found = tables.measurements();
    found.retain(|measurement| names.is_empty() || names.iter().any(|name| name.accepts(measurement)));
    Ok(found)
}

/// What is asked of series: of their tags, and of when they have points.
pub(super) struct Filter {
    pub(super) tags: Option<Expression>,
    pub(super) range: TimeRange,
    purpose: Purpose,
}

impl Filter {
    /// `now` is in nanoseconds since 1970.
    pub(super) fn new(condition: Option<&Expression>, purpose: Purpose, now: i64) -> Result<Self, ShowError> {
        let (tags, range) = split_time(condition, now)?;
        Ok(Self { tags, range, purpose })
    }

    /// Sorted by tags. Of the time, only the shards it touches count, as in InfluxDB 1.6.7.
    pub(super) fn series(
        &self,
        tables: &dyn Tables,
        measurement: &str,
    ) -> Result<Vec<Arc<Series>>, ShowError> {
        let series = self.tagged(tables, measurement)?;
        if self.range == EVERYTHING {
            return Ok(series);
        }
        Ok(present(tables, measurement, series, shards(self.range))?)
    }

    /// As [`Filter::series`], whenever their points are.
    pub(super) fn tagged(
        &self,
        tables: &dyn Tables,
        measurement: &str,
    ) -> Result<Vec<Arc<Series>>, TagError> {
        let mut series = tables.series(measurement);
        if let Some(tags) = &self.tags {
            let fields = tables.fields(measurement);
            let scope = Scope {
                measurement,
                fields: &fields,
                purpose: self.purpose,
            };
            let condition = TagCondition::new(tags, scope)?;
            series.retain(|series| condition.holds_for(series));
        }
        Ok(series)
    }
}

/// The whole shards that `range` touches.
fn shards(range: TimeRange) -> TimeRange {
    let start = |time: i64| {
        time.saturating_sub(A_MONDAY)
            .div_euclid(SHARD)
            .saturating_mul(SHARD)
            .saturating_add(A_MONDAY)
    };
    TimeRange {
        from: start(range.from),
        to: start(range.to).saturating_add(SHARD - 1),
    }
}

/// Those of `series` with a point of any field within `range`.
fn present(
    tables: &dyn Tables,
    measurement: &str,
    mut series: Vec<Arc<Series>>,
    range: TimeRange,
) -> Result<Vec<Arc<Series>>, ReadError> {
    let mut found = vec![false; series.len()];
    for (field, _) in tables.fields(measurement) {
        let missing: Vec<usize> = (0..series.len()).filter(|index| !found[*index]).collect();
        let asked: Vec<Arc<Series>> = missing.iter().map(|index| series[*index].clone()).collect();
        tables.columns(
            measurement,
            &asked,
            &field,
            range,
            &mut |index: usize, column: Column| {
                found[missing[index]] |= !column.times.is_empty();
                Ok(())
            },
        )?;
    }
    let mut found = found.into_iter();
    series.retain(|_| found.next() == Some(true));
    Ok(series)
}
