//! Expressions as text again, for messages about them; as InfluxDB 1.6.7 writes them.

use std::fmt::{Display, Formatter, Result, Write};

use crate::embedded::store::ql::ast::{Cast, Expression};
use crate::embedded::store::ql::spelling;

use super::level::Source;
use super::names::Type;
use super::types::Types;

/// An expression to be written.
pub(super) struct Text<'a> {
    expression: &'a Expression,
    /// By which names get their types; without, only what the query says is written.
    sources: Option<&'a [Source]>,
}

impl<'a> Text<'a> {
    pub(super) fn of(expression: &'a Expression) -> Self {
        Self {
            expression,
            sources: None,
        }
    }

    pub(super) fn with_types(expression: &'a Expression, sources: &'a [Source]) -> Self {
        Self {
            expression,
            sources: Some(sources),
        }
    }

    fn inner(&self, expression: &'a Expression) -> Self {
        Self {
            expression,
            sources: self.sources,
        }
    }

    fn type_word(&self, name: &str, cast: Option<Cast>) -> Option<&'static str> {
        match self.sources {
            Some(sources) => Some(Types::of_sources(sources).reference(name, cast))
                .filter(|declared| *declared != Type::Unknown)
                .map(Type::word),
            None => cast.map(cast_word),
        }
    }
}

impl Display for Text<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self.expression {
            Expression::Reference { name, cast } => {
                write_name(formatter, name)?;
                match self.type_word(name, *cast) {
                    Some(word) => write!(formatter, "::{word}"),
                    None => Ok(()),
                }
            }
            Expression::Wildcard(None) => formatter.write_char('*'),
            Expression::Wildcard(Some(cast)) => write!(formatter, "*::{}", cast_word(*cast)),
            Expression::Pattern(pattern) => {
                write!(formatter, "/{}/", pattern.0.replace('/', "\\/"))
            }
            Expression::Call { name, arguments } => {
                write!(formatter, "{name}(")?;
                for (index, argument) in arguments.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{}", self.inner(argument))?;
                }
                formatter.write_char(')')
            }
            Expression::Binary {
                operator,
                left,
                right,
            } => write!(
                formatter,
                "{} {} {}",
                self.inner(left),
                spelling(*operator),
                self.inner(right)
            ),
            Expression::Parenthesised(inner) => write!(formatter, "({})", self.inner(inner)),
            Expression::Number(value) => write!(formatter, "{value:.3}"),
            Expression::Integer(value) => write!(formatter, "{value}"),
            Expression::Duration(value) => formatter.write_str(&duration(*value)),
            Expression::Text(text) => {
                let text = text.replace('\\', "\\\\").replace('\'', "\\'");
                write!(formatter, "'{}'", text.replace('\n', "\\n"))
            }
            Expression::Boolean(value) => write!(formatter, "{value}"),
        }
    }
}

fn write_name(formatter: &mut Formatter<'_>, name: &str) -> Result {
    let mut characters = name.chars();
    let starts = characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if starts && characters.all(|next| next.is_ascii_alphanumeric() || next == '_') {
        return formatter.write_str(name);
    }
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    write!(formatter, "\"{}\"", name.replace('\n', "\\n"))
}

fn cast_word(cast: Cast) -> &'static str {
    match cast {
        Cast::Float => "float",
        Cast::Integer => "integer",
        Cast::Text => "string",
        Cast::Boolean => "boolean",
        Cast::Field => "field",
        Cast::Tag => "tag",
    }
}

/// In the largest unit that divides it.
pub(super) fn duration(nanoseconds: i64) -> String {
    const UNITS: &[(i64, &str)] = &[
        (604_800_000_000_000, "w"),
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "u"),
    ];
    if nanoseconds == 0 {
        return "0s".to_string();
    }
    let unit = UNITS.iter().find(|(length, _)| nanoseconds % length == 0);
    let (length, suffix) = unit.unwrap_or(&(1, "ns"));
    format!("{}{suffix}", nanoseconds / length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::store::ql::ast::Operator;

    #[test]
    fn an_expression_is_written_as_influxdb_does() {
        let reference = |name: &str| Expression::Reference {
            name: name.to_string(),
            cast: None,
        };
        let call = Expression::Call {
            name: "derivative".to_string(),
            arguments: vec![reference("a b"), Expression::Duration(90_000_000_000)],
        };
        let sum = Expression::Binary {
            operator: Operator::Add,
            left: Box::new(Expression::Parenthesised(Box::new(call))),
            right: Box::new(Expression::Number(1.5)),
        };
        assert_eq!(Text::of(&sum).to_string(), "(derivative(\"a b\", 90s)) + 1.500");
    }
}
