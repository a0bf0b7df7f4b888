//! The times of a block.

use super::varint::Bytes;
use super::{Undecodable, integers};

pub(in super::super) fn encode_times(times: &[i64]) -> Result<Vec<u8>, Undecodable> {
    let mut out = Vec::new();
    integers::encode(times, &mut out)?;
    Ok(out)
}

/// Fills `into` with as many times as it has room for.
pub(in super::super) fn decode_times(bytes: &[u8], into: &mut [i64]) -> Result<(), Undecodable> {
    integers::decode(Bytes(bytes), into)
}
