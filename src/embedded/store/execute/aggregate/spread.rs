//! `spread`: the largest value minus the smallest.

use crate::embedded::store::execute::element::Number;

use super::buckets::State;

#[derive(Clone, Default)]
pub(super) struct Spread<T> {
    bounds: Option<(T, T)>,
}

impl<T: Number> State for Spread<T> {
    type In = T;
    type Out = T;

    fn add(&mut self, _: &[i64], values: &[T]) {
        let Some(first) = values.first() else { return };
        let (mut low, mut high) = self.bounds.unwrap_or((*first, *first));
        for value in values {
            if *value < low {
                low = *value;
            }
            if *value > high {
                high = *value;
            }
        }
        self.bounds = Some((low, high));
    }

    fn finish(self, push: &mut dyn FnMut(Option<i64>, T)) {
        if let Some((low, high)) = self.bounds {
            push(None, high.minus(low));
        }
    }
}
