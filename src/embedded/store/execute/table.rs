//! What a level hands to the one around it: rows, or columns that need not be brought side by side.

use super::element::{Element, gather_some, with_values};
use super::rows::{RowColumn, Rows, Scalar};
use super::stream::Stream;

use crate::embedded::store::column::{Kind, Values};

/// All points of one group, in the order of the query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Table {
    /// One stream for each output. Rows are at all times that any of them has.
    Apart(Vec<Stream>),
    Together(Rows),
}

/// What stands where a row has no value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Gap {
    Null,
    Value(f64),
    Previous,
}

impl Table {
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Apart(streams) => streams.iter().map(Stream::size).sum(),
            Self::Together(rows) => rows.size(),
        }
    }

    pub(super) fn into_rows(self, descending: bool) -> Rows {
        match self {
            Self::Apart(streams) => side_by_side(&streams, descending),
            Self::Together(rows) => rows,
        }
    }

    /// The points of some outputs, in the order asked for.
    pub(super) fn into_streams(self, outputs: &[usize]) -> Vec<Stream> {
        match self {
            Self::Together(rows) => outputs.iter().map(|&output| rows.stream(output)).collect(),
            Self::Apart(mut streams) => {
                let mut taken = Vec::with_capacity(outputs.len());
                for (at, output) in outputs.iter().enumerate() {
                    taken.push(if outputs[at + 1..].contains(output) {
                        streams[*output].clone()
                    } else {
                        std::mem::replace(&mut streams[*output], Stream::empty())
                    });
                }
                taken
            }
        }
    }
}

/// Rows at all times of some streams. Of points of one stream at the same time, each gets a row of its own.
pub(super) fn side_by_side(streams: &[Stream], descending: bool) -> Rows {
    if let Some((first, rest)) = streams.split_first()
        && rest.iter().all(|stream| stream.times == first.times)
    {
        return Rows {
            times: first.times.clone(),
            columns: streams.iter().map(|stream| as_column(stream.clone())).collect(),
        };
    }
    let mut next = vec![0; streams.len()];
    let mut times = Vec::new();
    let mut from: Vec<Vec<Option<usize>>> = vec![Vec::new(); streams.len()];
    loop {
        let heads = streams
            .iter()
            .zip(&next)
            .filter_map(|(stream, &at)| stream.times.get(at));
        let head = if descending { heads.max() } else { heads.min() };
        let Some(&time) = head else { break };
        times.push(time);
        for (index, stream) in streams.iter().enumerate() {
            let here = stream.times.get(next[index]) == Some(&time);
            from[index].push(here.then_some(next[index]));
            next[index] += usize::from(here);
        }
    }
    let columns = streams.iter().zip(&from);
    Rows {
        columns: columns.map(|(stream, from)| spread(stream, from)).collect(),
        times,
    }
}

fn as_column(stream: Stream) -> RowColumn {
    RowColumn::Each {
        values: stream.values,
        valid: stream.valid,
    }
}

fn spread(stream: &Stream, from: &[Option<usize>]) -> RowColumn {
    if stream.times.is_empty() {
        return RowColumn::Absent;
    }
    let valid: Vec<bool> = from
        .iter()
        .map(|at| at.is_some_and(|at| stream.valid.as_ref().is_none_or(|valid| valid[at])))
        .collect();
    RowColumn::Each {
        values: gather_some(&stream.values, from),
        valid: valid.contains(&false).then_some(valid),
    }
}

impl Gap {
    /// `kind` is what the column was declared to be.
    pub(super) fn close(self, column: RowColumn, kind: Option<Kind>, count: usize) -> RowColumn {
        match (self, column) {
            (Self::Null, column) => column,
            (Self::Value(value), RowColumn::Absent) => {
                let scalar = Scalar::Float(value).cast(kind.unwrap_or(Kind::Float));
                scalar.map_or(RowColumn::Absent, RowColumn::Same)
            }
            (
                Self::Value(value),
                RowColumn::Each {
                    values,
                    valid: Some(valid),
                },
            ) => put(values, valid, value),
            (
                Self::Previous,
                RowColumn::Each {
                    values,
                    valid: Some(valid),
                },
            ) => repeat_previous(values, valid, count),
            (_, column) => column,
        }
    }
}

fn put(mut values: Values, valid: Vec<bool>, filler: f64) -> RowColumn {
    fn each<T: Copy>(values: &mut [T], valid: &[bool], filler: T) {
        for (value, valid) in values.iter_mut().zip(valid) {
            if !valid {
                *value = filler;
            }
        }
    }
    match &mut values {
        Values::Float(values) => each(values, &valid, filler),
        Values::Integer(values) => each(values, &valid, filler as i64),
        Values::Text(_) | Values::Boolean(_) => {
            return RowColumn::Each {
                values,
                valid: Some(valid),
            };
        }
    }
    RowColumn::Each { values, valid: None }
}

fn repeat_previous(mut values: Values, mut valid: Vec<bool>, count: usize) -> RowColumn {
    fn each<T: Element>(values: &mut [T], valid: &mut [bool], count: usize) {
        for index in 1..count {
            if !valid[index] && valid[index - 1] {
                values[index] = values[index - 1].clone();
                valid[index] = true;
            }
        }
    }
    with_values!(&mut values, vector => each(vector, &mut valid, count));
    RowColumn::Each {
        values,
        valid: valid.contains(&false).then_some(valid),
    }
}
