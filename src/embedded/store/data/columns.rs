//! A column in the making: the values of one field of one series, from blocks and from a head, within a range of times.

use std::ops::Range;

use super::super::column::{Column, Kind, TimeRange, Values};
use super::encoding::{Undecodable, decode_times, decode_values};
use super::pieces::{Piece, Pieces, Wanted};
use super::view::Head;

/// The column of some of the pieces, which follow each other in time, and of a head, whose values are younger.
pub(super) fn column(
    all: &Pieces,
    pieces: &[Piece],
    head: Option<&Head>,
    wanted: Wanted,
    kind: Kind,
) -> Result<Column, Undecodable> {
    let mut column = Column::none_of(kind);
    let count = pieces.iter().map(|piece| piece.value_count).sum();
    column.times.reserve_exact(count);
    column.values.reserve(count);
    for piece in pieces {
        column.append(piece, all.times(piece), all.values(piece))?;
    }
    column.cut(wanted.range);
    if let Some(head) = head {
        column.append_head(head, wanted.field, wanted.range);
    }
    column.settle();
    Ok(column)
}

impl Column {
    fn none_of(kind: Kind) -> Self {
        Self {
            times: Vec::new(),
            values: Values::none_of(kind),
        }
    }

    fn append(&mut self, piece: &Piece, times: &[u8], values: &[u8]) -> Result<(), Undecodable> {
        let length = self.times.len();
        let rows = decode_values(values, piece.value_count, &mut self.values)?;
        let all_rows = rows.is_none() && piece.value_count == piece.time_count;
        if all_rows {
            self.times.resize(length + piece.time_count, 0);
            return decode_times(times, &mut self.times[length..]);
        }
        let bytes = times;
        let mut times = vec![0; piece.time_count];
        decode_times(bytes, &mut times)?;
        match rows {
            None => self
                .times
                .extend_from_slice(times.get(..piece.value_count).ok_or(Undecodable)?),
            Some(rows) => {
                for row in rows {
                    self.times.push(*times.get(row as usize).ok_or(Undecodable)?);
                }
            }
        }
        Ok(())
    }

    fn append_head(&mut self, head: &Head, field: u32, range: TimeRange) {
        for part in &head.parts {
            let Some(stripe) = part.stripe(field) else {
                continue;
            };
            let count = stripe.values.len();
            let time = |place: usize| part.times[stripe.row(place) as usize];
            for places in runs(count, |place| (range.from..=range.to).contains(&time(place))) {
                self.times.extend(places.clone().map(time));
                self.values.extend_from(&stripe.values, places);
            }
        }
    }

    /// Leaves what lies within the range of a column in order.
    fn cut(&mut self, range: TimeRange) {
        let end = self.times.partition_point(|time| *time <= range.to);
        self.times.truncate(end);
        self.values.truncate(end);
        let start = self.times.partition_point(|time| *time < range.from);
        if start > 0 {
            self.times.drain(..start);
            self.values.remove_front(start);
        }
    }

    /// Sorts by time; of values at the same time the one that came last stays.
    fn settle(&mut self) {
        if self.times.is_sorted_by(|left, right| left < right) {
            return;
        }
        let mut order: Vec<u32> = (0..self.times.len() as u32).collect();
        order.sort_by_key(|place| self.times[*place as usize]);
        let mut kept: Vec<u32> = Vec::with_capacity(order.len());
        for place in order {
            match kept.last_mut() {
                Some(last) if self.times[*last as usize] == self.times[place as usize] => *last = place,
                _ => kept.push(place),
            }
        }
        self.values = self.values.picked(&kept);
        self.times = kept.iter().map(|place| self.times[*place as usize]).collect();
    }
}

/// The longest runs of places below `count` that all satisfy `wanted`.
fn runs(count: usize, wanted: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for place in (0..count).filter(|place| wanted(*place)) {
        match runs.last_mut() {
            Some(run) if run.end == place => run.end += 1,
            _ => runs.push(place..place + 1),
        }
    }
    runs
}
