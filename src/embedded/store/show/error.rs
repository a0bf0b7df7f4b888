//! Why a SHOW statement or a deletion is not answered, in the words of InfluxDB 1.6.7 where it has some.

use crate::embedded::store::column::ReadError;
use crate::embedded::store::execute::SelectError;
use crate::embedded::store::ql::PatternError;
use crate::embedded::store::tags::TagError;

#[derive(Debug, thiserror::Error)]
pub(in crate::embedded::store) enum ShowError {
    #[error("{0} doesn't support time in WHERE clause")]
    Time(&'static str),
    #[error(transparent)]
    Condition(#[from] SelectError),
    #[error(transparent)]
    Tag(#[from] TagError),
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("more than {0} rows; narrow the statement with FROM, WHERE or LIMIT")]
    TooManyRows(usize),
    /// `SHOW DATABASES` and `SHOW USERS`, which [`super::databases`] and [`super::users`] answer.
    #[error("this statement is not about one database")]
    NoDatabase,
}
