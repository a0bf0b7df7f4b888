//! A measurement point and its line-protocol text; sends nothing.

use std::fmt::Write as _;

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
            tags: Vec::new(),
            fields: Vec::new(),
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
        escape(self.measurement, &[',', ' '], out);
        let mut tags: Vec<_> = self.tags.iter().filter(|(_, value)| !value.is_empty()).collect();
        tags.sort_by_key(|(key, _)| *key);
        for (key, value) in tags {
            out.push(',');
            escape(key, &[',', '=', ' '], out);
            out.push('=');
            escape_tag_value(value, out);
        }
        let mut separator = ' ';
        for (key, value) in &self.fields {
            if matches!(value, FieldValue::Float(number) if !number.is_finite()) {
                continue;
            }
            out.push(separator);
            separator = ',';
            escape(key, &[',', '=', ' '], out);
            out.push('=');
            write_value(value, out);
        }
        if separator == ' ' {
            out.truncate(start);
            return;
        }
        // Writing to a String cannot fail.
        writeln!(out, " {}", self.timestamp_ms).ok();
    }
}

fn write_value(value: &FieldValue, out: &mut String) {
    match value {
        FieldValue::Integer(number) => write!(out, "{number}i").ok(),
        FieldValue::Float(number) => write!(out, "{number}").ok(),
        FieldValue::Boolean(truth) => write!(out, "{truth}").ok(),
        FieldValue::Text(text) => {
            out.push('"');
            escape(text, &['"', '\\'], out);
            out.push('"');
            None
        }
    };
}

fn escape(text: &str, special: &[char], out: &mut String) {
    for character in text.chars() {
        if special.contains(&character) {
            out.push('\\');
        }
        out.push(character);
    }
}

/// A raw newline would end the line and let a tag value write points of its own, and a value that ends in
/// a backslash cannot be represented at all (both seen with InfluxDB 1.6.7), so both are replaced.
fn escape_tag_value(value: &str, out: &mut String) {
    let start = out.len();
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
    if out[start..].ends_with('\\') {
        out.pop();
        out.push('/');
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
    fn a_counter_beyond_the_signed_range_saturates() {
        assert_eq!(FieldValue::from(u64::MAX), FieldValue::Integer(i64::MAX));
    }
}
