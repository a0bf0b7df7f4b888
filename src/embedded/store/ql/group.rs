//! `GROUP BY` and `fill()`. Knows no calls but `time()`.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};

use super::ast::{Dimension, Expression, Fill, GroupBy, TimeWindow};
use super::cursor::Cursor;
use super::error::ParseError;
use super::token::Token;

impl Cursor<'_> {
    /// `GROUP BY` where it is next.
    pub(super) fn group_by(&mut self) -> Result<GroupBy, ParseError> {
        let mut group_by = GroupBy::default();
        if !self.take("GROUP") {
            return Ok(group_by);
        }
        self.expect("BY", &["BY"])?;
        let mut windows = 0;
        for dimension in self.list(Self::dimension)? {
            match dimension {
                Expression::Call { name, arguments } if name == "time" => {
                    windows += 1;
                    group_by.time = self.window(&arguments);
                }
                other => group_by.dimensions.extend(self.tags(other)),
            }
        }
        if windows > 1 {
            self.refuse("multiple time dimensions not allowed");
        }
        Ok(group_by)
    }

    fn dimension(&mut self) -> Result<Expression, ParseError> {
        match self.pattern()? {
            Some(pattern) => Ok(Expression::Pattern(pattern)),
            None => self.expression().map(inner),
        }
    }

    fn tags(&mut self, dimension: Expression) -> Option<Dimension> {
        let refused = match dimension {
            Expression::Reference { name, .. } if name == "time" => {
                "time() is a function and expects at least one argument"
            }
            Expression::Reference { name, .. } => return Some(Dimension::Tag(name)),
            Expression::Wildcard(_) => return Some(Dimension::All),
            Expression::Pattern(pattern) => return Some(Dimension::Matching(pattern)),
            Expression::Call { .. } => "only time() calls allowed in dimensions",
            _ => "only time and tag dimensions allowed",
        };
        self.refuse(refused);
        None
    }

    /// A width of 0 or less is no window: InfluxDB 1.6.7 then answers as if `time()` were not there.
    fn window(&mut self, arguments: &[Expression]) -> Option<TimeWindow> {
        let (every, offset) = match arguments {
            [every] => (every, None),
            [every, offset] => (every, Some(offset)),
            _ => {
                self.refuse("time dimension expected 1 or 2 arguments");
                return None;
            }
        };
        let Expression::Duration(every) = every else {
            self.refuse("time dimension must have duration argument");
            return None;
        };
        let offset = offset.map_or(0, |offset| self.window_offset(offset));
        (*every > 0).then_some(TimeWindow {
            every: *every,
            offset,
        })
    }

    fn window_offset(&mut self, offset: &Expression) -> i64 {
        let found = match offset {
            Expression::Duration(offset) => Some(*offset),
            Expression::Call { name, arguments } if name == "now" && arguments.is_empty() => Some(self.now),
            Expression::Text(text) => moment(text),
            _ => None,
        };
        if found.is_none() {
            self.refuse("time dimension offset must be duration or now()");
        }
        found.unwrap_or_default()
    }

    /// `fill(…)` where it is next.
    pub(super) fn fill(&mut self) -> Result<Fill, ParseError> {
        let Some(arguments) = self.option("fill")? else {
            return Ok(Fill::default());
        };
        let [argument] = arguments.as_slice() else {
            return Err(unplaced(
                "fill requires an argument, e.g.: 0, null, none, previous, linear",
            ));
        };
        match argument {
            Expression::Reference { name, .. } => named_fill(name),
            Expression::Integer(value) => Some(Fill::Value(*value as f64)),
            Expression::Number(value) => Some(Fill::Value(*value)),
            _ => None,
        }
        .ok_or_else(|| unplaced("expected number argument in fill()"))
    }

    /// The arguments of the call `name` if it is next: what is no clause of its own, but written like a function.
    pub(super) fn option(&mut self, name: &str) -> Result<Option<Vec<Expression>>, ParseError> {
        if !matches!(self.peek(), Token::Identifier(next) if next.eq_ignore_ascii_case(name)) {
            return Ok(None);
        }
        match self.single()? {
            Expression::Call { arguments, .. } => Ok(Some(arguments)),
            _ => Err(unplaced(&format!("{name} must be a function call"))),
        }
    }
}

pub(super) fn unplaced(reason: &str) -> ParseError {
    ParseError::Unplaced(reason.to_owned())
}

/// InfluxDB 1.6.7 groups by `(host)` as by `host`.
fn inner(expression: Expression) -> Expression {
    match expression {
        Expression::Parenthesised(inside) => inner(*inside),
        other => other,
    }
}

fn named_fill(name: &str) -> Option<Fill> {
    match name {
        "null" => Some(Fill::Null),
        "none" => Some(Fill::None),
        "previous" => Some(Fill::Previous),
        "linear" => Some(Fill::Linear),
        _ => None,
    }
}

/// Nanoseconds since 1970 of a date, a date with a time, or RFC 3339; UTC where no zone is given.
fn moment(text: &str) -> Option<i64> {
    let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text
            .parse::<DateTime>()
            .ok()
            .or_else(|| Some(text.parse::<Date>().ok()?.to_datetime(Default::default())));
        civil?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    });
    i64::try_from(timestamp?.as_nanosecond()).ok()
}
