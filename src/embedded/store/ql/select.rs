//! `SELECT` and the clauses it shares with other statements. Knows no functions.

use jiff::tz::TimeZone;

use super::ast::{Column, Expression, Measurement, Named, Operator, Paging, Select};
use super::cursor::Cursor;
use super::error::ParseError;
use super::expression::spelling;
use super::group::unplaced;
use super::token::Token;

impl Cursor<'_> {
    /// What follows `SELECT`.
    pub(super) fn select(&mut self) -> Result<Select, ParseError> {
        let columns = self.list(Self::column)?;
        let into = self.write_target()?;
        self.expect("FROM", &["FROM"])?;
        Ok(Select {
            columns,
            into,
            from: self.list(Self::source)?,
            condition: self.condition()?,
            group_by: self.group_by()?,
            fill: self.fill()?,
            descending: self.order()?,
            paging: Paging {
                limit: self.limit("LIMIT")?,
                offset: self.limit("OFFSET")?,
                series_limit: self.limit("SLIMIT")?,
                series_offset: self.limit("SOFFSET")?,
            },
            time_zone: self.time_zone()?,
        })
    }

    fn column(&mut self) -> Result<Column, ParseError> {
        let start = self.spot();
        let expression = match self.pattern()? {
            Some(pattern) => Expression::Pattern(pattern),
            None => self.expression()?,
        };
        if let Some(operator) = unselectable(&expression) {
            return Err(unplaced(&format!(
                "invalid operator {} in SELECT clause at {}; operator is intended for WHERE clause",
                spelling(operator),
                self.position_of(&start)
            )));
        }
        let alias = if self.take("AS") {
            Some(self.identifier()?)
        } else {
            None
        };
        Ok(Column { expression, alias })
    }

    fn write_target(&mut self) -> Result<Option<Measurement>, ParseError> {
        if !self.take("INTO") {
            return Ok(None);
        }
        self.refuse("SELECT … INTO is not supported by this store; write what a SELECT answers to /write");
        let first = self.identifier()?;
        let mut segments = self.segments(first)?;
        if self.touches() && self.take(":") {
            self.expect("MEASUREMENT", &["MEASUREMENT"])?;
        }
        let name = Named::Is(segments.pop().unwrap_or_default());
        let policy = segments.pop();
        Ok(Some(Measurement {
            database: segments.pop(),
            policy,
            name,
        }))
    }

    /// After `WHERE`, where it is next.
    pub(super) fn condition(&mut self) -> Result<Option<Expression>, ParseError> {
        if self.take("WHERE") {
            self.expression().map(Some)
        } else {
            Ok(None)
        }
    }

    /// `ORDER BY time` where it is next; whether it is descending.
    pub(super) fn order(&mut self) -> Result<bool, ParseError> {
        if !self.take("ORDER") {
            return Ok(false);
        }
        self.expect("BY", &["BY"])?;
        let bare = matches!(self.peek(), Token::Fixed("ASC" | "DESC"));
        let mut only_time = bare || self.identifier_or(&["identifier", "ASC", "DESC"])? == "time";
        let descending = self.direction();
        while self.take(",") {
            self.identifier()?;
            self.direction();
            only_time = false;
        }
        if !only_time {
            return Err(unplaced("only ORDER BY time supported at this time"));
        }
        Ok(descending)
    }

    fn direction(&mut self) -> bool {
        let descending = self.take("DESC");
        if !descending {
            self.take("ASC");
        }
        descending
    }

    /// The count after `word`; 0 where it is not next.
    pub(super) fn limit(&mut self, word: &str) -> Result<usize, ParseError> {
        if self.take(word) { self.count() } else { Ok(0) }
    }

    fn time_zone(&mut self) -> Result<Option<String>, ParseError> {
        let Some(arguments) = self.option("tz")? else {
            return Ok(None);
        };
        match arguments.as_slice() {
            [Expression::Text(name)] if TimeZone::get(name).is_ok() => Ok(Some(name.clone())),
            [Expression::Text(name)] => Err(unplaced(&format!("unable to find time zone {name}"))),
            [_] => Err(unplaced("expected string argument in tz()")),
            _ => Err(unplaced("tz requires exactly one argument")),
        }
    }
}

/// The first operator that gives no value; such belong after `WHERE`.
fn unselectable(expression: &Expression) -> Option<Operator> {
    match expression {
        Expression::Binary { operator, .. } if !is_arithmetic(*operator) => Some(*operator),
        Expression::Binary { left, right, .. } => unselectable(left).or_else(|| unselectable(right)),
        Expression::Parenthesised(inside) => unselectable(inside),
        Expression::Call { arguments, .. } => arguments.iter().find_map(unselectable),
        _ => None,
    }
}

fn is_arithmetic(operator: Operator) -> bool {
    use Operator::{Add, BitAnd, BitOr, BitXor, Divide, Modulo, Multiply, Subtract};
    matches!(
        operator,
        Add | Subtract | Multiply | Divide | Modulo | BitAnd | BitOr | BitXor
    )
}
