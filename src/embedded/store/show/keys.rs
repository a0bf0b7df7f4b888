//! `SHOW TAG KEYS` and `SHOW FIELD KEYS`. `LIMIT` and `OFFSET` are of each measurement; `SLIMIT` and `SOFFSET` change
//! nothing, as in InfluxDB 1.6.7.

use std::collections::BTreeSet;

use crate::embedded::store::answer::{AnswerSeries, Cell};
use crate::embedded::store::column::{Kind, Tables};
use crate::embedded::store::ql::ast::Show;
use crate::embedded::store::tags::Purpose;

use super::error::ShowError;
use super::page::Page;
use super::selection::{Filter, measurements};
use super::table;

pub(super) fn tag_keys(show: &Show, tables: &dyn Tables, now: i64) -> Result<Vec<AnswerSeries>, ShowError> {
    let filter = Filter::new(show.condition.as_ref(), Purpose::Series, now)?;
    let mut answer = Vec::new();
    let mut rows = 0;
    for measurement in measurements(tables, &show.from)? {
        let series = filter.series(tables, &measurement)?;
        let keys: BTreeSet<&str> = series
            .iter()
            .flat_map(|series| &series.tags)
            .map(|(key, _)| &**key)
            .collect();
        let mut page = Page::new(show.paging, rows);
        for key in keys {
            page.add(|| vec![Cell::Text(key.into())])?;
        }
        let page = page.into_rows();
        rows += page.len();
        answer.extend(table(&measurement, &["tagKey"], page));
    }
    Ok(answer)
}

pub(super) fn field_keys(show: &Show, tables: &dyn Tables) -> Result<Vec<AnswerSeries>, ShowError> {
    let mut answer = Vec::new();
    let mut rows = 0;
    for measurement in measurements(tables, &show.from)? {
        let mut page = Page::new(show.paging, rows);
        for (field, kind) in tables.fields(&measurement) {
            page.add(|| vec![Cell::Text(field.as_str().into()), Cell::Text(word(kind).into())])?;
        }
        let page = page.into_rows();
        rows += page.len();
        answer.extend(table(&measurement, &["fieldKey", "fieldType"], page));
    }
    Ok(answer)
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Float => "float",
        Kind::Integer => "integer",
        Kind::Text => "string",
        Kind::Boolean => "boolean",
    }
}
