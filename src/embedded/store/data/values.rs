//! What storage does with values of any kind: collect, append, pick out.

use std::ops::Range;
use std::sync::Arc;

use super::super::column::{Kind, Values};

/// Applies one expression to the list inside, whatever its kind.
macro_rules! each_kind {
    ($values:expr, $list:ident => $result:expr) => {
        match $values {
            Values::Float($list) => $result,
            Values::Integer($list) => $result,
            Values::Text($list) => $result,
            Values::Boolean($list) => $result,
        }
    };
}

/// Applies one expression to two lists of the same kind; lists of different kinds are left alone.
macro_rules! both {
    ($left:expr, $right:expr, $list:ident, $other:ident => $result:expr) => {
        match ($left, $right) {
            (Values::Float($list), Values::Float($other)) => $result,
            (Values::Integer($list), Values::Integer($other)) => $result,
            (Values::Text($list), Values::Text($other)) => $result,
            (Values::Boolean($list), Values::Boolean($other)) => $result,
            _ => debug_assert!(false, "a field has one kind for good"),
        }
    };
}

impl Values {
    pub(super) fn none_of(kind: Kind) -> Self {
        match kind {
            Kind::Float => Self::Float(Vec::new()),
            Kind::Integer => Self::Integer(Vec::new()),
            Kind::Text => Self::Text(Vec::new()),
            Kind::Boolean => Self::Boolean(Vec::new()),
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Float(_) => Kind::Float,
            Self::Integer(_) => Kind::Integer,
            Self::Text(_) => Kind::Text,
            Self::Boolean(_) => Kind::Boolean,
        }
    }

    pub(super) fn len(&self) -> usize {
        each_kind!(self, list => list.len())
    }

    pub(super) fn reserve(&mut self, more: usize) {
        each_kind!(self, list => list.reserve_exact(more));
    }

    pub(super) fn truncate(&mut self, length: usize) {
        each_kind!(self, list => list.truncate(length));
    }

    pub(super) fn remove_front(&mut self, count: usize) {
        each_kind!(self, list => {
            list.drain(..count);
        });
    }

    pub(super) fn extend_from(&mut self, other: &Self, range: Range<usize>) {
        both!(self, other, list, other => list.extend_from_slice(&other[range]));
    }

    /// The values at these places, in this order.
    pub(super) fn picked(&self, places: &[u32]) -> Self {
        let mut picked = Self::none_of(self.kind());
        both!(&mut picked, self, list, own => {
            list.extend(places.iter().map(|place| &own[*place as usize]).cloned());
        });
        picked
    }
}

/// The same text again without another allocation where it is one of the last ones: states repeat.
pub(super) fn shared(texts: &[Arc<str>], text: &str) -> Arc<str> {
    let recent = texts.iter().rev().take(8);
    recent
        .into_iter()
        .find(|known| &***known == text)
        .map_or_else(|| text.into(), Arc::clone)
}
