//! What the four kinds of values have in common, so that loops over columns are written once and compiled per kind.

use std::sync::Arc;

use crate::embedded::store::column::{Kind, Values};

/// What a text takes in memory besides its letters, about.
const TEXT_HEAD: usize = 32;

/// A value of a column.
pub(super) trait Element: Clone + PartialEq + PartialOrd + Send + 'static {
    const KIND: Kind;

    /// What stands where there is no value.
    fn blank() -> Self;
    /// `None` for values of another kind.
    fn slice(values: &Values) -> Option<&[Self]>;
    fn wrap(values: Vec<Self>) -> Values;

    /// Bytes it takes besides its place in a list, about.
    fn heap(&self) -> usize {
        0
    }
    /// How many share those.
    fn sharers(&self) -> usize {
        1
    }
}

/// A value of a column that can be calculated with.
pub(super) trait Number: Element + Copy + Default {
    /// Integers wrap around.
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    fn float(self) -> f64;
}

impl Number for f64 {
    fn plus(self, other: Self) -> Self {
        self + other
    }
    fn minus(self, other: Self) -> Self {
        self - other
    }
    fn float(self) -> f64 {
        self
    }
}

impl Number for i64 {
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
    fn float(self) -> f64 {
        self as f64
    }
}

macro_rules! element {
    ($type:ty, $variant:ident, $blank:expr $(, $more:item)*) => {
        impl Element for $type {
            const KIND: Kind = Kind::$variant;

            fn blank() -> Self {
                $blank
            }
            fn slice(values: &Values) -> Option<&[Self]> {
                match values {
                    Values::$variant(values) => Some(values),
                    _ => None,
                }
            }
            fn wrap(values: Vec<Self>) -> Values {
                Values::$variant(values)
            }
            $($more)*
        }
    };
}

element!(f64, Float, 0.0);
element!(i64, Integer, 0);
element!(bool, Boolean, false);
element!(
    Arc<str>,
    Text,
    Arc::from(""),
    fn heap(&self) -> usize {
        TEXT_HEAD + self.len()
    },
    fn sharers(&self) -> usize {
        Arc::strong_count(self)
    }
);

/// Runs `$body` with the vector inside `$values`, whatever its kind.
macro_rules! with_values {
    ($values:expr, $vector:ident => $body:expr) => {
        match $values {
            $crate::embedded::store::column::Values::Float($vector) => $body,
            $crate::embedded::store::column::Values::Integer($vector) => $body,
            $crate::embedded::store::column::Values::Text($vector) => $body,
            $crate::embedded::store::column::Values::Boolean($vector) => $body,
        }
    };
}
pub(super) use with_values;

pub(super) fn kind(values: &Values) -> Kind {
    match values {
        Values::Float(_) => Kind::Float,
        Values::Integer(_) => Kind::Integer,
        Values::Text(_) => Kind::Text,
        Values::Boolean(_) => Kind::Boolean,
    }
}

pub(super) fn reverse(values: &mut Values) {
    with_values!(values, vector => vector.reverse());
}

/// The values at `indices`, in that order, with blanks where there is no index.
pub(super) fn gather_some(values: &Values, indices: &[Option<usize>]) -> Values {
    fn each<T: Element>(vector: &[T], indices: &[Option<usize>]) -> Values {
        let pick = |index: &Option<usize>| index.map_or_else(T::blank, |at| vector[at].clone());
        T::wrap(indices.iter().map(pick).collect())
    }
    with_values!(values, vector => each(vector, indices))
}

/// Those values for which `keep` says so.
pub(super) fn retain(values: Values, keep: &[bool]) -> Values {
    fn each<T: Element>(mut vector: Vec<T>, keep: &[bool]) -> Values {
        let mut flags = keep.iter();
        vector.retain(|_| flags.next().is_some_and(|keep| *keep));
        T::wrap(vector)
    }
    with_values!(values, vector => each(vector, keep))
}

/// `count` values from `from` on, or as many as there are.
pub(super) fn section(values: Values, from: usize, count: usize) -> Values {
    with_values!(values, vector => Element::wrap(vector.into_iter().skip(from).take(count).collect()))
}

/// Numbers become numbers of the other kind, floats cut off towards zero; nothing else becomes anything else.
pub(super) fn cast(values: Values, to: Kind) -> Option<Values> {
    match (values, to) {
        (Values::Integer(values), Kind::Float) => Some(Values::Float(
            values.into_iter().map(|value| value as f64).collect(),
        )),
        (Values::Float(values), Kind::Integer) => Some(Values::Integer(
            values.into_iter().map(|value| value as i64).collect(),
        )),
        (values, to) => (kind(&values) == to).then_some(values),
    }
}

/// Bytes that values take in memory, about.
pub(super) fn size(values: &Values) -> usize {
    match values {
        Values::Float(values) => values.len() * 8,
        Values::Integer(values) => values.len() * 8,
        Values::Text(values) => values.len() * size_of::<Arc<str>>() + shares(values),
        Values::Boolean(values) => values.len(),
    }
}

/// Bytes that values take besides their places; what several share counts in parts.
pub(super) fn shares<T: Element>(values: &[T]) -> usize {
    values.iter().map(|value| value.heap() / value.sharers()).sum()
}

/// Puts values of the same kind behind others; those of another kind are left out.
pub(super) fn append(values: &mut Values, later: Values) {
    match (values, later) {
        (Values::Float(values), Values::Float(later)) => values.extend(later),
        (Values::Integer(values), Values::Integer(later)) => values.extend(later),
        (Values::Text(values), Values::Text(later)) => values.extend(later),
        (Values::Boolean(values), Values::Boolean(later)) => values.extend(later),
        _ => {}
    }
}
