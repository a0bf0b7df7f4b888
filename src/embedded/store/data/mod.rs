//! What the store keeps: databases in a directory, written durably, read as columns. Knows neither HTTP nor InfluxQL.
//!
//! A write is parsed, entered in the journal in one transaction, and then added to heads in memory: columns of the rows that
//! came last. Full heads are sealed: their columns are compressed into blocks, and the journal is emptied. A start reads the
//! journal back. Queries read a snapshot: the heads of one moment, and the file in a read transaction of that moment.

mod accept;
mod blocks;
mod catalogue;
mod columns;
mod database;
mod directory;
mod encoding;
mod error;
mod file;
#[cfg(test)]
mod killed;
mod load;
mod orders;
mod pace;
mod parts;
mod pieces;
mod reading;
mod record;
mod refusals;
mod removal;
mod rows;
mod seal;
mod snapshot;
#[cfg(test)]
mod tests;
mod values;
mod view;
mod writer;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::column::TimeRange;
use super::line::Precision;
use database::Database;
use orders::{Body, Limits};
use removal::Removal;

pub(super) use error::{StorageError, WriteError};
pub(super) use snapshot::Snapshot;

/// InfluxDB's limit for the name of a database, in bytes.
const LONGEST_NAME: usize = 255;

/// The databases of one directory. Methods block: call them where blocking is allowed.
#[derive(Debug)]
pub(super) struct Storage {
    directory: PathBuf,
    limits: Limits,
    databases: RwLock<BTreeMap<String, Arc<Database>>>,
    last_number: AtomicU64,
    _lock: File,
}

impl Storage {
    /// Creates the directory where it is missing; refuses one that another process uses.
    pub(super) fn open(directory: &Path) -> Result<Self, StorageError> {
        Self::open_limited(directory, Limits::default())
    }

    fn open_limited(directory: &Path, limits: Limits) -> Result<Self, StorageError> {
        let lock = directory::lock(directory)?;
        let numbers = directory::numbers(directory).map_err(|source| StorageError::Directory {
            path: directory.to_owned(),
            source,
        })?;
        let mut databases = BTreeMap::new();
        for number in &numbers {
            let path = directory::path(directory, *number);
            match Database::open(path.clone(), limits)? {
                Some((name, database)) => {
                    databases.insert(name, Arc::new(database));
                }
                None => {
                    directory::remove(&path).map_err(|source| StorageError::Directory { path, source })?
                }
            }
        }
        Ok(Self {
            directory: directory.to_owned(),
            limits,
            databases: RwLock::new(databases),
            last_number: AtomicU64::new(numbers.last().copied().unwrap_or(0)),
            _lock: lock,
        })
    }

    /// Sorted names.
    pub(super) fn databases(&self) -> Vec<String> {
        let databases = self.databases.read().unwrap_or_else(PoisonError::into_inner);
        databases.keys().cloned().collect()
    }

    /// Creating what is there is no error.
    pub(super) fn create_database(&self, name: &str) -> Result<(), StorageError> {
        check_name(name)?;
        let mut databases = self.databases.write().unwrap_or_else(PoisonError::into_inner);
        if !databases.contains_key(name) {
            let number = self.last_number.fetch_add(1, Ordering::Relaxed) + 1;
            let path = directory::path(&self.directory, number);
            let database = Database::create(path, name, self.limits)?;
            databases.insert(name.to_owned(), Arc::new(database));
        }
        Ok(())
    }

    /// Dropping what is not there is no error.
    pub(super) fn drop_database(&self, name: &str) -> Result<(), StorageError> {
        let mut databases = self.databases.write().unwrap_or_else(PoisonError::into_inner);
        let dropped = databases.remove(name);
        drop(databases);
        dropped.map_or(Ok(()), |database| database.discard())
    }

    fn database(&self, name: &str) -> Option<Arc<Database>> {
        let databases = self.databases.read().unwrap_or_else(PoisonError::into_inner);
        databases.get(name).cloned()
    }

    fn existing(&self, name: &str) -> Result<Arc<Database>, StorageError> {
        let missing = || StorageError::DatabaseMissing(name.to_owned());
        self.database(name).ok_or_else(missing)
    }

    /// Stores the points of a line-protocol body that can be stored, durably, before it returns. `now` (nanoseconds since
    /// 1970) is the time of lines without one. Bodies that come at the same time are stored in one transaction.
    pub(super) fn write(
        &self,
        database: &str,
        body: &[u8],
        precision: Precision,
        now: i64,
    ) -> Result<(), WriteError> {
        let missing = || WriteError::DatabaseMissing(database.to_owned());
        let database = self.database(database).ok_or_else(missing)?;
        database.write(Body {
            text: body.to_owned(),
            precision,
            now,
        })
    }

    /// The database as it is at this moment; `None` where there is none of that name.
    pub(super) fn tables(&self, database: &str) -> Result<Option<Snapshot>, StorageError> {
        let database = self.database(database);
        database.map(|database| database.snapshot()).transpose()
    }

    /// Removes a measurement with all its series and points. One that is not there is no error.
    pub(super) fn drop_measurement(&self, database: &str, name: &str) -> Result<(), StorageError> {
        self.existing(database)?.remove(name.to_owned(), Removal::All)
    }

    /// Removes the points of these series within the range. A series without points left is gone, and a measurement without
    /// series, as in InfluxDB.
    pub(super) fn delete(
        &self,
        database: &str,
        measurement: &str,
        series: &[u64],
        range: TimeRange,
    ) -> Result<(), StorageError> {
        let removal = Removal::Points(series.to_owned(), range);
        self.existing(database)?.remove(measurement.to_owned(), removal)
    }

    /// Removes these series with all their points; a measurement without series left is gone.
    pub(super) fn drop_series(
        &self,
        database: &str,
        measurement: &str,
        series: &[u64],
    ) -> Result<(), StorageError> {
        let removal = Removal::Series(series.to_owned());
        self.existing(database)?.remove(measurement.to_owned(), removal)
    }
}

/// As InfluxDB 1.6.7 checks the name of a new database.
fn check_name(name: &str) -> Result<(), StorageError> {
    let invalid = |character: char| character.is_control() || matches!(character, '/' | '\\');
    if name.len() > LONGEST_NAME {
        Err(StorageError::NameTooLong)
    } else if matches!(name, "" | "." | "..") || name.contains(invalid) {
        Err(StorageError::InvalidName)
    } else {
        Ok(())
    }
}
