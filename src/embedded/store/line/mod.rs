//! Line protocol as InfluxDB 1.6.7 reads it: text to borrowed points. Stores nothing.

mod precision;

pub(super) use precision::Precision;
