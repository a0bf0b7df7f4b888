//! `count` and `sum`.

use std::marker::PhantomData;

use crate::embedded::store::execute::element::{Element, Number};

use super::buckets::State;

#[derive(Clone)]
pub(super) struct Count<T> {
    count: i64,
    of: PhantomData<T>,
}

impl<T> Default for Count<T> {
    fn default() -> Self {
        Self {
            count: 0,
            of: PhantomData,
        }
    }
}

impl<T: Element> State for Count<T> {
    type In = T;
    type Out = i64;

    fn add(&mut self, _: &[i64], values: &[T]) {
        self.count += values.len() as i64;
    }

    fn finish(self, push: &mut dyn FnMut(Option<i64>, i64)) {
        push(None, self.count);
    }
}

#[derive(Clone, Default)]
pub(super) struct Sum<T> {
    sum: T,
}

impl<T: Number> State for Sum<T> {
    type In = T;
    type Out = T;

    fn add(&mut self, _: &[i64], values: &[T]) {
        self.sum = values.iter().fold(self.sum, |sum, value| sum.plus(*value));
    }

    fn finish(self, push: &mut dyn FnMut(Option<i64>, T)) {
        push(None, self.sum);
    }
}
