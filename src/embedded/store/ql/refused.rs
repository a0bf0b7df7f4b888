//! Statements of InfluxDB that this store does not do, and what to do instead. Reads them only as far as their names.

use super::ast::Statement;
use super::cursor::Cursor;
use super::error::ParseError;
use super::token::Token;

const USERS: &str = "it has the one user that it was started with";
const POLICIES: &str = "it keeps points until they are deleted: see DELETE";
const QUERIES: &str = "ask with GROUP BY time() when the answer is needed";
const SHARDS: &str = "it has no shards; points of a time are removed with DELETE WHERE time < …";

/// What is refused, and what can be done instead where there is something.
const INSTEAD: &[(&str, &str)] = &[
    ("CREATE USER", USERS),
    ("DROP USER", USERS),
    ("SET PASSWORD", USERS),
    ("GRANT", USERS),
    ("REVOKE", USERS),
    ("SHOW GRANTS", USERS),
    ("CREATE RETENTION POLICY", POLICIES),
    ("ALTER RETENTION POLICY", POLICIES),
    ("DROP RETENTION POLICY", POLICIES),
    ("CREATE CONTINUOUS QUERY", QUERIES),
    ("DROP CONTINUOUS QUERY", QUERIES),
    ("SHOW CONTINUOUS QUERIES", QUERIES),
    ("DROP SHARD", SHARDS),
    ("SHOW SHARDS", SHARDS),
    ("SHOW SHARD GROUPS", SHARDS),
    ("SHOW TAG KEY CARDINALITY", "count what SHOW TAG KEYS answers"),
    (
        "SHOW TAG VALUES CARDINALITY",
        "count what SHOW TAG VALUES answers",
    ),
    ("SHOW FIELD KEY CARDINALITY", "count what SHOW FIELD KEYS answers"),
];

impl Cursor<'_> {
    /// `verb` and the keyword just taken, which needs one of `words` after it, such as `RETENTION POLICY`.
    pub(super) fn unsupported(
        &mut self,
        verb: &str,
        words: &'static [&'static str],
    ) -> Result<Statement, ParseError> {
        let second = self.one_of(words)?;
        let first = match second {
            "POLICY" => "RETENTION ",
            "QUERY" | "QUERIES" if verb != "KILL" => "CONTINUOUS ",
            "GROUPS" => "SHARD ",
            _ => "",
        };
        Ok(self.refused(&format!("{verb} {first}{second}")))
    }

    /// Refuses `what` and skips the rest of it, up to the semicolon.
    pub(super) fn refused(&mut self, what: &str) -> Statement {
        while !matches!(self.peek(), Token::Fixed(";") | Token::End) {
            self.advance();
        }
        let instead = INSTEAD.iter().find(|(name, _)| *name == what);
        let instead = instead.map_or(String::new(), |(_, instead)| format!("; {instead}"));
        Statement::Refused {
            reason: format!("{what} is not supported by this store{instead}"),
        }
    }

    /// What follows `EXPLAIN`.
    pub(super) fn explain(&mut self) -> Result<Statement, ParseError> {
        let what = if self.take("ANALYZE") {
            "EXPLAIN ANALYZE"
        } else {
            "EXPLAIN"
        };
        self.expect("SELECT", &["SELECT"])?;
        self.select()?;
        Ok(self.refused(what))
    }
}
