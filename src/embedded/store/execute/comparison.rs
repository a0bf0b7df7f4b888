//! Comparisons and logic between columns of rows, as InfluxDB 1.6.7 has them.

use std::borrow::Cow;

use crate::embedded::store::column::Values;
use crate::embedded::store::ql::ast::Operator;

use super::arithmetic::{Sort, both_valid, floats, integers, number};
use super::rows::{RowColumn, Scalar};

/// What is missing or of another kind makes the result `false`, but where `missing_is_false` says that it counts.
pub(super) fn of_booleans(
    operator: Operator,
    left: &RowColumn,
    right: &RowColumn,
    count: usize,
    missing_is_false: bool,
) -> RowColumn {
    let operate = |left: bool, right: bool| match operator {
        Operator::And | Operator::BitAnd => Some(left && right),
        Operator::Or | Operator::BitOr => Some(left || right),
        Operator::BitXor | Operator::NotEqual => Some(left != right),
        Operator::Equal => Some(left == right),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => Some(false),
        _ => None,
    };
    if operate(false, false).is_none() {
        return RowColumn::Absent;
    }
    let both = both_valid(left, right, count);
    let (Some(left), Some(right)) = (booleans(left, count), booleans(right, count)) else {
        return RowColumn::Same(Scalar::Boolean(false));
    };
    let pairs = left.iter().zip(right.iter());
    let mut values: Vec<bool> = pairs
        .map(|(left, right)| operate(*left, *right).unwrap_or(false))
        .collect();
    if !missing_is_false && let Some(both) = both {
        for (value, valid) in values.iter_mut().zip(both) {
            *value &= valid;
        }
    }
    RowColumn::Each {
        values: Values::Boolean(values),
        valid: None,
    }
}

fn booleans(column: &RowColumn, count: usize) -> Option<Cow<'_, [bool]>> {
    match column {
        RowColumn::Absent => Some(Cow::Owned(vec![false; count])),
        RowColumn::Same(Scalar::Boolean(value)) => Some(Cow::Owned(vec![*value; count])),
        RowColumn::Each {
            values: Values::Boolean(values),
            valid,
        } => Some(match valid {
            None => Cow::Borrowed(values),
            Some(valid) => Cow::Owned(
                values
                    .iter()
                    .zip(valid)
                    .map(|(value, valid)| *value && *valid)
                    .collect(),
            ),
        }),
        _ => None,
    }
}

pub(super) fn compare(operator: Operator, left: &RowColumn, right: &RowColumn, count: usize) -> RowColumn {
    let both = both_valid(left, right, count);
    let result: Option<Vec<bool>> = match (number(left), number(right)) {
        (Some(Sort::Integer), Some(Sort::Integer)) => {
            let (left, right) = (integers(left, count), integers(right, count));
            Some(compare_each(operator, &left, &right))
        }
        (Some(_), Some(_)) => {
            let (left, right) = (floats(left, count), floats(right, count));
            Some(compare_each(operator, &left, &right))
        }
        (None, None) if matches!(operator, Operator::Equal | Operator::NotEqual) => {
            compare_texts(operator, left, right, count)
        }
        _ => None,
    };
    let Some(mut result) = result else {
        return RowColumn::Same(Scalar::Boolean(false));
    };
    if let Some(both) = both {
        for (result, valid) in result.iter_mut().zip(both) {
            *result &= valid;
        }
    }
    RowColumn::Each {
        values: Values::Boolean(result),
        valid: None,
    }
}

fn compare_each<T: PartialOrd>(operator: Operator, left: &[T], right: &[T]) -> Vec<bool> {
    fn each<T>(left: &[T], right: &[T], holds: impl Fn(&T, &T) -> bool) -> Vec<bool> {
        left.iter()
            .zip(right)
            .map(|(left, right)| holds(left, right))
            .collect()
    }
    match operator {
        Operator::Equal => each(left, right, |left, right| left == right),
        Operator::NotEqual => each(left, right, |left, right| left != right),
        Operator::Less => each(left, right, |left, right| left < right),
        Operator::LessOrEqual => each(left, right, |left, right| left <= right),
        Operator::Greater => each(left, right, |left, right| left > right),
        _ => each(left, right, |left, right| left >= right),
    }
}

fn compare_texts(operator: Operator, left: &RowColumn, right: &RowColumn, count: usize) -> Option<Vec<bool>> {
    let text = |column: &RowColumn, index: usize| match column.scalar(index) {
        Some(Scalar::Text(text)) => Some(text),
        _ => None,
    };
    let holds = |index| {
        let (left, right) = (text(left, index)?, text(right, index)?);
        Some((left == right) == (operator == Operator::Equal))
    };
    Some((0..count).map(|index| holds(index).unwrap_or(false)).collect())
}
