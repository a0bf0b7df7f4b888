//! Whole queries over a small database, with what InfluxDB 1.6.7 answered to the same, and what bounds them.

mod answers;
mod bounds;
mod economy;
pub(in crate::embedded::store) mod fake;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::embedded::store::answer::{Answer, AnswerSeries, Cell};
use crate::embedded::store::ql::{ast::Statement, parse};

use super::{Limits, SelectError, select};
use fake::Fake;

/// When queries are asked: ten minutes after the first point.
const NOW: i64 = 600_000_000_000;

fn limits(cancelled: &AtomicBool) -> Limits<'_> {
    Limits {
        deadline: Instant::now() + Duration::from_secs(60),
        memory: 1 << 26,
        series: 1_000,
        windows: 10_000,
        rows: 100_000,
        cancelled,
    }
}

fn ask(tables: &Fake, query: &str, limits: &Limits<'_>) -> Result<Answer, SelectError> {
    let statements = parse(query, &BTreeMap::new(), NOW).unwrap();
    match &statements[..] {
        [Statement::Select(statement)] => select(tables, statement, NOW, limits),
        other => panic!("{query}: {other:?}"),
    }
}

/// One line a series: `name{tag=value} column,… | cell,… | …`, times in seconds; or the error.
fn answer_text(tables: &Fake, query: &str) -> String {
    let cancelled = AtomicBool::new(false);
    match ask(tables, query, &limits(&cancelled)) {
        Ok(answer) => {
            let series: Vec<String> = answer.series.iter().map(series_text).collect();
            series.join("\n")
        }
        Err(error) => format!("error: {error}"),
    }
}

fn series_text(series: &AnswerSeries) -> String {
    let tags: Vec<String> = series
        .tags
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut text = format!(
        "{}{{{}}} {}",
        series.name,
        tags.join(","),
        series.columns.join(",")
    );
    for row in &series.rows {
        let cells: Vec<String> = row.iter().map(cell_text).collect();
        text.push_str(" | ");
        text.push_str(&cells.join(","));
    }
    text
}

/// Floats to nine digits after the point: sums of the same numbers in another order differ in the last.
fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_string(),
        Cell::Time(time) => format!("{}s", *time as f64 / 1e9),
        Cell::Float(value) => format!("{}", (value * 1e9).round() / 1e9),
        Cell::Integer(value) => value.to_string(),
        Cell::Text(text) => format!("'{text}'"),
        Cell::Boolean(value) => value.to_string(),
    }
}
