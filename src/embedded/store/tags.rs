//! Conditions on the tags of series, for statements that are about series and not about points. Reads no column.

use regex::Regex;

use super::column::{Kind, Series};
use super::ql::ast::{Cast, Expression, Operator};
use super::ql::{PatternError, compile, spelling};

/// What the condition is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Fields are no reason to leave a series out: what is compared with one holds, as in InfluxDB 1.6.7.
    Series,
    /// Fields may not stand in it.
    Deletion,
    /// It is about tags and their values anywhere in a measurement.
    Measurements,
}

/// The measurement that a condition is asked of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) measurement: &'a str,
    pub(super) fields: &'a [(String, Kind)],
    pub(super) purpose: Purpose,
}

/// Said as InfluxDB 1.6.7 says it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum TagError {
    #[error("invalid tag comparison operator")]
    Operator,
    #[error("invalid condition expression")]
    Condition,
    #[error("left side of '{0}' must be a tag key")]
    Left(&'static str),
    #[error("right side of '{0}' must be a tag value string")]
    Right(&'static str),
    #[error("fields not supported in WHERE clause during deletion")]
    Field,
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

/// A condition of which every name and pattern is known.
#[derive(Debug)]
pub(super) enum TagCondition {
    Constant(bool),
    Value {
        key: String,
        test: Test,
    },
    /// Between two tags InfluxDB 1.6.7 compares only whether a series has them.
    Keys {
        left: String,
        right: String,
        both: bool,
    },
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// Of the value of a tag; a tag that is not there is an empty text.
#[derive(Debug)]
pub(super) struct Test {
    holds: bool,
    sample: Sample,
}

#[derive(Debug)]
enum Sample {
    Text(String),
    Pattern(Regex),
}

impl Test {
    fn new(operator: Operator, value: &Expression) -> Result<Option<Self>, PatternError> {
        let (holds, sample) = match (operator, value) {
            (Operator::Equal | Operator::NotEqual, Expression::Text(text)) => {
                (operator == Operator::Equal, Sample::Text(text.clone()))
            }
            (Operator::Matches | Operator::MatchesNot, Expression::Pattern(pattern)) => {
                (operator == Operator::Matches, Sample::Pattern(compile(pattern)?))
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { holds, sample }))
    }

    fn is_like(&self, value: &str) -> bool {
        match &self.sample {
            Sample::Text(text) => text == value,
            Sample::Pattern(pattern) => pattern.is_match(value),
        }
    }

    fn accepts(&self, value: &str) -> bool {
        self.is_like(value) == self.holds
    }
}

impl TagCondition {
    /// `condition` is without comparisons with `time`.
    pub(super) fn new(condition: &Expression, scope: Scope<'_>) -> Result<Self, TagError> {
        match condition {
            Expression::Parenthesised(inside) => Self::new(inside, scope),
            Expression::Boolean(value) if scope.purpose != Purpose::Measurements => {
                Ok(Self::Constant(*value))
            }
            Expression::Binary {
                operator: Operator::And,
                left,
                right,
            } => Ok(Self::And(
                Box::new(Self::new(left, scope)?),
                Box::new(Self::new(right, scope)?),
            )),
            Expression::Binary {
                operator: Operator::Or,
                left,
                right,
            } => Ok(Self::Or(
                Box::new(Self::new(left, scope)?),
                Box::new(Self::new(right, scope)?),
            )),
            Expression::Binary {
                operator,
                left,
                right,
            } => comparison(*operator, left, right, scope),
            _ => Err(TagError::Condition),
        }
    }

    pub(super) fn holds_for(&self, series: &Series) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Value { key, test } => test.accepts(value(series, key).unwrap_or_default()),
            Self::Keys { left, right, both } => {
                value(series, left).is_some() && value(series, right).is_some() == *both
            }
            Self::And(left, right) => left.holds_for(series) && right.holds_for(series),
            Self::Or(left, right) => left.holds_for(series) || right.holds_for(series),
        }
    }

    /// Whether it holds for a measurement: one that has the tag with such a value, or, negated, with no such value.
    /// What `AND` joins may hold for different series.
    pub(super) fn holds_within<S: AsRef<Series>>(&self, series: &[S]) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Value { key, test } => {
                let mut values = series
                    .iter()
                    .filter_map(|series| value(series.as_ref(), key))
                    .peekable();
                values.peek().is_some() && values.any(|value| test.is_like(value)) == test.holds
            }
            Self::Keys { .. } => series.iter().any(|series| self.holds_for(series.as_ref())),
            Self::And(left, right) => left.holds_within(series) && right.holds_within(series),
            Self::Or(left, right) => left.holds_within(series) || right.holds_within(series),
        }
    }
}

/// The value of the tag `key`.
pub(super) fn value<'a>(series: &'a Series, key: &str) -> Option<&'a str> {
    series
        .tags
        .iter()
        .find(|(name, _)| &**name == key)
        .map(|(_, value)| &**value)
}

/// Whether `name` is said anywhere in `condition`.
pub(super) fn mentions(condition: &Expression, name: &str) -> bool {
    match condition {
        Expression::Reference { name: other, .. } => other == name,
        Expression::Parenthesised(inside) => mentions(inside, name),
        Expression::Binary { left, right, .. } => mentions(left, name) || mentions(right, name),
        Expression::Call { arguments, .. } => arguments.iter().any(|argument| mentions(argument, name)),
        _ => false,
    }
}

fn comparison(
    operator: Operator,
    left: &Expression,
    right: &Expression,
    scope: Scope<'_>,
) -> Result<TagCondition, TagError> {
    if !matches!(
        operator,
        Operator::Equal | Operator::NotEqual | Operator::Matches | Operator::MatchesNot
    ) {
        return Err(TagError::Operator);
    }
    match (scope.tag(left), scope.tag(right)) {
        _ if scope.purpose == Purpose::Series && (is_calculated(left) || is_calculated(right)) => {
            Err(TagError::Operator)
        }
        (Some(key), None) => of_value(operator, key, right, scope),
        (None, Some(key)) if scope.purpose != Purpose::Measurements => of_value(operator, key, left, scope),
        (Some(left), Some(right)) if scope.purpose != Purpose::Measurements => {
            let (left, right) = (left.to_owned(), right.to_owned());
            Ok(TagCondition::Keys {
                left,
                right,
                both: operator == Operator::Equal,
            })
        }
        (Some(_), Some(_)) => Err(TagError::Right(spelling(operator))),
        (None, _) => scope.beside_tags(TagError::Left(spelling(operator))),
    }
}

fn is_calculated(side: &Expression) -> bool {
    matches!(side, Expression::Binary { .. })
}

fn of_value(
    operator: Operator,
    key: &str,
    value: &Expression,
    scope: Scope<'_>,
) -> Result<TagCondition, TagError> {
    let Some(test) = Test::new(operator, value)? else {
        return scope.beside_tags(TagError::Right(spelling(operator)));
    };
    Ok(match key {
        "_name" => TagCondition::Constant(test.accepts(scope.measurement)),
        _ => TagCondition::Value {
            key: key.to_owned(),
            test,
        },
    })
}

impl Scope<'_> {
    /// The tag that `side` names.
    fn tag<'e>(&self, side: &'e Expression) -> Option<&'e str> {
        let Expression::Reference { name, cast } = side else {
            return None;
        };
        let is_field = match cast {
            Some(cast) => *cast != Cast::Tag,
            None => {
                self.purpose != Purpose::Measurements && self.fields.iter().any(|(field, _)| field == name)
            }
        };
        (!is_field).then_some(name)
    }

    /// What a comparison means that is not one of a tag with a text or a pattern.
    fn beside_tags(&self, error: TagError) -> Result<TagCondition, TagError> {
        match self.purpose {
            Purpose::Series => Ok(TagCondition::Constant(true)),
            Purpose::Deletion => Err(TagError::Field),
            Purpose::Measurements => Err(error),
        }
    }
}
