//! Why a text is no query, in the words of InfluxDB 1.6.7 where it has some. Writes no response.

use std::fmt;

/// Where something stands in a query; both count from 1, `character` in characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Position {
    pub(in super::super) line: usize,
    pub(in super::super) character: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, char {}", self.line, self.character)
    }
}

/// InfluxDB writes `error parsing query: ` before these.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(in super::super) enum ParseError {
    #[error("found {found}, expected {} at {at}", expected.join(", "))]
    Unexpected {
        found: String,
        expected: &'static [&'static str],
        at: Position,
    },
    #[error("{reason} at {at}")]
    Invalid { reason: String, at: Position },
    /// What InfluxDB says without a position.
    #[error("{0}")]
    Unplaced(String),
    #[error("missing parameter: {0}")]
    Parameter(String),
    #[error("the query is {length} bytes long, and {limit} is the most this store reads")]
    TooLong { length: usize, limit: usize },
    #[error("more than {limit} levels of parentheses, calls and subqueries inside each other at {at}")]
    TooDeep { limit: usize, at: Position },
    #[error("more than {limit} operators on top of each other at {at}")]
    TooHigh { limit: usize, at: Position },
}
