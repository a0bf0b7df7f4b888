//! `distinct`: each value once, in the order of values.

use std::cmp::Ordering;

use crate::embedded::store::execute::element::Element;

use super::buckets::State;

/// Values, sorted and without repetition after every run.
#[derive(Clone)]
pub(super) struct Distinct<T> {
    values: Vec<T>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self { values: Vec::new() }
    }
}

impl<T: Element> State for Distinct<T> {
    type In = T;
    type Out = T;

    fn add(&mut self, _: &[i64], values: &[T]) {
        self.values.extend_from_slice(values);
        self.values
            .sort_unstable_by(|left, right| left.partial_cmp(right).unwrap_or(Ordering::Equal));
        self.values.dedup();
    }

    fn finish(self, push: &mut dyn FnMut(Option<i64>, T)) {
        for value in self.values {
            push(None, value);
        }
    }
}
