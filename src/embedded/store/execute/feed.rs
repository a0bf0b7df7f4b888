//! Where a level's points come from: series of measurements and groups of subqueries, handed on one at a time.

use crate::embedded::store::column::{Column, End, TimeRange};

use super::element::cast;
use super::error::SelectError;
use super::group::{GroupKey, Selection, partition};
use super::level::{Leaf, Level, Reference, Source};
use super::read::{Points, Reader};
use super::read_rows::{Driver, Wanted};
use super::rows::{Rows, Scalar};
use super::run::Run;
use super::source::{driven, filtered, picked};
use super::table::Table;

/// Takes the rows of one series or one inner group; with ascending times.
pub(super) type TakeRows<'a> = dyn FnMut(Rows) -> Result<(), SelectError> + 'a;

/// Which rows of a series or an inner group are handed over.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    All,
    /// Of inner groups all.
    Outermost(Wanted),
    Driven(&'a Driver<'a>),
}

impl<'a> Run<'a> {
    /// Hands over the points of `arguments`, series by series or inner group by inner group, with ascending times and
    /// no gaps; the number is an index into `arguments`. Of series, most points may be left out that don't lie at `end`.
    pub(super) fn each_column(
        &self,
        level: &Level,
        selection: &Selection,
        range: TimeRange,
        arguments: &[&Reference],
        end: Option<End>,
        take: &mut dyn FnMut(usize, Points) -> Result<(), SelectError>,
    ) -> Result<(), SelectError> {
        for source in &level.sources {
            match source {
                Source::Leaf(leaf) => {
                    let series = selection.series(leaf);
                    let reader = self.reader(leaf, range);
                    for (which, argument) in arguments.iter().enumerate() {
                        reader.columns(&series, argument, end, &mut |points| take(which, points))?;
                    }
                }
                Source::Level { .. } => {
                    self.each_inner(source, selection, range, &mut |inner, key, table| {
                        self.inner_columns(inner, key, table, arguments, take)
                    })?;
                }
            }
        }
        Ok(())
    }

    fn reader<'b>(&'b self, leaf: &'b Leaf, range: TimeRange) -> Reader<'b> {
        Reader {
            tables: self.tables,
            guard: self.guard,
            leaf,
            range: TimeRange {
                from: range.from.max(self.readable.from),
                to: range.to.min(self.readable.to),
            },
        }
    }

    fn inner_columns(
        &self,
        inner: &Level,
        key: &GroupKey,
        table: Table,
        arguments: &[&Reference],
        take: &mut dyn FnMut(usize, Points) -> Result<(), SelectError>,
    ) -> Result<(), SelectError> {
        let whole = |column| Points {
            column,
            continues: false,
        };
        let mut outputs = Vec::new();
        let mut takers = Vec::new();
        for (which, argument) in arguments.iter().enumerate() {
            if let Some(output) = inner.output(&argument.name) {
                outputs.push(output);
                takers.push(which);
            } else if inner.own_tags.contains(&argument.name)
                && let Some(value) = key.tag(&inner.group_tags, &argument.name)
            {
                let times = table.clone().into_rows(self.descending).times;
                take(which, whole(self.tag_points(times, &Scalar::Text(value))))?;
            }
        }
        for (which, stream) in takers.into_iter().zip(table.into_streams(&outputs)) {
            let stream = if self.descending {
                stream.reversed()
            } else {
                stream
            };
            let column = stream.compact();
            let kind = arguments[which].declared.kind();
            let values = kind.and_then(|kind| cast(column.values, kind));
            if let Some(values) = values {
                let times = column.times;
                take(which, whole(Column { times, values }))?;
            }
        }
        Ok(())
    }

    fn tag_points(&self, mut times: Vec<i64>, value: &Scalar) -> Column {
        if self.descending {
            times.reverse();
        }
        Column {
            values: value.repeated(times.len()),
            times,
        }
    }

    /// Hands over what remains of each group of a subquery after the condition on its results.
    fn each_inner(
        &self,
        source: &Source,
        selection: &Selection,
        range: TimeRange,
        take: &mut dyn FnMut(&Level, &GroupKey, Table) -> Result<(), SelectError>,
    ) -> Result<(), SelectError> {
        let Source::Level { level, filter } = source else {
            return Ok(());
        };
        let range = self.range(level, range);
        for (key, part) in partition(level, selection) {
            let mut table = self.level(level, &part, range)?;
            let _claim = self.guard.claim(table.size())?;
            if let Some(filter) = filter {
                let rows = table.into_rows(self.descending);
                table = Table::Together(filtered(rows, filter, level, &key));
            }
            take(level, &key, table)?;
        }
        Ok(())
    }

    /// Hands over rows of the level's fields, as many of each series as are wanted; or of `driver` and then the fields at
    /// the times `driver` has.
    pub(super) fn each_rows(
        &self,
        level: &Level,
        selection: &Selection,
        range: TimeRange,
        which: Which<'_>,
        take: &mut TakeRows<'_>,
    ) -> Result<(), SelectError> {
        for source in &level.sources {
            match source {
                Source::Leaf(leaf) => {
                    let reader = self.reader(leaf, range);
                    for series in selection.series(leaf) {
                        let rows = match which {
                            Which::Driven(driver) => reader.driven_rows(&series, driver, &level.fields)?,
                            Which::Outermost(wanted) => reader.rows(&series, &level.fields, Some(wanted))?,
                            Which::All => reader.rows(&series, &level.fields, None)?,
                        };
                        rows.map_or(Ok(()), &mut *take)?;
                    }
                }
                Source::Level { .. } => {
                    self.each_inner(source, selection, range, &mut |inner, key, table| {
                        let mut rows = table.into_rows(self.descending);
                        if self.descending {
                            rows = rows.reversed();
                        }
                        let driving = match which {
                            Which::Driven(driver) => Some(driver.reference),
                            Which::Outermost(_) | Which::All => None,
                        };
                        let references = driving.into_iter().chain(&level.fields);
                        let rows = picked(&rows, references, inner, key);
                        take(if driving.is_some() { driven(rows) } else { rows })
                    })?;
                }
            }
        }
        Ok(())
    }
}
