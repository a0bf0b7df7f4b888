//! What storage hands to queries: series, and their fields as columns.

use std::sync::Arc;

/// What a field holds. A field of a measurement has one kind for good, as InfluxDB has it per shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Float,
    Integer,
    Text,
    Boolean,
}

/// A series of a measurement: a set of tags with points. Ids are never given twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Series {
    pub(super) id: u64,
    /// Sorted by key; no key twice, no empty value.
    pub(super) tags: Vec<(Arc<str>, Arc<str>)>,
}

/// Nanoseconds since 1970, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeRange {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// Where reading a range begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

impl TimeRange {
    /// What is left of a range beyond a part at one end of it.
    pub(super) fn beyond(self, part: Self, end: End) -> Option<Self> {
        let rest = match end {
            End::First => Self {
                from: part.to.saturating_add(1),
                to: self.to,
            },
            End::Last => Self {
                from: self.from,
                to: part.from.saturating_sub(1),
            },
        };
        (part != self && rest.from <= rest.to).then_some(rest)
    }
}

/// The values of one field of one series: as many as there are times.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// Nanoseconds since 1970, ascending, none twice.
    pub(super) times: Vec<i64>,
    pub(super) values: Values,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    Float(Vec<f64>),
    Integer(Vec<i64>),
    Text(Vec<Arc<str>>),
    Boolean(Vec<bool>),
}

/// A database at one moment, for reading. Storage implements it; so does what tests of queries make up.
pub(super) trait Tables: Sync {
    /// Sorted.
    fn measurements(&self) -> Vec<String>;

    /// Sorted by name; empty for a measurement that is not there.
    fn fields(&self, measurement: &str) -> Vec<(String, Kind)>;

    /// Sorted by tags; empty for a measurement that is not there.
    fn series(&self, measurement: &str) -> Vec<Arc<Series>>;

    /// The part of `range` at one end of it that holds about `rows` rows of `series`, or more where they lie that densely
    /// in storage; all of `range` where no rows are left beyond. Reads no points.
    fn part(
        &self,
        _measurement: &str,
        _series: &Series,
        range: TimeRange,
        _end: End,
        _rows: usize,
    ) -> Result<TimeRange, ReadError> {
        Ok(range)
    }

    /// Hands `take` the column of every series of `series` that has points of `field` within `range`, in the order of
    /// `series`, with the index in `series`. A long column comes in pieces that follow each other, each later in time than
    /// the one before. Stops at the first error of `take` and returns it.
    fn columns(
        &self,
        measurement: &str,
        series: &[Arc<Series>],
        field: &str,
        range: TimeRange,
        take: &mut dyn Take,
    ) -> Result<(), ReadError>;
}

/// Takes columns as they are read. A closure takes them without looking at memory.
pub(super) trait Take {
    /// Asked before a column, or a piece of one, is made: whether so many bytes may be taken. They are free again after
    /// `take`.
    fn room(&mut self, bytes: usize) -> Result<(), ReadError>;

    fn take(&mut self, index: usize, column: Column) -> Result<(), ReadError>;
}

impl<F: FnMut(usize, Column) -> Result<(), ReadError>> Take for F {
    fn room(&mut self, _bytes: usize) -> Result<(), ReadError> {
        Ok(())
    }

    fn take(&mut self, index: usize, column: Column) -> Result<(), ReadError> {
        self(index, column)
    }
}

/// Why columns could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("cannot read the database file")]
    File(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What the reader of columns says to end the reading.
    #[error("{0}")]
    Stopped(String),
}
