//! `SHOW SERIES`: keys of series, written as in line protocol.

use crate::embedded::store::answer::{AnswerSeries, Cell};
use crate::embedded::store::column::{Series, Tables};
use crate::embedded::store::ql::ast::Show;
use crate::embedded::store::tags::Purpose;

use super::error::ShowError;
use super::page::Page;
use super::selection::{Filter, measurements};
use super::table;

pub(super) fn series(show: &Show, tables: &dyn Tables, now: i64) -> Result<Vec<AnswerSeries>, ShowError> {
    let filter = Filter::new(show.condition.as_ref(), Purpose::Series, now)?;
    let mut page = Page::new(show.paging, 0);
    for measurement in measurements(tables, &show.from)? {
        if page.is_full() {
            break;
        }
        for series in filter.series(tables, &measurement)? {
            page.add(|| vec![Cell::Text(key(&measurement, &series).into())])?;
        }
    }
    Ok(table("", &["key"], page.into_rows()).into_iter().collect())
}

fn key(measurement: &str, series: &Series) -> String {
    let mut key = String::new();
    escape(measurement, &[',', ' '], &mut key);
    for (name, value) in &series.tags {
        key.push(',');
        escape(name, &[',', '=', ' '], &mut key);
        key.push('=');
        escape(value, &[',', '=', ' '], &mut key);
    }
    key
}

fn escape(text: &str, special: &[char], key: &mut String) {
    for character in text.chars() {
        if special.contains(&character) {
            key.push('\\');
        }
        key.push(character);
    }
}
