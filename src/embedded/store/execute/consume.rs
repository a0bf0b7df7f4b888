//! One call while points come in, and what it makes of them in the end.

use crate::embedded::store::column::{Column, Values};

use super::aggregate::{Aggregate, Running, running};
use super::element::{reverse, size};
use super::error::SelectError;
use super::integral::integral;
use super::level::{Call, Level};
use super::limits::{Claim, Guard};
use super::merge::merge_columns;
use super::order::Ties;
use super::read::{Points, join};
use super::run::{Run, ties};
use super::stream::Stream;
use super::transform::Transform;
use super::windows::Windows;

/// A second, what derivatives are per where nothing says else.
const SECOND: i64 = 1_000_000_000;

pub(super) struct Consumer<'a> {
    call: &'a Call,
    state: State,
    guard: &'a Guard<'a>,
    /// For what the state keeps.
    claim: Claim<'a>,
}

enum State {
    /// `None` where no point can come.
    Running(Option<Box<dyn Running>>),
    /// Points that must be in order before they mean anything.
    Gathered(Vec<Column>),
}

impl<'a> Consumer<'a> {
    pub(super) fn new(call: &'a Call, level: &Level, guard: &'a Guard<'a>) -> Self {
        let declared = level.arguments[call.argument()].declared;
        let aggregate = match innermost(call) {
            Call::Aggregate { aggregate, .. } => Some(*aggregate),
            Call::CountDistinct { .. } => Some(Aggregate::Distinct),
            _ => None,
        };
        Self {
            call,
            guard,
            claim: guard.nothing(),
            state: match aggregate {
                Some(aggregate) => State::Running(declared.kind().and_then(|kind| running(aggregate, kind))),
                None => State::Gathered(Vec::new()),
            },
        }
    }

    pub(super) fn argument(&self) -> usize {
        self.call.argument()
    }

    pub(super) fn feed(&mut self, windows: &Windows, points: Points) -> Result<(), SelectError> {
        match &mut self.state {
            State::Running(None) => Ok(()),
            State::Running(Some(running)) => {
                running.feed(windows, &points.column);
                self.guard.allow_windows(running.windows() as u64)?;
                self.claim.resize(running.size())
            }
            State::Gathered(columns) => {
                let Points { column, continues } = points;
                self.claim.grow(column.times.len() * 8 + size(&column.values))?;
                match columns.pop() {
                    Some(before) if continues => {
                        let mut whole = Some(before);
                        join(&mut whole, column);
                        columns.extend(whole);
                    }
                    before => columns.extend(before.into_iter().chain([column])),
                }
                Ok(())
            }
        }
    }

    /// In the order of the query, with windows filled.
    pub(super) fn finish(
        mut self,
        run: &Run<'_>,
        level: &Level,
        windows: &Windows,
        own_times: bool,
    ) -> Result<Stream, SelectError> {
        if let State::Gathered(columns) = &self.state
            && columns.len() > 1
        {
            self.claim.grow(columns.iter().map(merged_size).sum())?;
        }
        let Some(column) = self.state.finish(windows, own_times, ties(level), run.descending) else {
            return Ok(Stream::empty());
        };
        finish(self.call, column, run, level, windows)
    }
}

impl State {
    /// In the order of the query.
    fn finish(self, windows: &Windows, own_times: bool, ties: Ties, descending: bool) -> Option<Column> {
        match self {
            Self::Running(running) => Some(turned(running?.finish(windows, own_times), descending)),
            Self::Gathered(columns) => {
                let columns = columns.into_iter().map(|column| turned(column, descending));
                merge_columns(columns.collect(), ties, descending)
            }
        }
    }
}

/// Bytes that a column adds to those of several that are merged, about.
fn merged_size(column: &Column) -> usize {
    column.times.len() * (size_of::<(usize, usize)>() + 16)
}

/// From ascending order to that of the query.
fn turned(mut column: Column, descending: bool) -> Column {
    if descending {
        column.times.reverse();
        reverse(&mut column.values);
    }
    column
}

fn innermost(call: &Call) -> &Call {
    match call {
        Call::TransformOf { inner, .. } => innermost(inner),
        other => other,
    }
}

/// What `call` makes of what its innermost part was fed with.
fn finish(
    call: &Call,
    column: Column,
    run: &Run<'_>,
    level: &Level,
    windows: &Windows,
) -> Result<Stream, SelectError> {
    match call {
        Call::Aggregate {
            aggregate: Aggregate::Distinct,
            ..
        } => Ok(column.into()),
        Call::Aggregate { aggregate, .. } => run.fill(column, level, windows, *aggregate == Aggregate::Count),
        Call::CountDistinct { .. } => run.fill(counted(&column), level, windows, true),
        Call::Integral { unit, .. } => Ok(integral(&column, *unit, windows, run.descending).into()),
        Call::Transform { transform, .. } => Ok(transformed(*transform, column, run, windows)),
        Call::TransformOf { transform, inner } => {
            let inner = finish(inner, column, run, level, windows)?;
            Ok(transformed(*transform, inner.compact(), run, windows))
        }
        Call::Best { .. } => Ok(Stream::empty()),
    }
}

fn transformed(transform: Transform, column: Column, run: &Run<'_>, windows: &Windows) -> Stream {
    let default_unit = if windows.is_whole_range() {
        SECOND
    } else {
        windows.every
    };
    transform.apply(column, default_unit, run.descending).into()
}

/// How many points there are at each time.
fn counted(column: &Column) -> Column {
    let mut times: Vec<i64> = Vec::new();
    let mut counts: Vec<i64> = Vec::new();
    for &time in &column.times {
        match counts.last_mut() {
            Some(count) if times.last() == Some(&time) => *count += 1,
            _ => {
                times.push(time);
                counts.push(1);
            }
        }
    }
    Column {
        times,
        values: Values::Integer(counts),
    }
}
