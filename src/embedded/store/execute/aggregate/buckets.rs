//! One state for each window, fed by runs of columns; which function it is lies in the state.

use crate::embedded::store::column::Column;
use crate::embedded::store::execute::element::Element;
use crate::embedded::store::execute::windows::Windows;

use super::Running;

/// What a function remembers of a window.
pub(super) trait State: Clone {
    type In: Element;
    type Out: Element;

    /// `times` ascend within one call, but not from call to call.
    fn add(&mut self, times: &[i64], values: &[Self::In]);

    /// Bytes in memory besides its own, about; takes no longer than a look at its lists.
    fn kept(&self) -> usize {
        0
    }

    /// Pushes the results with times of their own, where the function has such, or `None`.
    fn finish(self, push: &mut dyn FnMut(Option<i64>, Self::Out));
}

/// States by the start of their window, ascending.
///
/// Most series have points in the same windows, so that feeding one walks along the list; what lies between is kept
/// apart and merged once at the end of the column.
pub(super) struct Buckets<S> {
    fresh: S,
    starts: Vec<i64>,
    states: Vec<S>,
    between: Vec<(i64, S)>,
    /// What the states keep besides themselves, in bytes.
    kept: usize,
}

impl<S: State> Buckets<S> {
    pub(super) fn new(fresh: S) -> Self {
        Self {
            fresh,
            starts: Vec::new(),
            states: Vec::new(),
            between: Vec::new(),
            kept: 0,
        }
    }

    /// The state of the window at `start`, looked for from `cursor` on.
    fn state(&mut self, start: i64, cursor: &mut usize) -> &mut S {
        while self.starts.get(*cursor).is_some_and(|at| *at < start) {
            *cursor += 1;
        }
        match self.starts.get(*cursor) {
            Some(at) if *at == start => &mut self.states[*cursor],
            Some(_) => {
                if self.between.last().is_none_or(|(at, _)| *at != start) {
                    self.between.push((start, self.fresh.clone()));
                }
                let last = self.between.len() - 1;
                &mut self.between[last].1
            }
            None => {
                self.starts.push(start);
                self.states.push(self.fresh.clone());
                &mut self.states[*cursor]
            }
        }
    }

    fn merge_between(&mut self) {
        if self.between.is_empty() {
            return;
        }
        let count = self.starts.len() + self.between.len();
        let old_starts = std::mem::replace(&mut self.starts, Vec::with_capacity(count));
        let old_states = std::mem::replace(&mut self.states, Vec::with_capacity(count));
        let mut between = std::mem::take(&mut self.between).into_iter().peekable();
        for (start, state) in old_starts.into_iter().zip(old_states) {
            while let Some((at, new)) = between.next_if(|(at, _)| *at < start) {
                self.starts.push(at);
                self.states.push(new);
            }
            self.starts.push(start);
            self.states.push(state);
        }
    }
}

impl<S: State> Running for Buckets<S> {
    fn feed(&mut self, windows: &Windows, column: &Column) {
        let Some(values) = S::In::slice(&column.values) else {
            return;
        };
        let times = &column.times[..];
        let mut from = 0;
        let mut cursor = None;
        while from < times.len() {
            let (start, end) = windows.around(times[from]);
            let to = from + run_length(&times[from..], end);
            let cursor = cursor.get_or_insert_with(|| self.starts.partition_point(|at| *at < start));
            let state = self.state(start, cursor);
            let before = state.kept();
            state.add(&times[from..to], &values[from..to]);
            let more = state.kept() - before;
            self.kept += more;
            from = to;
        }
        self.merge_between();
    }

    fn finish(self: Box<Self>, windows: &Windows, own_times: bool) -> Column {
        let mut times = Vec::with_capacity(self.starts.len());
        let mut values = Vec::with_capacity(self.starts.len());
        for (start, state) in self.starts.into_iter().zip(self.states) {
            state.finish(&mut |own, value| {
                let own = own.filter(|_| own_times);
                times.push(own.unwrap_or_else(|| windows.told(start)));
                values.push(value);
            });
        }
        Column {
            times,
            values: S::Out::wrap(values),
        }
    }

    fn windows(&self) -> usize {
        self.starts.len()
    }

    fn size(&self) -> usize {
        self.starts.len() * (size_of::<i64>() + size_of::<S>()) + self.kept
    }
}

/// How many of the first times lie before `end`; at least one. Doubles its steps, as runs may be one or a million long.
fn run_length(times: &[i64], end: i64) -> usize {
    let mut bound = 1;
    while bound < times.len() && times[bound] < end {
        bound *= 2;
    }
    let low = bound / 2;
    let high = bound.min(times.len());
    (low + times[low..high].partition_point(|time| *time < end)).max(1)
}

#[cfg(test)]
mod tests {
    use super::super::sum::Sum;
    use super::*;
    use crate::embedded::store::column::{TimeRange, Values};

    fn column(points: &[(i64, i64)]) -> Column {
        Column {
            times: points.iter().map(|point| point.0).collect(),
            values: Values::Integer(points.iter().map(|point| point.1).collect()),
        }
    }

    #[test]
    fn windows_of_series_that_do_not_coincide_are_merged_in_order() {
        let windows = Windows {
            every: 10,
            offset: 0,
            zone: None,
            range: TimeRange { from: 0, to: 99 },
        };
        let mut buckets = Box::new(Buckets::new(Sum::<i64>::default()));
        buckets.feed(&windows, &column(&[(20, 1), (21, 2), (40, 3)]));
        buckets.feed(&windows, &column(&[(5, 10), (19, 20), (29, 30), (31, 40)]));
        buckets.feed(&windows, &column(&[(39, 100), (90, 200)]));
        assert_eq!(
            buckets.finish(&windows, false),
            column(&[(0, 10), (10, 20), (20, 33), (30, 140), (40, 3), (90, 200)])
        );
    }

    #[test]
    fn a_run_ends_where_the_window_ends() {
        let times: Vec<i64> = (0..1000).collect();
        for end in [1, 2, 3, 7, 8, 9, 500, 999, 1000, 2000] {
            let expected = usize::try_from(end).unwrap().min(1000);
            assert_eq!(run_length(&times, end), expected, "{end}");
        }
    }
}
