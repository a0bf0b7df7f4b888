//! A measurement point and its line-protocol text; sends nothing.

use std::fmt::Write as _;

/// Room in a new point: what most points have, so that they are made without growing.
const TAGS: usize = 4;
const FIELDS: usize = 8;

/// The value of one field, with the type InfluxDB stores.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FieldValue {
    /// Written as `…i`; InfluxDB 1.x knows signed 64-bit integers only.
    Integer(i64),
    /// Left out of the line when it is not finite: InfluxDB 1.x refuses `NaN` and `Inf`.
    Float(f64),
    Boolean(bool),
    Text(String),
}

impl From<i64> for FieldValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

/// uWSGI's counters are unsigned; what exceeds `i64::MAX` saturates, because InfluxDB 1.x refuses it.
impl From<u64> for FieldValue {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<f64> for FieldValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for FieldValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<&str> for FieldValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

/// One row of one series: a measurement, its tags, its fields and a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub(crate) measurement: &'static str,
    /// Sorted by key when written; a tag with an empty value is left out, as InfluxDB requires.
    pub(crate) tags: Vec<(&'static str, String)>,
    pub(crate) fields: Vec<(&'static str, FieldValue)>,
    /// Milliseconds since the Unix epoch.
    pub(crate) timestamp_ms: i64,
}

impl Point {
    pub(crate) fn new(measurement: &'static str, timestamp_ms: i64) -> Self {
        Self {
            measurement,
            tags: Vec::with_capacity(TAGS),
            fields: Vec::with_capacity(FIELDS),
            timestamp_ms,
        }
    }

    pub(crate) fn tag(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.tags.push((key, value.into()));
        self
    }

    pub(crate) fn field(mut self, key: &'static str, value: impl Into<FieldValue>) -> Self {
        self.fields.push((key, value.into()));
        self
    }

    /// Appends the point as one line of InfluxDB line protocol with a time in milliseconds
    /// (`precision=ms`), newline included. Appends nothing when no field can be written.
    pub(crate) fn write_line(&self, out: &mut String) {
        let start = out.len();
        escape(self.measurement, [b',', b' '], out);
        let mut last = "";
        // There are few tags: looking for the next one is cheaper than a sorted list of them.
        while let Some((key, value)) = self.next_tag(last) {
            out.push(',');
            escape(key, [b',', b'=', b' '], out);
            out.push('=');
            escape_tag_value(value, out);
            last = key;
        }
        let mut separator = ' ';
        for (key, value) in &self.fields {
            if matches!(value, FieldValue::Float(number) if !number.is_finite()) {
                continue;
            }
            out.push(separator);
            separator = ',';
            escape(key, [b',', b'=', b' '], out);
            out.push('=');
            write_value(value, out);
        }
        if separator == ' ' {
            out.truncate(start);
            return;
        }
        out.push(' ');
        write_integer(self.timestamp_ms, out);
        out.push('\n');
    }

    /// The tag with the next key after `last` that has a value. A key is written once.
    fn next_tag(&self, last: &str) -> Option<(&'static str, &str)> {
        let tags = self.tags.iter().map(|(key, value)| (*key, value.as_str()));
        let later = tags.filter(|(key, value)| *key > last && !value.is_empty());
        later.min_by_key(|(key, _)| *key)
    }
}

fn write_value(value: &FieldValue, out: &mut String) {
    match value {
        FieldValue::Integer(number) => {
            write_integer(*number, out);
            out.push('i');
        }
        // Writing to a String cannot fail.
        FieldValue::Float(number) => write!(out, "{number}").unwrap_or_default(),
        FieldValue::Boolean(true) => out.push_str("true"),
        FieldValue::Boolean(false) => out.push_str("false"),
        FieldValue::Text(text) => {
            out.push('"');
            escape(text, [b'"', b'\\'], out);
            out.push('"');
        }
    }
}

/// Most of a line are integers, and most of those have one digit.
fn write_integer(number: i64, out: &mut String) {
    match u8::try_from(number) {
        Ok(digit @ 0..10) => out.push(char::from(b'0' + digit)),
        // Writing to a String cannot fail.
        _ => write!(out, "{number}").unwrap_or_default(),
    }
}

/// Puts a backslash before each of the `special` characters, which are ASCII.
fn escape<const N: usize>(text: &str, special: [u8; N], out: &mut String) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if special.contains(&byte) {
            out.push_str(&text[plain..at]);
            out.push('\\');
            plain = at;
        }
    }
    out.push_str(&text[plain..]);
}

/// A raw newline would end the line and let a tag value write points of its own, and a value that ends in
/// a backslash cannot be represented at all (both seen with InfluxDB 1.6.7), so both are replaced.
fn escape_tag_value(value: &str, out: &mut String) {
    let start = out.len();
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b'=');
    if value.bytes().all(is_plain) {
        out.push_str(value);
    } else {
        escape_characters(value, out);
    }
    if out[start..].ends_with('\\') {
        out.pop();
        out.push('/');
    }
}

fn escape_characters(value: &str, out: &mut String) {
    for character in value.chars() {
        match character {
            ',' | '=' | ' ' => {
                out.push('\\');
                out.push(character);
            }
            character if character.is_control() => out.push('?'),
            character => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(point: &Point) -> String {
        let mut out = String::new();
        point.write_line(&mut out);
        out
    }

    #[test]
    fn tags_are_sorted_and_each_field_type_has_its_own_form() {
        let point = Point::new("uwsgi_load", 1_700_000_000_123)
            .tag("url", "http://127.0.0.1:9090/")
            .tag("client", "http")
            .field("rate", 16.5)
            .field("answered", 16_u64)
            .field("overloaded", false)
            .field("kind", "open \"loop\" \\");
        assert_eq!(
            line(&point),
            "uwsgi_load,client=http,url=http://127.0.0.1:9090/ \
             rate=16.5,answered=16i,overloaded=false,kind=\"open \\\"loop\\\" \\\\\" 1700000000123\n"
        );
    }

    #[test]
    fn a_tag_value_can_neither_start_a_new_line_nor_end_in_a_backslash() {
        let point = Point::new("m", 1)
            .tag("a", "x\ninjected,b=1 v=1i\\")
            .field("v", 1_i64);
        assert_eq!(line(&point), "m,a=x?injected\\,b\\=1\\ v\\=1i/ v=1i 1\n");
    }

    #[test]
    fn empty_tags_and_numbers_that_are_not_finite_are_left_out() {
        let point = Point::new("m", 1)
            .tag("a", "")
            .field("nan", f64::NAN)
            .field("v", 1_i64);
        assert_eq!(line(&point), "m v=1i 1\n");
        assert_eq!(line(&Point::new("m", 1).field("inf", f64::INFINITY)), "");
    }

    #[test]
    fn integers_of_every_length_and_text_beyond_ascii_are_written_whole() {
        let point = Point::new("m", 1).tag("a", "Zürich, 1").field("t", "ü\"ß");
        let point = [0, 9, 10, -1, i64::MIN, i64::MAX]
            .iter()
            .fold(point, |point, number| point.field("n", *number));
        assert_eq!(
            line(&point),
            "m,a=Zürich\\,\\ 1 t=\"ü\\\"ß\",n=0i,n=9i,n=10i,n=-1i,n=-9223372036854775808i,n=9223372036854775807i 1\n"
        );
    }

    #[test]
    fn a_counter_beyond_the_signed_range_saturates() {
        assert_eq!(FieldValue::from(u64::MAX), FieldValue::Integer(i64::MAX));
    }
}
