//! Brings columns of one series side by side: which times there are, and what a column has at them.

use crate::embedded::store::column::Column;

use super::element::{Element, with_values};
use super::rows::RowColumn;

/// What a column has at some times, while it comes in pieces.
pub(super) struct Aligned<'a> {
    times: &'a [i64],
    /// So many of the times are done.
    done: usize,
    column: RowColumn,
}

impl<'a> Aligned<'a> {
    pub(super) fn new(times: &'a [i64]) -> Self {
        Self {
            times,
            done: 0,
            column: RowColumn::Absent,
        }
    }

    /// Adds a piece, later than those before.
    pub(super) fn add(&mut self, piece: Column) {
        let Some(&last) = piece.times.last() else { return };
        let count = self.times[self.done..].partition_point(|time| *time <= last);
        let here = &self.times[self.done..self.done + count];
        self.column.append(self.done, aligned(piece, here), count);
        self.done += count;
    }

    pub(super) fn finish(mut self) -> RowColumn {
        let rest = self.times.len() - self.done;
        self.column.append(self.done, RowColumn::Absent, rest);
        self.column
    }
}

/// All times of some columns, ascending, each once.
pub(super) fn all_times(columns: &[Option<Column>]) -> Vec<i64> {
    let mut columns = columns.iter().flatten();
    let Some(first) = columns.next() else {
        return Vec::new();
    };
    let mut times = first.times.clone();
    for column in columns.filter(|column| column.times != first.times) {
        times.extend_from_slice(&column.times);
    }
    if times.len() > first.times.len() {
        // Sorting two ascending runs is merging them.
        times.sort();
        times.dedup();
    }
    times
}

/// The values that a column has at `times`; both ascend.
pub(super) fn aligned(column: Column, times: &[i64]) -> RowColumn {
    fn each<T: Element>(from: &[i64], values: &[T], times: &[i64]) -> RowColumn {
        let mut next = 0;
        let is_sparse = times.len() < from.len() / 16;
        let mut made = Vec::with_capacity(times.len());
        let mut valid = Vec::with_capacity(times.len());
        for &time in times {
            next += if is_sparse {
                from[next..].partition_point(|at| *at < time)
            } else {
                from[next..].iter().take_while(|at| **at < time).count()
            };
            let found = from.get(next) == Some(&time);
            made.push(if found { values[next].clone() } else { T::blank() });
            valid.push(found);
        }
        RowColumn::Each {
            values: T::wrap(made),
            valid: valid.contains(&false).then_some(valid),
        }
    }
    if column.times == times {
        return RowColumn::Each {
            values: column.values,
            valid: None,
        };
    }
    let from = &column.times[..];
    with_values!(&column.values, values => each(from, values, times))
}
