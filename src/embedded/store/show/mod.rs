//! Answers SHOW statements over [`Tables`], and finds what DELETE and DROP SERIES are about. Removes nothing.

mod cardinality;
mod doomed;
mod error;
mod keys;
mod measurements;
mod page;
mod selection;
mod series;
mod server;
#[cfg(test)]
mod tests;
mod values;

use crate::embedded::store::answer::{Answer, AnswerSeries, Cell};
use crate::embedded::store::column::Tables;
use crate::embedded::store::ql::ast::{Show, Shown};

pub(super) use doomed::{doomed_points, doomed_series};
pub(super) use error::ShowError;
pub(super) use server::{databases, retention_policies, users};

/// What `tables`, the database that the statement names, answers. `now` is in nanoseconds since 1970.
///
/// Databases and policies named after `FROM` are not looked at, as InfluxDB 1.6.7 does not for most of these.
pub(super) fn show(show: &Show, tables: &dyn Tables, now: i64) -> Result<Answer, ShowError> {
    let series = match &show.what {
        Shown::Measurements { with } => measurements::measurements(show, with.as_ref(), tables)?,
        Shown::MeasurementCardinality { exact } => cardinality::measurements(show, *exact, tables, now)?,
        Shown::Series => series::series(show, tables, now)?,
        Shown::SeriesCardinality { exact } => cardinality::series(show, *exact, tables, now)?,
        Shown::FieldKeys => keys::field_keys(show, tables)?,
        Shown::TagKeys => keys::tag_keys(show, tables, now)?,
        Shown::TagValues { keys } => values::tag_values(show, keys, tables, now)?,
        Shown::RetentionPolicies => return Ok(retention_policies()),
        Shown::Databases | Shown::Users => return Err(ShowError::NoDatabase),
    };
    Ok(Answer {
        series,
        ..Answer::default()
    })
}

/// Nothing where there are no rows.
fn table(name: &str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Option<AnswerSeries> {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    (!rows.is_empty()).then(|| AnswerSeries {
        name: name.to_owned(),
        tags: Vec::new(),
        columns,
        rows,
    })
}
