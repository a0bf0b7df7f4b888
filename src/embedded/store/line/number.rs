//! Numbers and booleans of field values.

use std::num::ParseIntError;

use super::fault::Fault;
use super::field::Value;

/// Longer digit strings may not fit an `i64`.
const DIGITS_THAT_FIT: usize = 18;

/// The number at `start`, which is a digit, `.`, `-`, `N` or `n`; and the offset behind it.
pub(super) fn number(line: &[u8], start: usize) -> Result<(Value<'static>, usize), Fault> {
    let end = end_of_value(line, start);
    let text = &line[start..end];
    let value = match short_integer(text) {
        Some((number, true)) => Value::Integer(number),
        Some((number, false)) if number.unsigned_abs() < 1 << 53 && number != 0 => {
            Value::Float(number as f64)
        }
        _ => long_number(text)?,
    };
    Ok((value, end))
}

fn end_of_value(line: &[u8], start: usize) -> usize {
    let length = line[start..].iter().position(|byte| matches!(byte, b',' | b' '));
    length.map_or(line.len(), |length| start + length)
}

/// Digits with or without a sign and an `i`, and whether there was one; `None` for all else.
fn short_integer(text: &[u8]) -> Option<(i64, bool)> {
    let (text, integer) = match text.split_last() {
        Some((b'i', digits)) => (digits, true),
        _ => (text, false),
    };
    let (digits, negative) = match text.split_first() {
        Some((b'-', digits)) => (digits, true),
        _ => (text, false),
    };
    if digits.is_empty() || digits.len() > DIGITS_THAT_FIT {
        return None;
    }
    let mut number = 0_i64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some((if negative { -number } else { number }, integer))
}

fn long_number(text: &[u8]) -> Result<Value<'static>, Fault> {
    let shape = Shape::of(text)?;
    let text = std::str::from_utf8(text).or(Err(Fault::InvalidNumber))?;
    if shape.integer {
        let digits = &text[..text.len() - 1];
        let number = digits
            .parse()
            .map_err(|_out_of_range: ParseIntError| Fault::IntegerOutOfRange(digits.to_owned()))?;
        return Ok(Value::Integer(number));
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Float(number)),
        _ => Err(Fault::InvalidFloat),
    }
}

/// What letters and signs say of a number, before its digits are read.
struct Shape {
    integer: bool,
}

impl Shape {
    fn of(text: &[u8]) -> Result<Self, Fault> {
        let unsigned = text.strip_prefix(b"-").unwrap_or(text);
        let (mut points, mut exponents, mut marks) = (0_usize, 0_usize, 0_usize);
        let mut before = 0_u8;
        for (index, byte) in unsigned.iter().copied().enumerate() {
            match byte {
                b'0'..=b'9' => {}
                b'.' => points += 1,
                b'i' => marks += 1,
                b'e' | b'E' if index > 0 || unsigned.len() < text.len() => exponents += 1,
                b'+' | b'-' if matches!(before, b'e' | b'E') => {}
                _ => return Err(Fault::InvalidNumber),
            }
            before = byte;
        }
        let integer = marks > 0;
        let digits = unsigned.len() - points.min(1) - marks.min(1);
        let misplaced = integer && (points > 0 || exponents > 0 || before != b'i');
        if points > 1 || marks > 1 || misplaced || digits == 0 {
            return Err(Fault::InvalidNumber);
        }
        Ok(Self { integer })
    }
}

/// The boolean at `start`, and the offset behind it.
pub(super) fn boolean(line: &[u8], start: usize) -> Result<(Value<'static>, usize), Fault> {
    let end = end_of_value(line, start);
    let truth = match &line[start..end] {
        b"t" | b"T" | b"true" | b"True" | b"TRUE" => true,
        b"f" | b"F" | b"false" | b"False" | b"FALSE" => false,
        _ => return Err(Fault::InvalidBoolean),
    };
    Ok((Value::Boolean(truth), end))
}
