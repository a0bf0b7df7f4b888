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
pub(in crate::load) mod buckets {
    use hdrhistogram::Histogram;

    use crate::load::interval::{MAX_MICROS, histogram};

    use super::*;

    pub(in crate::load) fn serialize<S: Serializer>(from: &Histogram<u64>, to: S) -> Result<S::Ok, S::Error> {
        let recorded = from.iter_recorded();
        to.collect_seq(recorded.flat_map(|step| [step.value_iterated_to(), step.count_at_value()]))
    }

    pub(in crate::load) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Histogram<u64>, D::Error> {
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
