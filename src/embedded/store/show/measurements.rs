//! `SHOW MEASUREMENTS`.

use crate::embedded::store::answer::{AnswerSeries, Cell};
use crate::embedded::store::column::Tables;
use crate::embedded::store::ql::ast::{Named, Show};
use crate::embedded::store::tags::{Purpose, Scope, TagCondition, mentions};

use super::error::ShowError;
use super::page::Page;
use super::selection::Names;
use super::table;

pub(super) fn measurements(
    show: &Show,
    with: Option<&Named>,
    tables: &dyn Tables,
) -> Result<Vec<AnswerSeries>, ShowError> {
    if show
        .condition
        .as_ref()
        .is_some_and(|condition| mentions(condition, "time"))
    {
        return Err(ShowError::Time("SHOW MEASUREMENTS"));
    }
    let with = with.map(Names::new).transpose()?;
    let mut page = Page::new(show.paging, 0);
    for measurement in tables.measurements() {
        let named = with.as_ref().is_none_or(|with| with.accepts(&measurement));
        if named && is_tagged(show, &measurement, tables)? {
            page.add(|| vec![Cell::Text(measurement.as_str().into())])?;
        }
    }
    Ok(table("measurements", &["name"], page.into_rows())
        .into_iter()
        .collect())
}

fn is_tagged(show: &Show, measurement: &str, tables: &dyn Tables) -> Result<bool, ShowError> {
    let Some(condition) = &show.condition else {
        return Ok(true);
    };
    let scope = Scope {
        measurement,
        fields: &[],
        purpose: Purpose::Measurements,
    };
    Ok(TagCondition::new(condition, scope)?.holds_within(&tables.series(measurement)))
}
