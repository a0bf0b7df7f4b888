//! `min` and `max`: of equal values the earliest.

use crate::embedded::store::execute::element::Element;

use super::buckets::State;

macro_rules! extreme {
    ($name:ident, $better:tt) => {
        #[derive(Clone)]
        pub(super) struct $name<T> {
            best: Option<(i64, T)>,
        }

        impl<T> Default for $name<T> {
            fn default() -> Self {
                Self { best: None }
            }
        }

        impl<T: Element> State for $name<T> {
            type In = T;
            type Out = T;

            fn add(&mut self, times: &[i64], values: &[T]) {
                let Some(mut best) = values.first() else { return };
                let mut at = 0;
                for (index, value) in values.iter().enumerate() {
                    if value $better best {
                        best = value;
                        at = index;
                    }
                }
                let time = times[at];
                let wins = self.best.as_ref().is_none_or(|(earlier, held)| {
                    best $better held || (best == held && time < *earlier)
                });
                if wins {
                    self.best = Some((time, best.clone()));
                }
            }

            fn finish(self, push: &mut dyn FnMut(Option<i64>, T)) {
                if let Some((time, value)) = self.best {
                    push(Some(time), value);
                }
            }
        }
    };
}

extreme!(Min, <);
extreme!(Max, >);
