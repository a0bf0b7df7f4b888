//! Whole bodies, against what InfluxDB 1.6.7 answered and what this crate writes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::point::{FieldValue, Point as Written};

use super::seen::SEEN;
use super::*;

const NOW: &str = "now";

/// Points and bad lines of a body, one a line.
fn read(body: &[u8], precision: Precision) -> String {
    let mut reader = Reader::new(body, precision);
    let mut out = Vec::new();
    while let Some(line) = reader.next() {
        out.push(match line {
            Ok(point) => shown(&point),
            Err(bad) => bad.to_string(),
        });
    }
    out.join("\n")
}

fn shown(point: &Point<'_, '_>) -> String {
    let key = match SeriesKey::parse(point.raw_key) {
        Ok(key) => key,
        Err(fault) => {
            return BadLine {
                text: point.text,
                fault,
            }
            .to_string();
        }
    };
    let tags = key.tags.iter().map(|(key, value)| format!(",{key}={value}"));
    // As in storage, the last of several values for one field counts.
    let mut values = BTreeMap::new();
    for field in point.fields {
        let value = match field.value {
            Value::Float(number) => number.to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Boolean(truth) => truth.to_string(),
            Value::Text(raw) => format!("\"{}\"", text(raw)),
        };
        values.insert(field_name(field.raw_name).unwrap(), value);
    }
    let fields: Vec<_> = values
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let time = point.time.map_or(NOW.to_owned(), |time| time.to_string());
    let tags: String = tags.collect();
    format!("{}{tags} {} {time}", key.measurement, fields.join(","))
}

#[test]
fn every_line_becomes_what_influxdb_made_of_it() {
    for (body, expected) in SEEN {
        assert_eq!(
            &read(body.as_bytes(), Precision::Nanoseconds),
            expected,
            "{body:?}"
        );
    }
}

#[test]
fn lines_beside_each_other_are_read_one_by_one() {
    let table = [
        (
            "m v=1 1\nbad\nm v=2 2",
            "m v=1 1\nunable to parse 'bad': missing fields\nm v=2 2",
        ),
        ("m v=1 1\n\n\n  \nm v=2 2\n", "m v=1 1\nm v=2 2"),
        ("m v=\"a\nb\" 1\nm v=\"c\" 2", "m v=\"a\nb\" 1\nm v=\"c\" 2"),
        (
            "m v=\"a\nm v=1 2",
            "unable to parse 'm v=\"a\nm v=1 2': unbalanced quotes",
        ),
        ("# a\nm v=1 1\n#b", "m v=1 1"),
        ("# a=\"\nm v=1 1\n\"\nm v=2 2", "m v=2 2"),
        (
            "m,b=1,a=2 v=1 1\nm,a=2,b=1 v=2 2",
            "m,a=2,b=1 v=1 1\nm,a=2,b=1 v=2 2",
        ),
        (
            "m v=1 1\r\nm v=2\n",
            "unable to parse 'm v=1 1\r': bad timestamp\nm v=2 now",
        ),
        (
            "m,a=x\ninjected,b=1 v=1i 1",
            "unable to parse 'm,a=x': missing fields\ninjected,b=1 v=1 1",
        ),
    ];
    for (body, expected) in table {
        assert_eq!(
            read(body.as_bytes(), Precision::Nanoseconds),
            expected,
            "{body:?}"
        );
    }
}

#[test]
fn times_are_multiplied_by_the_unit_and_checked_against_the_range() {
    let outside = |line: &str| {
        format!("unable to parse '{line}': time outside range -9223372036854775806 - 9223372036854775806")
    };
    let table = [
        ("n", "m v=1 5", "m v=1 5".to_owned()),
        ("ns", "m v=1 5", "m v=1 5".to_owned()),
        ("us", "m v=1 5", "m v=1 5".to_owned()),
        ("d", "m v=1 5", "m v=1 5".to_owned()),
        ("", "m v=1 5", "m v=1 5".to_owned()),
        ("MS", "m v=1 5", "m v=1 5".to_owned()),
        ("u", "m v=1 5", "m v=1 5000".to_owned()),
        ("ms", "m v=1 5", "m v=1 5000000".to_owned()),
        ("s", "m v=1 5", "m v=1 5000000000".to_owned()),
        ("m", "m v=1 5", "m v=1 300000000000".to_owned()),
        ("h", "m v=1 5", "m v=1 18000000000000".to_owned()),
        (
            "ms",
            "m v=1 9223372036854",
            "m v=1 9223372036854000000".to_owned(),
        ),
        ("ms", "m v=1 9223372036855", outside("m v=1 9223372036855")),
        ("s", "m v=1 -9223372037", outside("m v=1 -9223372037")),
        ("h", "m v=1 2562047", "m v=1 9223369200000000000".to_owned()),
        ("h", "m v=1 2562048", outside("m v=1 2562048")),
    ];
    for (precision, line, expected) in table {
        assert_eq!(
            read(line.as_bytes(), Precision::named(precision)),
            expected,
            "{precision}"
        );
    }
}

#[test]
fn a_time_that_is_not_given_is_now_cut_to_the_unit() {
    let now = 1_795_365_342_123_456_789;
    assert_eq!(truncated(now, Precision::Nanoseconds), now);
    assert_eq!(truncated(now, Precision::Milliseconds), 1_795_365_342_123_000_000);
    assert_eq!(truncated(now, Precision::Hours), 1_795_363_200_000_000_000);
    assert_eq!(truncated(i64::MIN, Precision::Nanoseconds), i64::MIN + 2);
}

#[test]
fn bytes_that_are_not_utf8_are_replaced_in_values_and_refused_in_names() {
    let table: [(&[u8], &str); 3] = [
        (b"m,a=\xff v=\"\xfe\" 1", "m,a=\u{fffd} v=\"\u{fffd}\" 1"),
        (
            b"\xff v=1 1",
            "unable to parse '\u{fffd} v=1 1': invalid UTF-8 in a name",
        ),
        (
            b"m,\xff=1 v=1 1",
            "unable to parse 'm,\u{fffd}=1 v=1 1': invalid UTF-8 in a name",
        ),
    ];
    for (body, expected) in table {
        assert_eq!(read(body, Precision::Nanoseconds), expected);
    }
    assert_eq!(field_name(b"\xff"), Err(Fault::InvalidName));
}

#[test]
fn a_key_is_as_long_as_influxdb_allows_and_its_line_is_not_repeated_whole() {
    let line = format!("{} v=1 1", "m".repeat(65_535));
    assert_eq!(read(line.as_bytes(), Precision::Nanoseconds), line);
    let line = format!("{} v=1 1", "m".repeat(65_536));
    let expected = format!(
        "unable to parse '{}…': max key length exceeded: 65536 > 65535",
        "m".repeat(4_096)
    );
    assert_eq!(read(line.as_bytes(), Precision::Nanoseconds), expected);
}

#[test]
fn the_canonical_key_is_the_same_for_all_ways_to_write_a_series() {
    let canonical =
        |raw: &str| String::from_utf8(SeriesKey::parse(raw.as_bytes()).unwrap().canonical()).unwrap();
    assert_eq!(canonical("m\\ x\\=,b=1,a\\,=\\ \\="), "m\\ x=,a\\,=\\ \\=,b=1");
    assert_eq!(canonical("m"), "m");
}

fn value() -> impl Strategy<Value = FieldValue> {
    prop_oneof![
        any::<i64>().prop_map(FieldValue::Integer),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(FieldValue::Float),
        any::<bool>().prop_map(FieldValue::Boolean),
        "[ -~é\n\\\\\"]{0,12}".prop_map(FieldValue::Text),
    ]
}

proptest! {
    #[test]
    fn what_this_crate_writes_is_read_back(
        tags in proptest::collection::vec("[ -~é]{0,8}", 0..4),
        values in proptest::collection::vec(value(), 1..5),
        timestamp_ms in -9_000_000_000_000_i64..9_000_000_000_000,
    ) {
        let keys = ["a", "b c", "d,e", "f=g"];
        let names = ["one", "t wo", "th,ree", "fo=ur"];
        let mut written = Written::new("m x,y", timestamp_ms);
        for (key, tag) in keys.iter().zip(&tags) {
            written = written.tag(key, tag.as_str());
        }
        for (name, value) in names.iter().zip(&values) {
            written = written.field(name, value.clone());
        }
        let mut line = String::new();
        written.write_line(&mut line);
        let mut reader = Reader::new(line.as_bytes(), Precision::Milliseconds);
        let point = reader.next().unwrap().unwrap();
        let fields: Vec<_> = point.fields.iter().map(|field| {
            let value = match field.value {
                Value::Float(number) => FieldValue::Float(number),
                Value::Integer(number) => FieldValue::Integer(number),
                Value::Boolean(truth) => FieldValue::Boolean(truth),
                Value::Text(raw) => FieldValue::Text(text(raw).into_owned()),
            };
            (field_name(field.raw_name).unwrap().into_owned(), value)
        }).collect();
        let expected: Vec<_> = names.iter().map(|name| (*name).to_owned()).zip(values).collect();
        prop_assert_eq!(fields, expected);
        prop_assert_eq!(point.time, Some(timestamp_ms * 1_000_000));
        let key = SeriesKey::parse(point.raw_key).unwrap();
        let tags: Vec<_> = keys.iter().zip(&tags).filter(|(_, tag)| !tag.is_empty()).map(|(key, tag)| {
            let ends_in_backslash = tag.strip_suffix('\\').map(|front| format!("{front}/"));
            ((*key).to_owned(), ends_in_backslash.unwrap_or_else(|| tag.clone()))
        }).collect();
        let read: Vec<_> = key.tags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        prop_assert_eq!(key.measurement, "m x,y");
        prop_assert_eq!(read, tags);
        prop_assert!(reader.next().is_none());
    }

    #[test]
    fn no_bytes_make_the_reader_fail_or_stand_still(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let read = read(&body, Precision::Seconds);
        prop_assert!(read.lines().count() <= 201);
    }
}
