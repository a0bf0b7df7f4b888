//! Takes comparisons with `time` out of a condition: what remains is asked of points, the rest bounds what is read.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::embedded::store::column::TimeRange;
use crate::embedded::store::ql::ast::{Expression, Operator};
use crate::embedded::store::ql::spelling;

use super::error::SelectError;
use super::text::Text;
use super::windows::{EARLIEST, LATEST};

/// Nanoseconds since 1970, both included; `None` where the query says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bounds {
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
}

impl Bounds {
    fn both(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: match (self.to, other.to) {
                (Some(left), Some(right)) => Some(left.min(right)),
                (left, right) => left.or(right),
            },
        }
    }

    /// What of `outer` lies within.
    pub(super) fn within(self, outer: TimeRange) -> TimeRange {
        TimeRange {
            from: self.from.unwrap_or(EARLIEST).max(outer.from),
            to: self.to.unwrap_or(LATEST).min(outer.to),
        }
    }
}

/// When the query runs, and in which zone it writes times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock<'a> {
    pub(super) now: i64,
    pub(super) zone: Option<&'a TimeZone>,
}

impl Clock<'_> {
    /// The condition without time, and the time it is about. Bounds below an `OR` hold for everything, as InfluxDB
    /// has it.
    pub(super) fn split(self, condition: &Expression) -> Result<(Option<Expression>, Bounds), SelectError> {
        match condition {
            Expression::Binary {
                operator: operator @ (Operator::And | Operator::Or),
                left,
                right,
            } => {
                let (left, left_bounds) = self.split(left)?;
                let (right, right_bounds) = self.split(right)?;
                Ok((join(*operator, left, right), left_bounds.both(right_bounds)))
            }
            Expression::Binary {
                operator,
                left,
                right,
            } => {
                if is_time(left) {
                    Ok((None, self.bounds(*operator, right)?))
                } else if is_time(right) {
                    Ok((None, self.bounds(mirrored(*operator), left)?))
                } else {
                    Ok((Some(condition.clone()), Bounds::default()))
                }
            }
            Expression::Parenthesised(inner) => {
                let (rest, bounds) = self.split(inner)?;
                Ok((rest.map(|rest| Expression::Parenthesised(Box::new(rest))), bounds))
            }
            Expression::Boolean(_) => Ok((Some(condition.clone()), Bounds::default())),
            other => Err(SelectError::Condition(Text::of(other).to_string())),
        }
    }

    fn bounds(self, operator: Operator, other: &Expression) -> Result<Bounds, SelectError> {
        let time = match self.value(other)? {
            Moment::Time(time) | Moment::Duration(time) | Moment::Integer(time) => time,
            Moment::Number(time) => time as i64,
            Moment::Other(found) => return Err(SelectError::TimeComparison(found)),
        };
        let (from, to) = match operator {
            Operator::Greater => (Some(time.saturating_add(1)), None),
            Operator::GreaterOrEqual => (Some(time), None),
            Operator::Less => (None, Some(time.saturating_sub(1))),
            Operator::LessOrEqual => (None, Some(time)),
            Operator::Equal => (Some(time), Some(time)),
            other => return Err(SelectError::TimeOperator(spelling(other))),
        };
        Ok(Bounds { from, to })
    }

    fn value(self, expression: &Expression) -> Result<Moment, SelectError> {
        Ok(match expression {
            Expression::Integer(value) => Moment::Integer(*value),
            Expression::Number(value) => Moment::Number(*value),
            Expression::Duration(value) => Moment::Duration(*value),
            Expression::Parenthesised(inner) => self.value(inner)?,
            Expression::Text(text) if looks_like_time(text) => self.time(text)?,
            Expression::Call { name, arguments } if name == "now" && arguments.is_empty() => {
                Moment::Time(self.now)
            }
            Expression::Binary {
                operator,
                left,
                right,
            } => combine(*operator, self.value(left)?, self.value(right)?),
            Expression::Text(_) => Moment::Other("*influxql.StringLiteral"),
            Expression::Boolean(_) => Moment::Other("*influxql.BooleanLiteral"),
            Expression::Reference { .. } => Moment::Other("*influxql.VarRef"),
            Expression::Call { .. } => Moment::Other("*influxql.Call"),
            Expression::Pattern(_) => Moment::Other("*influxql.RegexLiteral"),
            Expression::Wildcard(_) => Moment::Other("*influxql.Wildcard"),
        })
    }

    /// `2024-05-01`, `2024-05-01 10:20:30.5` in the query's zone, or RFC 3339.
    fn time(self, text: &str) -> Result<Moment, SelectError> {
        let zone = self.zone.cloned().unwrap_or(TimeZone::UTC);
        let zoned = |moment: DateTime| moment.to_zoned(zone).ok();
        let local = if text.len() == 10 {
            text.parse::<Date>()
                .ok()
                .map(|date| date.to_datetime(jiff::civil::Time::midnight()))
        } else if text.as_bytes().get(10) == Some(&b' ') {
            text.parse::<DateTime>().ok()
        } else {
            None
        };
        let timestamp = match local {
            Some(local) => zoned(local).map(|zoned: Zoned| zoned.timestamp()),
            None => text.parse::<Timestamp>().ok(),
        };
        in_reach(timestamp.ok_or(SelectError::TimeText)?).map(Moment::Time)
    }
}

/// What the other side of a comparison with `time` is.
enum Moment {
    Time(i64),
    Duration(i64),
    Integer(i64),
    Number(f64),
    Other(&'static str),
}

fn combine(operator: Operator, left: Moment, right: Moment) -> Moment {
    use Moment::{Duration, Integer, Number, Time};
    let plus = |left: i64, right: i64| match operator {
        Operator::Add => Some(left.saturating_add(right)),
        Operator::Subtract => Some(left.saturating_sub(right)),
        _ => None,
    };
    let result = match (left, right) {
        (Time(left), Time(right)) if operator == Operator::Subtract => {
            Some(Duration(left.saturating_sub(right)))
        }
        (Time(left), Duration(right) | Integer(right)) | (Integer(left), Duration(right)) => {
            plus(left, right).map(Time)
        }
        (Duration(left) | Integer(left), Time(right)) if operator == Operator::Add => {
            Some(Time(left.saturating_add(right)))
        }
        (Duration(left), Duration(right)) => plus(left, right).map(Duration),
        (Duration(left), Integer(right)) => scale(operator, left, right as f64),
        (Duration(left), Number(right)) => scale(operator, left, right),
        (Integer(left), Integer(right)) => match operator {
            Operator::Multiply => Some(Integer(left.saturating_mul(right))),
            _ => plus(left, right).map(Integer),
        },
        _ => None,
    };
    result.unwrap_or(Moment::Other("*influxql.BinaryExpr"))
}

/// The factor is cut off to a whole one, as InfluxDB does it.
fn scale(operator: Operator, duration: i64, factor: f64) -> Option<Moment> {
    let factor = factor as i64;
    match operator {
        Operator::Multiply => Some(Moment::Duration(duration.saturating_mul(factor))),
        Operator::Divide => Some(Moment::Duration(duration.checked_div(factor).unwrap_or(0))),
        _ => None,
    }
}

fn join(operator: Operator, left: Option<Expression>, right: Option<Expression>) -> Option<Expression> {
    match (left, right) {
        (Some(left), Some(right)) => Some(Expression::Binary {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        }),
        (left, right) => left.or(right),
    }
}

fn is_time(expression: &Expression) -> bool {
    matches!(expression, Expression::Reference { name, .. } if name.eq_ignore_ascii_case("time"))
}

fn mirrored(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        other => other,
    }
}

/// What InfluxDB can tell apart is less than what can be written.
fn in_reach(time: Timestamp) -> Result<i64, SelectError> {
    match i64::try_from(time.as_nanosecond()) {
        Ok(nanoseconds) if (EARLIEST + 1..=LATEST).contains(&nanoseconds) => Ok(nanoseconds),
        _ if time > Timestamp::UNIX_EPOCH => Err(SelectError::TimeTooLate(time)),
        _ => Err(SelectError::TimeTooEarly(time)),
    }
}

fn looks_like_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(index, byte)| {
            if index == 4 || index == 7 {
                *byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        })
}
