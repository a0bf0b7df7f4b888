//! Chunks as bytes: times and values of one block, compressed. Knows no file.

mod integers;
mod numbers;
mod texts;
mod times;
mod values;
mod varint;

pub(super) use times::{decode_times, encode_times};
pub(super) use values::{Chunk, decode_values, encode_values};
pub(super) use varint::{Bytes, put_signed, put_unsigned};

/// Bytes that no encoder of this crate wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored chunk cannot be decoded")]
pub(super) struct Undecodable;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::super::column::{Kind, Values};
    use super::*;

    fn numbers() -> impl Strategy<Value = Vec<i64>> {
        let arbitrary = proptest::collection::vec(any::<i64>(), 1..100);
        let counter =
            (any::<i32>(), proptest::collection::vec(0..50_i64, 1..300)).prop_map(|(start, steps)| {
                let sums = steps.iter().scan(i64::from(start), |sum, step| {
                    *sum += step;
                    Some(*sum)
                });
                sums.collect()
            });
        let multiples = proptest::collection::vec(-40..40_i64, 1..300)
            .prop_map(|numbers| numbers.iter().map(|number| number * 1_000_000 + 7).collect());
        let extremes = proptest::collection::vec(prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0)], 1..60);
        prop_oneof![arbitrary, counter, multiples, extremes]
    }

    fn values() -> impl Strategy<Value = Values> {
        let floats = proptest::collection::vec(prop_oneof![any::<f64>(), (0..9).prop_map(f64::from)], 1..60);
        let texts = proptest::collection::vec("[a-cé]{0,2}", 1..60);
        prop_oneof![
            numbers().prop_map(Values::Integer),
            floats.prop_map(Values::Float),
            texts.prop_map(|all| Values::Text(all.into_iter().map(Arc::from).collect())),
            proptest::collection::vec(any::<bool>(), 1..60).prop_map(Values::Boolean),
        ]
    }

    /// Floats by their bits, so that values that are no number compare.
    fn bits(values: &Values) -> Values {
        match values {
            Values::Float(list) => Values::Integer(list.iter().map(|float| float.to_bits() as i64).collect()),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn times_are_decoded_as_they_were(times in numbers()) {
            let mut decoded = vec![0; times.len()];
            decode_times(&encode_times(&times).unwrap(), &mut decoded).unwrap();
            prop_assert_eq!(decoded, times);
        }

        #[test]
        fn values_are_decoded_as_they_were(values in values(), gap in proptest::option::of(1..1_000_u32)) {
            let count = values.len();
            let rows: Option<Vec<u32>> = gap.map(|gap| (0..count as u32).map(|row| row * 3 + gap).collect());
            let bytes = encode_values(rows.as_deref(), &values).unwrap();
            let decoded = Chunk::decode(&bytes, count, values.kind()).unwrap();
            prop_assert_eq!(bits(&decoded.values), bits(&values));
            prop_assert_eq!(decoded.rows, rows);
        }

        #[test]
        fn bytes_that_nobody_encoded_are_refused_or_decoded_but_never_more(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
            count in 0..40_usize,
            kind in prop_oneof![Just(Kind::Float), Just(Kind::Integer), Just(Kind::Text), Just(Kind::Boolean)],
        ) {
            if let Ok(chunk) = Chunk::decode(&bytes, count, kind) {
                prop_assert_eq!(chunk.values.len(), count);
            }
        }
    }

    #[test]
    fn evenly_spaced_and_equal_values_take_a_few_bytes() {
        let times: Vec<i64> = (0..8_192)
            .map(|index| 1_700_000_000_000_000_000 + index * 1_000_000_000)
            .collect();
        assert_eq!(encode_times(&times).unwrap().len(), 15);
        let table = [
            (Values::Integer(vec![30_000_000; 8_192]), 7),
            (Values::Float(vec![0.5; 8_192]), 10),
            (Values::Boolean(vec![true; 8_192]), 3),
            (Values::Text(vec!["idle".into(); 8_192]), 10),
        ];
        for (values, expected) in table {
            assert_eq!(
                encode_values(None, &values).unwrap().len(),
                expected,
                "{:?}",
                values.kind()
            );
        }
    }
}
