//! Points of one expression within one group, in the order of the query; knows nothing of rows.

use crate::embedded::store::column::{Column, Values};

use super::element::{retain, reverse, section, size};

/// As many values as times. Times never step back in the order of the query; several points may have the same time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stream {
    pub(super) times: Vec<i64>,
    pub(super) values: Values,
    /// Where `false`, there is a point without a value. `None` where all have one.
    pub(super) valid: Option<Vec<bool>>,
}

impl Stream {
    pub(super) fn empty() -> Self {
        Self::from(Column {
            times: Vec::new(),
            values: Values::Float(Vec::new()),
        })
    }

    pub(super) fn reversed(mut self) -> Self {
        self.times.reverse();
        reverse(&mut self.values);
        if let Some(valid) = &mut self.valid {
            valid.reverse();
        }
        self
    }

    /// Only the points that have a value.
    pub(super) fn compact(mut self) -> Column {
        if let Some(valid) = &self.valid {
            let mut flags = valid.iter();
            self.times.retain(|_| flags.next().is_some_and(|valid| *valid));
            self.values = retain(self.values, valid);
        }
        Column {
            times: self.times,
            values: self.values,
        }
    }

    /// What `LIMIT` and `OFFSET` leave; no limit where `limit` is 0.
    pub(super) fn limited(self, limit: usize, offset: usize) -> Self {
        if limit == 0 && offset == 0 {
            return self;
        }
        let count = if limit == 0 { usize::MAX } else { limit };
        Self {
            times: self.times.into_iter().skip(offset).take(count).collect(),
            values: section(self.values, offset, count),
            valid: self
                .valid
                .map(|valid| valid.into_iter().skip(offset).take(count).collect()),
        }
    }

    /// Bytes in memory, about.
    pub(super) fn size(&self) -> usize {
        self.times.len() * 8 + size(&self.values) + self.valid.as_ref().map_or(0, Vec::len)
    }
}

impl From<Column> for Stream {
    fn from(column: Column) -> Self {
        Self {
            times: column.times,
            values: column.values,
            valid: None,
        }
    }
}
