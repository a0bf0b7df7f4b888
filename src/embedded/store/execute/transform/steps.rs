//! `derivative`, `difference`, `cumulative_sum` and `elapsed`: from one point to the next.

use crate::embedded::store::column::{Column, Values};
use crate::embedded::store::execute::element::Number;

fn nothing() -> Column {
    Column {
        times: Vec::new(),
        values: Values::Float(Vec::new()),
    }
}

/// What `step` makes of each point and the one before it. Of several points at the same time only the first counts, as
/// InfluxDB has it.
fn neighbours<T: Number, U>(
    times: &[i64],
    values: &[T],
    mut step: impl FnMut((i64, T), (i64, T)) -> Option<U>,
) -> (Vec<i64>, Vec<U>) {
    let mut made_times = Vec::with_capacity(times.len());
    let mut made = Vec::with_capacity(times.len());
    let Some((&first, rest)) = times.split_first() else {
        return (made_times, made);
    };
    let mut before = (first, values[0]);
    for (&time, &value) in rest.iter().zip(&values[1..]) {
        if time == before.0 {
            continue;
        }
        if let Some(value) = step(before, (time, value)) {
            made_times.push(time);
            made.push(value);
        }
        before = (time, value);
    }
    (made_times, made)
}

pub(super) fn difference(column: Column, non_negative: bool) -> Column {
    fn each<T: Number>(times: Vec<i64>, values: Vec<T>, non_negative: bool) -> Column {
        let (times, values) = differences_in_place(times, values, non_negative);
        Column {
            times,
            values: T::wrap(values),
        }
    }
    match column.values {
        Values::Float(values) => each(column.times, values, non_negative),
        Values::Integer(values) => each(column.times, values, non_negative),
        _ => nothing(),
    }
}

/// As `neighbours`, into the memory that is there: a week of seconds is ten megabytes a column.
fn differences_in_place<T: Number>(
    mut times: Vec<i64>,
    mut values: Vec<T>,
    non_negative: bool,
) -> (Vec<i64>, Vec<T>) {
    let mut made = 0;
    let Some(mut before) = times.first().copied().zip(values.first().copied()) else {
        return (times, values);
    };
    for index in 1..times.len() {
        let point = (times[index], values[index]);
        if point.0 == before.0 {
            continue;
        }
        let difference = point.1.minus(before.1);
        if !(non_negative && difference < T::default()) {
            times[made] = point.0;
            values[made] = difference;
            made += 1;
        }
        before = point;
    }
    times.truncate(made);
    values.truncate(made);
    (times, values)
}

pub(super) fn derivative(column: Column, unit: i64, non_negative: bool, descending: bool) -> Column {
    let per = |before: (i64, f64), point: (i64, f64), difference: f64| {
        let elapsed = (point.0 - before.0) as f64 / unit as f64;
        let elapsed = if descending { -elapsed } else { elapsed };
        (!(non_negative && difference < 0.0)).then_some(difference / elapsed)
    };
    let (times, values) = match column.values {
        Values::Float(values) => neighbours(&column.times, &values, |before, point| {
            per(before, point, point.1 - before.1)
        }),
        Values::Integer(values) => neighbours(&column.times, &values, |before, point| {
            let difference = point.1.minus(before.1).float();
            per((before.0, 0.0), (point.0, 0.0), difference)
        }),
        _ => return nothing(),
    };
    Column {
        times,
        values: Values::Float(values),
    }
}

/// In `unit`s, cut off.
pub(super) fn elapsed(column: &Column, unit: i64) -> Column {
    let values = column.times.windows(2).map(|pair| (pair[1] - pair[0]) / unit);
    Column {
        values: Values::Integer(values.collect()),
        times: column.times.get(1..).unwrap_or_default().to_vec(),
    }
}

pub(super) fn cumulative_sum(mut column: Column) -> Column {
    fn each<T: Number>(values: &mut [T]) {
        let mut sum = T::default();
        for value in values {
            sum = sum.plus(*value);
            *value = sum;
        }
    }
    match &mut column.values {
        Values::Float(values) => each(values),
        Values::Integer(values) => each(values),
        _ => return nothing(),
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integers(points: &[(i64, i64)]) -> Column {
        Column {
            times: points.iter().map(|point| point.0).collect(),
            values: Values::Integer(points.iter().map(|point| point.1).collect()),
        }
    }

    fn floats(points: &[(i64, f64)]) -> Column {
        Column {
            times: points.iter().map(|point| point.0).collect(),
            values: Values::Float(points.iter().map(|point| point.1).collect()),
        }
    }

    #[test]
    fn a_step_down_is_left_out_of_a_non_negative_difference_and_the_next_starts_from_there() {
        let column = integers(&[(1, 10), (2, 15), (3, 2), (4, 5)]);
        assert_eq!(difference(column.clone(), true), integers(&[(2, 5), (4, 3)]));
        assert_eq!(difference(column, false), integers(&[(2, 5), (3, -13), (4, 3)]));
    }

    #[test]
    fn of_points_at_the_same_time_the_first_counts() {
        let column = integers(&[(1, 10), (1, 99), (2, 15), (2, 0)]);
        assert_eq!(difference(column, false), integers(&[(2, 5)]));
    }

    #[test]
    fn a_derivative_is_per_unit_and_turns_its_sign_in_descending_order() {
        let ascending = derivative(integers(&[(0, 0), (4, 8)]), 2, false, false);
        assert_eq!(ascending, floats(&[(4, 4.0)]));
        let descending = derivative(integers(&[(4, 8), (0, 0)]), 2, false, true);
        assert_eq!(descending, floats(&[(0, -4.0)]));
    }

    #[test]
    fn elapsed_is_cut_off_and_counts_points_at_the_same_time() {
        let column = integers(&[(0, 0), (7, 0), (7, 0)]);
        assert_eq!(elapsed(&column, 2), integers(&[(7, 3), (7, 0)]));
    }

    #[test]
    fn nothing_and_one_point_have_no_steps() {
        assert_eq!(difference(integers(&[]), false), integers(&[]));
        assert_eq!(difference(integers(&[(1, 1)]), false), integers(&[]));
        assert_eq!(elapsed(&integers(&[]), 1), integers(&[]));
        assert_eq!(
            cumulative_sum(floats(&[(1, 1.5), (2, 2.0)])),
            floats(&[(1, 1.5), (2, 3.5)])
        );
    }
}
