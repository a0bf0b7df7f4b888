//! Answers one level for one group: calls functions on what its sources feed, calculates outputs.

use crate::embedded::store::column::{Column, End, Tables, TimeRange};
use crate::embedded::store::ql::ast::Fill;

use super::arithmetic::Rules;
use super::consume::Consumer;
use super::error::SelectError;
use super::expression::{Node, evaluate};
use super::feed::Which;
use super::fill::Layout;
use super::group::Selection;
use super::level::{Call, Level, Reference, Source};
use super::limits::Guard;
use super::merge::merge_rows;
use super::names::Type;
use super::order::Ties;
use super::read::Points;
use super::read_rows::Wanted;
use super::rows::{RowColumn, Rows};
use super::selector;
use super::stream::Stream;
use super::table::{Gap, Table, side_by_side};
use super::windows::{LATEST, Windows};

/// What all levels of a query share.
pub(super) struct Run<'a> {
    pub(super) tables: &'a dyn Tables,
    pub(super) guard: &'a Guard<'a>,
    pub(super) now: i64,
    pub(super) descending: bool,
    /// Outside of this no point is read, whatever functions that look back ask for.
    pub(super) readable: TimeRange,
}

impl<'a> Run<'a> {
    /// What a level sees of the time the level around it sees.
    pub(super) fn range(&self, level: &Level, outer: TimeRange) -> TimeRange {
        let mut range = level.bounds.within(outer);
        if level.window.is_some() && range.to == LATEST {
            range.to = self.now;
        }
        range
    }

    pub(super) fn windows(&self, level: &Level, range: TimeRange) -> Windows {
        Windows {
            every: level.window.map_or(0, |window| window.every),
            offset: level.window.map_or(0, |window| window.offset % window.every),
            zone: level.zone.clone(),
            range,
        }
    }

    /// The level's points within one of its groups.
    pub(super) fn level(
        &self,
        level: &Level,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Table, SelectError> {
        self.guard.check()?;
        if level.is_raw() {
            return self.raw(level, selection, range);
        }
        let is_selector = level.calls.len() == 1 && level.calls[0].is_selector();
        if is_selector && (!level.fields.is_empty() || matches!(level.calls[0], Call::Best { .. })) {
            let rows = selector::points(self, level, selection, range)?;
            return Ok(self.outputs(level, rows));
        }
        let own_times = is_selector && level.window.is_none();
        let streams = self.calls(level, selection, range, own_times)?;
        Ok(self.table(level, streams))
    }

    fn raw(&self, level: &Level, selection: &Selection, range: TimeRange) -> Result<Table, SelectError> {
        if level.fields.iter().all(|field| field.declared == Type::Unknown) {
            return Ok(self.outputs(level, Rows::empty(level.fields.len())));
        }
        let wanted = (level.limit > 0).then(|| Wanted {
            end: self.beginning(),
            rows: level.offset.saturating_add(level.limit),
        });
        let which = wanted.map_or(Which::All, Which::Outermost);
        let rows = self.merged_rows(level, selection, range, which)?;
        Ok(self.outputs(level, rows.limited(level.limit, level.offset)))
    }

    /// The end of its range at which an answer begins.
    fn beginning(&self) -> End {
        if self.descending { End::Last } else { End::First }
    }

    fn merged_rows(
        &self,
        level: &Level,
        selection: &Selection,
        range: TimeRange,
        which: Which<'_>,
    ) -> Result<Rows, SelectError> {
        let mut parts = Vec::new();
        let mut claim = self.guard.nothing();
        self.each_rows(level, selection, range, which, &mut |rows| {
            claim.grow(rows.size())?;
            parts.push(rows);
            Ok(())
        })?;
        if self.descending {
            parts = parts.into_iter().map(Rows::reversed).collect();
        }
        let _merged = match &parts[..] {
            [] | [_] => None,
            several => Some(self.guard.claim(several.iter().map(Rows::merged_size).sum())?),
        };
        Ok(merge_rows(
            parts,
            level.fields.len(),
            ties(level),
            self.descending,
            level.fields_by_name(),
        ))
    }

    /// One stream for each call.
    fn calls(
        &self,
        level: &Level,
        selection: &Selection,
        range: TimeRange,
        own_times: bool,
    ) -> Result<Vec<Stream>, SelectError> {
        let mut streams: Vec<Stream> = level.calls.iter().map(|_| Stream::empty()).collect();
        let mut claim = self.guard.nothing();
        for looks_back in [false, true] {
            let indices: Vec<usize> = (0..level.calls.len())
                .filter(|&index| level.calls[index].looks_back() == looks_back)
                .collect();
            if indices.is_empty() {
                continue;
            }
            let range = if looks_back {
                self.one_window_more(level, range)
            } else {
                range
            };
            let windows = self.windows(level, range);
            let calls = indices.iter().map(|&index| &level.calls[index]);
            let consumer = |call| Consumer::new(call, level, self.guard);
            let mut consumers: Vec<Consumer> = calls.map(consumer).collect();
            self.feed(level, selection, range, &windows, &mut consumers)?;
            for (index, consumer) in indices.into_iter().zip(consumers) {
                let stream = consumer.finish(self, level, &windows, own_times)?;
                claim.grow(stream.size())?;
                streams[index] = stream.limited(level.limit, level.offset);
            }
        }
        Ok(streams)
    }

    fn one_window_more(&self, level: &Level, mut range: TimeRange) -> TimeRange {
        let every = level.window.map_or(0, |window| window.every);
        if self.descending {
            range.to = range.to.saturating_add(every);
        } else {
            range.from = range.from.saturating_sub(every);
        }
        range
    }

    fn feed(
        &self,
        level: &Level,
        selection: &Selection,
        range: TimeRange,
        windows: &Windows,
        consumers: &mut [Consumer<'_>],
    ) -> Result<(), SelectError> {
        let mut wanted: Vec<usize> = consumers.iter().map(Consumer::argument).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let arguments: Vec<&Reference> = wanted.iter().map(|&at| &level.arguments[at]).collect();
        let end = deciding_end(level);
        self.each_column(level, selection, range, &arguments, end, &mut |which, points| {
            let Points { column, continues } = points;
            let mut column = Some(column);
            let takers = consumers
                .iter_mut()
                .filter(|consumer| consumer.argument() == wanted[which]);
            let mut takers = takers.peekable();
            while let Some(consumer) = takers.next() {
                let kept = if takers.peek().is_some() {
                    column.clone()
                } else {
                    column.take()
                };
                if let Some(column) = kept {
                    consumer.feed(windows, Points { column, continues })?;
                }
            }
            Ok(())
        })
    }

    /// Windows without points, as the level's `fill` says.
    pub(super) fn fill(
        &self,
        column: Column,
        level: &Level,
        windows: &Windows,
        is_count: bool,
    ) -> Result<Stream, SelectError> {
        let fill = match level.fill {
            Fill::Null if is_count => Fill::Value(0.0),
            fill => fill,
        };
        if windows.is_whole_range() || fill == Fill::None {
            return Ok(column.into());
        }
        let layout = self.layout(&column.times, windows)?;
        let stream = layout.fill(&column, fill, windows.every);
        Ok(stream)
    }

    pub(super) fn layout(&self, times: &[i64], windows: &Windows) -> Result<Layout, SelectError> {
        let most = self.guard.most_windows();
        Layout::of(times, windows, self.descending, most).ok_or(SelectError::TooManyWindows {
            asked: most as u64 + 1,
            most,
        })
    }

    /// Streams of calls as the level's outputs; apart, where each output is a call.
    fn table(&self, level: &Level, streams: Vec<Stream>) -> Table {
        let plain: Option<Vec<usize>> = level
            .outputs
            .iter()
            .map(|output| match output.node {
                Node::Column(index) => Some(index),
                _ => None,
            })
            .collect();
        match plain {
            Some(indices) if gap(level) == Gap::Null => {
                Table::Apart(Table::Apart(streams).into_streams(&indices))
            }
            _ => self.outputs(level, side_by_side(&streams, self.descending)),
        }
    }

    /// Outputs of rows whose columns are the level's calls and fields.
    fn outputs(&self, level: &Level, mut rows: Rows) -> Table {
        let gap = gap(level);
        let count = rows.len();
        if gap != Gap::Null {
            let declared = level
                .calls
                .iter()
                .map(|call| call.declared(level.arguments[call.argument()].declared))
                .chain(level.fields.iter().map(|field| field.declared));
            let columns = rows.columns.into_iter().zip(declared);
            rows.columns = columns
                .map(|(column, declared): (RowColumn, Type)| gap.close(column, declared.kind(), count))
                .collect();
        }
        let outputs = level.outputs.iter();
        Table::Together(Rows {
            columns: outputs
                .map(|output| evaluate(&output.node, &rows.columns, count, Rules::SELECT_LIST))
                .collect(),
            times: rows.times,
        })
    }
}

/// The end of the range where the points lie that decide what the level's functions say, if they all lie at one.
pub(super) fn deciding_end(level: &Level) -> Option<End> {
    let of_call = |call: &Call| match call {
        Call::Aggregate { aggregate, .. } => aggregate.deciding_end(),
        _ => None,
    };
    let end = of_call(level.calls.first()?)?;
    let agree = level.calls.iter().all(|call| of_call(call) == Some(end));
    (agree && level.window.is_none()).then_some(end)
}

/// Points of a measurement come in the order of a heap, results of functions in that of windows and groups.
pub(super) fn ties(level: &Level) -> Ties {
    match &level.sources[..] {
        [Source::Level { level: inner, .. }] if !inner.is_raw() => match inner.window {
            Some(_) => Ties::Parts,
            None => Ties::PartsFirst,
        },
        _ => Ties::Heap,
    }
}

fn gap(level: &Level) -> Gap {
    match level.fill {
        Fill::Value(value) => Gap::Value(value),
        Fill::Previous => Gap::Previous,
        Fill::Null | Fill::None | Fill::Linear => Gap::Null,
    }
}
