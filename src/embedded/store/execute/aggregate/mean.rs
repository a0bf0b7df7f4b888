//! `mean`: integers are summed up as such, so that large ones lose nothing before the division.

use crate::embedded::store::execute::element::Number;

use super::buckets::State;

#[derive(Clone, Default)]
pub(super) struct Mean<T> {
    sum: T,
    count: u64,
}

impl<T: Number> State for Mean<T> {
    type In = T;
    type Out = f64;

    fn add(&mut self, _: &[i64], values: &[T]) {
        self.sum = values.iter().fold(self.sum, |sum, value| sum.plus(*value));
        self.count += values.len() as u64;
    }

    fn finish(self, push: &mut dyn FnMut(Option<i64>, f64)) {
        push(None, self.sum.float() / self.count as f64);
    }
}
