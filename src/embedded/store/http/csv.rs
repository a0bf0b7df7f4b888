//! CSV as InfluxDB writes it: a table a statement, a header again where the columns change. Times are numbers.

use super::super::answer::{Answer, AnswerSeries, Cell};
use super::super::line::Precision;
use super::number;
use super::outlet::{Gone, Outlet};

/// Writes one statement after another.
#[derive(Debug, Default)]
pub(super) struct Tables {
    begun: bool,
}

impl Tables {
    /// A statement without rows leaves no trace. Times are in `unit`.
    pub(super) fn answer(
        &mut self,
        outlet: &mut Outlet,
        answer: &Answer,
        unit: Precision,
    ) -> Result<(), Gone> {
        let mut columns: Option<&[String]> = None;
        for series in &answer.series {
            if columns != Some(&series.columns) {
                self.header(&mut outlet.text, &series.columns);
                columns = Some(&series.columns);
            }
            rows(outlet, series, unit)?;
        }
        Ok(())
    }

    /// What is wrong with a statement, as InfluxDB words what is wrong with a request; of a statement it says nothing.
    pub(super) fn error(&mut self, text: &mut Vec<u8>, message: &str) {
        self.separate(text);
        text.extend(error(message));
    }

    fn header(&mut self, text: &mut Vec<u8>, columns: &[String]) {
        self.separate(text);
        text.extend_from_slice(b"name,tags");
        for column in columns {
            text.push(b',');
            field(text, column);
        }
        text.push(b'\n');
    }

    fn separate(&mut self, text: &mut Vec<u8>) {
        if self.begun {
            text.push(b'\n');
        }
        self.begun = true;
    }
}

fn rows(outlet: &mut Outlet, series: &AnswerSeries, unit: Precision) -> Result<(), Gone> {
    let mut head = Vec::new();
    field(&mut head, &series.name);
    head.push(b',');
    field(&mut head, &tags(series));
    for row in &series.rows {
        outlet.text.extend_from_slice(&head);
        for value in row {
            outlet.text.push(b',');
            cell(&mut outlet.text, value, unit);
        }
        outlet.text.push(b'\n');
        outlet.relay()?;
    }
    Ok(())
}

/// `key=value,key=value` with line protocol's escapes; without the tags a series has not.
fn tags(series: &AnswerSeries) -> String {
    let given = series.tags.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = given
        .map(|(key, value)| format!("{}={}", escaped(key), escaped(value)))
        .collect();
    pairs.join(",")
}

fn escaped(text: &str) -> String {
    text.replace(',', "\\,").replace(' ', "\\ ").replace('=', "\\=")
}

fn cell(text: &mut Vec<u8>, cell: &Cell, unit: Precision) {
    match cell {
        Cell::Null => {}
        Cell::Time(nanoseconds) => number::integer(text, nanoseconds / unit.nanoseconds()),
        Cell::Float(value) => number::plain_float(text, *value),
        Cell::Integer(value) => number::integer(text, *value),
        Cell::Text(value) => field(text, value),
        Cell::Boolean(value) => text.extend_from_slice(if *value { b"true" } else { b"false" }),
    }
}

/// Quoted where Go's `encoding/csv` quotes.
fn field(text: &mut Vec<u8>, value: &str) {
    let quoted =
        value.starts_with(char::is_whitespace) || value.contains([',', '"', '\r', '\n']) || value == "\\.";
    if !quoted {
        text.extend_from_slice(value.as_bytes());
        return;
    }
    text.push(b'"');
    text.extend_from_slice(value.replace('"', "\"\"").as_bytes());
    text.push(b'"');
}

/// The body of an answer that is none.
pub(super) fn error(message: &str) -> Vec<u8> {
    let mut text = b"error\n".to_vec();
    field(&mut text, message);
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_they_must_be() {
        let table = [
            ("plain", "plain"),
            ("", ""),
            ("é<&>\"q\\", "\"é<&>\"\"q\\\""),
            (" lead", "\" lead\""),
            ("a,b", "\"a,b\""),
            ("a\nb", "\"a\nb\""),
            ("\\.", "\"\\.\""),
        ];
        for (value, expected) in table {
            let mut text = Vec::new();
            field(&mut text, value);
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }

    #[test]
    fn tags_are_those_a_series_has_with_line_protocols_escapes() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let series = AnswerSeries {
            tags: vec![pair("h", "a"), pair("k", "c,d e=f"), pair("none", "")],
            ..AnswerSeries::default()
        };
        assert_eq!(tags(&series), "h=a,k=c\\,d\\ e\\=f");
    }
}
