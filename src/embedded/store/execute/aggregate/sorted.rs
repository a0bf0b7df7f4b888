//! `median`, `mode` and `percentile`: functions that must see all values of a window before they know anything.

use std::cmp::Ordering;

use crate::embedded::store::column::Kind;
use crate::embedded::store::execute::element::{Element, Number};

use super::buckets::State;

fn ascending<T: PartialOrd>(left: &T, right: &T) -> Ordering {
    left.partial_cmp(right).unwrap_or(Ordering::Equal)
}

#[derive(Clone, Default)]
pub(super) struct Median<T> {
    values: Vec<T>,
}

impl<T: Number> State for Median<T> {
    type In = T;
    type Out = f64;

    fn add(&mut self, _: &[i64], values: &[T]) {
        self.values.extend_from_slice(values);
    }

    fn finish(mut self, push: &mut dyn FnMut(Option<i64>, f64)) {
        let count = self.values.len();
        let (below, middle, _) = self.values.select_nth_unstable_by(count / 2, ascending);
        let high = *middle;
        if count % 2 == 1 {
            return push(None, high.float());
        }
        let low = below
            .iter()
            .copied()
            .reduce(|left, right| if right > left { right } else { left });
        let low = low.unwrap_or(high);
        push(None, low.float() + high.minus(low).float() / 2.0);
    }
}

/// Points by value, then by time.
fn sort<T: Element>(points: &mut [(T, i64)]) {
    points.sort_unstable_by(|left, right| ascending(&left.0, &right.0).then_with(|| left.1.cmp(&right.1)));
}

#[derive(Clone)]
pub(super) struct Mode<T> {
    points: Vec<(T, i64)>,
}

impl<T> Default for Mode<T> {
    fn default() -> Self {
        Self { points: Vec::new() }
    }
}

impl<T: Element> State for Mode<T> {
    type In = T;
    type Out = T;

    fn add(&mut self, times: &[i64], values: &[T]) {
        self.points
            .extend(values.iter().cloned().zip(times.iter().copied()));
    }

    /// Of the most frequent values the one that came up first; of booleans `true`.
    fn finish(mut self, push: &mut dyn FnMut(Option<i64>, T)) {
        sort(&mut self.points);
        let mut runs: Vec<(usize, i64, T)> = Vec::new();
        for (value, time) in self.points {
            match runs.last_mut() {
                Some((count, _, last)) if *last == value => *count += 1,
                _ => runs.push((1, time, value)),
            }
        }
        let better = |run: &(usize, i64, T), best: &(usize, i64, T)| {
            run.0 > best.0 || (run.0 == best.0 && (T::KIND == Kind::Boolean || run.1 < best.1))
        };
        let most = runs
            .into_iter()
            .reduce(|best, run| if better(&run, &best) { run } else { best });
        if let Some((_, _, value)) = most {
            push(None, value);
        }
    }
}

#[derive(Clone)]
pub(super) struct Percentile<T> {
    rank: f64,
    points: Vec<(T, i64)>,
}

impl<T> Percentile<T> {
    pub(super) fn of(rank: f64) -> Self {
        Self {
            rank,
            points: Vec::new(),
        }
    }
}

impl<T: Element> State for Percentile<T> {
    type In = T;
    type Out = T;

    fn add(&mut self, times: &[i64], values: &[T]) {
        self.points
            .extend(values.iter().cloned().zip(times.iter().copied()));
    }

    fn finish(mut self, push: &mut dyn FnMut(Option<i64>, T)) {
        if let Some(index) = percentile_index(self.points.len(), self.rank) {
            sort(&mut self.points);
            let (value, time) = self.points.swap_remove(index);
            push(Some(time), value);
        }
    }
}

/// Which of `count` sorted points is the percentile: the nearest, counted from one; none where that is outside.
pub(in super::super) fn percentile_index(count: usize, rank: f64) -> Option<usize> {
    let nearest = (count as f64 * rank / 100.0 + 0.5).floor() - 1.0;
    (nearest >= 0.0 && nearest < count as f64).then_some(nearest as usize)
}
