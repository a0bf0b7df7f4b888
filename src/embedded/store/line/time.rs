//! A line's time: digits to nanoseconds since 1970.

use super::extent::skip_blanks;
use super::fault::Fault;
use super::precision::Precision;

/// InfluxDB keeps the outermost values of the type for itself.
pub(super) const EARLIEST: i64 = i64::MIN + 2;
pub(super) const LATEST: i64 = i64::MAX - 1;

/// The time at `start` of `line` in nanoseconds; `None` where the line ends without one.
pub(super) fn time(line: &[u8], start: usize, precision: Precision) -> Result<Option<i64>, Fault> {
    let start = skip_blanks(line, start);
    let rest = &line[start..];
    let length = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(length);
    if digits.is_empty() {
        return Ok(None);
    }
    let number = whole_number(digits)?;
    let nanoseconds = number
        .checked_mul(precision.nanoseconds())
        .filter(|time| (EARLIEST..=LATEST).contains(time))
        .ok_or(Fault::TimeOutsideRange)?;
    if behind.iter().any(|byte| *byte != b' ') {
        return Err(Fault::InvalidPoint);
    }
    Ok(Some(nanoseconds))
}

fn whole_number(text: &[u8]) -> Result<i64, Fault> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::BadTimestamp);
    }
    let text = String::from_utf8_lossy(text);
    text.parse().map_err(|_error: std::num::ParseIntError| {
        let reason = if digits.is_empty() {
            "invalid syntax"
        } else {
            "value out of range"
        };
        Fault::TimestampNumber(text.clone().into_owned(), reason)
    })
}

/// The time of a line without one: `now`, cut to the unit.
pub(in super::super) fn truncated(now: i64, precision: Precision) -> i64 {
    let unit = precision.nanoseconds();
    (now - now.rem_euclid(unit)).clamp(EARLIEST, LATEST)
}
