//! `stddev`: of a sample, so that one point alone has none.

use std::marker::PhantomData;

use crate::embedded::store::execute::element::Number;

use super::buckets::State;

/// Mean and sum of squared differences from it, brought up to date with every value (Welford 1962).
#[derive(Clone)]
pub(super) struct Deviation<T> {
    count: f64,
    mean: f64,
    squares: f64,
    of: PhantomData<T>,
}

impl<T> Default for Deviation<T> {
    fn default() -> Self {
        Self {
            count: 0.0,
            mean: 0.0,
            squares: 0.0,
            of: PhantomData,
        }
    }
}

impl<T: Number> State for Deviation<T> {
    type In = T;
    type Out = f64;

    fn add(&mut self, _: &[i64], values: &[T]) {
        for value in values
            .iter()
            .map(|value| value.float())
            .filter(|value| !value.is_nan())
        {
            self.count += 1.0;
            let difference = value - self.mean;
            self.mean += difference / self.count;
            self.squares += difference * (value - self.mean);
        }
    }

    /// Not a number for one point, which an answer shows as null: seen with InfluxDB 1.6.7.
    fn finish(self, push: &mut dyn FnMut(Option<i64>, f64)) {
        let deviation = if self.count < 2.0 {
            f64::NAN
        } else {
            (self.squares / (self.count - 1.0)).sqrt()
        };
        push(None, deviation);
    }
}
