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

    /// The first and the last time of points of `series`, at least as far apart as they are; `None` where that is not
    /// known without reading them.
    fn extent(&self, _measurement: &str, _series: &[Arc<Series>]) -> Option<TimeRange> {
        None
    }

    /// Hands `each` the column of every series of `series` that has points of `field` within `range`, in the order of
    /// `series`, with the index in `series`. Stops at the first error of `each` and returns it.
    fn columns(
        &self,
        measurement: &str,
        series: &[Arc<Series>],
        field: &str,
        range: TimeRange,
        each: &mut dyn FnMut(usize, Column) -> Result<(), ReadError>,
    ) -> Result<(), ReadError>;
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
