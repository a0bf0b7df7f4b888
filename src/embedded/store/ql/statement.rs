//! A query to its statements. Runs none.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ast::Statement;
use super::cursor::Cursor;
use super::error::ParseError;
use super::token::Token;

/// The longest query that is read, in bytes.
const LENGTH: usize = 1 << 20;

/// The statements of `text`, none where it is blank. `parameters` are what `$name` stands for, `now` is what
/// `time(1m, now())` means, in nanoseconds since 1970; `now()` in conditions stays a call.
///
/// An error is one of the whole text: InfluxDB runs none of its statements then. What is wrong with a single statement,
/// or not done by this store, is [`Statement::Refused`].
pub(in super::super) fn parse(
    text: &str,
    parameters: &BTreeMap<String, Value>,
    now: i64,
) -> Result<Vec<Statement>, ParseError> {
    let text = text.trim();
    if text.len() > LENGTH {
        return Err(ParseError::TooLong {
            length: text.len(),
            limit: LENGTH,
        });
    }
    let mut cursor = Cursor::new(text, parameters, now);
    let mut statements = Vec::new();
    loop {
        while cursor.take(";") {}
        if *cursor.peek() == Token::End {
            return Ok(statements);
        }
        statements.push(cursor.statement()?);
        if *cursor.peek() != Token::End {
            cursor.expect(";", &[";"])?;
        }
    }
}

impl Cursor<'_> {
    fn statement(&mut self) -> Result<Statement, ParseError> {
        let statement = match self.one_of(FIRST)? {
            "SELECT" => Statement::Select(self.select()?),
            "DELETE" => self.delete()?,
            "SHOW" => self.show()?,
            "CREATE" => self.create()?,
            "DROP" => self.drop_statement()?,
            "EXPLAIN" => self.explain()?,
            "ALTER" => {
                self.expect("RETENTION", &["RETENTION"])?;
                self.unsupported("ALTER", &["POLICY"])?
            }
            "SET" => self.unsupported("SET", &["PASSWORD"])?,
            "KILL" => self.unsupported("KILL", &["QUERY"])?,
            word => self.refused(word),
        };
        Ok(self
            .refusal()
            .map_or(statement, |reason| Statement::Refused { reason }))
    }
}

const FIRST: &[&str] = &[
    "SELECT", "DELETE", "SHOW", "CREATE", "DROP", "EXPLAIN", "GRANT", "REVOKE", "ALTER", "SET", "KILL",
];
