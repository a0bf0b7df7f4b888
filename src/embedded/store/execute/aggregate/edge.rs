//! `first` and `last`: of points at the same time the larger value, as InfluxDB has it.

use crate::embedded::store::column::Kind;
use crate::embedded::store::execute::element::Element;

use super::buckets::State;

#[derive(Clone)]
pub(super) struct First<T> {
    point: Option<(i64, T)>,
}

#[derive(Clone)]
pub(super) struct Last<T> {
    point: Option<(i64, T)>,
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self { point: None }
    }
}

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self { point: None }
    }
}

impl<T: Element> State for First<T> {
    type In = T;
    type Out = T;

    fn add(&mut self, times: &[i64], values: &[T]) {
        let Some(&first) = times.first() else { return };
        for (&time, value) in times.iter().zip(values).take_while(|(time, _)| **time == first) {
            let wins = self.point.as_ref().is_none_or(|(earliest, held)| {
                time < *earliest || (time == *earliest && beats_first(value, held))
            });
            if wins {
                self.point = Some((time, value.clone()));
            }
        }
    }

    fn finish(self, push: &mut dyn FnMut(Option<i64>, T)) {
        if let Some((time, value)) = self.point {
            push(Some(time), value);
        }
    }
}

/// Of booleans at the same time, `first` takes `false` (InfluxDB 1.6.7), `last` takes `true`.
fn beats_first<T: Element>(value: &T, held: &T) -> bool {
    if T::KIND == Kind::Boolean {
        value < held
    } else {
        value > held
    }
}

impl<T: Element> State for Last<T> {
    type In = T;
    type Out = T;

    fn add(&mut self, times: &[i64], values: &[T]) {
        let Some(&last) = times.last() else { return };
        for (&time, value) in times
            .iter()
            .zip(values)
            .rev()
            .take_while(|(time, _)| **time == last)
        {
            let wins = self
                .point
                .as_ref()
                .is_none_or(|(latest, held)| time > *latest || (time == *latest && value > held));
            if wins {
                self.point = Some((time, value.clone()));
            }
        }
    }

    fn finish(self, push: &mut dyn FnMut(Option<i64>, T)) {
        if let Some((time, value)) = self.point {
            push(Some(time), value);
        }
    }
}
