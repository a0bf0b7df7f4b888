//! One statement to its answer: finds the database it is about and calls whoever can answer it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::super::answer::{Answer, Message};
use super::super::data::{Snapshot, Storage, StorageError};
use super::super::ql::ast::{Measurement, Select, Source, Statement};

/// The one retention policy that a database has.
pub(super) const POLICY: &str = "autogen";

/// What a query says of all its statements.
pub(super) struct Context {
    pub(super) storage: Arc<Storage>,
    /// Empty where none is named.
    pub(super) database: String,
    pub(super) policy: String,
    /// Statements that change something are then answered with a warning.
    pub(super) by_get: bool,
    /// Nanoseconds since 1970; the same for all.
    pub(super) now: i64,
    /// Cancelled when nobody wants the answer any more.
    pub(super) stop: CancellationToken,
}

/// Why a statement has no answer; its words are InfluxDB's.
#[derive(Debug, thiserror::Error)]
pub(super) enum StatementError {
    #[error("database name required")]
    NoDatabase,
    #[error("database not found: {0}")]
    UnknownDatabase(String),
    #[error("retention policy not found: {0}")]
    UnknownPolicy(String),
    #[error("a query about more than one database is not supported")]
    TwoDatabases,
    #[error("invalid name")]
    InvalidName,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Context {
    pub(super) fn answer(&self, statement: &Statement) -> Result<Answer, StatementError> {
        Ok(Answer::default())
    }
}
