//! A selector with fields and tags beside it, and `top` and `bottom`: results are whole rows of points.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::embedded::store::column::{Column, Kind, TimeRange};
use crate::embedded::store::ql::ast::Fill;

use super::aggregate::{Aggregate, percentile_index, running};
use super::element::{Element, kind};
use super::error::SelectError;
use super::feed::Which;
use super::group::Selection;
use super::level::{Call, Level, Reference};
use super::names::Type;
use super::read_rows::Driver;
use super::rows::{RowColumn, Rows, Scalar};
use super::run::{Run, deciding_end};
use super::windows::Windows;

/// One point: the value the selector looks at, then the others.
#[derive(Debug, Clone)]
struct Point {
    time: i64,
    value: Scalar,
    others: Vec<Option<Scalar>>,
}

/// Rows of the only call and the level's fields, in the order of the query.
pub(super) fn points(
    run: &Run<'_>,
    level: &Level,
    selection: &Selection,
    range: TimeRange,
) -> Result<Rows, SelectError> {
    let call = &level.calls[0];
    let windows = run.windows(level, range);
    let driver = &level.arguments[call.argument()];
    let tags = best_tags(call);
    let level_fields = level.fields.len();
    let mut kept: BTreeMap<i64, Vec<Point>> = BTreeMap::new();
    let mut claim = run.guard.nothing();
    let pick = |column: Column| picked(call, &windows, column);
    let driving = Driver {
        reference: driver,
        end: deciding_end(level),
        pick: &pick,
    };
    let driven = Which::Driven(&driving);
    run.each_rows(level, selection, range, driven, &mut |rows| {
        let mut from = 0;
        while from < rows.len() {
            let (start, end) = windows.around(rows.times[from]);
            let count = rows.times[from..].partition_point(|time| *time < end).max(1);
            let here = (from..from + count).filter_map(|index| point(&rows, index));
            let list = kept.entry(start).or_default();
            list.extend(here);
            reduce(call, list, &field_indices(level, &tags));
            from += count;
        }
        run.guard.allow_windows(kept.len() as u64)?;
        let points: usize = kept.values().map(Vec::len).sum();
        claim.resize(points * (48 + 32 * level_fields))
    })?;
    let points = chosen(call, kept, &windows);
    assemble(run, level, points, &windows, driver)
}

/// The points of one series that can be chosen, as far as their values and times tell.
fn picked(call: &Call, windows: &Windows, column: Column) -> Column {
    let Call::Aggregate { aggregate, .. } = call else {
        return column;
    };
    if matches!(aggregate, Aggregate::Percentile(_)) {
        return column;
    }
    match running(*aggregate, kind(&column.values)) {
        Some(mut running) => {
            running.feed(windows, &column);
            running.finish(windows, true)
        }
        None => column,
    }
}

fn best_tags(call: &Call) -> Vec<String> {
    match call {
        Call::Best { by, .. } => by.clone(),
        _ => Vec::new(),
    }
}

fn field_indices(level: &Level, tags: &[String]) -> Vec<usize> {
    let index = |tag: &String| level.fields.iter().position(|field| field.name == *tag);
    tags.iter().filter_map(index).collect()
}

fn point(rows: &Rows, index: usize) -> Option<Point> {
    let (driver, others) = rows.columns.split_first()?;
    Some(Point {
        time: rows.times[index],
        value: driver.scalar(index)?,
        others: others.iter().map(|column| column.scalar(index)).collect(),
    })
}

/// Throws away what can't be chosen any more.
fn reduce(call: &Call, points: &mut Vec<Point>, by: &[usize]) {
    match call {
        Call::Aggregate {
            aggregate: Aggregate::Percentile(_),
            ..
        } => {}
        Call::Aggregate { aggregate, .. } => {
            let best = points.drain(..).reduce(|best, point| {
                if wins(*aggregate, &point, &best) {
                    point
                } else {
                    best
                }
            });
            points.extend(best);
        }
        Call::Best { top, count, .. } => {
            points.sort_by(|left, right| better(*top, left, right));
            if !by.is_empty() {
                keep_best_of_each(points, by);
            }
            points.truncate(*count);
        }
        _ => {}
    }
}

/// The first of each set of tags; `points` are sorted, the best first.
fn keep_best_of_each(points: &mut Vec<Point>, by: &[usize]) {
    let mut seen: Vec<Vec<Option<Scalar>>> = Vec::new();
    points.retain(|point| {
        let tags: Vec<Option<Scalar>> = by.iter().map(|&at| point.others[at].clone()).collect();
        let is_new = !seen.contains(&tags);
        if is_new {
            seen.push(tags);
        }
        is_new
    });
}

fn wins(aggregate: Aggregate, point: &Point, best: &Point) -> bool {
    let value = compare(&point.value, &best.value);
    let time = point.time.cmp(&best.time);
    match aggregate {
        Aggregate::Min => value.is_lt() || (value.is_eq() && time.is_lt()),
        Aggregate::Max => value.is_gt() || (value.is_eq() && time.is_lt()),
        Aggregate::First if point.value.kind() == Kind::Boolean => {
            time.is_lt() || (time.is_eq() && value.is_lt())
        }
        Aggregate::First => time.is_lt() || (time.is_eq() && value.is_gt()),
        _ => time.is_gt() || (time.is_eq() && value.is_gt()),
    }
}

fn better(top: bool, left: &Point, right: &Point) -> Ordering {
    let value = compare(&left.value, &right.value);
    let value = if top { value.reverse() } else { value };
    value.then_with(|| left.time.cmp(&right.time))
}

fn compare(left: &Scalar, right: &Scalar) -> Ordering {
    let order = match (left, right) {
        (Scalar::Float(left), Scalar::Float(right)) => left.partial_cmp(right),
        (Scalar::Integer(left), Scalar::Integer(right)) => left.partial_cmp(right),
        (Scalar::Text(left), Scalar::Text(right)) => left.partial_cmp(right),
        (Scalar::Boolean(left), Scalar::Boolean(right)) => left.partial_cmp(right),
        _ => None,
    };
    order.unwrap_or(Ordering::Equal)
}

/// Ascending. Those of windows have the window's time, but for `top` and `bottom`.
fn chosen(call: &Call, kept: BTreeMap<i64, Vec<Point>>, windows: &Windows) -> Vec<Point> {
    let mut points = Vec::new();
    for (start, mut here) in kept {
        match call {
            Call::Aggregate {
                aggregate: Aggregate::Percentile(rank),
                ..
            } => {
                let Some(index) = percentile_index(here.len(), *rank) else {
                    continue;
                };
                here.sort_by(|left, right| {
                    compare(&left.value, &right.value).then(left.time.cmp(&right.time))
                });
                here = vec![here.swap_remove(index)];
            }
            Call::Best { .. } => here.sort_by_key(|point| point.time),
            _ => {}
        }
        if !windows.is_whole_range() && !matches!(call, Call::Best { .. }) {
            for point in &mut here {
                point.time = windows.told(start);
            }
        }
        points.extend(here);
    }
    points
}

fn assemble(
    run: &Run<'_>,
    level: &Level,
    mut points: Vec<Point>,
    windows: &Windows,
    driver: &Reference,
) -> Result<Rows, SelectError> {
    if run.descending {
        points.reverse();
    }
    let times: Vec<i64> = points.iter().map(|point| point.time).collect();
    let value = column(driver.declared, points.iter().map(|point| Some(&point.value)));
    let others = level.fields.iter().enumerate().map(|(index, field)| {
        column(
            field.declared,
            points.iter().map(|point| point.others[index].as_ref()),
        )
    });
    let rows = Rows {
        columns: std::iter::once(value).chain(others).collect(),
        times,
    };
    let is_best = matches!(level.calls[0], Call::Best { .. });
    let rows = if is_best || windows.is_whole_range() || level.fill == Fill::None {
        rows
    } else {
        filled(run, level, &rows, windows)?
    };
    Ok(rows.limited(level.limit, level.offset))
}

fn column<'a>(declared: Type, scalars: impl Iterator<Item = Option<&'a Scalar>>) -> RowColumn {
    fn each<'a, T: Element>(
        scalars: impl Iterator<Item = Option<&'a Scalar>>,
        of: impl Fn(&Scalar) -> Option<T>,
    ) -> RowColumn {
        let (values, valid): (Vec<T>, Vec<bool>) = scalars
            .map(|scalar| match scalar.and_then(&of) {
                Some(value) => (value, true),
                None => (T::blank(), false),
            })
            .unzip();
        RowColumn::Each {
            values: T::wrap(values),
            valid: valid.contains(&false).then_some(valid),
        }
    }
    match declared.kind() {
        None => RowColumn::Absent,
        Some(Kind::Float) => each(scalars, |scalar| match scalar {
            Scalar::Float(value) => Some(*value),
            _ => None,
        }),
        Some(Kind::Integer) => each(scalars, |scalar| match scalar {
            Scalar::Integer(value) => Some(*value),
            _ => None,
        }),
        Some(Kind::Text) => each(scalars, |scalar| match scalar {
            Scalar::Text(value) => Some(value.clone()),
            _ => None,
        }),
        Some(Kind::Boolean) => each(scalars, |scalar| match scalar {
            Scalar::Boolean(value) => Some(*value),
            _ => None,
        }),
    }
}

fn filled(run: &Run<'_>, level: &Level, rows: &Rows, windows: &Windows) -> Result<Rows, SelectError> {
    let layout = run.layout(&rows.times, windows)?;
    let first = rows.stream(0).compact();
    let filled = layout.fill(&first, level.fill, windows.every);
    let mut columns = vec![RowColumn::Each {
        values: filled.values,
        valid: filled.valid,
    }];
    for column in &rows.columns[1..] {
        columns.push(match column {
            RowColumn::Each { values, valid } => {
                let (values, valid) = layout.spread(values, valid.as_deref());
                RowColumn::Each {
                    values,
                    valid: Some(valid),
                }
            }
            other => other.clone(),
        });
    }
    Ok(Rows {
        times: layout.times,
        columns,
    })
}
