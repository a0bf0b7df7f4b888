//! Rows of one series: fields and tags side by side, at the times its fields have or at those a function picks.

use std::sync::Arc;

use crate::embedded::store::column::{Column, End, Series};

use super::align::{aligned, all_times};
use super::element::size;
use super::error::SelectError;
use super::filter::Verdict;
use super::level::Reference;
use super::read::{Reader, field_kind, join, tag_column};
use super::rows::{RowColumn, Rows};

/// A field whose points decide which rows there are.
pub(super) struct Driver<'a> {
    pub(super) reference: &'a Reference,
    /// Where the points lie that can be chosen, if they all lie at one end.
    pub(super) end: Option<End>,
    /// Leaves out points of one series that can't be chosen.
    pub(super) pick: &'a dyn Fn(Column) -> Column,
}

/// How many rows are wanted, from one end on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) end: End,
    pub(super) rows: usize,
}

impl Reader<'_> {
    /// Rows of one series at all times that a field has, or as many of them as are wanted.
    pub(super) fn rows(
        self,
        series: &Arc<Series>,
        fields: &[Reference],
        wanted: Option<Wanted>,
    ) -> Result<Option<Rows>, SelectError> {
        if wanted.is_none() && self.point_filter().is_none() {
            return self.rows_at_once(series, fields);
        }
        let end = wanted.map_or(End::First, |wanted| wanted.end);
        let most = wanted.map_or(usize::MAX, |wanted| wanted.rows);
        let mut parts = Vec::new();
        let mut count = 0;
        let mut claim = self.guard.nothing();
        self.each_part(series, end, most, &mut |part| {
            if let Some(rows) = part.rows_at_once(series, fields)? {
                claim.grow(rows.size())?;
                count += rows.len();
                parts.push(rows);
            }
            Ok(count >= most)
        })?;
        if end == End::Last {
            parts.reverse();
        }
        let whole = parts.into_iter().reduce(|mut rows, later| {
            rows.append(later);
            rows
        });
        let spare = count.saturating_sub(most);
        Ok(whole.map(|rows| match end {
            _ if spare == 0 => rows,
            End::First => rows.limited(most, 0),
            End::Last => rows.limited(most, spare),
        }))
    }

    fn rows_at_once(self, series: &Arc<Series>, fields: &[Reference]) -> Result<Option<Rows>, SelectError> {
        let mut columns = Vec::with_capacity(fields.len());
        let mut claims = Vec::new();
        for field in fields {
            let (column, claim) = match field_kind(field) {
                Some(kind) => self.column(series, &field.name, kind)?.unzip(),
                None => (None, None),
            };
            columns.push(column);
            claims.extend(claim);
        }
        let most: usize = columns.iter().flatten().map(|column| column.times.len()).sum();
        let _times = self.guard.claim(most * size_of::<i64>())?;
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
        self,
        series: &Arc<Series>,
        driver: &Driver<'_>,
        fields: &[Reference],
    ) -> Result<Option<Rows>, SelectError> {
        let one = std::slice::from_ref(series);
        let mut picked: Option<Column> = None;
        let mut pieces = 0;
        let mut claim = self.guard.nothing();
        self.columns(one, driver.reference, driver.end, &mut |points| {
            let piece = (driver.pick)(points.column);
            claim.grow(piece.times.len() * size_of::<i64>() + size(&piece.values))?;
            join(&mut picked, piece);
            pieces += 1;
            Ok(())
        })?;
        if pieces > 1 {
            picked = picked.map(driver.pick);
        }
        let Some(Column { times, values }) = picked.filter(|column| !column.times.is_empty()) else {
            return Ok(None);
        };
        let mut columns = vec![RowColumn::Each { values, valid: None }];
        for field in fields {
            let column = match field_kind(field) {
                Some(kind) => self.at(&times, series, &field.name, kind)?,
                None => tag_column(field, series),
            };
            claim.grow(column.size())?;
            columns.push(column);
        }
        Ok(Some(Rows { times, columns }))
    }
}
