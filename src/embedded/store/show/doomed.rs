//! What DELETE and DROP SERIES are about: series and a time. Removes nothing.

use crate::embedded::store::column::{Tables, TimeRange};
use crate::embedded::store::ql::ast::{Expression, Measurement};
use crate::embedded::store::tags::{Purpose, mentions};

use super::error::ShowError;
use super::selection::{Filter, measurements};

/// Series of one measurement, at least one, and the time of the points that are meant.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::embedded::store) struct Doomed {
    pub(in crate::embedded::store) measurement: String,
    pub(in crate::embedded::store) series: Vec<u64>,
    pub(in crate::embedded::store) range: TimeRange,
}

/// The points of a `DELETE`. Comparisons with `time` bound it even below an `OR`, as in InfluxDB 1.6.7.
pub(in crate::embedded::store) fn doomed_points(
    tables: &dyn Tables,
    from: &[Measurement],
    condition: Option<&Expression>,
    now: i64,
) -> Result<Vec<Doomed>, ShowError> {
    let filter = Filter::new(condition, Purpose::Deletion, now)?;
    let mut doomed = Vec::new();
    for measurement in measurements(tables, from)? {
        let series: Vec<u64> = filter
            .tagged(tables, &measurement)?
            .iter()
            .map(|series| series.id)
            .collect();
        if !series.is_empty() && filter.range.from <= filter.range.to {
            doomed.push(Doomed {
                measurement,
                series,
                range: filter.range,
            });
        }
    }
    Ok(doomed)
}

/// The series of a `DROP SERIES`, which knows no time.
pub(in crate::embedded::store) fn doomed_series(
    tables: &dyn Tables,
    from: &[Measurement],
    condition: Option<&Expression>,
    now: i64,
) -> Result<Vec<Doomed>, ShowError> {
    if condition.is_some_and(|condition| mentions(condition, "time")) {
        return Err(ShowError::Time("DROP SERIES"));
    }
    doomed_points(tables, from, condition, now)
}
