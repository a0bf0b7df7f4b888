//! Literals of expressions: numbers, durations, texts and what `::` says. Knows no operators.

use super::ast::{Cast, Expression};
use super::cursor::Cursor;
use super::error::ParseError;
use super::token::Token;

/// Units of a duration, in nanoseconds; each before any that it begins with.
const UNITS: &[(&str, i64)] = &[
    ("ns", 1),
    ("ms", 1_000_000),
    ("u", 1_000),
    ("µ", 1_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

impl Cursor<'_> {
    /// A literal, with a minus before it where `minus`.
    pub(super) fn literal(&mut self, minus: bool) -> Result<Expression, ParseError> {
        let expression = match self.peek() {
            Token::Integer(digits) => self.integer(digits, minus)?,
            Token::Number(text) => self.number(text, minus)?,
            Token::Duration(text) => {
                Expression::Duration(if minus { -duration(text)? } else { duration(text)? })
            }
            Token::Text(text) => Expression::Text(text.clone().into_owned()),
            Token::Boolean(value) => Expression::Boolean(*value),
            Token::Parameter(name) if name.is_empty() => {
                return Err(ParseError::Unplaced("empty bound parameter".to_owned()));
            }
            Token::Parameter(name) => return Err(ParseError::Parameter(name.clone().into_owned())),
            Token::BadParameter(reason) => return Err(ParseError::Parameter(reason.clone())),
            _ => return Err(self.unexpected(&["identifier", "string", "number", "bool"])),
        };
        self.advance();
        Ok(expression)
    }

    /// What is too large for an integer is a number, up to the largest unsigned one.
    fn integer(&self, digits: &str, minus: bool) -> Result<Expression, ParseError> {
        let signed = if minus {
            format!("-{digits}")
        } else {
            digits.to_owned()
        };
        if let Ok(value) = signed.parse() {
            return Ok(Expression::Integer(value));
        }
        if minus {
            return Err(ParseError::Unplaced(format!(
                "constant {signed} underflows int64"
            )));
        }
        let unsigned = digits
            .parse::<u64>()
            .map_err(|_too_large| self.invalid("unable to parse integer"))?;
        Ok(Expression::Number(unsigned as f64))
    }

    fn number(&self, text: &str, minus: bool) -> Result<Expression, ParseError> {
        let value: f64 = text
            .parse()
            .map_err(|_no_digits| self.invalid("unable to parse number"))?;
        Ok(Expression::Number(if minus { -value } else { value }))
    }

    /// `::float` and its like, where it touches what is before it.
    pub(super) fn cast(&mut self) -> Result<Option<Cast>, ParseError> {
        if !(self.touches() && self.take("::")) {
            return Ok(None);
        }
        if !self.touches() || *self.peek() == Token::End {
            return Err(self.unexpected_gap(&["float", "integer", "string", "boolean", "field", "tag"]));
        }
        let cast = self.named_cast()?;
        self.advance();
        Ok(cast)
    }

    fn named_cast(&mut self) -> Result<Option<Cast>, ParseError> {
        let word = match self.peek() {
            Token::Identifier(word) => word.to_lowercase(),
            Token::Fixed(word) => word.to_lowercase(),
            _ => String::new(),
        };
        Ok(Some(match word.as_str() {
            "float" => Cast::Float,
            "integer" => Cast::Integer,
            "string" => Cast::Text,
            "boolean" => Cast::Boolean,
            "field" => Cast::Field,
            "tag" => Cast::Tag,
            "unsigned" => {
                self.refuse("this store has no unsigned integers; use ::integer or ::float");
                return Ok(None);
            }
            _ => {
                return Err(self.unexpected(&[
                    "float", "integer", "unsigned", "string", "boolean", "field", "tag",
                ]));
            }
        }))
    }
}

/// Nanoseconds of `1h30m` and its like.
pub(super) fn duration(text: &str) -> Result<i64, ParseError> {
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(rest.len());
        let (count, after) = rest.split_at(digits);
        let (count, (unit, nanoseconds)) = count.parse::<i64>().ok().zip(unit(after)).ok_or_else(invalid)?;
        let part = count.checked_mul(nanoseconds);
        total = part
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| overflowed(text))?;
        rest = &after[unit.len()..];
    }
    Ok(total)
}

fn unit(text: &str) -> Option<(&'static str, i64)> {
    UNITS.iter().copied().find(|(unit, _)| text.starts_with(unit))
}

fn invalid() -> ParseError {
    ParseError::Unplaced("invalid duration".to_owned())
}

fn overflowed(text: &str) -> ParseError {
    ParseError::Unplaced(format!(
        "overflowed duration {text}: choose a smaller duration or INF"
    ))
}
