//! Numbers and times as text, as Go writes them; to a buffer, because a long answer has millions.

use std::io::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Floats below this are whole numbers without loss.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// As Go's `encoding/json`: an exponent from 1e21 on and below 1e-6. What JSON has no number for is `null`, where
/// InfluxDB 1.6.7 breaks the answer off.
pub(super) fn json_float(text: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    if !value.is_finite() {
        text.extend_from_slice(b"null");
    } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
        exponent(text, value);
    } else {
        plain_float(text, value);
    }
}

/// As `strconv.FormatFloat(value, 'f', -1, 64)`, which CSV answers use.
pub(super) fn plain_float(text: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        text.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        text.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    } else if value.fract() == 0.0 && value.abs() < EXACT && !(value == 0.0 && value.is_sign_negative()) {
        integer(text, value as i64);
    } else {
        write_infallibly(text, format_args!("{value}"));
    }
}

/// `1e+21`, `1.5e-7`
fn exponent(text: &mut Vec<u8>, value: f64) {
    let start = text.len();
    write_infallibly(text, format_args!("{value:e}"));
    let mark = text[start..].iter().position(|byte| *byte == b'e');
    if let Some(after) = mark.map(|mark| start + mark + 1)
        && text.get(after) != Some(&b'-')
    {
        text.insert(after, b'+');
    }
}

pub(super) fn integer(text: &mut Vec<u8>, value: i64) {
    write_infallibly(text, format_args!("{value}"));
}

/// RFC 3339 with as many digits of the second as are needed: `2023-11-14T22:13:20.5Z`, or with the zone's offset.
/// `nanoseconds` since 1970.
pub(super) fn time(text: &mut Vec<u8>, nanoseconds: i64, zone: Option<&TimeZone>) {
    let timestamp = Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or_default();
    let offset = zone.map_or(jiff::tz::Offset::UTC, |zone| zone.to_offset(timestamp));
    let civil = offset.to_datetime(timestamp);
    write_infallibly(text, format_args!("{:04}", civil.year()));
    for (mark, part) in [
        (b'-', civil.month()),
        (b'-', civil.day()),
        (b'T', civil.hour()),
        (b':', civil.minute()),
        (b':', civil.second()),
    ] {
        text.push(mark);
        two_digits(text, part);
    }
    fraction(text, civil.subsec_nanosecond());
    zone_offset(text, offset.seconds());
}

fn two_digits(text: &mut Vec<u8>, value: i8) {
    let value = value.unsigned_abs();
    text.extend_from_slice(&[b'0' + value / 10, b'0' + value % 10]);
}

fn fraction(text: &mut Vec<u8>, nanoseconds: i32) {
    if nanoseconds == 0 {
        return;
    }
    write_infallibly(text, format_args!(".{nanoseconds:09}"));
    while text.last() == Some(&b'0') {
        text.pop();
    }
}

fn zone_offset(text: &mut Vec<u8>, seconds: i32) {
    if seconds == 0 {
        text.push(b'Z');
        return;
    }
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    write_infallibly(
        text,
        format_args!("{sign}{:02}:{:02}", minutes / 60, minutes % 60),
    );
}

fn write_infallibly(text: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    // a vector takes every byte
    text.write_fmt(arguments).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn floats_in_json_are_those_of_go() {
        let table = [
            (1.0, "1"),
            (0.0, "0"),
            (-0.0, "-0"),
            (-1.5, "-1.5"),
            (100_000.0, "100000"),
            (123_456_789.123, "123456789.123"),
            (0.1 + 0.2, "0.30000000000000004"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (f64::MAX, "1.7976931348623157e+308"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (1.25e-10, "1.25e-10"),
            (5e-324, "5e-324"),
            (f64::NAN, "null"),
            (f64::NEG_INFINITY, "null"),
        ];
        for (value, expected) in table {
            assert_eq!(written(|text| json_float(text, value)), expected);
        }
    }

    #[test]
    fn floats_in_csv_have_no_exponent() {
        for (value, expected) in [
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
            (2.5, "2.5"),
            (-0.0, "-0"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(written(|text| plain_float(text, value)), expected);
        }
    }

    #[test]
    fn times_have_the_digits_they_need_and_the_zone_they_are_asked_in() {
        let vienna = TimeZone::get("Europe/Vienna").unwrap();
        let table = [
            (0, None, "1970-01-01T00:00:00Z"),
            (-1, None, "1969-12-31T23:59:59.999999999Z"),
            (1_700_000_000_500_000_000, None, "2023-11-14T22:13:20.5Z"),
            (1_700_000_000_000_001_000, None, "2023-11-14T22:13:20.000001Z"),
            (i64::MIN, None, "1677-09-21T00:12:43.145224192Z"),
            (i64::MAX, None, "2262-04-11T23:47:16.854775807Z"),
            (
                1_700_000_000_000_000_000,
                Some(&vienna),
                "2023-11-14T23:13:20+01:00",
            ),
            (
                1_690_000_000_000_000_000,
                Some(&vienna),
                "2023-07-22T06:26:40+02:00",
            ),
        ];
        for (nanoseconds, zone, expected) in table {
            assert_eq!(written(|text| time(text, nanoseconds, zone)), expected);
        }
    }
}
