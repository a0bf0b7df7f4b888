//! Integers of one block: evenly spaced ones as two numbers, a few as they are, many through pco.

use super::Undecodable;
use super::numbers::{compress, decompress};
use super::varint::{Bytes, put_signed, put_unsigned};

const EVEN: u8 = 0;
const FEW: u8 = 1;
const PLAIN: u8 = 2;
const MULTIPLES: u8 = 3;

/// Up to so many are shorter as differences than with pco's header.
const FEW_NUMBERS: usize = 24;

pub(super) fn encode(numbers: &[i64], out: &mut Vec<u8>) -> Result<(), Undecodable> {
    if let Some((first, step)) = even_steps(numbers) {
        out.push(EVEN);
        put_signed(first, out);
        put_signed(step, out);
        return Ok(());
    }
    if numbers.len() <= FEW_NUMBERS {
        out.push(FEW);
        put_differences(numbers, out);
        return Ok(());
    }
    let spread = Spread::of(numbers);
    let unit = spread.unit(numbers);
    if unit > 1 {
        out.push(MULTIPLES);
        put_signed(spread.least, out);
        put_unsigned(unit, out);
        // A half of the range of u64 at most.
        let counts: Vec<i64> = numbers
            .iter()
            .map(|number| (number.abs_diff(spread.least) / unit) as i64)
            .collect();
        return compress(&counts, spread.smooth, out);
    }
    out.push(PLAIN);
    compress(numbers, spread.smooth, out)
}

/// Fills `into` with as many integers as it has room for.
pub(super) fn decode(mut bytes: Bytes<'_>, into: &mut [i64]) -> Result<(), Undecodable> {
    match bytes.byte()? {
        EVEN => {
            let mut number = bytes.signed()?;
            let step = bytes.signed()?;
            for place in into {
                *place = number;
                number = number.wrapping_add(step);
            }
            Ok(())
        }
        FEW => take_differences(&mut bytes, into),
        PLAIN => decompress(bytes.0, into),
        MULTIPLES => multiples(bytes, into),
        _ => Err(Undecodable),
    }
}

fn multiples(mut bytes: Bytes<'_>, into: &mut [i64]) -> Result<(), Undecodable> {
    let least = bytes.signed()?;
    let unit = bytes.unsigned()?;
    decompress(bytes.0, into)?;
    for place in into {
        *place = least.wrapping_add_unsigned((*place as u64).wrapping_mul(unit));
    }
    Ok(())
}

/// The first number and the difference between any two neighbours, where all differences are the same.
fn even_steps(numbers: &[i64]) -> Option<(i64, i64)> {
    let first = *numbers.first()?;
    let step = numbers.get(1).map_or(0, |second| second.wrapping_sub(first));
    let even = numbers
        .windows(2)
        .all(|pair| pair[1].wrapping_sub(pair[0]) == step);
    even.then_some((first, step))
}

fn put_differences(numbers: &[i64], out: &mut Vec<u8>) {
    let mut before = 0;
    for number in numbers {
        put_signed(number.wrapping_sub(before), out);
        before = *number;
    }
}

fn take_differences(bytes: &mut Bytes<'_>, into: &mut [i64]) -> Result<(), Undecodable> {
    let mut before = 0_i64;
    for place in into {
        before = before.wrapping_add(bytes.signed()?);
        *place = before;
    }
    Ok(())
}

/// How numbers lie, which decides how they are compressed best.
struct Spread {
    least: i64,
    /// Whether neighbours are much closer to each other than the extremes, as in counters.
    smooth: bool,
}

impl Spread {
    fn of(numbers: &[i64]) -> Self {
        let (mut least, mut greatest) = (i64::MAX, i64::MIN);
        let mut travelled = 0_u128;
        let mut before = None;
        for number in numbers {
            least = least.min(*number);
            greatest = greatest.max(*number);
            travelled += before.map_or(0, |before| u128::from(number.abs_diff(before)));
            before = Some(*number);
        }
        let range = u128::from(greatest.abs_diff(least));
        Self {
            least,
            smooth: travelled * 8 < range * numbers.len() as u128,
        }
    }

    /// The greatest number that divides all distances from the least one.
    fn unit(&self, numbers: &[i64]) -> u64 {
        let mut unit = 0;
        for number in numbers {
            unit = greatest_divisor(number.abs_diff(self.least), unit);
            if unit == 1 {
                break;
            }
        }
        unit
    }
}

fn greatest_divisor(mut left: u64, mut right: u64) -> u64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}
