//! One statement to its answer: finds the database it is about and calls whoever can answer it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::super::answer::{Answer, Message};
use super::super::data::{Snapshot, Storage, StorageError};
use super::super::execute::{self, Limits, SelectError};
use super::super::ql::ast::{Expression, Measurement, Select, Show, Shown, Source, Statement};
use super::super::show::{self, ShowError};
use super::scope::{self, ScopeError};

/// How long a query may be worked on, all its statements together.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Columns that a SELECT may name; their names have to differ, and are compared.
const MOST_COLUMNS: usize = 1000;
/// Bytes that a statement's columns and rows may take at one moment.
const MEMORY: usize = 256 << 20;
const MOST_SERIES: usize = 1_000_000;
/// Of one series: more than a month in seconds. Memory bounds them before, where there are many series.
const MOST_WINDOWS: usize = 3_000_000;
/// Of an answer. Memory bounds them before, where they are long.
const MOST_ROWS: usize = 5_000_000;

/// What a query says of all its statements.
pub(super) struct Context {
    pub(super) storage: Arc<Storage>,
    /// Empty where none is named.
    pub(super) database: String,
    pub(super) policy: String,
    /// Of the one user, where the server has one.
    pub(super) login: Option<Arc<str>>,
    /// Statements that change something are then answered with a warning.
    pub(super) by_get: bool,
    /// Nanoseconds since 1970; the same for all.
    pub(super) now: i64,
    /// When the work on all statements must be done.
    pub(super) deadline: Instant,
    /// Set when nobody wants the answer any more.
    pub(super) cancelled: Arc<AtomicBool>,
}

/// Why a statement has no answer; its words are InfluxDB's.
#[derive(Debug, thiserror::Error)]
pub(super) enum StatementError {
    #[error(transparent)]
    Scope(#[from] ScopeError),
    #[error("{0}")]
    Refused(String),
    #[error("a SELECT of {0} columns is not supported; the most are {MOST_COLUMNS}")]
    TooManyColumns(usize),
    #[error(transparent)]
    Select(#[from] SelectError),
    #[error(transparent)]
    Show(#[from] ShowError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Context {
    pub(super) fn answer(&self, statement: &Statement) -> Result<Answer, StatementError> {
        match statement {
            Statement::Select(select) => self.select(select),
            Statement::Show(show) => self.show(show),
            Statement::CreateDatabase { name } => {
                self.storage.create_database(name)?;
                Ok(self.changed("CREATE DATABASE", name))
            }
            Statement::DropDatabase { name } => {
                self.storage.drop_database(name)?;
                Ok(self.changed("DROP DATABASE", name))
            }
            Statement::DropMeasurement { name } => {
                self.snapshot(&self.database)?;
                self.storage.drop_measurement(&self.database, name)?;
                Ok(self.changed("DROP MEASUREMENT", name))
            }
            Statement::Delete { from, condition } => self.delete(from, condition.as_ref()),
            Statement::DropSeries { from, condition } => self.drop_series(from, condition.as_ref()),
            Statement::Refused { reason } => Err(StatementError::Refused(reason.clone())),
        }
    }

    fn select(&self, select: &Select) -> Result<Answer, StatementError> {
        check_columns(select)?;
        let tables = self.snapshot(scope::database(select, &self.database)?)?;
        scope::check_policies(select, &self.policy)?;
        Ok(execute::select(&tables, select, self.now, &self.limits())?)
    }

    fn show(&self, show: &Show) -> Result<Answer, StatementError> {
        match show.what {
            Shown::Databases => return Ok(show::databases(&self.storage.databases())),
            Shown::Users => return Ok(show::users(self.login.as_deref())),
            _ => {}
        }
        let database = show.database.as_deref().unwrap_or(&self.database);
        if database.is_empty() {
            return Err(ScopeError::NoDatabase.into());
        }
        let tables = match self.snapshot(database) {
            // here InfluxDB does not mind
            Err(StatementError::Scope(_)) if matches!(show.what, Shown::Measurements { .. }) => {
                return Ok(Answer::default());
            }
            found => found?,
        };
        Ok(show::show(show, &tables, self.now)?)
    }

    fn delete(&self, from: &[Measurement], condition: Option<&Expression>) -> Result<Answer, StatementError> {
        let tables = self.snapshot(&self.database)?;
        for doomed in show::doomed_points(&tables, from, condition, self.now)? {
            let (measurement, series) = (&doomed.measurement, &doomed.series);
            self.storage
                .delete(&self.database, measurement, series, doomed.range)?;
        }
        Ok(Answer::default())
    }

    fn drop_series(
        &self,
        from: &[Measurement],
        condition: Option<&Expression>,
    ) -> Result<Answer, StatementError> {
        let tables = self.snapshot(&self.database)?;
        for doomed in show::doomed_series(&tables, from, condition, self.now)? {
            self.storage
                .drop_series(&self.database, &doomed.measurement, &doomed.series)?;
        }
        Ok(self.deprecated("DROP SERIES"))
    }

    fn limits(&self) -> Limits<'_> {
        Limits {
            deadline: self.deadline,
            memory: MEMORY,
            series: MOST_SERIES,
            windows: MOST_WINDOWS,
            rows: MOST_ROWS,
            cancelled: &self.cancelled,
        }
    }

    fn snapshot(&self, database: &str) -> Result<Snapshot, StatementError> {
        let tables = self.storage.tables(database)?;
        Ok(tables.ok_or_else(|| ScopeError::UnknownDatabase(database.to_owned()))?)
    }

    fn changed(&self, statement: &str, name: &str) -> Answer {
        self.deprecated(&format!("{statement} {}", quoted(name)))
    }

    /// Nothing to tell, but that a GET should change nothing. InfluxDB does not say so of `DELETE`.
    fn deprecated(&self, statement: &str) -> Answer {
        let text = format!(
            "deprecated use of '{statement}' in a read only context, please use a POST request instead"
        );
        let warning = Message {
            level: "warning",
            text,
        };
        Answer {
            messages: self.by_get.then_some(warning).into_iter().collect(),
            ..Answer::default()
        }
    }
}

fn check_columns(select: &Select) -> Result<(), StatementError> {
    if select.columns.len() > MOST_COLUMNS {
        return Err(StatementError::TooManyColumns(select.columns.len()));
    }
    select.from.iter().try_for_each(|source| match source {
        Source::Measurement(_) => Ok(()),
        Source::Subquery(inner) => check_columns(inner),
    })
}

/// An identifier as InfluxQL writes it: in quotes where it must be.
fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.chars().all(is_plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        let table = [
            ("plain_1", "plain_1"),
            ("1st", "\"1st\""),
            ("two words", "\"two words\""),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
        ];
        for (name, expected) in table {
            assert_eq!(quoted(name), expected);
        }
    }
}
