//! Conditions on points: names found in one source, then decided for whole columns at once.

use std::sync::Arc;

use crate::embedded::store::column::{Kind, Values};
use crate::embedded::store::ql::ast::{Cast, Expression, Operator};
use crate::embedded::store::ql::compile;

use super::arithmetic::Rules;
use super::error::SelectError;
use super::expression::{Node, evaluate};
use super::math;
use super::rows::{RowColumn, Scalar};
use super::text::Text;

/// What a name in a condition stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Input {
    Field {
        name: String,
        kind: Kind,
    },
    /// Output of a subquery.
    Output {
        index: usize,
    },
    Tag {
        name: String,
        /// A tag the series does not have is an empty text here, nothing elsewhere.
        blank: bool,
    },
}

/// A condition of which all names are known.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) inputs: Vec<Input>,
    node: Node,
    rules: Rules,
}

/// What a condition says of some rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    All,
    None,
    Each(Vec<bool>),
}

/// Where names are looked up: what a name is beside being a tag.
pub(super) trait Names {
    fn find(&self, name: &str, cast: Option<Cast>) -> Option<Input>;
    /// Whether tags that are missing are empty texts wherever they stand.
    fn blank_tags(&self) -> bool;
}

impl Filter {
    pub(super) fn new(condition: &Expression, names: &dyn Names) -> Result<Self, SelectError> {
        let mut filter = Self {
            inputs: Vec::new(),
            node: Node::Literal(Scalar::Boolean(true)),
            rules: Rules {
                exact_division: false,
                missing_is_false: names.blank_tags(),
            },
        };
        filter.node = filter.compile(condition, names)?;
        Ok(filter)
    }

    /// `columns` are those of `inputs`, `count` rows each.
    pub(super) fn judge(&self, columns: &[RowColumn], count: usize) -> Verdict {
        match evaluate(&self.node, columns, count, self.rules) {
            RowColumn::Same(Scalar::Boolean(true)) => Verdict::All,
            RowColumn::Each {
                values: Values::Boolean(values),
                valid: None,
            } => Verdict::Each(values),
            _ => Verdict::None,
        }
    }

    /// Whether points of a series with these tags can pass, as far as tags decide.
    pub(super) fn admits(&self, tag: &dyn Fn(&str) -> Option<Arc<str>>) -> bool {
        let columns: Vec<RowColumn> = self.inputs.iter().map(|input| of_tags(input, tag)).collect();
        self.may_hold(&self.node, &columns)
    }

    fn may_hold(&self, node: &Node, columns: &[RowColumn]) -> bool {
        match node {
            Node::Binary {
                operator: Operator::And,
                left,
                right,
            } => self.may_hold(left, columns) && self.may_hold(right, columns),
            _ if self.asks_points(node) => true,
            _ => evaluate(node, columns, 1, self.rules) == RowColumn::Same(Scalar::Boolean(true)),
        }
    }

    /// Whether tags alone decide.
    pub(super) fn is_about_tags(&self) -> bool {
        !self.asks_points(&self.node)
    }

    fn asks_points(&self, node: &Node) -> bool {
        match node {
            Node::Column(index) => !matches!(self.inputs[*index], Input::Tag { .. }),
            Node::Literal(_) | Node::Pattern(_) => false,
            Node::Math { arguments, .. } => arguments.iter().any(|node| self.asks_points(node)),
            Node::Binary { left, right, .. } => self.asks_points(left) || self.asks_points(right),
        }
    }

    fn compile(&mut self, condition: &Expression, names: &dyn Names) -> Result<Node, SelectError> {
        Ok(match condition {
            Expression::Parenthesised(inner) => self.compile(inner, names)?,
            Expression::Reference { name, cast } => self.reference(name, *cast, names, false),
            Expression::Number(value) => Node::Literal(Scalar::Float(*value)),
            Expression::Integer(value) | Expression::Duration(value) => {
                Node::Literal(Scalar::Integer(*value))
            }
            Expression::Text(text) => Node::Literal(Scalar::Text(text.as_str().into())),
            Expression::Boolean(value) => Node::Literal(Scalar::Boolean(*value)),
            Expression::Pattern(pattern) => Node::Pattern(compile(pattern)?),
            Expression::Wildcard(_) => {
                return Err(SelectError::Condition(Text::of(condition).to_string()));
            }
            Expression::Call { name, arguments } => Node::Math {
                function: math::math(name)
                    .ok_or_else(|| SelectError::CallInCondition(Text::of(condition).to_string()))?,
                arguments: arguments
                    .iter()
                    .map(|argument| self.compile(argument, names))
                    .collect::<Result<_, _>>()?,
            },
            Expression::Binary {
                operator,
                left,
                right,
            } => self.compare(*operator, left, right, names)?,
        })
    }

    /// A tag beside a text or a pattern is an empty text where the series does not have it, and neither less nor
    /// greater than anything (InfluxDB 1.6.7).
    fn compare(
        &mut self,
        operator: Operator,
        left: &Expression,
        right: &Expression,
        names: &dyn Names,
    ) -> Result<Node, SelectError> {
        let is_text = |side: &Expression| matches!(side, Expression::Text(_) | Expression::Pattern(_));
        let tag_of = |side: &Expression| match side {
            Expression::Reference { name, cast } if names.find(name, *cast).is_none() => {
                Some((name.clone(), *cast))
            }
            _ => None,
        };
        let (tag, other) = match (tag_of(left), tag_of(right)) {
            (Some(tag), _) if is_text(right) => (tag, right),
            (_, Some(tag)) if is_text(left) => (tag, left),
            _ => {
                return Ok(Node::Binary {
                    operator,
                    left: Box::new(self.compile(left, names)?),
                    right: Box::new(self.compile(right, names)?),
                });
            }
        };
        if !matches!(
            operator,
            Operator::Equal | Operator::NotEqual | Operator::Matches | Operator::MatchesNot
        ) {
            return Ok(Node::Literal(Scalar::Boolean(false)));
        }

        Ok(Node::Binary {
            operator,
            left: Box::new(self.reference(&tag.0, tag.1, names, true)),
            right: Box::new(self.compile(other, names)?),
        })
    }

    fn reference(&mut self, name: &str, cast: Option<Cast>, names: &dyn Names, blank: bool) -> Node {
        let input = names.find(name, cast).unwrap_or_else(|| Input::Tag {
            name: name.to_string(),
            blank: blank || names.blank_tags(),
        });
        let known = self.inputs.iter().position(|other| *other == input);
        Node::Column(known.unwrap_or_else(|| {
            self.inputs.push(input);
            self.inputs.len() - 1
        }))
    }
}

/// The column of a tag; of anything else there is none.
pub(super) fn of_tags(input: &Input, tag: &dyn Fn(&str) -> Option<Arc<str>>) -> RowColumn {
    match input {
        Input::Tag { name, blank } => match tag(name).filter(|value| !value.is_empty()) {
            Some(value) => RowColumn::Same(Scalar::Text(value)),
            None if *blank => RowColumn::Same(Scalar::Text("".into())),
            None => RowColumn::Absent,
        },
        _ => RowColumn::Absent,
    }
}
