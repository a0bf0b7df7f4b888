//! `fill()`: points for windows that have none. Which windows those are is found out once and serves several columns.

use crate::embedded::store::column::{Column, Values};
use crate::embedded::store::ql::ast::Fill;

use super::element::{Element, Number, gather_some};
use super::stream::Stream;
use super::windows::{EARLIEST, Windows};

/// Times of all windows of a range, each with the index of the point that is there.
pub(super) struct Layout {
    pub(super) times: Vec<i64>,
    pub(super) from: Vec<Option<usize>>,
}

impl Layout {
    /// `times` are those of points with values, in the order of the query. `None` where there would be more than `most`.
    pub(super) fn of(times: &[i64], windows: &Windows, descending: bool, most: usize) -> Option<Self> {
        let mut layout = Self {
            times: Vec::new(),
            from: Vec::new(),
        };
        let Some(first) = times.first() else {
            return Some(layout);
        };
        let mut expected = Expected::new(*first, windows, descending);
        let mut index = 0;
        while index < times.len() || expected.is_within() {
            if layout.times.len() >= most {
                return None;
            }
            match times.get(index) {
                Some(&time) if !expected.is_before(time) => {
                    layout.times.push(time);
                    layout.from.push(Some(index));
                    index += 1;
                }
                _ => {
                    layout.times.push(expected.time);
                    layout.from.push(None);
                }
            }
            expected.advance();
        }
        Some(layout)
    }

    /// The points and what stands between them. `fill` of a `count` is 0 where it would be null.
    pub(super) fn fill(&self, column: &Column, fill: Fill, every: i64) -> Stream {
        let mut values = gather_some(&column.values, &self.from);
        let valid = match fill {
            Fill::Null | Fill::None => self.from.iter().map(Option::is_some).collect(),
            Fill::Value(value) => {
                self.put(&mut values, value);
                vec![true; self.from.len()]
            }
            Fill::Previous => self.repeat_previous(&mut values),
            Fill::Linear => self.draw_lines(&mut values, column, every),
        };
        Stream {
            times: self.times.clone(),
            values,
            valid: valid.contains(&false).then_some(valid),
        }
    }

    /// The points, and nothing where there are none.
    pub(super) fn spread(&self, values: &Values, valid: Option<&[bool]>) -> (Values, Vec<bool>) {
        let is_valid = |from: &Option<usize>| from.is_some_and(|at| valid.is_none_or(|v| v[at]));
        (
            gather_some(values, &self.from),
            self.from.iter().map(is_valid).collect(),
        )
    }

    /// Numbers only: of text and booleans `fill(1)` makes blanks (InfluxDB 1.6.7).
    fn put(&self, values: &mut Values, filler: f64) {
        fn each<T: Copy>(from: &[Option<usize>], values: &mut [T], filler: T) {
            for (from, value) in from.iter().zip(values) {
                if from.is_none() {
                    *value = filler;
                }
            }
        }
        match values {
            Values::Float(values) => each(&self.from, values, filler),
            Values::Integer(values) => each(&self.from, values, filler as i64),
            Values::Text(_) | Values::Boolean(_) => {}
        }
    }

    fn repeat_previous(&self, values: &mut Values) -> Vec<bool> {
        fn each<T: Element>(from: &[Option<usize>], values: &mut [T]) -> Vec<bool> {
            let mut valid = Vec::with_capacity(values.len());
            for index in 0..values.len() {
                let has = from[index].is_some();
                if !has && index > 0 {
                    values[index] = values[index - 1].clone();
                }
                valid.push(has || valid.last().is_some_and(|before| *before));
            }
            valid
        }
        super::element::with_values!(values, vector => each(&self.from, vector))
    }

    fn draw_lines(&self, values: &mut Values, column: &Column, every: i64) -> Vec<bool> {
        match (values, &column.values) {
            (Values::Float(filled), Values::Float(points)) => {
                self.each_gap(filled, points, column, every, |line, at| line.at(at))
            }
            (Values::Integer(filled), Values::Integer(points)) => {
                self.each_gap(filled, points, column, every, |line, at| line.at(at) as i64)
            }
            _ => self.from.iter().map(Option::is_some).collect(),
        }
    }

    fn each_gap<T: Number>(
        &self,
        filled: &mut [T],
        points: &[T],
        column: &Column,
        every: i64,
        value: impl Fn(&Line, i64) -> T,
    ) -> Vec<bool> {
        let mut before: Option<usize> = None;
        let mut valid = Vec::with_capacity(filled.len());
        for (index, from) in self.from.iter().enumerate() {
            before = from.or(before);
            let ends = before.filter(|before| before + 1 < points.len());
            if from.is_none()
                && let Some(start) = ends
            {
                let line = Line {
                    from: column.times[start] / every,
                    to: column.times[start + 1] / every,
                    start: points[start].float(),
                    rise: points[start + 1].minus(points[start]).float(),
                };
                filled[index] = value(&line, self.times[index] / every);
            }
            valid.push(from.is_some() || ends.is_some());
        }
        valid
    }
}

/// A line between two points; times are counted in windows.
struct Line {
    from: i64,
    to: i64,
    start: f64,
    rise: f64,
}

impl Line {
    fn at(&self, time: i64) -> f64 {
        self.rise / (self.to - self.from) as f64 * (time - self.from) as f64 + self.start
    }
}

/// The window that comes next.
struct Expected<'a> {
    windows: &'a Windows,
    descending: bool,
    time: i64,
    last: i64,
    zone_offset: i64,
}

impl<'a> Expected<'a> {
    fn new(first: i64, windows: &'a Windows, descending: bool) -> Self {
        let earliest = windows.around(windows.range.from).0;
        let latest = windows.around(windows.range.to).0;
        let (mut time, last) = if descending {
            (latest, earliest)
        } else {
            (earliest, latest)
        };
        if time == EARLIEST {
            time = windows.around(first).0;
        }
        Self {
            windows,
            descending,
            time,
            last,
            zone_offset: windows.zone_offset(time),
        }
    }

    fn is_within(&self) -> bool {
        if self.descending {
            self.time >= self.last && self.last != EARLIEST
        } else {
            self.time <= self.last
        }
    }

    fn is_before(&self, time: i64) -> bool {
        if self.descending {
            time < self.time
        } else {
            time > self.time
        }
    }

    fn advance(&mut self) {
        let step = if self.descending {
            -self.windows.every
        } else {
            self.windows.every
        };
        self.time = self.time.saturating_add(step);
        if self.windows.zone.is_some() {
            let offset = self.windows.zone_offset(self.time - 1);
            let change = self.zone_offset - offset;
            if change.abs() < self.windows.every {
                self.time += change;
            }
            self.zone_offset = offset;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::store::column::TimeRange;

    fn windows(from: i64, to: i64) -> Windows {
        Windows {
            every: 10,
            offset: 0,
            zone: None,
            range: TimeRange { from, to },
        }
    }

    fn column(points: &[(i64, i64)]) -> Column {
        Column {
            times: points.iter().map(|point| point.0).collect(),
            values: Values::Integer(points.iter().map(|point| point.1).collect()),
        }
    }

    fn filled(fill: Fill) -> Vec<(i64, Option<i64>)> {
        let points = column(&[(10, 1), (40, 8)]);
        let layout = Layout::of(&points.times, &windows(5, 55), false, 100).unwrap();
        let stream = layout.fill(&points, fill, 10);
        let Values::Integer(values) = &stream.values else {
            panic!("{stream:?}")
        };
        let valid = |index: usize| stream.valid.as_ref().is_none_or(|valid| valid[index]);
        (0..values.len())
            .map(|index| (stream.times[index], valid(index).then_some(values[index])))
            .collect()
    }

    #[test]
    fn windows_without_points_get_what_fill_says() {
        let some = Some;
        assert_eq!(
            filled(Fill::Null),
            [
                (0, None),
                (10, some(1)),
                (20, None),
                (30, None),
                (40, some(8)),
                (50, None)
            ]
        );
        assert_eq!(
            filled(Fill::Value(7.9)),
            [
                (0, some(7)),
                (10, some(1)),
                (20, some(7)),
                (30, some(7)),
                (40, some(8)),
                (50, some(7))
            ]
        );
        assert_eq!(
            filled(Fill::Previous),
            [
                (0, None),
                (10, some(1)),
                (20, some(1)),
                (30, some(1)),
                (40, some(8)),
                (50, some(8))
            ]
        );
        assert_eq!(
            filled(Fill::Linear),
            [
                (0, None),
                (10, some(1)),
                (20, some(3)),
                (30, some(5)),
                (40, some(8)),
                (50, None)
            ]
        );
    }

    #[test]
    fn nothing_is_filled_where_there_is_no_point_at_all() {
        let layout = Layout::of(&[], &windows(0, 99), false, 100).unwrap();
        assert_eq!(layout.times, Vec::<i64>::new());
    }

    #[test]
    fn a_range_without_a_beginning_starts_at_the_first_point() {
        let layout = Layout::of(&[20, 40], &windows(EARLIEST, 45), false, 100).unwrap();
        assert_eq!(layout.times, [20, 30, 40]);
    }

    #[test]
    fn descending_windows_start_at_the_end() {
        let layout = Layout::of(&[40, 10], &windows(0, 55), true, 100).unwrap();
        assert_eq!(layout.times, [50, 40, 30, 20, 10, 0]);
        assert_eq!(layout.from, [None, Some(0), None, None, Some(1), None]);
    }

    #[test]
    fn more_windows_than_allowed_are_not_made() {
        assert!(Layout::of(&[20], &windows(0, 99), false, 9).is_none());
    }
}
