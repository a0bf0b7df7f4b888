//! Puts the points of several series into one column or into rows of one table.

use crate::embedded::store::column::{Column, Kind, Values};

use super::element::{Element, kind};
use super::order::{NoTexts, Order, RowTexts, Ties, order};
use super::rows::{RowColumn, Rows, Scalar};

/// Columns of one kind as one; those of other kinds than the first are left out.
pub(super) fn merge_columns(mut columns: Vec<Column>, ties: Ties, descending: bool) -> Option<Column> {
    columns.retain(|column| !column.times.is_empty());
    let first = kind(&columns.first()?.values);
    columns.retain(|column| kind(&column.values) == first);
    if columns.len() == 1 {
        return columns.pop();
    }
    let times: Vec<&[i64]> = columns.iter().map(|column| &column.times[..]).collect();
    let order = order(&times, ties, descending, &NoTexts);
    fn pick<T: Element>(columns: &[Column], order: &Order) -> Values {
        let parts: Vec<&[T]> = columns
            .iter()
            .map(|column| T::slice(&column.values).unwrap_or_default())
            .collect();
        T::wrap(
            order
                .iter()
                .map(|&(part, index)| parts[part][index].clone())
                .collect(),
        )
    }
    let values = match first {
        Kind::Float => pick::<f64>(&columns, &order),
        Kind::Integer => pick::<i64>(&columns, &order),
        Kind::Text => pick::<std::sync::Arc<str>>(&columns, &order),
        Kind::Boolean => pick::<bool>(&columns, &order),
    };
    Some(Column {
        times: order.iter().map(|&(part, index)| times[part][index]).collect(),
        values,
    })
}

/// Rows with the same columns as one. `texts` are columns that decide between rows at the same time.
pub(super) fn merge_rows(
    mut parts: Vec<Rows>,
    width: usize,
    ties: Ties,
    descending: bool,
    texts: Vec<usize>,
) -> Rows {
    parts.retain(|rows| rows.len() > 0);
    if parts.len() <= 1 {
        return parts.pop().unwrap_or_else(|| Rows::empty(width));
    }
    let times: Vec<&[i64]> = parts.iter().map(|rows| &rows.times[..]).collect();
    let texts = RowTexts {
        parts: &parts,
        columns: texts,
    };
    let order = order(&times, ties, descending, &texts);
    let merged = |column: usize| {
        let columns: Vec<&RowColumn> = parts.iter().map(|rows| &rows.columns[column]).collect();
        merge_row_columns(&columns, &order)
    };
    Rows {
        times: order.iter().map(|&(part, index)| times[part][index]).collect(),
        columns: (0..width).map(merged).collect(),
    }
}

fn merge_row_columns(columns: &[&RowColumn], order: &Order) -> RowColumn {
    let Some(kind) = columns.iter().find_map(|column| column.kind()) else {
        return RowColumn::Absent;
    };
    if columns.iter().all(|column| *column == columns[0]) && matches!(columns[0], RowColumn::Same(_)) {
        return columns[0].clone();
    }
    let valid: Vec<bool> = order
        .iter()
        .map(|&(part, index)| columns[part].kind() == Some(kind) && columns[part].is_valid(index))
        .collect();
    let values = match kind {
        Kind::Float => pick_row_values::<f64>(columns, order, |scalar| match scalar {
            Scalar::Float(value) => Some(*value),
            _ => None,
        }),
        Kind::Integer => pick_row_values::<i64>(columns, order, |scalar| match scalar {
            Scalar::Integer(value) => Some(*value),
            _ => None,
        }),
        Kind::Text => pick_row_values(columns, order, |scalar| match scalar {
            Scalar::Text(value) => Some(value.clone()),
            _ => None,
        }),
        Kind::Boolean => pick_row_values::<bool>(columns, order, |scalar| match scalar {
            Scalar::Boolean(value) => Some(*value),
            _ => None,
        }),
    };
    RowColumn::Each {
        values,
        valid: valid.contains(&false).then_some(valid),
    }
}

fn pick_row_values<T: Element>(
    columns: &[&RowColumn],
    order: &Order,
    of_scalar: impl Fn(&Scalar) -> Option<T>,
) -> Values {
    enum Part<'a, T> {
        Same(T),
        Each(&'a [T]),
    }
    let parts: Vec<Part<T>> = columns
        .iter()
        .map(|column| match column {
            RowColumn::Each { values, .. } => T::slice(values).map_or(Part::Same(T::blank()), Part::Each),
            RowColumn::Same(scalar) => Part::Same(of_scalar(scalar).unwrap_or_else(T::blank)),
            RowColumn::Absent => Part::Same(T::blank()),
        })
        .collect();
    let pick = |&(part, index): &(usize, usize)| match &parts[part] {
        Part::Same(value) => value.clone(),
        Part::Each(values) => values[index].clone(),
    };
    T::wrap(order.iter().map(pick).collect())
}
