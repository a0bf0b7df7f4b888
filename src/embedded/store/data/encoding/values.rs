//! The values of one field in a block, and in which of the block's rows they stand.

use super::varint::{Bytes, put_unsigned};
use super::{Undecodable, integers, numbers, texts};

use super::super::super::column::{Kind, Values};

const IN_ALL_ROWS: u8 = 0;
const IN_SOME_ROWS: u8 = 1;

const SAME: u8 = 0;
const PLAIN: u8 = 1;
const COMPRESSED: u8 = 2;

/// Up to so many floats are shorter as they are than with pco's header.
const FEW_FLOATS: usize = 8;

/// A field's values in a block.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Chunk {
    /// The rows that have a value, ascending; `None` where they are the first ones.
    pub(in super::super) rows: Option<Vec<u32>>,
    pub(in super::super) values: Values,
}

/// `rows` are the rows of the values where those are not simply the first ones.
pub(in super::super) fn encode_values(rows: Option<&[u32]>, values: &Values) -> Result<Vec<u8>, Undecodable> {
    let mut out = Vec::new();
    match rows {
        None => out.push(IN_ALL_ROWS),
        Some(rows) => {
            out.push(IN_SOME_ROWS);
            put_rows(rows, &mut out)?;
        }
    }
    match values {
        Values::Integer(numbers) => integers::encode(numbers, &mut out)?,
        Values::Float(numbers) => encode_floats(numbers, &mut out)?,
        Values::Boolean(truths) => encode_booleans(truths, &mut out),
        Values::Text(all) => texts::encode(all, &mut out)?,
    }
    Ok(out)
}

/// Appends the `count` values of a chunk to `into`, which decides their kind, and returns in which rows they stand.
pub(in super::super) fn decode_values(
    bytes: &[u8],
    count: usize,
    into: &mut Values,
) -> Result<Option<Vec<u32>>, Undecodable> {
    let mut bytes = Bytes(bytes);
    let rows = match bytes.byte()? {
        IN_ALL_ROWS => None,
        IN_SOME_ROWS => Some(take_rows(&mut bytes, count)?),
        _ => return Err(Undecodable),
    };
    match into {
        Values::Integer(numbers) => integers::decode(bytes, grown(numbers, count, 0))?,
        Values::Float(numbers) => decode_floats(bytes, grown(numbers, count, 0.0))?,
        Values::Boolean(truths) => decode_booleans(bytes, count, truths)?,
        Values::Text(all) => texts::decode(bytes, count, all)?,
    }
    Ok(rows)
}

impl Chunk {
    pub(in super::super) fn decode(bytes: &[u8], count: usize, kind: Kind) -> Result<Self, Undecodable> {
        let mut values = Values::none_of(kind);
        let rows = decode_values(bytes, count, &mut values)?;
        Ok(Self { rows, values })
    }
}

/// The last `count` places of `numbers`, which are new.
fn grown<N: Copy>(numbers: &mut Vec<N>, count: usize, filler: N) -> &mut [N] {
    let length = numbers.len();
    numbers.resize(length + count, filler);
    &mut numbers[length..]
}

fn put_rows(rows: &[u32], out: &mut Vec<u8>) -> Result<(), Undecodable> {
    let numbers: Vec<i64> = rows.iter().copied().map(i64::from).collect();
    let mut bytes = Vec::new();
    integers::encode(&numbers, &mut bytes)?;
    put_unsigned(bytes.len() as u64, out);
    out.extend_from_slice(&bytes);
    Ok(())
}

fn take_rows(bytes: &mut Bytes<'_>, count: usize) -> Result<Vec<u32>, Undecodable> {
    let length = bytes.size()?;
    let mut numbers = vec![0; count];
    integers::decode(Bytes(bytes.take(length)?), &mut numbers)?;
    let rows = numbers.into_iter().map(u32::try_from);
    rows.collect::<Result<_, _>>().or(Err(Undecodable))
}

fn encode_floats(values: &[f64], out: &mut Vec<u8>) -> Result<(), Undecodable> {
    let first = values.first().copied().unwrap_or_default();
    if values.iter().all(|value| value.to_bits() == first.to_bits()) {
        out.push(SAME);
        out.extend_from_slice(&first.to_le_bytes());
    } else if values.len() <= FEW_FLOATS {
        out.push(PLAIN);
        values
            .iter()
            .for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
    } else {
        out.push(COMPRESSED);
        numbers::compress_floats(values, out)?;
    }
    Ok(())
}

fn decode_floats(mut bytes: Bytes<'_>, into: &mut [f64]) -> Result<(), Undecodable> {
    match bytes.byte()? {
        SAME => into.fill(f64::from_le_bytes(bytes.array()?)),
        PLAIN => {
            for place in into {
                *place = f64::from_le_bytes(bytes.array()?);
            }
        }
        COMPRESSED => numbers::decompress(bytes.0, into)?,
        _ => return Err(Undecodable),
    }
    Ok(())
}

fn encode_booleans(truths: &[bool], out: &mut Vec<u8>) {
    let first = truths.first().copied().unwrap_or_default();
    if truths.iter().all(|truth| *truth == first) {
        out.extend([SAME, u8::from(first)]);
        return;
    }
    out.push(PLAIN);
    for eight in truths.chunks(8) {
        let bits = eight.iter().enumerate();
        out.push(bits.fold(0, |byte, (bit, truth)| byte | u8::from(*truth) << bit));
    }
}

fn decode_booleans(mut bytes: Bytes<'_>, count: usize, into: &mut Vec<bool>) -> Result<(), Undecodable> {
    match bytes.byte()? {
        SAME => {
            let truth = bytes.byte()? != 0;
            into.resize(into.len() + count, truth);
        }
        PLAIN => {
            let bits = bytes.take(count.div_ceil(8))?;
            into.extend((0..count).map(|index| bits[index / 8] >> (index % 8) & 1 == 1));
        }
        _ => return Err(Undecodable),
    }
    Ok(())
}
