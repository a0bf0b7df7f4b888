//! Functions that turn points into points, one after the other in the order of the query.

mod moving_average;
mod steps;

use crate::embedded::store::column::{Column, Kind};

/// Which of them, with what it is told beside its input. Units are nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Transform {
    /// `unit` is `None` where the query does not say one.
    Derivative {
        unit: Option<i64>,
        non_negative: bool,
    },
    Difference {
        non_negative: bool,
    },
    CumulativeSum,
    MovingAverage {
        points: usize,
    },
    Elapsed {
        unit: Option<i64>,
    },
}

impl Transform {
    /// Whether the window before the first is read as well, so that the first has a predecessor.
    pub(super) fn looks_back(self) -> bool {
        !matches!(self, Self::CumulativeSum)
    }

    /// Of the points it makes, where it takes `kind`; `None` where it can't take it.
    pub(super) fn kind(self, kind: Kind) -> Option<Kind> {
        match (self, kind) {
            (Self::Elapsed { .. }, _) => Some(Kind::Integer),
            (_, Kind::Text | Kind::Boolean) => None,
            (Self::Derivative { .. } | Self::MovingAverage { .. }, _) => Some(Kind::Float),
            (Self::Difference { .. } | Self::CumulativeSum, kind) => Some(kind),
        }
    }

    /// `default_unit` is for derivatives that don't say theirs; `descending` means that times step back.
    /// Points of kinds it can't take give nothing.
    pub(super) fn apply(self, column: Column, default_unit: i64, descending: bool) -> Column {
        match self {
            Self::Derivative { unit, non_negative } => {
                let unit = unit.unwrap_or(default_unit);
                steps::derivative(column, unit, non_negative, descending)
            }
            Self::Difference { non_negative } => steps::difference(column, non_negative),
            Self::CumulativeSum => steps::cumulative_sum(column),
            Self::MovingAverage { points } => moving_average::moving_average(column, points),
            Self::Elapsed { unit } => steps::elapsed(&column, unit.unwrap_or(1)),
        }
    }
}
