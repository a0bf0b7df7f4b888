//! Numbers through pco; the settings were chosen by measuring with counters, gauges and times of one-second scrapes.

use pco::data_types::Number;
use pco::standalone::{simple_compress, simple_decompress_into};
use pco::{ChunkConfig, DeltaSpec, ModeSpec};

use super::Undecodable;

/// Above it chunks shrink by less than a tenth, and take three times as long to write.
const LEVEL: usize = 4;

/// `delta`: whether neighbours are alike, as in counters and times.
pub(super) fn compress<N: Number>(numbers: &[N], delta: bool, out: &mut Vec<u8>) -> Result<(), Undecodable> {
    let delta = if delta {
        DeltaSpec::TryConsecutive(1)
    } else {
        DeltaSpec::NoOp
    };
    let config = ChunkConfig::default()
        .with_compression_level(LEVEL)
        .with_mode_spec(ModeSpec::Classic)
        .with_delta_spec(delta);
    let bytes = simple_compress(numbers, &config).or(Err(Undecodable))?;
    out.extend_from_slice(&bytes);
    Ok(())
}

pub(super) fn decompress<N: Number>(bytes: &[u8], into: &mut [N]) -> Result<(), Undecodable> {
    let progress = simple_decompress_into(bytes, into).or(Err(Undecodable))?;
    if progress.n_processed == into.len() {
        Ok(())
    } else {
        Err(Undecodable)
    }
}

/// Finds by itself whether the floats are decimals or multiples of something, and whether neighbours are alike.
pub(super) fn compress_floats(numbers: &[f64], out: &mut Vec<u8>) -> Result<(), Undecodable> {
    let config = ChunkConfig::default().with_compression_level(LEVEL);
    let bytes = simple_compress(numbers, &config).or(Err(Undecodable))?;
    out.extend_from_slice(&bytes);
    Ok(())
}
