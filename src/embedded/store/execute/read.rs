//! Reads fields of a measurement's series, filtered by conditions on points.

use std::sync::Arc;

use crate::embedded::store::column::{Column, Kind, ReadError, Series, Tables, TimeRange};

use super::element::{Element, cast, retain, with_values};
use super::error::SelectError;
use super::filter::{Filter, Input, Verdict, of_tags};
use super::group::tag_of;
use super::level::{Leaf, Reference};
use super::limits::Guard;
use super::names::Type;
use super::rows::{RowColumn, Rows, Scalar};

/// Takes points with ascending times.
pub(super) type Take<'a> = dyn FnMut(Column) -> Result<(), SelectError> + 'a;

/// A field whose points decide which rows there are.
pub(super) struct Driver<'a> {
    pub(super) reference: &'a Reference,
    /// Leaves out points of one series that can't be chosen.
    pub(super) pick: &'a dyn Fn(Column) -> Column,
}

/// Reads from one measurement.
pub(super) struct Reader<'a> {
    pub(super) tables: &'a dyn Tables,
    pub(super) guard: &'a Guard<'a>,
    pub(super) leaf: &'a Leaf,
    pub(super) range: TimeRange,
}

impl Reader<'_> {
    /// Hands over the field's points of each of `series`, in the kind that was declared.
    pub(super) fn columns(
        &self,
        series: &[Arc<Series>],
        field: &Reference,
        take: &mut Take<'_>,
    ) -> Result<(), SelectError> {
        let Some(wanted) = field_kind(field).filter(|_| self.leaf.kind(&field.name).is_some()) else {
            return Ok(());
        };
        match self.point_filter() {
            None => self.read(series, &field.name, &mut |_, column| {
                cast_column(column, wanted).map_or(Ok(()), &mut *take)
            }),
            Some(filter) => series.iter().try_for_each(|one| {
                let Some(column) = self.column(one, &field.name, wanted)? else {
                    return Ok(());
                };
                let verdict = self.judge(filter, one, &column.times)?;
                match keep(column, &verdict) {
                    Some(column) => take(column),
                    None => Ok(()),
                }
            }),
        }
    }

    /// Rows of one series at all times that a field has.
    pub(super) fn rows(
        &self,
        series: &Arc<Series>,
        fields: &[Reference],
    ) -> Result<Option<Rows>, SelectError> {
        let mut columns = Vec::with_capacity(fields.len());
        for field in fields {
            columns.push(self.reference(series, field)?);
        }
        let times = all_times(&columns);
        if times.is_empty() {
            return Ok(None);
        }
        let verdict = match self.point_filter() {
            None => Verdict::All,
            Some(filter) => self.judge(filter, series, &times)?,
        };
        let columns = fields.iter().zip(columns).map(|(field, column)| match column {
            Some(column) => aligned(column, &times),
            None => tag_column(field, series),
        });
        let rows = Rows {
            columns: columns.collect(),
            times,
        };
        Ok(match verdict {
            Verdict::All => Some(rows),
            Verdict::None => None,
            Verdict::Each(keep) => Some(rows.filtered(&keep)),
        })
    }

    /// Rows of one series at the times that `driver` picks; its values are the first column.
    pub(super) fn driven_rows(
        &self,
        series: &Arc<Series>,
        driver: &Driver<'_>,
        fields: &[Reference],
    ) -> Result<Option<Rows>, SelectError> {
        let mut picked = None;
        self.columns(std::slice::from_ref(series), driver.reference, &mut |column| {
            picked = Some((driver.pick)(column));
            Ok(())
        })?;
        let Some(Column { times, values }) = picked.filter(|column| !column.times.is_empty()) else {
            return Ok(None);
        };
        let mut columns = vec![RowColumn::Each { values, valid: None }];
        for field in fields {
            columns.push(match self.reference(series, field)? {
                Some(column) => aligned(column, &times),
                None => tag_column(field, series),
            });
        }
        Ok(Some(Rows { times, columns }))
    }

    /// `None` for tags and what the series does not have.
    fn reference(&self, series: &Arc<Series>, field: &Reference) -> Result<Option<Column>, SelectError> {
        match field_kind(field) {
            Some(kind) => self.column(series, &field.name, kind),
            None => Ok(None),
        }
    }

    /// The condition, where it is about more than tags: those are decided before.
    fn point_filter(&self) -> Option<&Filter> {
        let filter = self.leaf.filter.as_ref();
        filter.filter(|filter| !filter.is_about_tags())
    }

    fn judge(&self, filter: &Filter, series: &Arc<Series>, times: &[i64]) -> Result<Verdict, SelectError> {
        let tag = |name: &str| tag_of(series, name).cloned();
        let mut columns = Vec::with_capacity(filter.inputs.len());
        for input in &filter.inputs {
            columns.push(match input {
                Input::Field { name, kind } => match self.column(series, name, *kind)? {
                    Some(column) => aligned(column, times),
                    None => RowColumn::Absent,
                },
                other => of_tags(other, &tag),
            });
        }
        Ok(filter.judge(&columns, times.len()))
    }

    fn column(&self, series: &Arc<Series>, field: &str, kind: Kind) -> Result<Option<Column>, SelectError> {
        if self.leaf.kind(field).is_none() {
            return Ok(None);
        }
        let mut found = None;
        self.read(std::slice::from_ref(series), field, &mut |_, column| {
            found = cast_column(column, kind);
            Ok(())
        })?;
        Ok(found)
    }

    fn read(
        &self,
        series: &[Arc<Series>],
        field: &str,
        take: &mut dyn FnMut(usize, Column) -> Result<(), SelectError>,
    ) -> Result<(), SelectError> {
        if self.range.from > self.range.to || series.is_empty() {
            return Ok(());
        }
        let mut failure = None;
        let mut guarded = |index: usize, column: Column| {
            self.guard.check()?;
            let _claim = self.guard.claim(column.times.len() * 16)?;
            take(index, column)
        };
        let read = self.tables.columns(
            &self.leaf.measurement,
            series,
            field,
            self.range,
            &mut |index, column| {
                guarded(index, column).map_err(|error| {
                    failure = Some(error);
                    ReadError::Stopped("the query was stopped".to_string())
                })
            },
        );
        match failure {
            Some(error) => Err(error),
            None => Ok(read?),
        }
    }
}

/// `None` for tags and unknown names.
fn field_kind(reference: &Reference) -> Option<Kind> {
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

fn tag_column(field: &Reference, series: &Series) -> RowColumn {
    if field.declared != Type::Tag {
        return RowColumn::Absent;
    }
    let value = tag_of(series, &field.name).filter(|value| !value.is_empty());
    value.map_or(RowColumn::Absent, |value| {
        RowColumn::Same(Scalar::Text(value.clone()))
    })
}

fn keep(column: Column, verdict: &Verdict) -> Option<Column> {
    match verdict {
        Verdict::All => Some(column),
        Verdict::None => None,
        Verdict::Each(keep) => {
            let mut times = column.times;
            let mut flags = keep.iter();
            times.retain(|_| flags.next().is_some_and(|keep| *keep));
            Some(Column {
                times,
                values: retain(column.values, keep),
            })
        }
    }
}

/// All times of some columns, ascending, each once.
fn all_times(columns: &[Option<Column>]) -> Vec<i64> {
    let mut columns = columns.iter().flatten();
    let Some(first) = columns.next() else {
        return Vec::new();
    };
    let mut times = first.times.clone();
    for column in columns.filter(|column| column.times != first.times) {
        times.extend_from_slice(&column.times);
    }
    if times.len() > first.times.len() {
        // Sorting two ascending runs is merging them.
        times.sort();
        times.dedup();
    }
    times
}

/// The values that a column has at `times`; both ascend.
pub(super) fn aligned(column: Column, times: &[i64]) -> RowColumn {
    fn each<T: Element>(from: &[i64], values: &[T], times: &[i64]) -> RowColumn {
        let mut next = 0;
        let is_sparse = times.len() < from.len() / 16;
        let mut made = Vec::with_capacity(times.len());
        let mut valid = Vec::with_capacity(times.len());
        for &time in times {
            next += if is_sparse {
                from[next..].partition_point(|at| *at < time)
            } else {
                from[next..].iter().take_while(|at| **at < time).count()
            };
            let found = from.get(next) == Some(&time);
            made.push(if found { values[next].clone() } else { T::blank() });
            valid.push(found);
        }
        RowColumn::Each {
            values: T::wrap(made),
            valid: valid.contains(&false).then_some(valid),
        }
    }
    if column.times == times {
        return RowColumn::Each {
            values: column.values,
            valid: None,
        };
    }
    let from = &column.times[..];
    with_values!(&column.values, values => each(from, values, times))
}
