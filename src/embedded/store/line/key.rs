//! The key of a series: its measurement and its tags.

use std::borrow::Cow;

use super::fault::Fault;

/// InfluxDB's limit for a measurement with its tags, in bytes.
pub(super) const LONGEST: usize = 65_535;

const SPECIAL: &[u8] = b", =";

/// A measurement and its tags, without escapes, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct SeriesKey<'a> {
    pub(in super::super) measurement: Cow<'a, str>,
    pub(in super::super) tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> SeriesKey<'a> {
    /// Reads what stands before a line's fields.
    pub(in super::super) fn parse(raw: &'a [u8]) -> Result<Self, Fault> {
        let (measurement, rest) = measurement(raw)?;
        let mut tags = Vec::new();
        let mut rest = rest;
        while let Some(text) = rest {
            let (key, value, next) = tag(text)?;
            tags.push((name(key, SPECIAL)?, lossy(unescape(value, SPECIAL))));
            rest = next;
        }
        tags.sort_by(|left, right| left.0.cmp(&right.0));
        if tags.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Fault::DuplicateTags);
        }
        if raw.len() > LONGEST {
            return Err(Fault::KeyTooLong(raw.len()));
        }
        let measurement = name(measurement, SPECIAL)?;
        Ok(Self { measurement, tags })
    }

    /// The key as a careful writer writes it: escaped, tags sorted. The same for all ways to write one series.
    pub(in super::super) fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::new();
        escape(&self.measurement, b", ", &mut out);
        for (key, value) in &self.tags {
            out.push(b',');
            escape(key, SPECIAL, &mut out);
            out.push(b'=');
            escape(value, SPECIAL, &mut out);
        }
        out
    }
}

/// The offset of the space that ends a key, or the end of the line.
pub(super) fn end_of_key(line: &[u8]) -> usize {
    let mut from = 1;
    while let Some(offset) = line.get(from..).and_then(|rest| memchr::memchr(b' ', rest)) {
        let at = from + offset;
        if line[at - 1] != b'\\' {
            return at;
        }
        from = at + 1;
    }
    line.len()
}

/// What is wrong with the key of a line that is no point, if the key is what is wrong.
pub(super) fn fault_of_key(line: &[u8]) -> Option<Fault> {
    let end = end_of_key(line);
    let fault = SeriesKey::parse(&line[..end]).err();
    fault.or_else(|| (end == line.len()).then_some(Fault::MissingFields))
}

fn measurement(raw: &[u8]) -> Result<(&[u8], Option<&[u8]>), Fault> {
    if raw.first().is_none_or(|byte| *byte == b',') {
        return Err(Fault::MissingMeasurement);
    }
    Ok(match position(raw, 1, |byte| byte == b',') {
        Some(comma) => (&raw[..comma], Some(&raw[comma + 1..])),
        None => (raw, None),
    })
}

type Tag<'a> = (&'a [u8], &'a [u8], Option<&'a [u8]>);

fn tag(text: &[u8]) -> Result<Tag<'_>, Fault> {
    if text.first().is_none_or(|byte| matches!(byte, b',' | b'=')) {
        return Err(Fault::MissingTagKey);
    }
    let equals = position(text, 1, |byte| matches!(byte, b'=' | b','))
        .filter(|at| text[*at] == b'=')
        .ok_or(Fault::MissingTagValue)?;
    let (key, behind) = (&text[..equals], &text[equals + 1..]);
    if behind.first().is_none_or(|byte| *byte == b',') {
        return Err(Fault::MissingTagValue);
    }
    match position(behind, 1, |byte| matches!(byte, b'=' | b',')) {
        None => Ok((key, behind, None)),
        Some(at) if behind[at] == b'=' => Err(Fault::InvalidTagFormat),
        Some(at) => Ok((key, &behind[..at], Some(&behind[at + 1..]))),
    }
}

/// The first byte wanted that no backslash stands before.
fn position(text: &[u8], start: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    (start..text.len()).find(|at| wanted(text[*at]) && text[*at - 1] != b'\\')
}

/// A name without escapes, which has to be UTF-8.
pub(super) fn name<'a>(raw: &'a [u8], special: &[u8]) -> Result<Cow<'a, str>, Fault> {
    let text = match unescape(raw, special) {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).ok(),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
    };
    text.ok_or(Fault::InvalidName)
}

fn lossy(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// Takes away each backslash that stands before one of `special`; all others mean themselves.
pub(super) fn unescape<'a>(raw: &'a [u8], special: &[u8]) -> Cow<'a, [u8]> {
    if memchr::memchr(b'\\', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        if raw[at] == b'\\' && raw.get(at + 1).is_some_and(|next| special.contains(next)) {
            at += 1;
        }
        out.push(raw[at]);
        at += 1;
    }
    Cow::Owned(out)
}

fn escape(text: &str, special: &[u8], out: &mut Vec<u8>) {
    for byte in text.bytes() {
        if special.contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
}
