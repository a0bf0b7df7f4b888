//! Of which type an expression is, by what its sources hold.

use crate::embedded::store::ql::ast::{Cast, Expression, Operator};

use super::calls;
use super::error::SelectError;
use super::level::{Leaf, Level, Source};
use super::math::{self, Math};
use super::names::Type;

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
        } => binary(*operator, declared_of(left, level)?, declared_of(right, level)?)?,
        Expression::Call { name, arguments } => call(name, arguments, level)?,
        Expression::Wildcard(_) | Expression::Pattern(_) | Expression::Duration(_) => Type::Unknown,
    })
}

/// A division of integers is declared an integer although its results are floats (InfluxDB 1.6.7), so that a statement
/// around it cuts them off.
fn binary(operator: Operator, left: Type, right: Type) -> Result<Type, SelectError> {
    use Type::{Boolean, Float, Integer, Text, Unknown};
    let on_bits = matches!(operator, Operator::BitAnd | Operator::BitOr | Operator::BitXor);
    match (left, right) {
        (Unknown, other) | (other, Unknown) => Ok(other),
        (Integer, Integer) => Ok(Integer),
        (Boolean, Boolean) if on_bits => Ok(Boolean),
        (Float | Integer, Float | Integer) if !on_bits => Ok(Float),
        (Text, Text) | (_, _) => Err(SelectError::Types {
            left: left.word(),
            right: right.word(),
        }),
    }
}

fn call(name: &str, arguments: &[Expression], level: &Level) -> Result<Type, SelectError> {
    if let Some(function) = math::math(name) {
        return math_call(name, function, arguments, level);
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

fn math_call(
    name: &str,
    function: Math,
    arguments: &[Expression],
    level: &Level,
) -> Result<Type, SelectError> {
    let mut first = Type::Unknown;
    for (index, argument) in arguments.iter().enumerate() {
        let found = declared_of(argument, level)?;
        if !matches!(found, Type::Float | Type::Integer | Type::Unknown) {
            return Err(SelectError::MathArgument {
                name: name.to_string(),
                position: if index == 0 { "first" } else { "second" },
                found: found.word(),
            });
        }
        if index == 0 {
            first = found;
        }
    }
    Ok(function.result(first))
}
