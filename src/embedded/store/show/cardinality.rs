//! `SHOW SERIES CARDINALITY` and `SHOW MEASUREMENT CARDINALITY`. Estimates are exact here; what tells them apart is how
//! they are shown, and that InfluxDB 1.6.7 estimates only where neither `FROM` nor `WHERE` stands.

use crate::embedded::store::answer::{AnswerSeries, Cell};
use crate::embedded::store::column::Tables;
use crate::embedded::store::ql::ast::Show;
use crate::embedded::store::tags::{Purpose, mentions};

use super::error::ShowError;
use super::page::Page;
use super::selection::{Filter, measurements as chosen};
use super::table;

pub(super) fn series(
    show: &Show,
    exact: bool,
    tables: &dyn Tables,
    now: i64,
) -> Result<Vec<AnswerSeries>, ShowError> {
    if is_estimate(show, exact) {
        let names = tables.measurements();
        return estimate(names.iter().map(|name| tables.series(name).len()).sum());
    }
    let filter = timeless(show, "SHOW SERIES EXACT CARDINALITY", now)?;
    let mut answer = Vec::new();
    for measurement in chosen(tables, &show.from)? {
        let count = filter.tagged(tables, &measurement)?.len();
        answer.extend(counted(&measurement, count, show)?);
    }
    Ok(answer)
}

pub(super) fn measurements(
    show: &Show,
    exact: bool,
    tables: &dyn Tables,
    now: i64,
) -> Result<Vec<AnswerSeries>, ShowError> {
    if is_estimate(show, exact) {
        return estimate(tables.measurements().len());
    }
    let filter = timeless(show, "SHOW MEASUREMENT EXACT CARDINALITY", now)?;
    let mut count = 0;
    for measurement in chosen(tables, &show.from)? {
        count += usize::from(!filter.tagged(tables, &measurement)?.is_empty());
    }
    Ok(counted("", count, show)?.into_iter().collect())
}

fn is_estimate(show: &Show, exact: bool) -> bool {
    !exact && show.from.is_empty() && show.condition.is_none()
}

fn estimate(count: usize) -> Result<Vec<AnswerSeries>, ShowError> {
    Ok(table("", &["cardinality estimation"], vec![vec![number(count)]])
        .into_iter()
        .collect())
}

fn timeless(show: &Show, statement: &'static str, now: i64) -> Result<Filter, ShowError> {
    match &show.condition {
        Some(condition) if mentions(condition, "time") => Err(ShowError::Time(statement)),
        condition => Filter::new(condition.as_ref(), Purpose::Series, now),
    }
}

/// A row, unless there is nothing to count or `OFFSET` skips it.
fn counted(name: &str, count: usize, show: &Show) -> Result<Option<AnswerSeries>, ShowError> {
    let mut page = Page::new(show.paging, 0);
    if count > 0 {
        page.add(|| vec![number(count)])?;
    }
    Ok(table(name, &["count"], page.into_rows()))
}

fn number(count: usize) -> Cell {
    Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}
