//! The SQLite file of a database: how it is opened, its tables, and what its errors mean.
//!
//! Commits wait for the disk (`synchronous=FULL`): neither a killed process nor a power cut loses an acknowledged point.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::encoding::Undecodable;
use super::error::StorageError;

/// The version of the tables below.
const VERSION: i64 = 1;

/// `chunk` holds the blocks of a series: for each block one row with its times, under the id of the measurement as `field`,
/// and one for each field with values in it. Blocks of a series do not overlap. A query reads one contiguous range of the
/// table for each field it asks for. `journal` holds the rows that are not in blocks yet.
const TABLES: &str = "
    CREATE TABLE database (name TEXT NOT NULL, last_field INTEGER NOT NULL, last_series INTEGER NOT NULL);
    CREATE TABLE measurement (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE field (id INTEGER PRIMARY KEY, measurement INTEGER NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL);
    CREATE TABLE series (id INTEGER PRIMARY KEY, measurement INTEGER NOT NULL, key BLOB NOT NULL);
    CREATE TABLE journal (id INTEGER PRIMARY KEY, rows BLOB NOT NULL);
    CREATE TABLE chunk (
        field INTEGER NOT NULL,
        series INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        count INTEGER NOT NULL,
        payload BLOB NOT NULL,
        PRIMARY KEY (field, series, first)
    ) WITHOUT ROWID;
";

/// What happens inside a file; [`FileError::at`] says in which one.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Chunk(#[from] Undecodable),
    #[error("version {0}")]
    Newer(i64),
    #[error("{0}")]
    Damaged(&'static str),
}

impl FileError {
    pub(super) fn at(self, path: &Path) -> StorageError {
        let path = path.to_owned();
        match self {
            Self::Newer(found) => StorageError::Newer {
                path,
                found,
                known: VERSION,
            },
            Self::Damaged(reason) => StorageError::Damaged {
                path,
                reason: reason.to_owned(),
            },
            Self::Chunk(error) => StorageError::Damaged {
                path,
                reason: error.to_string(),
            },
            Self::Sqlite(error) if is_of_full_disk(&error) => StorageError::Full(path),
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StorageError::Damaged {
                    path,
                    reason: error.to_string(),
                },
                _ => StorageError::File { path, source: error },
            },
        }
    }
}

/// Where the index of the log cannot grow, <https://www.sqlite.org/rescode.html#ioerr_shmsize> says that the disk may be full.
fn is_of_full_disk(error: &rusqlite::Error) -> bool {
    let told = error.sqlite_error();
    told.is_some_and(|told| {
        told.code == ErrorCode::DiskFull || told.extended_code == ffi::SQLITE_IOERR_SHMSIZE
    })
}

/// Makes the file of a new database.
pub(super) fn create(path: &Path, name: &str, most_pages: Option<u32>) -> Result<Connection, FileError> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    prepare_to_write(&connection, most_pages)?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute("INSERT INTO database VALUES (?1, 0, 0)", [name])?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(connection)
}

/// Opens the file of a database and tells its name; `None` where its making was cut short.
pub(super) fn open(path: &Path, most_pages: Option<u32>) -> Result<Option<(Connection, String)>, FileError> {
    let connection = Connection::open(path)?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 if is_empty(&connection)? => return Ok(None),
        0 => return Err(FileError::Damaged("another program wrote it")),
        VERSION => {}
        newer => return Err(FileError::Newer(newer)),
    }
    prepare_to_write(&connection, most_pages)?;
    let name = connection.query_row("SELECT name FROM database", (), |row| row.get(0))?;
    Ok(Some((connection, name)))
}

fn is_empty(connection: &Connection) -> Result<bool, FileError> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    Ok(tables == 0)
}

fn prepare_to_write(connection: &Connection, most_pages: Option<u32>) -> Result<(), FileError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The writer moves the log into the file itself, when nobody waits for it.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "cache_size", -4_000)?;
    // Nobody else writes, and what queries still read is not waited for.
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "journal_size_limit", 16_000_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    if let Some(pages) = most_pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// A connection that only reads, beside the one that writes.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, FileError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "cache_size", -1_000)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_faults_of_the_disk() {
        let is_full = |code| {
            let error = FileError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            matches!(error.at(Path::new("x")), StorageError::Full(_))
        };
        let table = [
            (ffi::SQLITE_FULL, true),
            (ffi::SQLITE_IOERR_SHMSIZE, true),
            (ffi::SQLITE_IOERR_READ, false),
            (ffi::SQLITE_READONLY, false),
        ];
        for (code, expected) in table {
            assert_eq!(is_full(code), expected, "{code}");
        }
    }
}
