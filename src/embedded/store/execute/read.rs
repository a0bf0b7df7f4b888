//! Reads fields of a measurement's series, filtered by conditions on points, in pieces that fit into memory.

use std::sync::Arc;

use crate::embedded::store::column::{Column, End, Kind, ReadError, Series, Tables, Take, TimeRange};

use super::align::Aligned;
use super::element::{append, cast, retain, size};
use super::error::SelectError;
use super::filter::{Filter, Input, Verdict, of_tags};
use super::group::tag_of;
use super::level::{Leaf, Reference};
use super::limits::{Claim, Guard};
use super::names::Type;
use super::rows::{RowColumn, Scalar};

/// Rows of one series that are judged at once, about.
const PART_ROWS: usize = 1 << 18;
/// Of more series than that, all points are read for the first or the last: reading many series together is faster than
/// looking for an end of each.
const MOST_SEARCHED: usize = 1_024;

/// Points of one series, all or some that follow each other.
pub(super) struct Points {
    pub(super) column: Column,
    /// Whether they follow those that came before.
    pub(super) continues: bool,
}

/// Takes points with ascending times.
pub(super) type TakePoints<'a> = dyn FnMut(Points) -> Result<(), SelectError> + 'a;

/// Reads from one measurement.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) tables: &'a dyn Tables,
    pub(super) guard: &'a Guard<'a>,
    pub(super) leaf: &'a Leaf,
    pub(super) range: TimeRange,
}

impl<'a> Reader<'a> {
    /// Hands over the field's points of each of `series`, in the kind that was declared. Where only the points at one end
    /// are asked for, most others are left out.
    pub(super) fn columns(
        self,
        series: &[Arc<Series>],
        field: &Reference,
        end: Option<End>,
        take: &mut TakePoints<'_>,
    ) -> Result<(), SelectError> {
        let Some(kind) = field_kind(field).filter(|_| self.leaf.kind(&field.name).is_some()) else {
            return Ok(());
        };
        match (end, self.point_filter()) {
            (Some(end), _) if series.len() <= MOST_SEARCHED => series
                .iter()
                .try_for_each(|one| self.outermost(one, field, end, take)),
            (_, None) => {
                let mut last = None;
                self.read(series, &field.name, &mut |index, column| {
                    let continues = last.replace(index) == Some(index);
                    let points = cast_column(column, kind).map(|column| Points { column, continues });
                    points.map_or(Ok(()), &mut *take)
                })
            }
            (_, Some(filter)) => series
                .iter()
                .try_for_each(|one| self.filtered(one, &field.name, kind, filter, take)),
        }
    }

    /// Points of one series from one end on, up to the first that there are.
    fn outermost(
        self,
        series: &Arc<Series>,
        field: &Reference,
        end: End,
        take: &mut TakePoints<'_>,
    ) -> Result<(), SelectError> {
        self.each_part(series, end, 1, &mut |part| {
            let mut found = false;
            part.columns(std::slice::from_ref(series), field, None, &mut |points| {
                found = true;
                take(points)
            })?;
            Ok(found)
        })
    }

    fn filtered(
        self,
        series: &Arc<Series>,
        field: &str,
        kind: Kind,
        filter: &Filter,
        take: &mut TakePoints<'_>,
    ) -> Result<(), SelectError> {
        let mut continues = false;
        self.each_part(series, End::First, PART_ROWS, &mut |part| {
            let Some((column, _claim)) = part.column(series, field, kind)? else {
                return Ok(false);
            };
            let verdict = part.judge(filter, series, &column.times)?;
            if let Some(column) = keep(column, &verdict) {
                take(Points { column, continues })?;
                continues = true;
            }
            Ok(false)
        })
    }

    /// Goes from one end through the range, in parts of about `rows` rows at first, then of more, until `enough` says so.
    pub(super) fn each_part(
        self,
        series: &Series,
        end: End,
        mut rows: usize,
        enough: &mut dyn FnMut(Self) -> Result<bool, SelectError>,
    ) -> Result<(), SelectError> {
        let mut rest = Some(self.range).filter(|range| range.from <= range.to);
        while let Some(range) = rest {
            self.guard.check()?;
            let measurement = &self.leaf.measurement;
            let part = self.tables.part(measurement, series, range, end, rows)?;
            if enough(self.within(part))? {
                break;
            }
            rest = range.beyond(part, end);
            rows = rows.saturating_mul(4).min(PART_ROWS);
        }
        Ok(())
    }

    pub(super) fn within(self, range: TimeRange) -> Self {
        Self { range, ..self }
    }

    /// The condition, where it is about more than tags: those are decided before.
    pub(super) fn point_filter(self) -> Option<&'a Filter> {
        let filter = self.leaf.filter.as_ref();
        filter.filter(|filter| !filter.is_about_tags())
    }

    /// What a condition says of these times of a series.
    pub(super) fn judge(
        self,
        filter: &Filter,
        series: &Arc<Series>,
        times: &[i64],
    ) -> Result<Verdict, SelectError> {
        let tag = |name: &str| tag_of(series, name).cloned();
        let mut columns = Vec::with_capacity(filter.inputs.len());
        let mut claim = self.guard.nothing();
        for input in &filter.inputs {
            let column = match input {
                Input::Field { name, kind } => self.at(times, series, name, *kind)?,
                other => of_tags(other, &tag),
            };
            claim.grow(column.size())?;
            columns.push(column);
        }
        Ok(filter.judge(&columns, times.len()))
    }

    /// The values that a field has at some times, which ascend.
    pub(super) fn at(
        self,
        times: &[i64],
        series: &Arc<Series>,
        field: &str,
        kind: Kind,
    ) -> Result<RowColumn, SelectError> {
        let (Some(&from), Some(&to)) = (times.first(), times.last()) else {
            return Ok(RowColumn::Absent);
        };
        let mut aligned = Aligned::new(times);
        if self.leaf.kind(field).is_some() {
            let series = std::slice::from_ref(series);
            self.within(TimeRange { from, to })
                .read(series, field, &mut |_, column| {
                    if let Some(column) = cast_column(column, kind) {
                        aligned.add(column);
                    }
                    Ok(())
                })?;
        }
        Ok(aligned.finish())
    }

    /// All points of one series, and the memory they take.
    pub(super) fn column(
        self,
        series: &Arc<Series>,
        field: &str,
        kind: Kind,
    ) -> Result<Option<(Column, Claim<'a>)>, SelectError> {
        if self.leaf.kind(field).is_none() {
            return Ok(None);
        }
        let mut whole: Option<Column> = None;
        let mut claim = self.guard.nothing();
        self.read(std::slice::from_ref(series), field, &mut |_, column| {
            let Some(column) = cast_column(column, kind) else {
                return Ok(());
            };
            claim.grow(column.times.len() * 8 + size(&column.values))?;
            join(&mut whole, column);
            Ok(())
        })?;
        Ok(whole.map(|column| (column, claim)))
    }

    fn read(
        self,
        series: &[Arc<Series>],
        field: &str,
        take: &mut dyn FnMut(usize, Column) -> Result<(), SelectError>,
    ) -> Result<(), SelectError> {
        if self.range.from > self.range.to || series.is_empty() {
            return Ok(());
        }
        let mut guarded = Guarded {
            guard: self.guard,
            claim: self.guard.nothing(),
            take,
            failure: None,
        };
        let measurement = &self.leaf.measurement;
        let read = self
            .tables
            .columns(measurement, series, field, self.range, &mut guarded);
        match guarded.failure {
            Some(error) => Err(error),
            None => Ok(read?),
        }
    }
}

/// Lets columns through as long as the query is within its bounds.
struct Guarded<'a, 't> {
    guard: &'a Guard<'a>,
    claim: Claim<'a>,
    take: &'t mut dyn FnMut(usize, Column) -> Result<(), SelectError>,
    failure: Option<SelectError>,
}

impl Guarded<'_, '_> {
    fn told(&mut self, result: Result<(), SelectError>) -> Result<(), ReadError> {
        result.map_err(|error| {
            self.failure = Some(error);
            ReadError::Stopped("the query was stopped".to_string())
        })
    }
}

impl Take for Guarded<'_, '_> {
    fn room(&mut self, bytes: usize) -> Result<(), ReadError> {
        let result = self.guard.check().and_then(|()| self.claim.resize(bytes));
        self.told(result)
    }

    fn take(&mut self, index: usize, column: Column) -> Result<(), ReadError> {
        let result = (self.take)(index, column);
        self.told(result)
    }
}

/// Puts points behind those that came before.
pub(super) fn join(whole: &mut Option<Column>, later: Column) {
    match whole {
        None => *whole = Some(later),
        Some(whole) => {
            whole.times.extend(later.times);
            append(&mut whole.values, later.values);
        }
    }
}

/// `None` for tags and unknown names.
pub(super) fn field_kind(reference: &Reference) -> Option<Kind> {
    match reference.declared {
        Type::Tag | Type::Unknown => None,
        declared => declared.kind(),
    }
}

fn cast_column(column: Column, to: Kind) -> Option<Column> {
    Some(Column {
        times: column.times,
        values: cast(column.values, to)?,
    })
}

pub(super) fn tag_column(field: &Reference, series: &Series) -> RowColumn {
    if field.declared != Type::Tag {
        return RowColumn::Absent;
    }
    let value = tag_of(series, &field.name).filter(|value| !value.is_empty());
    value.map_or(RowColumn::Absent, |value| {
        RowColumn::Same(Scalar::Text(value.clone()))
    })
}

/// The points that a condition lets through, if there are any.
fn keep(column: Column, verdict: &Verdict) -> Option<Column> {
    match verdict {
        Verdict::All => Some(column),
        Verdict::None => None,
        Verdict::Each(keep) => {
            let mut times = column.times;
            let mut flags = keep.iter();
            times.retain(|_| flags.next().is_some_and(|keep| *keep));
            let values = retain(column.values, keep);
            (!times.is_empty()).then_some(Column { times, values })
        }
    }
}
