//! `median`, `mode` and `percentile`: functions that must see all values of a window before they know anything.

use std::cmp::Ordering;

use crate::embedded::store::column::Kind;
use crate::embedded::store::execute::element::{Element, Number, shares};

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

    fn kept(&self) -> usize {
        self.values.len() * size_of::<T>()
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
    /// Of the values, besides their places.
    bytes: usize,
}

impl<T> Default for Mode<T> {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            bytes: 0,
        }
    }
}

impl<T: Element> State for Mode<T> {
    type In = T;
    type Out = T;

    fn add(&mut self, times: &[i64], values: &[T]) {
        self.bytes += shares(values);
        self.points
            .extend(values.iter().cloned().zip(times.iter().copied()));
    }

    fn kept(&self) -> usize {
        self.points.len() * size_of::<(T, i64)>() + self.bytes
    }

    /// Of the most frequent values the one that came up first; of booleans `true`. Where no value comes twice it is the
    /// smallest (InfluxDB 1.6.7).
    fn finish(mut self, push: &mut dyn FnMut(Option<i64>, T)) {
        sort(&mut self.points);
        let mut best: Option<Run<T>> = None;
        for run in self.points.chunk_by(|left, right| left.0 == right.0) {
            let run = Run {
                count: run.len(),
                first: run[0].1,
                last: run[run.len() - 1].1,
                value: run[0].0.clone(),
            };
            if best.as_ref().is_none_or(|best| run.beats(best)) {
                best = Some(run);
            }
        }
        if let Some(best) = best {
            push(None, best.value);
        }
    }
}

/// Points with the same value.
struct Run<T> {
    count: usize,
    first: i64,
    last: i64,
    value: T,
}

impl<T: Element> Run<T> {
    fn beats(&self, best: &Self) -> bool {
        let earlier = T::KIND == Kind::Boolean || (self.count > 1 && self.first <= best.last);
        self.count > best.count || (self.count == best.count && earlier)
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

    fn kept(&self) -> usize {
        self.points.len() * size_of::<(T, i64)>()
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
