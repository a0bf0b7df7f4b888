//! Expressions ready to be calculated over rows: names are already indices.

use regex::Regex;

use crate::embedded::store::column::Values;
use crate::embedded::store::ql::ast::Operator;

use super::arithmetic::{self, Rules};
use super::math::Math;
use super::rows::{RowColumn, Scalar};

#[derive(Debug, Clone)]
pub(super) enum Node {
    /// The column of rows with this index.
    Column(usize),
    Literal(Scalar),
    Pattern(Regex),
    Math {
        function: Math,
        arguments: Vec<Node>,
    },
    Binary {
        operator: Operator,
        left: Box<Node>,
        right: Box<Node>,
    },
}

/// `count` is the number of rows that `columns` have.
pub(super) fn evaluate(node: &Node, columns: &[RowColumn], count: usize, rules: Rules) -> RowColumn {
    match node {
        Node::Column(index) => columns[*index].clone(),
        Node::Literal(value) => RowColumn::Same(value.clone()),
        Node::Pattern(_) => RowColumn::Absent,
        Node::Math { function, arguments } => {
            let arguments: Vec<RowColumn> = arguments
                .iter()
                .map(|argument| evaluate(argument, columns, count, rules))
                .collect();
            function.apply(&arguments, count)
        }
        Node::Binary {
            operator,
            left,
            right,
        } => match (operator, &**right) {
            (Operator::Matches | Operator::MatchesNot, Node::Pattern(pattern)) => {
                let texts = evaluate(left, columns, count, rules);
                matches(&texts, pattern, *operator == Operator::Matches, count)
            }
            _ => {
                let left = evaluate(left, columns, count, rules);
                let right = evaluate(right, columns, count, rules);
                arithmetic::binary(*operator, &left, &right, count, rules)
            }
        },
    }
}

/// What is not text matches nothing, and does not fail to match either.
fn matches(texts: &RowColumn, pattern: &Regex, wanted: bool, count: usize) -> RowColumn {
    let holds = |text: &str| pattern.is_match(text) == wanted;
    match texts {
        RowColumn::Same(Scalar::Text(text)) => RowColumn::Same(Scalar::Boolean(holds(text))),
        RowColumn::Each {
            values: Values::Text(texts),
            valid,
        } => {
            let is_valid = |index: usize| valid.as_ref().is_none_or(|valid| valid[index]);
            let values = (0..count).map(|index| is_valid(index) && holds(&texts[index]));
            RowColumn::Each {
                values: Values::Boolean(values.collect()),
                valid: None,
            }
        }
        _ => RowColumn::Same(Scalar::Boolean(false)),
    }
}
