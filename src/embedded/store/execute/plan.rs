//! Turns a checked SELECT into levels that can run: looks up measurements, fields and tags, reads no points.

use jiff::tz::TimeZone;

use crate::embedded::store::column::Tables;
use crate::embedded::store::ql::ast::{
    Cast, Dimension, Expression, Measurement, Named, Select, Source as AstSource,
};
use crate::embedded::store::ql::compile;

use super::draft::Draft;
use super::error::SelectError;
use super::expand::{Catalogue, expand_columns, expand_dimensions};
use super::expression::Node;
use super::filter::{Filter, Input, Names};
use super::level::{Leaf, Level, Output, Source};
use super::limits::Guard;

use super::names::{Type, column_names};
use super::range::Clock;
use super::rows::Scalar;
use super::types::{Types, declared_of};

/// Makes levels, and numbers the measurements in them.
pub(super) struct Planner<'a> {
    pub(super) tables: &'a dyn Tables,
    pub(super) guard: &'a Guard<'a>,
    pub(super) now: i64,
    pub(super) leaves: usize,
}

impl Planner<'_> {
    /// `series_limits` are `SLIMIT` and `SOFFSET` of the statements around this one, summed up.
    pub(super) fn level(
        &mut self,
        select: &Select,
        series_limits: (usize, usize),
    ) -> Result<Level, SelectError> {
        self.guard.check()?;
        let zone = select.time_zone.as_deref().map(time_zone).transpose()?;
        let clock = Clock {
            now: self.now,
            zone: zone.as_ref(),
        };
        let (condition, bounds) = match &select.condition {
            Some(condition) => clock.split(condition)?,
            None => (None, Default::default()),
        };
        let series_limits = (
            series_limits.0 + select.paging.series_limit,
            series_limits.1 + select.paging.series_offset,
        );
        let mut sources = Vec::new();
        for source in &select.from {
            self.source(source, condition.as_ref(), series_limits, &mut sources)?;
        }
        let catalogue = Catalogue::of(&sources);
        let own_tags = expand_dimensions(&select.group_by.dimensions, &catalogue)?;
        let keeps_tags = select
            .group_by
            .dimensions
            .iter()
            .all(|dimension| matches!(dimension, Dimension::Tag(_)));
        let columns = expand_columns(&select.columns, &catalogue, &own_tags, keeps_tags)?;
        let mut level = Level {
            sources,
            arguments: Vec::new(),
            calls: Vec::new(),
            fields: Vec::new(),
            outputs: Vec::new(),
            bounds,
            window: select.group_by.time,
            zone,
            own_tags,
            group_tags: Vec::new(),
            fill: select.fill,
            limit: select.paging.limit,
            offset: select.paging.offset,
        };
        let names = column_names(&columns);
        let mut draft = Draft::default();
        for (column, name) in columns.iter().zip(names) {
            draft.add(&column.expression, &level)?;
            let declared = declared_of(&column.expression, &level)?;
            level.outputs.push(Output {
                name,
                node: Node::Literal(Scalar::Boolean(false)),
                declared,
            });
        }
        draft.finish(&mut level);
        Ok(level)
    }

    fn source(
        &mut self,
        source: &AstSource,
        condition: Option<&Expression>,
        series_limits: (usize, usize),
        sources: &mut Vec<Source>,
    ) -> Result<(), SelectError> {
        match source {
            AstSource::Subquery(select) => {
                let level = self.level(select, series_limits)?;
                let filter = condition
                    .map(|condition| Filter::new(condition, &LevelNames(&level)))
                    .transpose()?;
                sources.push(Source::Level {
                    level: Box::new(level),
                    filter,
                });
            }
            AstSource::Measurement(measurement) => {
                for name in self.measurements(measurement)? {
                    if let Some(leaf) = self.leaf(&name, condition, series_limits)? {
                        sources.push(Source::Leaf(leaf));
                    }
                }
            }
        }
        Ok(())
    }

    fn measurements(&self, measurement: &Measurement) -> Result<Vec<String>, SelectError> {
        Ok(match &measurement.name {
            Named::Is(name) => vec![name.clone()],
            Named::Matches(pattern) => {
                let pattern = compile(pattern)?;
                let mut names = self.tables.measurements();
                names.retain(|name| pattern.is_match(name));
                names
            }
        })
    }

    fn leaf(
        &mut self,
        measurement: &str,
        condition: Option<&Expression>,
        (series_limit, series_offset): (usize, usize),
    ) -> Result<Option<Leaf>, SelectError> {
        let series = self.tables.series(measurement);
        self.guard.allow_series(series.len())?;
        if series.is_empty() {
            return Ok(None);
        }
        let mut leaf = Leaf {
            id: self.leaves,
            measurement: measurement.into(),
            fields: self.tables.fields(measurement),
            series,
            filter: None,
            series_limit,
            series_offset,
        };
        self.leaves += 1;
        leaf.filter = condition
            .map(|condition| Filter::new(condition, &LeafNames(&leaf)))
            .transpose()?;
        Ok(Some(leaf))
    }
}

fn time_zone(name: &str) -> Result<TimeZone, SelectError> {
    TimeZone::get(name).map_err(|source| SelectError::TimeZone {
        name: name.to_string(),
        source,
    })
}

struct LeafNames<'a>(&'a Leaf);

impl Names for LeafNames<'_> {
    fn find(&self, name: &str, cast: Option<Cast>) -> Option<Input> {
        if cast == Some(Cast::Tag) {
            return None;
        }
        let kind = self.0.kind(name)?;
        Some(Input::Field {
            name: name.to_string(),
            kind: Types::cast(cast).and_then(Type::kind).unwrap_or(kind),
        })
    }

    fn blank_tags(&self) -> bool {
        false
    }
}

struct LevelNames<'a>(&'a Level);

impl Names for LevelNames<'_> {
    fn find(&self, name: &str, _: Option<Cast>) -> Option<Input> {
        let index = self.0.output(name)?;
        Some(Input::Output { index })
    }

    fn blank_tags(&self) -> bool {
        true
    }
}
