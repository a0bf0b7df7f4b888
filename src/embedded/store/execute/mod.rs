//! Answers SELECT statements over [`Tables`], as InfluxDB 1.6.7 does. Reads no text and writes none.
//!
//! `validate` checks a statement, `plan` makes `level`s of it, `run` answers one level for one group of series after the
//! other: points stay in columns until rows leave.

mod aggregate;
mod align;
mod arithmetic;
mod calls;
mod comparison;
mod consume;
mod draft;
mod element;
mod error;
mod expand;
mod expression;
mod feed;
mod fill;
mod filter;
mod group;
mod integral;
mod kinds;
mod level;
mod limits;
mod math;
mod merge;
mod names;
mod order;
mod plan;
mod range;
mod read;
mod read_rows;
mod rows;
mod run;
mod selector;
mod source;
mod stream;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod transform;
mod types;
mod validate;
mod windows;

use crate::embedded::store::answer::{Answer, AnswerSeries, Cell};
use crate::embedded::store::column::{Tables, TimeRange};
use crate::embedded::store::ql::ast::{Expression, Select};

pub(super) use error::SelectError;
use group::{GroupKey, Selection, partition};
use level::{Call, Level};
use limits::Guard;
pub(super) use limits::Limits;
use plan::Planner;
use rows::Rows;
use run::Run;
use transform::Transform;
use windows::{EARLIEST, LATEST};

/// `now` is in nanoseconds since 1970.
pub(super) fn select(
    tables: &dyn Tables,
    select: &Select,
    now: i64,
    limits: &Limits<'_>,
) -> Result<Answer, SelectError> {
    validate::validate(select)?;
    let guard = Guard::new(limits);
    let mut planner = Planner {
        tables,
        guard: &guard,
        now,
        leaves: 0,
    };
    let mut level = planner.level(select, (0, 0))?;
    level.inherit(None);
    let mut run = Run {
        tables,
        guard: &guard,
        now,
        descending: select.descending,
        readable: EVERYTHING,
    };
    let range = run.range(&level, EVERYTHING);
    run.readable = readable(&level, range, select.descending);
    if let Some(windows) = run.windows(&level, range).count()
        && !level.is_raw()
    {
        guard.allow_windows(windows)?;
    }
    let series = answer_series(&run, &level, range, &time_column(select))?;
    Ok(Answer {
        series,
        messages: Vec::new(),
        time_zone: level.zone,
    })
}

/// A condition without its comparisons with `time`, and the time that those allow. For statements that are no SELECT.
pub(super) fn split_time(
    condition: Option<&Expression>,
    now: i64,
) -> Result<(Option<Expression>, TimeRange), SelectError> {
    let clock = range::Clock { now, zone: None };
    let split = condition.map(|condition| clock.split(condition)).transpose()?;
    let (rest, bounds) = split.unwrap_or_default();
    Ok((rest, bounds.within(EVERYTHING)))
}

pub(super) const EVERYTHING: TimeRange = TimeRange {
    from: EARLIEST,
    to: LATEST,
};

fn time_column(select: &Select) -> String {
    let times = select.columns.iter().rev();
    let alias = times
        .filter(|column| validate::is_time(&column.expression))
        .find_map(|column| column.alias.clone());
    alias.unwrap_or_else(|| "time".to_string())
}

/// The query's range and the windows before it that its own functions look back at; those of subqueries don't count.
fn readable(level: &Level, mut range: TimeRange, descending: bool) -> TimeRange {
    let windows = level.calls.iter().map(windows_back).max().unwrap_or(0);
    let every = level.window.map_or(0, |window| window.every);
    let more = every.saturating_mul(windows);
    if descending {
        range.to = range.to.saturating_add(more);
    } else {
        range.from = range.from.saturating_sub(more);
    }
    range
}

fn windows_back(call: &Call) -> i64 {
    match call {
        Call::Transform { transform, .. } => transform_windows_back(*transform),
        Call::TransformOf { transform, inner } => transform_windows_back(*transform).max(windows_back(inner)),
        _ => 0,
    }
}

fn transform_windows_back(transform: Transform) -> i64 {
    match transform {
        Transform::MovingAverage { points } => i64::try_from(points).unwrap_or(i64::MAX),
        _ => 1,
    }
}

fn answer_series(
    run: &Run<'_>,
    level: &Level,
    range: TimeRange,
    time_column: &str,
) -> Result<Vec<AnswerSeries>, SelectError> {
    let selection = Selection::all(level);
    kinds::check(level, &selection)?;
    let mut groups = partition(level, &selection);

    if run.descending {
        groups.reverse();
    }
    let mut columns = vec![time_column.to_string()];
    columns.extend(level.outputs.iter().map(|output| output.name.clone()));
    let mut answer = Vec::new();
    let mut rows_so_far = 0;
    let mut claims = Vec::new();
    for (key, selection) in groups {
        let rows = run.level(level, &selection, range)?.into_rows(run.descending);
        if rows.len() == 0 {
            continue;
        }
        rows_so_far += rows.len();
        run.guard.allow_rows(rows_so_far)?;
        claims.push(run.guard.claim(rows.len() * (24 + 24 * columns.len()))?);
        answer.push(AnswerSeries {
            name: key.measurement.to_string(),
            tags: tags(level, &key),
            columns: columns.clone(),
            rows: cells(&rows),
        });
    }
    Ok(answer)
}

fn tags(level: &Level, key: &GroupKey) -> Vec<(String, String)> {
    let names = level.group_tags.iter().cloned();
    names.zip(key.tags.iter().map(ToString::to_string)).collect()
}

fn cells(rows: &Rows) -> Vec<Vec<Cell>> {
    let row = |(index, time): (usize, &i64)| {
        let mut cells = Vec::with_capacity(1 + rows.columns.len());
        cells.push(Cell::Time(*time));
        cells.extend(rows.columns.iter().map(|column| column.cell(index)));
        cells
    };
    rows.times.iter().enumerate().map(row).collect()
}
