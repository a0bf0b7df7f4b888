//! One SELECT ready to run: names found, wildcards spread out, what is outside it known. Reads no points.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::embedded::store::column::{Kind, Series};
use crate::embedded::store::ql::ast::{Fill, TimeWindow};

use super::aggregate::Aggregate;
use super::expression::Node;
use super::filter::Filter;
use super::names::Type;
use super::range::Bounds;
use super::transform::Transform;

/// A statement or a subquery.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) sources: Vec<Source>,
    /// What calls are made of.
    pub(super) arguments: Vec<Reference>,
    pub(super) calls: Vec<Call>,
    /// Fields and tags outside of calls.
    pub(super) fields: Vec<Reference>,
    pub(super) outputs: Vec<Output>,
    pub(super) bounds: Bounds,
    pub(super) window: Option<TimeWindow>,
    pub(super) zone: Option<TimeZone>,
    /// As the statement says them; of a subquery the outer ones may name these.
    pub(super) own_tags: Vec<String>,
    /// By which points are told apart here: sorted, with those of the statements around.
    pub(super) group_tags: Vec<String>,
    pub(super) fill: Fill,
    pub(super) limit: usize,
    pub(super) offset: usize,
}

/// A column of a level. Columns its node may name: calls first, then fields.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) node: Node,
    pub(super) declared: Type,
}

/// A field or tag by name, as all sources of a level agree on it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reference {
    pub(super) name: String,
    pub(super) declared: Type,
}

/// Numbers are indices into `arguments` of the level.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Call {
    Aggregate {
        aggregate: Aggregate,
        of: usize,
    },
    CountDistinct {
        of: usize,
    },
    Best {
        top: bool,
        count: usize,
        of: usize,
        by: Vec<String>,
    },
    Integral {
        unit: i64,
        of: usize,
    },
    Transform {
        transform: Transform,
        of: usize,
    },
    TransformOf {
        transform: Transform,
        inner: Box<Call>,
    },
}

#[derive(Debug)]
pub(super) enum Source {
    /// One measurement; a pattern becomes several.
    Leaf(Leaf),
    Level {
        level: Box<Level>,
        filter: Option<Filter>,
    },
}

#[derive(Debug)]
pub(super) struct Leaf {
    /// Index of the leaf's series in every selection.
    pub(super) id: usize,
    pub(super) measurement: Arc<str>,
    pub(super) fields: Vec<(String, Kind)>,
    pub(super) series: Vec<Arc<Series>>,
    pub(super) filter: Option<Filter>,
    /// `SLIMIT` and `SOFFSET` of all levels around it, summed up; no limit where the first is 0.
    pub(super) series_limit: usize,
    pub(super) series_offset: usize,
}

impl Leaf {
    pub(super) fn kind(&self, field: &str) -> Option<Kind> {
        let found = self.fields.binary_search_by(|(name, _)| name.as_str().cmp(field));
        found.ok().map(|index| self.fields[index].1)
    }
}

impl Call {
    /// Whether the only call of a statement being this one makes its result a point with a time of its own.
    pub(super) fn is_selector(&self) -> bool {
        match self {
            Self::Aggregate { aggregate, .. } => aggregate.is_selector(),
            Self::Best { .. } => true,
            _ => false,
        }
    }

    /// Whether one window more is read, so that the first has one before it.
    pub(super) fn looks_back(&self) -> bool {
        match self {
            Self::Transform { transform, .. } | Self::TransformOf { transform, .. } => transform.looks_back(),
            _ => false,
        }
    }

    /// The argument at the bottom of nested calls.
    pub(super) fn argument(&self) -> usize {
        match self {
            Self::Aggregate { of, .. }
            | Self::CountDistinct { of }
            | Self::Best { of, .. }
            | Self::Integral { of, .. }
            | Self::Transform { of, .. } => *of,
            Self::TransformOf { inner, .. } => inner.argument(),
        }
    }

    /// The type of its results where the argument is of type `of`, as InfluxDB 1.6.7 declares it.
    pub(super) fn declared(&self, of: Type) -> Type {
        match self {
            Self::Aggregate { aggregate, .. } => match aggregate {
                Aggregate::Count => Type::Integer,
                Aggregate::Mean | Aggregate::Median | Aggregate::Stddev => Type::Float,
                _ => of,
            },
            Self::CountDistinct { .. } => Type::Integer,
            Self::Integral { .. } => Type::Float,
            Self::Best { .. } => of,
            Self::Transform { transform, .. } => transform_declared(*transform, of),
            Self::TransformOf { transform, inner } => transform_declared(*transform, inner.declared(of)),
        }
    }
}

fn transform_declared(transform: Transform, of: Type) -> Type {
    match transform {
        Transform::Derivative { .. } | Transform::MovingAverage { .. } => Type::Float,
        Transform::Elapsed { .. } => Type::Integer,
        Transform::Difference { .. } | Transform::CumulativeSum => of,
    }
}

impl Level {
    pub(super) fn is_raw(&self) -> bool {
        self.calls.is_empty()
    }

    /// Windows and tags of the level around it, where it has none of its own; then on to the levels inside.
    pub(super) fn inherit(&mut self, outer: Option<(&[String], Option<TimeWindow>)>) {
        let mut tags = self.own_tags.clone();
        if let Some((outer_tags, window)) = outer {
            tags.extend_from_slice(outer_tags);
            self.window = self.window.or(window);
            if !self.is_raw() && self.fill == Fill::Null {
                self.fill = Fill::None;
            }
        }
        tags.sort_unstable();
        tags.dedup();
        self.group_tags = tags;
        for source in &mut self.sources {
            if let Source::Level { level, .. } = source {
                level.inherit(Some((&self.group_tags, self.window)));
            }
        }
    }

    /// All measurements below it.
    pub(super) fn leaves(&self) -> Vec<&Leaf> {
        let mut leaves = Vec::new();
        for source in &self.sources {
            match source {
                Source::Leaf(leaf) => leaves.push(leaf),
                Source::Level { level, .. } => leaves.extend(level.leaves()),
            }
        }
        leaves
    }

    /// Indices of `fields`, by their names: in this order their values decide between points at the same time.
    pub(super) fn fields_by_name(&self) -> Vec<usize> {
        let mut indices: Vec<usize> = (0..self.fields.len()).collect();
        indices.sort_by(|left, right| self.fields[*left].name.cmp(&self.fields[*right].name));
        indices
    }

    pub(super) fn output(&self, name: &str) -> Option<usize> {
        self.outputs.iter().position(|output| output.name == name)
    }
}
