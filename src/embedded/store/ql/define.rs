//! Statements that make and remove: databases, measurements, series, points. Removes nothing itself.

use super::ast::{Expression, Measurement, Statement};
use super::cursor::Cursor;
use super::error::ParseError;
use super::literal::duration;
use super::token::Token;

/// Points are kept for good.
const FOREVER: i64 = 0;
/// What InfluxDB 1.6.7 gives a shard group where points are kept for good: 7 days, in nanoseconds.
const SHARD_GROUP: i64 = 7 * 86_400_000_000_000;

impl Cursor<'_> {
    /// What follows `CREATE`.
    pub(super) fn create(&mut self) -> Result<Statement, ParseError> {
        match self.one_of(&["CONTINUOUS", "DATABASE", "USER", "RETENTION", "SUBSCRIPTION"])? {
            "DATABASE" => self.create_database(),
            "CONTINUOUS" => self.unsupported("CREATE", &["QUERY"]),
            "RETENTION" => self.unsupported("CREATE", &["POLICY"]),
            word => Ok(self.refused(&format!("CREATE {word}"))),
        }
    }

    fn create_database(&mut self) -> Result<Statement, ParseError> {
        let name = self.identifier()?;
        if self.take("WITH") {
            self.policy_of_database()?;
        }
        Ok(Statement::CreateDatabase { name })
    }

    /// The retention policy of a new database, refused where it is not the one that every database has.
    fn policy_of_database(&mut self) -> Result<(), ParseError> {
        if !matches!(
            self.peek(),
            Token::Fixed("DURATION" | "NAME" | "REPLICATION" | "SHARD")
        ) {
            return Err(self.unexpected(&["DURATION", "NAME", "REPLICATION", "SHARD"]));
        }
        if self.take("DURATION") && self.span()? != FOREVER {
            self.refuse(
                "DURATION is not supported by this store but as INF: it keeps points until they are deleted",
            );
        }
        if self.take("REPLICATION") && self.replicas()? != 1 {
            self.refuse("REPLICATION is not supported by this store but as 1: it is one process");
        }
        if self.take("SHARD") {
            self.expect("DURATION", &["DURATION"])?;
            if !matches!(self.span()?, FOREVER | SHARD_GROUP) {
                self.refuse("SHARD DURATION is not supported by this store but as 7d: it has no shards");
            }
        }
        if self.take("NAME") && self.identifier()? != "autogen" {
            self.refuse(
                "NAME of a retention policy is not supported by this store but as autogen, its only one",
            );
        }
        Ok(())
    }

    fn span(&mut self) -> Result<i64, ParseError> {
        let span = match self.peek() {
            Token::Fixed("INF") => FOREVER,
            Token::Duration(text) => duration(text)?,
            _ => return Err(self.unexpected(&["duration"])),
        };
        self.advance();
        Ok(span)
    }

    fn replicas(&mut self) -> Result<i32, ParseError> {
        let Token::Integer(digits) = self.peek() else {
            return Err(self.unexpected(&["integer"]));
        };
        let Some(replicas) = digits.parse().ok().filter(|replicas| *replicas > 0) else {
            return Err(self.invalid(format!("invalid value {digits}: must be 1 <= n <= 2147483647")));
        };
        self.advance();
        Ok(replicas)
    }

    /// What follows `DROP`.
    pub(super) fn drop_statement(&mut self) -> Result<Statement, ParseError> {
        match self.one_of(DROPPED)? {
            "DATABASE" => Ok(Statement::DropDatabase {
                name: self.identifier()?,
            }),
            "MEASUREMENT" => {
                self.note_look_ahead();
                Ok(Statement::DropMeasurement {
                    name: self.identifier()?,
                })
            }
            "SERIES" => {
                let (from, condition) = self.doomed()?;
                Ok(Statement::DropSeries { from, condition })
            }
            "CONTINUOUS" => self.unsupported("DROP", &["QUERY"]),
            "RETENTION" => self.unsupported("DROP", &["POLICY"]),
            word => Ok(self.refused(&format!("DROP {word}"))),
        }
    }

    /// What follows `DELETE`.
    pub(super) fn delete(&mut self) -> Result<Statement, ParseError> {
        let (from, condition) = self.doomed()?;
        Ok(Statement::Delete { from, condition })
    }

    fn doomed(&mut self) -> Result<(Vec<Measurement>, Option<Expression>), ParseError> {
        if self.take("FROM") {
            let from = self.list(Self::bare_measurement)?;
            return Ok((from, self.condition()?));
        }
        match self.condition()? {
            Some(condition) => Ok((Vec::new(), Some(condition))),
            None => Err(self.unexpected(&["FROM", "WHERE"])),
        }
    }
}

const DROPPED: &[&str] = &[
    "CONTINUOUS",
    "DATABASE",
    "MEASUREMENT",
    "RETENTION",
    "SERIES",
    "SHARD",
    "SUBSCRIPTION",
    "USER",
];
