//! Points of several expressions within one group, side by side; calculates nothing.

use std::sync::Arc;

use crate::embedded::store::answer::Cell;
use crate::embedded::store::column::{Kind, Values};

use super::element::{append, cast, kind, retain, reverse, section, size};
use super::stream::Stream;

/// Times in the order of the query; several rows may have the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    pub(super) times: Vec<i64>,
    pub(super) columns: Vec<RowColumn>,
}

/// One column of rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RowColumn {
    /// No row has a value.
    Absent,
    /// Every row has this value.
    Same(Scalar),
    /// As many values as rows; where `valid` is `false`, the row has none.
    Each {
        values: Values,
        valid: Option<Vec<bool>>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Float(f64),
    Integer(i64),
    Text(Arc<str>),
    Boolean(bool),
}

impl Scalar {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Float(_) => Kind::Float,
            Self::Integer(_) => Kind::Integer,
            Self::Text(_) => Kind::Text,
            Self::Boolean(_) => Kind::Boolean,
        }
    }

    /// What [`cast`] does for columns.
    pub(super) fn cast(self, to: Kind) -> Option<Self> {
        match (self, to) {
            (Self::Integer(value), Kind::Float) => Some(Self::Float(value as f64)),
            (Self::Float(value), Kind::Integer) => Some(Self::Integer(value as i64)),
            (value, to) => (value.kind() == to).then_some(value),
        }
    }

    pub(super) fn repeated(&self, count: usize) -> Values {
        match self {
            Self::Float(value) => Values::Float(vec![*value; count]),
            Self::Integer(value) => Values::Integer(vec![*value; count]),
            Self::Text(value) => Values::Text(vec![value.clone(); count]),
            Self::Boolean(value) => Values::Boolean(vec![*value; count]),
        }
    }
}

impl RowColumn {
    /// `None` where row `index` has no value.
    pub(super) fn scalar(&self, index: usize) -> Option<Scalar> {
        match self {
            Self::Absent => None,
            Self::Same(value) => Some(value.clone()),
            Self::Each { values, valid } => {
                if valid.as_ref().is_some_and(|valid| !valid[index]) {
                    return None;
                }
                Some(match values {
                    Values::Float(values) => Scalar::Float(values[index]),
                    Values::Integer(values) => Scalar::Integer(values[index]),
                    Values::Text(values) => Scalar::Text(values[index].clone()),
                    Values::Boolean(values) => Scalar::Boolean(values[index]),
                })
            }
        }
    }

    /// As an answer has it: what is not a number is null, as InfluxDB 1.6.7 does it.
    pub(super) fn cell(&self, index: usize) -> Cell {
        match self.scalar(index) {
            None => Cell::Null,
            Some(Scalar::Float(value)) if value.is_nan() => Cell::Null,
            Some(Scalar::Float(value)) => Cell::Float(value),
            Some(Scalar::Integer(value)) => Cell::Integer(value),
            Some(Scalar::Text(value)) => Cell::Text(value),
            Some(Scalar::Boolean(value)) => Cell::Boolean(value),
        }
    }

    pub(super) fn is_valid(&self, index: usize) -> bool {
        match self {
            Self::Absent => false,
            Self::Same(_) => true,
            Self::Each { valid, .. } => valid.as_ref().is_none_or(|valid| valid[index]),
        }
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Absent => None,
            Self::Same(value) => Some(value.kind()),
            Self::Each { values, .. } => Some(kind(values)),
        }
    }

    /// What can't be cast has no values.
    pub(super) fn cast(self, to: Kind) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Same(value) => value.cast(to).map_or(Self::Absent, Self::Same),
            Self::Each { values, valid } => match cast(values, to) {
                Some(values) => Self::Each { values, valid },
                None => Self::Absent,
            },
        }
    }

    /// Bytes in memory, about.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Each { values, valid } => size(values) + valid.as_ref().map_or(0, Vec::len),
            Self::Absent | Self::Same(_) => 0,
        }
    }

    /// Puts a column of `more` rows behind one of `count` rows.
    pub(super) fn append(&mut self, count: usize, later: Self, more: usize) {
        match (&mut *self, later) {
            (_, _) if more == 0 => {}
            (own, later) if count == 0 => *own = later,
            (Self::Absent, Self::Absent) => {}
            (Self::Same(value), Self::Same(later)) if *value == later => {}
            (own, later) => {
                let Some(kind) = own.kind().or(later.kind()) else {
                    return;
                };
                let (mut values, mut valid) = std::mem::replace(own, Self::Absent).each(kind, count);
                let (later_values, later_valid) = later.each(kind, more);
                append(&mut values, later_values);
                if valid.is_some() || later_valid.is_some() {
                    let valid = valid.get_or_insert_with(|| vec![true; count]);
                    valid.extend(later_valid.unwrap_or_else(|| vec![true; more]));
                }
                *own = Self::Each { values, valid };
            }
        }
    }

    /// A value for each of `count` rows; blanks of this kind where there is none.
    fn each(self, kind: Kind, count: usize) -> (Values, Option<Vec<bool>>) {
        match self {
            Self::Each { values, valid } => (values, valid),
            Self::Same(value) => (value.repeated(count), None),
            Self::Absent => (blanks(kind, count), Some(vec![false; count])),
        }
    }

    fn map_each(
        self,
        values_of: impl FnOnce(Values) -> Values,
        valid_of: impl FnOnce(Vec<bool>) -> Vec<bool>,
    ) -> Self {
        match self {
            Self::Each { values, valid } => Self::Each {
                values: values_of(values),
                valid: valid.map(valid_of),
            },
            other => other,
        }
    }

    fn filtered(self, keep: &[bool]) -> Self {
        self.map_each(
            |values| retain(values, keep),
            |mut valid| {
                let mut flags = keep.iter();
                valid.retain(|_| flags.next().is_some_and(|keep| *keep));
                valid
            },
        )
    }

    fn section(self, from: usize, count: usize) -> Self {
        self.map_each(
            |values| section(values, from, count),
            |valid| valid.into_iter().skip(from).take(count).collect(),
        )
    }

    fn reversed(self) -> Self {
        self.map_each(
            |mut values| {
                reverse(&mut values);
                values
            },
            |mut valid| {
                valid.reverse();
                valid
            },
        )
    }
}

fn blanks(kind: Kind, count: usize) -> Values {
    match kind {
        Kind::Float => Values::Float(vec![0.0; count]),
        Kind::Integer => Values::Integer(vec![0; count]),
        Kind::Text => Values::Text(vec![Arc::from(""); count]),
        Kind::Boolean => Values::Boolean(vec![false; count]),
    }
}

impl Rows {
    pub(super) fn empty(width: usize) -> Self {
        Self {
            times: Vec::new(),
            columns: vec![RowColumn::Absent; width],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    /// Puts rows of the same columns behind these.
    pub(super) fn append(&mut self, later: Self) {
        let (count, more) = (self.len(), later.len());
        self.times.extend(later.times);
        for (column, later) in self.columns.iter_mut().zip(later.columns) {
            column.append(count, later, more);
        }
    }

    pub(super) fn filtered(mut self, keep: &[bool]) -> Self {
        let mut flags = keep.iter();
        self.times.retain(|_| flags.next().is_some_and(|keep| *keep));
        self.map_columns(|column| column.filtered(keep))
    }

    pub(super) fn reversed(mut self) -> Self {
        self.times.reverse();
        self.map_columns(RowColumn::reversed)
    }

    /// What `LIMIT` and `OFFSET` leave; no limit where `limit` is 0.
    pub(super) fn limited(mut self, limit: usize, offset: usize) -> Self {
        if limit == 0 && offset == 0 {
            return self;
        }
        let count = if limit == 0 { usize::MAX } else { limit };
        self.times = self.times.into_iter().skip(offset).take(count).collect();
        self.map_columns(|column| column.section(offset, count))
    }

    fn map_columns(mut self, each: impl FnMut(RowColumn) -> RowColumn) -> Self {
        self.columns = self.columns.into_iter().map(each).collect();
        self
    }

    /// The points of one column, rows without a value among them.
    pub(super) fn stream(&self, column: usize) -> Stream {
        let count = self.len();
        let (values, valid) = match &self.columns[column] {
            RowColumn::Absent => (Values::Float(vec![0.0; count]), Some(vec![false; count])),
            RowColumn::Same(value) => (value.repeated(count), None),
            RowColumn::Each { values, valid } => (values.clone(), valid.clone()),
        };
        Stream {
            times: self.times.clone(),
            values,
            valid,
        }
    }

    /// Bytes that these rows add to those of several parts that are merged, about.
    pub(super) fn merged_size(&self) -> usize {
        let places = self.len() * size_of::<(usize, usize)>();
        places + self.len() * (8 + 9 * self.columns.len())
    }

    /// Bytes in memory, about.
    pub(super) fn size(&self) -> usize {
        self.times.len() * 8 + self.columns.iter().map(RowColumn::size).sum::<usize>()
    }
}
