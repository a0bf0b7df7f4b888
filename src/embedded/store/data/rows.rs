//! Rows of one series, in columns: as they arrive, as a block keeps them, and merged.

use std::collections::HashSet;
use std::ops::Range;

use super::super::column::{Kind, Values};
use super::record::Value;
use super::values::shared;

/// A block full of shorter ones is not worth a look.
const LONG_TEXT: usize = 64;

/// Rows of one series. Fields that a row lacks take no room.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rows {
    pub(super) times: Vec<i64>,
    /// Sorted by field.
    pub(super) stripes: Vec<Stripe>,
}

/// The values of one field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stripe {
    pub(super) field: u32,
    /// The rows that have a value, ascending; `None` where they are the first ones.
    pub(super) rows: Option<Vec<u32>>,
    pub(super) values: Values,
}

impl Rows {
    /// Appends a row and returns how many bytes of memory it takes, about.
    pub(super) fn push(&mut self, time: i64, shape: &[(u32, Kind)], values: &[Value<'_>]) -> usize {
        let row = self.times.len() as u32;
        self.times.push(time);
        let mut bytes = size_of::<i64>();
        let mut place = 0;
        for ((field, kind), value) in shape.iter().zip(values) {
            let (found, new) = self.place_of(*field, *kind, place);
            bytes += self.stripes[found].push(row, value) + new;
            place = found + 1;
        }
        bytes
    }

    /// The place of a field, guessed to be `guess`; and how many bytes a new stripe takes.
    fn place_of(&mut self, field: u32, kind: Kind, guess: usize) -> (usize, usize) {
        if self
            .stripes
            .get(guess)
            .is_some_and(|stripe| stripe.field == field)
        {
            return (guess, 0);
        }
        match self.stripes.binary_search_by_key(&field, |stripe| stripe.field) {
            Ok(place) => (place, 0),
            Err(place) => {
                self.stripes.insert(place, Stripe::new(field, kind));
                (place, size_of::<Stripe>() + size_of::<i64>() * 4)
            }
        }
    }

    pub(super) fn stripe(&self, field: u32) -> Option<&Stripe> {
        let place = self.stripes.binary_search_by_key(&field, |stripe| stripe.field);
        place.ok().map(|place| &self.stripes[place])
    }

    /// Appends rows that came later.
    pub(super) fn append(&mut self, later: &Self) {
        let offset = self.times.len() as u32;
        self.times.extend_from_slice(&later.times);
        for stripe in &later.stripes {
            let (place, _) = self.place_of(stripe.field, stripe.values.kind(), usize::MAX);
            self.stripes[place].append(stripe, offset);
        }
    }

    /// Sorts by time and makes rows of the same time one, in which the value that came last counts for each field.
    pub(super) fn settle(&mut self) {
        if self.times.is_sorted_by(|left, right| left < right) {
            return;
        }
        let mut order: Vec<u32> = (0..self.times.len() as u32).collect();
        order.sort_by_key(|row| self.times[*row as usize]);
        let mut times: Vec<i64> = Vec::with_capacity(order.len());
        let mut places = vec![0_u32; order.len()];
        for row in &order {
            let time = self.times[*row as usize];
            if times.last() != Some(&time) {
                times.push(time);
            }
            places[*row as usize] = times.len() as u32 - 1;
        }
        self.times = times;
        for stripe in &mut self.stripes {
            stripe.rearrange(&places);
        }
    }

    /// Bytes of long texts in each row of a range; one that several rows share counts in the first. Empty where no field is
    /// text.
    pub(super) fn text_sizes(&self, range: Range<usize>) -> Vec<usize> {
        let mut sizes = Vec::new();
        for stripe in &self.stripes {
            let Values::Text(texts) = &stripe.values else {
                continue;
            };
            sizes.resize(range.len(), 0);
            let mut seen = HashSet::new();
            for (place, text) in texts
                .iter()
                .enumerate()
                .filter(|(_, text)| text.len() >= LONG_TEXT)
            {
                let row = stripe.row(place) as usize;
                if range.contains(&row) && seen.insert(text.as_ptr()) {
                    sizes[row - range.start] += text.len();
                }
            }
        }
        sizes
    }

    /// Some of the rows, of which there is at least one.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        let stripes = self.stripes.iter().map(|stripe| stripe.slice(&range));
        Self {
            stripes: stripes.filter(|stripe| stripe.values.len() > 0).collect(),
            times: self.times[range].to_vec(),
        }
    }
}

impl Stripe {
    fn new(field: u32, kind: Kind) -> Self {
        Self {
            field,
            rows: None,
            values: Values::none_of(kind),
        }
    }

    /// The row of the value at `place`.
    pub(super) fn row(&self, place: usize) -> u32 {
        self.rows.as_ref().map_or(place as u32, |rows| rows[place])
    }

    /// Adds the value of a row, which is the last one; returns how many bytes of memory it takes, about.
    fn push(&mut self, row: u32, value: &Value<'_>) -> usize {
        let count = self.values.len();
        if count > 0 && self.row(count - 1) == row {
            self.values.truncate(count - 1);
            self.rows.as_mut().map(Vec::pop);
        }
        self.put_row(row);
        match (&mut self.values, value) {
            (Values::Float(list), Value::Float(number)) => list.push(*number),
            (Values::Integer(list), Value::Integer(number)) => list.push(*number),
            (Values::Boolean(list), Value::Boolean(truth)) => list.push(*truth),
            (Values::Text(list), Value::Text(text)) => {
                let text = shared(list, text);
                let new = std::sync::Arc::strong_count(&text) == 1;
                list.push(text);
                return if new { 48 + value.length() } else { 16 };
            }
            _ => debug_assert!(false, "a field has one kind for good"),
        }
        size_of::<i64>()
    }

    /// Notes the row of the value that is added next.
    fn put_row(&mut self, row: u32) {
        let count = self.values.len();
        match &mut self.rows {
            Some(rows) => rows.push(row),
            None if count == row as usize => {}
            None => self.rows = Some((0..count as u32).chain([row]).collect()),
        }
    }

    fn append(&mut self, later: &Self, offset: u32) {
        let count = later.values.len();
        if self.rows.is_none() && later.rows.is_none() && self.values.len() == offset as usize {
            self.values.extend_from(&later.values, 0..count);
            return;
        }
        let own = self.values.len() as u32;
        let rows = self.rows.get_or_insert_with(|| (0..own).collect());
        rows.extend((0..count).map(|place| later.row(place) + offset));
        self.values.extend_from(&later.values, 0..count);
    }

    /// Moves each value to the new place of its row; of those that meet, the one that came last stays.
    fn rearrange(&mut self, places: &[u32]) {
        let count = self.values.len();
        let mut moved: Vec<(u32, u32)> = (0..count)
            .map(|value| (places[self.row(value) as usize], value as u32))
            .collect();
        moved.sort_unstable();
        let mut kept: Vec<(u32, u32)> = Vec::with_capacity(count);
        for (row, value) in moved {
            match kept.last_mut() {
                Some(last) if last.0 == row => last.1 = value,
                _ => kept.push((row, value)),
            }
        }
        let values: Vec<u32> = kept.iter().map(|(_, value)| *value).collect();
        let rows: Vec<u32> = kept.into_iter().map(|(row, _)| row).collect();
        self.values = self.values.picked(&values);
        self.rows = only_if_gaps(rows);
    }

    fn slice(&self, range: &Range<usize>) -> Self {
        let count = self.values.len();
        let mut values = Values::none_of(self.values.kind());
        let (places, rows) = match &self.rows {
            None => (range.start.min(count)..range.end.min(count), None),
            Some(rows) => {
                let start = rows.partition_point(|row| (*row as usize) < range.start);
                let end = rows.partition_point(|row| (*row as usize) < range.end);
                let rows = rows[start..end].iter().map(|row| row - range.start as u32);
                (start..end, only_if_gaps(rows.collect()))
            }
        };
        values.extend_from(&self.values, places);
        Self {
            field: self.field,
            rows,
            values,
        }
    }
}

/// `None` where the rows are simply the first ones.
fn only_if_gaps(rows: Vec<u32>) -> Option<Vec<u32>> {
    let gaps = rows.iter().enumerate().any(|(place, row)| place != *row as usize);
    gaps.then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [(u32, Kind); 2] = [(1, Kind::Integer), (2, Kind::Integer)];

    /// Rows of two fields, of which a row may lack one.
    fn rows(list: &[(i64, Option<i64>, Option<i64>)]) -> Rows {
        let mut rows = Rows::default();
        for (time, one, two) in list {
            let present = SHAPE.into_iter().zip([one, two]);
            let present =
                present.filter_map(|(field, value)| value.map(|value| (field, Value::Integer(value))));
            let (shape, values): (Vec<_>, Vec<_>) = present.unzip();
            rows.push(*time, &shape, &values);
        }
        rows
    }

    #[test]
    fn rows_of_the_same_time_become_one_that_has_the_last_value_of_each_field() {
        let mut settled = rows(&[
            (5, Some(1), None),
            (3, None, Some(2)),
            (5, None, Some(3)),
            (3, Some(4), Some(5)),
            (4, None, Some(6)),
        ]);
        settled.settle();
        assert_eq!(
            settled,
            rows(&[(3, Some(4), Some(5)), (4, None, Some(6)), (5, Some(1), Some(3))])
        );
    }

    #[test]
    fn rows_that_come_later_are_appended_with_their_gaps() {
        let mut all = rows(&[(1, Some(1), None)]);
        all.append(&rows(&[(2, None, Some(2)), (3, Some(3), Some(3))]));
        assert_eq!(
            all,
            rows(&[(1, Some(1), None), (2, None, Some(2)), (3, Some(3), Some(3))])
        );
    }

    #[test]
    fn a_slice_leaves_out_fields_without_values_in_it() {
        let all = rows(&[
            (1, Some(1), None),
            (2, Some(2), None),
            (3, None, Some(3)),
            (4, Some(4), Some(4)),
        ]);
        assert_eq!(all.slice(0..2), rows(&[(1, Some(1), None), (2, Some(2), None)]));
        assert_eq!(
            all.slice(2..4),
            rows(&[(3, None, Some(3)), (4, Some(4), Some(4))])
        );
        assert_eq!(all.slice(4..4), Rows::default());
    }

    #[test]
    fn a_field_that_a_row_has_twice_has_its_last_value() {
        let mut rows = Rows::default();
        let (shape, values) = ([SHAPE[0], SHAPE[0]], [Value::Integer(1), Value::Integer(2)]);
        rows.push(1, &shape, &values);
        assert_eq!(rows, self::rows(&[(1, Some(2), None)]));
    }
}
