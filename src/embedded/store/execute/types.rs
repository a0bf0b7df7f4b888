//! Of which type an expression is, by what its sources hold.

use crate::embedded::store::ql::ast::{Cast, Expression, Operator};

use super::calls;
use super::error::SelectError;
use super::level::{Leaf, Level, Source};
use super::math;
use super::names::Type;
use super::text::Text;

/// Types of names in some sources.
pub(super) struct Types<'a> {
    sources: &'a [Source],
}

impl<'a> Types<'a> {
    pub(super) fn of_sources(sources: &'a [Source]) -> Self {
        Self { sources }
    }

    /// What `::` says; `None` for `::field` and `::tag` that leave it open.
    pub(super) fn cast(cast: Option<Cast>) -> Option<Type> {
        match cast {
            Some(Cast::Float) => Some(Type::Float),
            Some(Cast::Integer) => Some(Type::Integer),
            Some(Cast::Text) => Some(Type::Text),
            Some(Cast::Boolean) => Some(Type::Boolean),
            Some(Cast::Tag) => Some(Type::Tag),
            Some(Cast::Field) | None => None,
        }
    }

    /// The strongest type any source has for the name; [`Type::Unknown`] where none has it.
    pub(super) fn reference(&self, name: &str, cast: Option<Cast>) -> Type {
        if let Some(declared) = Self::cast(cast) {
            return declared;
        }
        let found = self
            .sources
            .iter()
            .map(|source| match source {
                Source::Leaf(leaf) => in_leaf(leaf, name),
                Source::Level { level, .. } => in_level(level, name),
            })
            .max()
            .unwrap_or(Type::Unknown);
        if cast == Some(Cast::Field) && found == Type::Tag {
            Type::Unknown
        } else {
            found
        }
    }
}

fn in_leaf(leaf: &Leaf, name: &str) -> Type {
    if let Some(kind) = leaf.kind(name) {
        return kind.into();
    }
    let is_tag = leaf
        .series
        .iter()
        .any(|series| series.tags.iter().any(|(key, _)| &**key == name));
    if is_tag { Type::Tag } else { Type::Unknown }
}

fn in_level(level: &Level, name: &str) -> Type {
    let output = level
        .output(name)
        .map_or(Type::Unknown, |index| level.outputs[index].declared);
    if output == Type::Unknown && level.own_tags.iter().any(|tag| tag == name) {
        Type::Tag
    } else {
        output
    }
}

/// Of an entry of the select list of `level`, whose sources are known already.
pub(super) fn declared_of(expression: &Expression, level: &Level) -> Result<Type, SelectError> {
    Ok(match expression {
        Expression::Parenthesised(inner) => declared_of(inner, level)?,
        Expression::Reference { name, cast } => Types::of_sources(&level.sources).reference(name, *cast),
        Expression::Number(_) => Type::Float,
        Expression::Integer(_) => Type::Integer,
        Expression::Text(_) => Type::Text,
        Expression::Boolean(_) => Type::Boolean,
        Expression::Binary {
            operator,
            left,
            right,
        } => {
            let (left, right) = (declared_of(left, level)?, declared_of(right, level)?);
            binary(*operator, left, right).ok_or_else(|| SelectError::Types {
                expression: Text::with_types(expression, &level.sources).to_string(),
                left: left.word(),
                right: right.word(),
            })?
        }
        Expression::Call { name, arguments } => call(name, arguments, level)?,
        Expression::Wildcard(_) | Expression::Pattern(_) | Expression::Duration(_) => Type::Unknown,
    })
}

/// A division of integers is declared an integer although its results are floats (InfluxDB 1.6.7), so that a statement
/// around it cuts them off.
fn binary(operator: Operator, left: Type, right: Type) -> Option<Type> {
    use Type::{Boolean, Float, Integer, Unknown};
    let on_bits = matches!(operator, Operator::BitAnd | Operator::BitOr | Operator::BitXor);
    match (left, right) {
        (Unknown, other) | (other, Unknown) => Some(other),
        (Integer, Integer) => Some(Integer),
        (Boolean, Boolean) if on_bits => Some(Boolean),
        (Float | Integer, Float | Integer) if !on_bits => Some(Float),
        _ => None,
    }
}

fn call(name: &str, arguments: &[Expression], level: &Level) -> Result<Type, SelectError> {
    if math::math(name).is_some() {
        return first_argument(arguments, level);
    }
    let of = |of: &Expression| declared_of(of, level);
    Ok(match calls::read(name, arguments)? {
        calls::Call::Aggregate { aggregate, of: field } => {
            let call = super::level::Call::Aggregate { aggregate, of: 0 };
            call.declared(of(field)?)
        }
        calls::Call::CountDistinct { .. } => Type::Integer,
        calls::Call::Integral { .. } => Type::Float,
        calls::Call::Best { of: field, .. } => of(field)?,
        calls::Call::Transform { transform, of: field } => {
            let call = super::level::Call::Transform { transform, of: 0 };
            call.declared(of(field)?)
        }
    })
}

/// Functions of numbers are declared to be of the type of their argument although most make floats (InfluxDB 1.6.7).
fn first_argument(arguments: &[Expression], level: &Level) -> Result<Type, SelectError> {
    arguments
        .first()
        .map_or(Ok(Type::Unknown), |argument| declared_of(argument, level))
}
