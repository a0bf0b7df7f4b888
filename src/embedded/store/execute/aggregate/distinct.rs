//! `distinct`: each value once, in the order in which they came up.

use std::cmp::Ordering;

use crate::embedded::store::execute::element::Element;

use super::buckets::State;

/// Values with the time they came up first, sorted by value and without repetition after every run.
#[derive(Clone)]
pub(super) struct Distinct<T> {
    points: Vec<(T, i64)>,
    /// Of the values, besides their places.
    bytes: usize,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            bytes: 0,
        }
    }
}

fn by_value<T: Element>(left: &(T, i64), right: &(T, i64)) -> Ordering {
    let order = left.0.partial_cmp(&right.0).unwrap_or(Ordering::Equal);
    order.then(left.1.cmp(&right.1))
}

impl<T: Element> State for Distinct<T> {
    type In = T;
    type Out = T;

    fn add(&mut self, times: &[i64], values: &[T]) {
        self.points
            .extend(values.iter().cloned().zip(times.iter().copied()));
        // What is sorted already is left alone by this one.
        self.points.sort_by(by_value);
        self.points.dedup_by(|later, kept| later.0 == kept.0);
        self.bytes = self.points.iter().map(|point| point.0.heap()).sum();
    }

    fn kept(&self) -> usize {
        self.points.len() * size_of::<(T, i64)>() + self.bytes
    }

    fn finish(mut self, push: &mut dyn FnMut(Option<i64>, T)) {
        self.points.sort_by_key(|point| point.1);
        for (value, _) in self.points {
            push(None, value);
        }
    }
}
