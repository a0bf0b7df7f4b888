//! `moving_average`.

use crate::embedded::store::column::{Column, Values};
use crate::embedded::store::execute::element::Number;

/// One point for each from the `count`th on. The sum is kept from point to point, as InfluxDB does it, so that results
/// agree to the last digits.
pub(super) fn moving_average(column: Column, count: usize) -> Column {
    let values = match column.values {
        Values::Float(values) => averages(&values, count),
        Values::Integer(values) => averages(&values, count),
        _ => Vec::new(),
    };
    let times = if values.is_empty() {
        Vec::new()
    } else {
        column.times[count - 1..].to_vec()
    };
    Column {
        times,
        values: Values::Float(values),
    }
}

fn averages<T: Number>(values: &[T], count: usize) -> Vec<f64> {
    let mut sum = T::default();
    let mut made = Vec::with_capacity(values.len().saturating_sub(count - 1));
    for (index, value) in values.iter().enumerate() {
        if index >= count {
            sum = sum.minus(values[index - count]);
        }
        sum = sum.plus(*value);
        if index + 1 >= count {
            made.push(sum.float() / count as f64);
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_average_is_at_the_first_point_that_has_enough_before_it() {
        let column = Column {
            times: vec![1, 2, 3, 4],
            values: Values::Integer(vec![1, 2, 6, 10]),
        };
        let expected = Column {
            times: vec![3, 4],
            values: Values::Float(vec![3.0, 6.0]),
        };
        assert_eq!(moving_average(column.clone(), 3), expected);
        assert_eq!(moving_average(column, 5).times, Vec::<i64>::new());
    }
}
