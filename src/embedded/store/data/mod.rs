//! What the store keeps: databases in a directory, written durably, read as columns. Knows neither HTTP nor InfluxQL.

mod error;

use std::path::Path;
use std::sync::Arc;

pub(super) use error::{StorageError, WriteError};

use super::column::{Column, Kind, ReadError, Series, Tables, TimeRange};
use super::line::Precision;

/// The databases of one directory. Methods block: call them where blocking is allowed.
#[derive(Debug)]
pub(super) struct Storage {}

impl Storage {
    /// Creates the directory where it is missing; refuses one that another process uses.
    pub(super) fn open(_directory: &Path) -> Result<Self, StorageError> {
        Ok(Self {})
    }

    /// Sorted names.
    pub(super) fn databases(&self) -> Vec<String> {
        Vec::new()
    }

    /// Creating what is there is no error.
    pub(super) fn create_database(&self, _name: &str) -> Result<(), StorageError> {
        Ok(())
    }

    /// Dropping what is not there is no error.
    pub(super) fn drop_database(&self, _name: &str) -> Result<(), StorageError> {
        Ok(())
    }

    /// Stores the points of a line-protocol body that can be stored, durably, before it returns. `now` (nanoseconds since
    /// 1970) is the time of lines without one.
    pub(super) fn write(
        &self,
        database: &str,
        _body: &[u8],
        _precision: Precision,
        _now: i64,
    ) -> Result<(), WriteError> {
        Err(WriteError::DatabaseMissing(database.to_owned()))
    }

    /// The database as it is at this moment; `None` where there is none of that name.
    pub(super) fn tables(&self, _database: &str) -> Result<Option<Snapshot>, StorageError> {
        Ok(None)
    }

    /// Removes a measurement with all its series and points. One that is not there is no error.
    pub(super) fn drop_measurement(&self, _database: &str, _name: &str) -> Result<(), StorageError> {
        Ok(())
    }

    /// Removes the points of these series within the range; the series stay.
    pub(super) fn delete(
        &self,
        _database: &str,
        _measurement: &str,
        _series: &[u64],
        _range: TimeRange,
    ) -> Result<(), StorageError> {
        Ok(())
    }

    /// Removes these series with all their points.
    pub(super) fn drop_series(
        &self,
        _database: &str,
        _measurement: &str,
        _series: &[u64],
    ) -> Result<(), StorageError> {
        Ok(())
    }
}

/// A database at one moment, while writes go on.
#[derive(Debug)]
pub(super) struct Snapshot {}

impl Tables for Snapshot {
    fn measurements(&self) -> Vec<String> {
        Vec::new()
    }

    fn fields(&self, _measurement: &str) -> Vec<(String, Kind)> {
        Vec::new()
    }

    fn series(&self, _measurement: &str) -> Vec<Arc<Series>> {
        Vec::new()
    }

    fn columns(
        &self,
        _measurement: &str,
        _series: &[Arc<Series>],
        _field: &str,
        _range: TimeRange,
        _each: &mut dyn FnMut(usize, Column) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        Ok(())
    }
}
