//! How values that JSON has no exact form for are written, for `#[serde(with = …)]`; whatever is read is checked and nothing panics.

use std::sync::Arc;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::load::target::{Target, TargetError};

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl TryFrom<String> for Target {
    type Error = TargetError;

    fn try_from(text: String) -> Result<Self, TargetError> {
        Self::parse(&text)
    }
}

/// A number to its last bit: as text, since JSON's own numbers are read back with an error in the last place (serde_json's
/// documentation, feature `float_roundtrip`).
pub(in crate::load) mod exact {
    use super::*;

    pub(in crate::load) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(in crate::load) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// What several hold, each process its own.
pub(in crate::load) mod shared {
    use super::*;

    pub(in crate::load) fn serialize<T: Serialize, S: Serializer>(
        value: &Arc<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        T::serialize(value, to)
    }

    pub(in crate::load) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Arc<T>, D::Error> {
        T::deserialize(from).map(Arc::new)
    }
}

/// Times as nanoseconds.
pub(in crate::load) mod times {
    use super::*;

    pub(in crate::load) fn serialize<S: Serializer>(times: &[Duration], to: S) -> Result<S::Ok, S::Error> {
        let nanoseconds = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        to.collect_seq(times.iter().map(nanoseconds))
    }

    pub(in crate::load) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Arc<[Duration]>, D::Error> {
        let nanoseconds = Vec::<u64>::deserialize(from)?;
        Ok(nanoseconds.into_iter().map(Duration::from_nanos).collect())
    }
}

/// Bytes as base64.
pub(in crate::load) mod bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    pub(in crate::load) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| STANDARD.encode(bytes)).serialize(to)
    }

    pub(in crate::load) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let decoded = text.map(|text| STANDARD.decode(text)).transpose();
        decoded.map_err(D::Error::custom)
    }
}

/// A histogram as a list of values in µs, each followed by its count: as exact as HdrHistogram's own encoding, whose reader
/// sets aside as much memory as a message claims to need.
pub(crate) mod buckets {
    use hdrhistogram::Histogram;

    use crate::load::interval::{MAX_MICROS, histogram};

    use super::*;

    pub(crate) fn serialize<S: Serializer>(from: &Histogram<u64>, to: S) -> Result<S::Ok, S::Error> {
        let recorded = from.iter_recorded();
        to.collect_seq(recorded.flat_map(|step| [step.value_iterated_to(), step.count_at_value()]))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Histogram<u64>, D::Error> {
        let list = Vec::<u64>::deserialize(from)?;
        let (pairs, rest) = list.as_chunks::<2>();
        let mut histogram = histogram().map_err(D::Error::custom)?;
        let longest = histogram.highest_equivalent(MAX_MICROS);
        if !rest.is_empty() || pairs.iter().any(|[value, _]| *value > longest) {
            return Err(D::Error::custom("no histogram of times up to an hour"));
        }
        for [value, count] in pairs {
            histogram.record_n(*value, *count).map_err(D::Error::custom)?;
        }
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::load::fault::Fault;
    use crate::load::interval::{Interval, record};
    use crate::load::response::Malformed;
    use crate::load::schedule::{Arrivals, Plan, Profile, Sine, Stage, Stages};
    use crate::load::{Header, Rate, Request, Requested, Settings, Timing, Trust};

    fn there_and_back<T: Serialize + for<'de> Deserialize<'de>>(value: &T) -> T {
        serde_json::from_slice(&serde_json::to_vec(value).unwrap()).unwrap()
    }

    fn seen(micros: &[u64]) -> Interval {
        let mut interval = Interval::new().unwrap();
        for micros in micros {
            let time = Duration::from_micros(*micros);
            record(&mut interval.latency, time);
            record(&mut interval.service, time / 2);
            record(&mut interval.connect, time / 3);
            record(&mut interval.lateness, time / 5);
            interval.counts.answered += 1;
            interval.counts.bytes += micros;
            interval
                .counts
                .count_status(u16::try_from(200 + micros % 400).unwrap());
            interval
                .examples
                .note_status(u16::try_from(400 + micros % 200).unwrap());
            interval.first_answer.get_or_insert(time);
            interval.last_answer = Some(time);
        }
        interval
    }

    fn micros() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(
            prop_oneof![
                0..5_000_u64,
                0..10_000_000_u64,
                any::<u64>().prop_map(|it| it >> 20)
            ],
            0..200,
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn an_interval_comes_back_as_it_was(micros in micros()) {
            let mut interval = seen(&micros);
            interval.counts.errors.count(&Fault::Timeout);
            interval.examples.note(&Fault::Malformed(Malformed::Upgrade));
            interval.lower_bounds = 7;
            prop_assert_eq!(there_and_back(&interval), interval);
        }

        #[test]
        fn shares_that_were_sent_add_up_to_the_whole(micros in micros(), of in 1..5_usize) {
            let mut merged = Interval::new().unwrap();
            for index in 0..of {
                let share: Vec<u64> = micros.iter().skip(index).step_by(of).copied().collect();
                merged.add(&there_and_back(&seen(&share)));
            }
            let mut whole = seen(&micros);
            // Which process saw an example first, and whose first answer was the earliest, is not a sum.
            whole.examples = merged.examples.clone();
            whole.first_answer = merged.first_answer;
            whole.last_answer = merged.last_answer;
            prop_assert_eq!(merged, whole);
        }

        #[test]
        fn a_rate_comes_back_to_its_last_bit(rate: f64) {
            let profile = Profile::Constant { rate };
            let Profile::Constant { rate: back } = there_and_back(&profile) else { unreachable!() };
            prop_assert_eq!(back.to_bits(), rate.to_bits());
        }

        #[test]
        fn a_histogram_with_any_bytes_changed_crashes_nothing(
            micros in micros(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9),
        ) {
            let mut bytes = serde_json::to_vec(&seen(&micros)).unwrap();
            for (index, byte) in changes {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            if let Ok(interval) = serde_json::from_slice::<Interval>(&bytes) {
                seen(&micros).latency.add(&interval.latency).unwrap();
            }
        }
    }

    #[test]
    fn settings_of_every_kind_come_back_as_they_were() {
        let stage = Stage {
            length: Duration::from_millis(1_500),
            from: 0.1 + 0.2,
            to: 1.0 / 3.0,
        };
        let profiles = [
            Profile::Constant { rate: 33.3 },
            Profile::Stages(Stages::new(vec![stage, stage])),
            Profile::Sine(Sine {
                mean: 1e3 / 7.0,
                amplitude: 1.0,
                period: Duration::from_secs(9),
            }),
            Profile::Recorded([1, 1, 1_000_000_007].map(Duration::from_nanos).into()),
        ];
        let rates = profiles.map(|profile| {
            Rate::Open(Arc::new(Plan {
                profile,
                arrivals: Arrivals::Poisson { seed: u64::MAX },
                lead: None,
            }))
        });
        let urls = [
            "https://[::1]:80/a b?q=1&n={{random 1..9}}",
            "uwsgi+unix:/run/app.sock:/x y/{{counter}}",
        ];
        let trusts = [
            Trust::Everybody,
            Trust::Authorities {
                name: "ca.pem".to_owned(),
                pem: Some((0..=255).collect()),
            },
        ];
        for ((rate, url), trust) in rates
            .into_iter()
            .chain([Rate::Max])
            .zip(urls.into_iter().cycle())
            .zip(trusts.into_iter().cycle())
        {
            let request = Request {
                method: "PUT".to_owned(),
                headers: vec![Header {
                    name: "X".to_owned(),
                    value: "é\t\"".to_owned(),
                }],
                body: Some((0..=255).collect()),
                literal: true,
            };
            let requested = |weight| Requested {
                target: url.parse().unwrap(),
                request: request.clone(),
                weight,
            };
            let settings = Settings {
                threads: 3,
                connections: Some(7),
                requests: Some(u64::MAX),
                warm_up: Duration::from_secs(2),
                mix: vec![requested(1), requested(u32::MAX)],
                cookies: true,
                seed: u64::MAX,
                trust,
                timing: Timing::Relaxed,
                ..Settings::new(url.parse().unwrap(), rate)
            };
            assert_eq!(there_and_back(&settings), settings);
        }
    }
}
