//! Functions that make one value, or few, of all points of a window. They don't mind in which order series come.

mod buckets;
mod distinct;
mod edge;
mod extreme;
mod mean;
mod sorted;
mod spread;
mod stddev;
mod sum;

use crate::embedded::store::column::{Column, End, Kind};

use super::element::Number;
use super::windows::Windows;
use buckets::{Buckets, State};
use distinct::Distinct;
use edge::{First, Last};
use extreme::{Max, Min};
use mean::Mean;
pub(super) use sorted::percentile_index;
use sorted::{Median, Mode, Percentile};
use spread::Spread;
use stddev::Deviation;
use sum::{Count, Sum};

/// Which of them, with what it is told beside the field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Aggregate {
    Count,
    Sum,
    Mean,
    Median,
    Mode,
    Spread,
    Stddev,
    Min,
    Max,
    First,
    Last,
    Percentile(f64),
    Distinct,
}

impl Aggregate {
    /// Whether a result is one of the points, so that it has a time of its own and neighbours in other fields.
    pub(super) fn is_selector(self) -> bool {
        matches!(
            self,
            Self::Min | Self::Max | Self::First | Self::Last | Self::Percentile(_)
        )
    }

    /// Where in a window the only points lie that count, whatever their values.
    pub(super) fn deciding_end(self) -> Option<End> {
        match self {
            Self::First => Some(End::First),
            Self::Last => Some(End::Last),
            _ => None,
        }
    }
}

/// What is known of a call so far.
pub(super) trait Running {
    /// Takes points with ascending times, of the kind the call was made for.
    fn feed(&mut self, windows: &Windows, column: &Column);

    /// One result for each window with points, ascending. Times are those of the points for `own_times` of selectors,
    /// otherwise of the windows.
    fn finish(self: Box<Self>, windows: &Windows, own_times: bool) -> Column;

    /// How many windows have points.
    fn windows(&self) -> usize;

    /// Bytes in memory, about.
    fn size(&self) -> usize;
}

/// `None` for kinds the function can't take.
pub(super) fn running(aggregate: Aggregate, kind: Kind) -> Option<Box<dyn Running>> {
    Some(match (aggregate, kind) {
        (Aggregate::Count, Kind::Float) => start(Count::<f64>::default()),
        (Aggregate::Count, Kind::Integer) => start(Count::<i64>::default()),
        (Aggregate::Count, Kind::Text) => start(Count::<std::sync::Arc<str>>::default()),
        (Aggregate::Count, Kind::Boolean) => start(Count::<bool>::default()),
        (_, Kind::Float) => of_numbers::<f64>(aggregate),
        (_, Kind::Integer) => of_numbers::<i64>(aggregate),
        (Aggregate::Mode, Kind::Text) => start(Mode::<std::sync::Arc<str>>::default()),
        (Aggregate::First, Kind::Text) => start(First::<std::sync::Arc<str>>::default()),
        (Aggregate::Last, Kind::Text) => start(Last::<std::sync::Arc<str>>::default()),
        (Aggregate::Distinct, Kind::Text) => start(Distinct::<std::sync::Arc<str>>::default()),
        (Aggregate::Mode, Kind::Boolean) => start(Mode::<bool>::default()),
        (Aggregate::First, Kind::Boolean) => start(First::<bool>::default()),
        (Aggregate::Last, Kind::Boolean) => start(Last::<bool>::default()),
        (Aggregate::Min, Kind::Boolean) => start(Min::<bool>::default()),
        (Aggregate::Max, Kind::Boolean) => start(Max::<bool>::default()),
        (Aggregate::Distinct, Kind::Boolean) => start(Distinct::<bool>::default()),
        _ => return None,
    })
}

fn of_numbers<T: Number>(aggregate: Aggregate) -> Box<dyn Running> {
    match aggregate {
        Aggregate::Count => start(Count::<T>::default()),
        Aggregate::Sum => start(Sum::<T>::default()),
        Aggregate::Mean => start(Mean::<T>::default()),
        Aggregate::Median => start(Median::<T>::default()),
        Aggregate::Mode => start(Mode::<T>::default()),
        Aggregate::Spread => start(Spread::<T>::default()),
        Aggregate::Stddev => start(Deviation::<T>::default()),
        Aggregate::Min => start(Min::<T>::default()),
        Aggregate::Max => start(Max::<T>::default()),
        Aggregate::First => start(First::<T>::default()),
        Aggregate::Last => start(Last::<T>::default()),
        Aggregate::Percentile(rank) => start(Percentile::<T>::of(rank)),
        Aggregate::Distinct => start(Distinct::<T>::default()),
    }
}

fn start<S: State + 'static>(fresh: S) -> Box<dyn Running> {
    Box::new(Buckets::new(fresh))
}
