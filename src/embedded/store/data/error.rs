//! Why storage fails, and why it refuses points; the words of refusals are InfluxDB's.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(in super::super) enum StorageError {
    #[error("cannot use the directory {}", path.display())]
    Directory {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the directory {} is in use by another process", .0.display())]
    InUse(PathBuf),
    #[error("the database file {} is of a newer version ({found}, known up to {known})", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("the database file {} is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("no space is left for the database file {}", .0.display())]
    Full(PathBuf),
    #[error("cannot use the database file {}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("database not found: {0}")]
    DatabaseMissing(String),
    /// Of a database that is to be created.
    #[error("invalid name")]
    InvalidName,
    #[error("name too long")]
    NameTooLong,
    #[error("cannot start the thread that writes")]
    Thread(#[source] io::Error),
    #[error("the database is closed after an earlier fault")]
    Closed,
}

/// Why not all points of a body were stored.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum WriteError {
    /// 404.
    #[error("database not found: {0:?}")]
    DatabaseMissing(String),
    /// 400; the points that are not named were stored.
    #[error("{message}")]
    Partial { message: String },
    /// 400; nothing of the body was stored.
    #[error("{0}")]
    Invalid(String),
    /// The disk is full; nothing of the body was stored, what was stored earlier stays.
    #[error("no space is left on the device")]
    Full,
    #[error(transparent)]
    Storage(StorageError),
}
