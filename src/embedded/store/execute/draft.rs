//! Calls and fields of a select list as they are found, each once, and nodes that name them by number.

use crate::embedded::store::ql::ast::{Cast, Expression, Operator};

use super::calls;
use super::error::SelectError;
use super::expression::Node;
use super::level::{Call, Level, Reference};
use super::math;
use super::rows::Scalar;
use super::types::Types;

/// Calls and fields of a level as they are found, each once.
#[derive(Default)]
pub(super) struct Draft {
    arguments: Vec<Reference>,
    calls: Vec<Call>,
    fields: Vec<Reference>,
    nodes: Vec<DraftNode>,
}

/// A node whose columns are not numbered yet, as fields come after all calls.
enum DraftNode {
    Call(usize),
    Field(usize),
    Ready(Node),
    Math(math::Math, Vec<DraftNode>),
    Binary(Operator, Box<DraftNode>, Box<DraftNode>),
}

impl Draft {
    /// The next output of `level`.
    pub(super) fn add(&mut self, expression: &Expression, level: &Level) -> Result<(), SelectError> {
        let node = self.node(expression, level)?;
        self.nodes.push(node);
        Ok(())
    }

    fn node(&mut self, expression: &Expression, level: &Level) -> Result<DraftNode, SelectError> {
        Ok(match expression {
            Expression::Parenthesised(inner) => self.node(inner, level)?,
            Expression::Reference { name, cast } => {
                let reference = reference(name, *cast, level);
                DraftNode::Field(index_of(&mut self.fields, reference))
            }
            Expression::Call { name, arguments } => match math::math(name) {
                Some(function) => DraftNode::Math(
                    function,
                    arguments
                        .iter()
                        .map(|argument| self.node(argument, level))
                        .collect::<Result<_, _>>()?,
                ),
                None => self.call_node(name, arguments, level)?,
            },
            Expression::Binary {
                operator,
                left,
                right,
            } => DraftNode::Binary(
                *operator,
                Box::new(self.node(left, level)?),
                Box::new(self.node(right, level)?),
            ),
            literal => DraftNode::Ready(Node::Literal(scalar(literal)?)),
        })
    }

    fn call_node(
        &mut self,
        name: &str,
        arguments: &[Expression],
        level: &Level,
    ) -> Result<DraftNode, SelectError> {
        let call = self.call(name, arguments, level)?;
        Ok(DraftNode::Call(index_of(&mut self.calls, call)))
    }

    fn call(&mut self, name: &str, arguments: &[Expression], level: &Level) -> Result<Call, SelectError> {
        Ok(match calls::read(name, arguments)? {
            calls::Call::Aggregate { aggregate, of } => Call::Aggregate {
                aggregate,
                of: self.argument(of, level)?,
            },
            calls::Call::CountDistinct { of } => Call::CountDistinct {
                of: self.argument(of, level)?,
            },
            calls::Call::Integral { unit, of } => Call::Integral {
                unit,
                of: self.argument(of, level)?,
            },
            calls::Call::Best { top, count, of, by } => Call::Best {
                top,
                count,
                of: self.argument(of, level)?,
                by: by.iter().filter_map(|by| reference_name(by)).collect(),
            },
            calls::Call::Transform { transform, of } => match of {
                Expression::Call { name, arguments } => Call::TransformOf {
                    transform,
                    inner: Box::new(self.call(name, arguments, level)?),
                },
                of => Call::Transform {
                    transform,
                    of: self.argument(of, level)?,
                },
            },
        })
    }

    fn argument(&mut self, of: &Expression, level: &Level) -> Result<usize, SelectError> {
        let Expression::Reference { name, cast } = of else {
            return Err(SelectError::Rule("expected field argument in call"));
        };
        let reference = reference(name, *cast, level);
        Ok(index_of(&mut self.arguments, reference))
    }

    /// Puts what was found into the level, a node into each of its outputs.
    pub(super) fn finish(self, level: &mut Level) {
        let calls = self.calls.len();
        for (output, node) in level.outputs.iter_mut().zip(self.nodes) {
            output.node = numbered(node, calls);
        }
        level.arguments = self.arguments;
        level.calls = self.calls;
        level.fields = self.fields;
    }
}

fn numbered(node: DraftNode, calls: usize) -> Node {
    match node {
        DraftNode::Call(index) => Node::Column(index),
        DraftNode::Field(index) => Node::Column(calls + index),
        DraftNode::Ready(node) => node,
        DraftNode::Math(function, arguments) => Node::Math {
            function,
            arguments: arguments
                .into_iter()
                .map(|argument| numbered(argument, calls))
                .collect(),
        },
        DraftNode::Binary(operator, left, right) => Node::Binary {
            operator,
            left: Box::new(numbered(*left, calls)),
            right: Box::new(numbered(*right, calls)),
        },
    }
}

fn index_of<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|other| *other == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

fn reference(name: &str, cast: Option<Cast>, level: &Level) -> Reference {
    Reference {
        name: name.to_string(),
        declared: Types::of_sources(&level.sources).reference(name, cast),
    }
}

fn reference_name(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Reference { name, .. } => Some(name.clone()),
        _ => None,
    }
}

fn scalar(literal: &Expression) -> Result<Scalar, SelectError> {
    Ok(match literal {
        Expression::Number(value) => Scalar::Float(*value),
        Expression::Integer(value) => Scalar::Integer(*value),
        Expression::Text(text) => Scalar::Text(text.as_str().into()),
        Expression::Boolean(value) => Scalar::Boolean(*value),
        _ => {
            return Err(SelectError::Rule("field must contain at least one variable"));
        }
    })
}
