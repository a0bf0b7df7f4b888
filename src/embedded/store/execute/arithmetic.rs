//! Operators between columns of rows, as InfluxDB 1.6.7 has them; what they are applied to is found by `expression`.

use std::borrow::Cow;

use crate::embedded::store::column::Values;
use crate::embedded::store::ql::ast::Operator;

use super::comparison::{compare, of_booleans};
use super::rows::{RowColumn, Scalar};

/// In what select lists and conditions differ (InfluxDB 1.6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    /// Whether `/` makes a float of two integers: in select lists.
    pub(super) exact_division: bool,
    /// Whether what is missing counts as `false` beside a boolean: everywhere but in conditions on fields.
    pub(super) missing_is_false: bool,
}

impl Rules {
    pub(super) const SELECT_LIST: Self = Self {
        exact_division: true,
        missing_is_false: true,
    };
}

/// `count` is the number of rows.
pub(super) fn binary(
    operator: Operator,
    left: &RowColumn,
    right: &RowColumn,
    count: usize,
    rules: Rules,
) -> RowColumn {
    if let (RowColumn::Same(left), RowColumn::Same(right)) = (left, right) {
        return single(&each(
            operator,
            &RowColumn::Same(left.clone()),
            &RowColumn::Same(right.clone()),
            1,
            rules,
        ));
    }
    each(operator, left, right, count, rules)
}

fn single(column: &RowColumn) -> RowColumn {
    column.scalar(0).map_or(RowColumn::Absent, RowColumn::Same)
}

fn each(operator: Operator, left: &RowColumn, right: &RowColumn, count: usize, rules: Rules) -> RowColumn {
    use Operator::*;
    if is_boolean(left) || is_boolean(right) {
        return of_booleans(operator, left, right, count, rules.missing_is_false);
    }
    match operator {
        Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual => {
            compare(operator, left, right, count)
        }
        Add | Subtract | Multiply | Divide | Modulo | BitAnd | BitOr | BitXor => {
            calculate(operator, left, right, count, rules)
        }
        And | Or | Matches | MatchesNot => RowColumn::Absent,
    }
}

fn is_boolean(column: &RowColumn) -> bool {
    matches!(
        column,
        RowColumn::Same(Scalar::Boolean(_))
            | RowColumn::Each {
                values: Values::Boolean(_),
                ..
            }
    )
}

/// `NaN` for `x % 0` of floats, 0 for `x / 0` and for `x % 0` of integers (InfluxDB 1.6.7).
fn calculate(
    operator: Operator,
    left: &RowColumn,
    right: &RowColumn,
    count: usize,
    rules: Rules,
) -> RowColumn {
    let (Some(left_sort), Some(right_sort)) = (number(left), number(right)) else {
        return RowColumn::Absent;
    };
    let whole = left_sort == Sort::Integer
        && right_sort == Sort::Integer
        && (operator != Operator::Divide || !rules.exact_division);
    let values = if whole {
        let (left, right) = (integers(left, count), integers(right, count));
        let pairs = left.iter().zip(right.iter());
        Values::Integer(
            pairs
                .map(|(left, right)| of_integers(operator, *left, *right))
                .collect(),
        )
    } else {
        let (left, right) = (floats(left, count), floats(right, count));
        let Some(values) = of_floats(operator, &left, &right) else {
            return RowColumn::Absent;
        };
        Values::Float(values)
    };
    let valid = both_valid(left, right, count);
    RowColumn::Each {
        values,
        valid: valid.filter(|valid| valid.contains(&false)),
    }
}

fn of_integers(operator: Operator, left: i64, right: i64) -> i64 {
    match operator {
        Operator::Add => left.wrapping_add(right),
        Operator::Subtract => left.wrapping_sub(right),
        Operator::Multiply => left.wrapping_mul(right),
        Operator::Divide if right != 0 => left.wrapping_div(right),
        Operator::Modulo if right != 0 => left.wrapping_rem(right),
        Operator::BitAnd => left & right,
        Operator::BitOr => left | right,
        Operator::BitXor => left ^ right,
        _ => 0,
    }
}

/// `None` for operators on bits.
fn of_floats(operator: Operator, left: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    fn each(left: &[f64], right: &[f64], operate: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        left.iter()
            .zip(right)
            .map(|(left, right)| operate(*left, *right))
            .collect()
    }
    Some(match operator {
        Operator::Add => each(left, right, |left, right| left + right),
        Operator::Subtract => each(left, right, |left, right| left - right),
        Operator::Multiply => each(left, right, |left, right| left * right),
        Operator::Divide => each(
            left,
            right,
            |left, right| {
                if right == 0.0 { 0.0 } else { left / right }
            },
        ),
        Operator::Modulo => each(left, right, |left, right| left % right),
        _ => return None,
    })
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sort {
    Integer,
    Float,
}

pub(super) fn number(column: &RowColumn) -> Option<Sort> {
    match column {
        RowColumn::Same(Scalar::Integer(_)) => Some(Sort::Integer),
        RowColumn::Same(Scalar::Float(_)) => Some(Sort::Float),
        RowColumn::Each {
            values: Values::Integer(_),
            ..
        } => Some(Sort::Integer),
        RowColumn::Each {
            values: Values::Float(_),
            ..
        } => Some(Sort::Float),
        _ => None,
    }
}

pub(super) fn integers(column: &RowColumn, count: usize) -> Cow<'_, [i64]> {
    match column {
        RowColumn::Each {
            values: Values::Integer(values),
            ..
        } => Cow::Borrowed(values),
        RowColumn::Same(Scalar::Integer(value)) => Cow::Owned(vec![*value; count]),
        _ => Cow::Owned(vec![0; count]),
    }
}

pub(super) fn floats(column: &RowColumn, count: usize) -> Cow<'_, [f64]> {
    match column {
        RowColumn::Each {
            values: Values::Float(values),
            ..
        } => Cow::Borrowed(values),
        RowColumn::Same(Scalar::Float(value)) => Cow::Owned(vec![*value; count]),
        other => Cow::Owned(integers(other, count).iter().map(|value| *value as f64).collect()),
    }
}

/// `None` where all rows have both.
pub(super) fn both_valid(left: &RowColumn, right: &RowColumn, count: usize) -> Option<Vec<bool>> {
    fn valid(column: &RowColumn) -> Option<&Vec<bool>> {
        match column {
            RowColumn::Each { valid, .. } => valid.as_ref(),
            _ => None,
        }
    }
    if matches!(left, RowColumn::Absent) || matches!(right, RowColumn::Absent) {
        return Some(vec![false; count]);
    }
    match (valid(left), valid(right)) {
        (None, None) => None,
        (Some(valid), None) | (None, Some(valid)) => Some(valid.clone()),
        (Some(left), Some(right)) => Some(
            left.iter()
                .zip(right)
                .map(|(left, right)| *left && *right)
                .collect(),
        ),
    }
}
