//! Line protocol as InfluxDB 1.6.7 reads it: text to borrowed points. Stores nothing.
//!
//! Where a rule here looks odd, it was seen with influxd 1.6.7; `tests.rs` lists what was seen.

mod extent;
mod fault;
mod field;
mod key;
mod number;
mod precision;
mod reader;
#[cfg(test)]
mod seen;
#[cfg(test)]
mod tests;
mod time;

pub(super) use fault::{BadLine, Fault};
pub(super) use field::{Field, Value, field_name, text};
pub(super) use key::SeriesKey;
pub(super) use precision::Precision;
pub(super) use reader::{Point, Reader};
pub(super) use time::truncated;
