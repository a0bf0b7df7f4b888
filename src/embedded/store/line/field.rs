//! The fields of a line, as the line writes them.

use std::borrow::Cow;

use super::extent::skip_blanks;
use super::fault::Fault;
use super::key::{self, unescape};
use super::number::{boolean, number};

/// A field as a line writes it: its key with the escapes it came with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Field<'a> {
    pub(in super::super) raw_name: &'a [u8],
    pub(in super::super) value: Value<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Value<'a> {
    Float(f64),
    Integer(i64),
    /// What stands between the quotes, escapes included.
    Text(&'a [u8]),
    Boolean(bool),
}

/// A field's key without escapes.
pub(in super::super) fn field_name(raw: &[u8]) -> Result<Cow<'_, str>, Fault> {
    key::name(raw, b",\" =")
}

/// A text value without escapes; what is not UTF-8 is replaced, as InfluxDB replaces it in answers.
pub(in super::super) fn text(raw: &[u8]) -> Cow<'_, str> {
    match unescape(raw, b"\"\\") {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// Reads the fields that begin at `start` into `fields` and returns the offset behind them.
pub(super) fn fields<'a>(line: &'a [u8], start: usize, fields: &mut Vec<Field<'a>>) -> Result<usize, Fault> {
    let mut at = skip_blanks(line, start);
    if at >= line.len() {
        return Err(Fault::InvalidFieldFormat);
    }
    let mut well_formed = true;
    loop {
        let name_end = end_of_name(line, at);
        if line.get(name_end) == Some(&b'=') {
            let raw_name = &line[at..name_end];
            if raw_name.is_empty() {
                return Err(Fault::MissingFieldKey);
            }
            let (value, end) = value(line, name_end + 1)?;
            if raw_name.ends_with(b"\\") {
                let text = String::from_utf8_lossy(&line[at..end]);
                return Err(Fault::InvalidFieldKey(text.into_owned()));
            }
            fields.push(Field { raw_name, value });
            at = end;
        } else {
            well_formed = false;
            at = name_end;
        }
        match line.get(at) {
            Some(b',') => at += 1,
            _ if well_formed => return Ok(at),
            _ => return Err(Fault::InvalidFieldFormat),
        }
    }
}

fn end_of_name(line: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < line.len() && !matches!(line[at], b'=' | b',' | b' ') {
        at += if line[at] == b'\\' { 2 } else { 1 };
    }
    at.min(line.len())
}

fn value(line: &[u8], start: usize) -> Result<(Value<'_>, usize), Fault> {
    match line.get(start) {
        None | Some(b',' | b' ') => Err(Fault::MissingFieldValue),
        Some(b'0'..=b'9' | b'.' | b'-' | b'N' | b'n') => number(line, start),
        Some(b'"') => quoted(line, start),
        Some(_) => boolean(line, start),
    }
}

/// What stands behind a closing quote belongs to the value, whose last character is cut off whatever it is.
fn quoted(line: &[u8], start: usize) -> Result<(Value<'_>, usize), Fault> {
    let mut at = start;
    let mut open = false;
    while at < line.len() {
        match line[at] {
            b'\\' if at + 1 < line.len() => at += 1,
            b'"' => open = !open,
            b',' | b' ' if !open => break,
            b'=' if !open => return Err(Fault::InvalidFieldFormat),
            _ => {}
        }
        at += 1;
    }
    if open {
        return Err(Fault::UnbalancedQuotes);
    }
    Ok((Value::Text(&line[start + 1..at - 1]), at))
}
