//! What the rows of a subquery are to the statement around it.

use super::filter::{Filter, Input, Verdict, of_tags};
use super::group::GroupKey;
use super::level::{Level, Reference};
use super::names::Type;
use super::rows::{RowColumn, Rows, Scalar};

/// The rows for which a condition on the subquery's outputs holds.
pub(super) fn filtered(rows: Rows, filter: &Filter, inner: &Level, key: &GroupKey) -> Rows {
    let tag = |name: &str| key.tag(&inner.group_tags, name);
    let columns: Vec<RowColumn> = filter
        .inputs
        .iter()
        .map(|input| match input {
            Input::Output { index } => declared(&rows.columns[*index], inner.outputs[*index].declared),
            other => of_tags(other, &tag),
        })
        .collect();
    match filter.judge(&columns, rows.len()) {
        Verdict::All => rows,
        Verdict::None => {
            let nothing = vec![false; rows.len()];
            rows.filtered(&nothing)
        }
        Verdict::Each(keep) => rows.filtered(&keep),
    }
}

/// The columns that `references` name: outputs, else tags the subquery groups by, else nothing.
pub(super) fn picked<'a>(
    rows: &Rows,
    references: impl Iterator<Item = &'a Reference>,
    inner: &Level,
    key: &GroupKey,
) -> Rows {
    let column = |reference: &Reference| match inner.output(&reference.name) {
        Some(index) => declared(&rows.columns[index], reference.declared),
        None if inner.own_tags.contains(&reference.name) => key
            .tag(&inner.group_tags, &reference.name)
            .map_or(RowColumn::Absent, |value| RowColumn::Same(Scalar::Text(value))),
        None => RowColumn::Absent,
    };
    Rows {
        columns: references.map(column).collect(),
        times: rows.times.clone(),
    }
}

/// Only the rows in which the first column has a value.
pub(super) fn driven(rows: Rows) -> Rows {
    let keep: Vec<bool> = (0..rows.len())
        .map(|index| rows.columns[0].is_valid(index))
        .collect();
    rows.filtered(&keep)
}

fn declared(column: &RowColumn, declared: Type) -> RowColumn {
    match declared.kind() {
        Some(kind) => column.clone().cast(kind),
        None => RowColumn::Absent,
    }
}
