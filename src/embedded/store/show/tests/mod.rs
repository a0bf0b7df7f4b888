//! SHOW statements and deletions, as InfluxDB 1.6.7 answered them.

use std::collections::BTreeMap;

use super::{ShowError, show};
use crate::embedded::store::answer::{Answer, Cell};
use crate::embedded::store::ql::ast::{Show, Statement};
use crate::embedded::store::ql::parse;
use database::Database;

mod answers;
mod database;
mod removals;

/// 2026-01-01.
const NOW: i64 = 1_767_225_600_000_000_000;

fn statement(text: &str) -> Statement {
    let mut statements = parse(text, &BTreeMap::new(), NOW).unwrap_or_else(|error| panic!("{text}: {error}"));
    statements.remove(0)
}

fn asked(text: &str) -> Show {
    match statement(text) {
        Statement::Show(show) => show,
        other => panic!("{text}: {other:?}"),
    }
}

fn shown(text: &str) -> String {
    drawn(show(&asked(text), &Database, NOW))
}

/// `name [columns] cell, cell; cell, cell` for each series, between ` | `.
fn drawn(answer: Result<Answer, ShowError>) -> String {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return format!("error: {error}"),
    };
    let series = answer.series.iter().map(|series| {
        let rows = series
            .rows
            .iter()
            .map(|row| row.iter().map(cell).collect::<Vec<_>>().join(", "));
        let rows = rows.collect::<Vec<_>>().join("; ");
        format!("{} [{}] {rows}", series.name, series.columns.join(", "))
    });
    series.collect::<Vec<_>>().join(" | ")
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Boolean(value) => value.to_string(),
        other => panic!("{other:?}"),
    }
}
