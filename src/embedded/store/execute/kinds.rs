//! Refuses calls on kinds of values they can't take, in the words of InfluxDB 1.6.7.

use crate::embedded::store::column::Kind;

use super::aggregate::{Aggregate, running};
use super::error::SelectError;
use super::group::Selection;
use super::level::{Call, Level, Source};
use super::names::Type;
use super::transform::Transform;

/// Checks a level and those inside it; calls on nothing are not refused.
pub(super) fn check(level: &Level, selection: &Selection) -> Result<(), SelectError> {
    for call in &level.calls {
        let argument = &level.arguments[call.argument()];
        let has_points = level.sources.iter().any(|source| match source {
            Source::Leaf(leaf) => {
                leaf.kind(&argument.name).map(Type::from) == Some(argument.declared)
                    && !selection.series(leaf).is_empty()
            }
            Source::Level { level: inner, .. } => {
                inner.output(&argument.name).is_some() || inner.own_tags.contains(&argument.name)
            }
        });
        if has_points && let Some(kind) = argument.declared.kind() {
            taken(call, kind)?;
        }
    }
    for source in &level.sources {
        if let Source::Level { level: inner, .. } = source {
            check(inner, selection)?;
        }
    }
    Ok(())
}

/// The kind of what `call` makes of `kind`.
fn taken(call: &Call, kind: Kind) -> Result<Kind, SelectError> {
    let is_number = matches!(kind, Kind::Float | Kind::Integer);
    match call {
        Call::Aggregate { aggregate, .. } => match running(*aggregate, kind) {
            Some(_) => Ok(call.declared(kind.into()).kind().unwrap_or(kind)),
            None => Err(refused(aggregate_name(*aggregate), kind)),
        },
        Call::CountDistinct { .. } => Ok(Kind::Integer),
        Call::Best { top, .. } if !is_number => Err(refused(if *top { "top" } else { "bottom" }, kind)),
        Call::Integral { .. } if !is_number => Err(refused("integral", kind)),
        Call::Best { .. } => Ok(kind),
        Call::Integral { .. } => Ok(Kind::Float),
        Call::Transform { transform, .. } => transformed(*transform, kind),
        Call::TransformOf { transform, inner } => transformed(*transform, taken(inner, kind)?),
    }
}

fn transformed(transform: Transform, kind: Kind) -> Result<Kind, SelectError> {
    transform.kind(kind).ok_or_else(|| {
        let name = match transform {
            Transform::Derivative { .. } => "derivative",
            Transform::Difference { .. } => "difference",
            Transform::CumulativeSum => "cumulative sum",
            Transform::MovingAverage { .. } => "moving average",
            Transform::Elapsed { .. } => "elapsed",
        };
        refused(name, kind)
    })
}

fn refused(name: &'static str, kind: Kind) -> SelectError {
    SelectError::Kind {
        name,
        kind: match kind {
            Kind::Float => "float",
            Kind::Integer => "integer",
            Kind::Text => "string",
            Kind::Boolean => "boolean",
        },
    }
}

fn aggregate_name(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "count",
        Aggregate::Sum => "sum",
        Aggregate::Mean => "mean",
        Aggregate::Median => "median",
        Aggregate::Mode => "mode",
        Aggregate::Spread => "spread",
        Aggregate::Stddev => "stddev",
        Aggregate::Min => "min",
        Aggregate::Max => "max",
        Aggregate::First => "first",
        Aggregate::Last => "last",
        Aggregate::Percentile(_) => "percentile",
        Aggregate::Distinct => "distinct",
    }
}
