//! Functions of single values: `abs`, `round`, `sin`, `pow` and so on.

use crate::embedded::store::column::{Kind, Values};

use super::arithmetic::{both_valid, floats};

use super::rows::RowColumn;

#[derive(Debug, Clone, Copy)]
pub(super) enum Math {
    /// Leaves integers as they are.
    Rounding(fn(f64) -> f64),
    OfOne(fn(f64) -> f64),
    OfTwo(fn(f64, f64) -> f64),
}

/// `None` for names of other functions.
pub(super) fn math(name: &str) -> Option<Math> {
    Some(match name {
        "abs" => Math::Rounding(f64::abs),
        "floor" => Math::Rounding(f64::floor),
        "ceil" => Math::Rounding(f64::ceil),
        "round" => Math::Rounding(f64::round),
        "sin" => Math::OfOne(f64::sin),
        "cos" => Math::OfOne(f64::cos),
        "tan" => Math::OfOne(f64::tan),
        "asin" => Math::OfOne(f64::asin),
        "acos" => Math::OfOne(f64::acos),
        "atan" => Math::OfOne(f64::atan),
        "exp" => Math::OfOne(f64::exp),
        "ln" => Math::OfOne(f64::ln),
        "log2" => Math::OfOne(f64::log2),
        "log10" => Math::OfOne(f64::log10),
        "sqrt" => Math::OfOne(f64::sqrt),
        "atan2" => Math::OfTwo(f64::atan2),
        "pow" => Math::OfTwo(f64::powf),
        "log" => Math::OfTwo(|value, base| value.ln() / base.ln()),
        _ => return None,
    })
}

impl Math {
    pub(super) fn arity(self) -> usize {
        match self {
            Self::Rounding(_) | Self::OfOne(_) => 1,
            Self::OfTwo(_) => 2,
        }
    }

    /// `arguments` are as many as the arity; what is not a number has no result.
    pub(super) fn apply(self, arguments: &[RowColumn], count: usize) -> RowColumn {
        let numbers = arguments.iter().all(is_number);
        match (self, arguments) {
            (Self::Rounding(_), [argument]) if numbers && is_integer(argument) => argument.clone(),
            (Self::Rounding(function) | Self::OfOne(function), [argument]) if numbers => {
                let values = floats(argument, count);
                floats_where(
                    values.iter().map(|value| function(*value)).collect(),
                    both_valid(argument, argument, count),
                )
            }
            (Self::OfTwo(function), [left, right]) if numbers => {
                let (lefts, rights) = (floats(left, count), floats(right, count));
                let pairs = lefts.iter().zip(rights.iter());
                floats_where(
                    pairs.map(|(left, right)| function(*left, *right)).collect(),
                    both_valid(left, right, count),
                )
            }
            _ => RowColumn::Absent,
        }
    }
}

fn floats_where(values: Vec<f64>, valid: Option<Vec<bool>>) -> RowColumn {
    RowColumn::Each {
        values: Values::Float(values),
        valid,
    }
}

fn is_number(column: &RowColumn) -> bool {
    matches!(column.kind(), Some(Kind::Float | Kind::Integer))
}

fn is_integer(column: &RowColumn) -> bool {
    column.kind() == Some(Kind::Integer)
}
