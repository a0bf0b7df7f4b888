//! `integral`: the area below the line through the points, window by window.

use crate::embedded::store::column::{Column, Values};

use super::windows::{EARLIEST, Windows};

/// `unit` in nanoseconds. Where a window ends between two points, the line between them is cut there.
pub(super) fn integral(column: &Column, unit: i64, windows: &Windows, descending: bool) -> Column {
    let is_whole = matches!(column.values, Values::Integer(_));
    let values: Vec<f64> = match &column.values {
        Values::Float(values) => values.clone(),
        Values::Integer(values) => values.iter().map(|value| *value as f64).collect(),
        _ => Vec::new(),
    };
    let mut area = Area {
        unit: unit as f64,
        is_whole,
        windows,
        descending,
        start: 0,
        end: 0,
        before: None,
        sum: 0.0,
        times: Vec::new(),
        sums: Vec::new(),
    };
    for (&time, &value) in column.times.iter().zip(&values) {
        area.add(time, value);
    }
    area.finish()
}

struct Area<'a> {
    unit: f64,
    is_whole: bool,
    windows: &'a Windows,
    descending: bool,
    start: i64,
    end: i64,
    before: Option<(i64, f64)>,
    sum: f64,
    times: Vec<i64>,
    sums: Vec<f64>,
}

impl Area<'_> {
    fn add(&mut self, time: i64, value: f64) {
        let Some((before, _)) = self.before else {
            self.enter(time);
            self.before = Some((time, value));
            return;
        };
        if before != time {
            let mut reached = value;
            if self.is_past(time) {
                reached = self.close(time, value);
            }
            self.sum += self.trapezium((time, reached));
        }
        self.before = Some((time, value));
    }

    fn enter(&mut self, time: i64) {
        let (start, end) = self.windows.around(time);
        (self.start, self.end) = if self.descending {
            (end, start)
        } else {
            (start, end)
        };
        if self.start == EARLIEST {
            self.start = 0;
        }
    }

    fn is_past(&self, time: i64) -> bool {
        if self.descending {
            time <= self.end
        } else {
            time >= self.end
        }
    }

    /// The window ends before `time`. Returns the value with which the next begins its area: of integers InfluxDB 1.6.7
    /// takes the one where the line was cut for the point's own, and the last of the window for the one there.
    fn close(&mut self, time: i64, value: f64) -> f64 {
        let mut reached = value;

        if let Some((before, held)) = self.before
            && before != self.end
        {
            let slope = (value - held) / (time - before) as f64;
            let there = (self.end, slope * (self.end - before) as f64 + held);
            self.sum += self.trapezium(there);
            self.before = Some(if self.is_whole {
                reached = there.1;
                (self.end, held)
            } else {
                there
            });
        }
        self.times.push(self.start);
        self.sums.push(self.sum);
        self.sum = 0.0;
        self.enter(time);
        reached
    }

    fn trapezium(&self, to: (i64, f64)) -> f64 {
        let Some(from) = self.before else { return 0.0 };
        0.5 * (to.1 + from.1) * ((to.0 - from.0) as f64 / self.unit)
    }

    /// A last point at the very start of its window has no area there.
    fn finish(mut self) -> Column {
        if self.before.is_some_and(|(time, _)| time != self.start) {
            self.times.push(self.start);
            self.sums.push(self.sum);
        }
        Column {
            times: self.times,
            values: Values::Float(self.sums),
        }
    }
}
