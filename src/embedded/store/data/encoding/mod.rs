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
