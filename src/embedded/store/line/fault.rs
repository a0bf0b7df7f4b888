//! What is wrong with a line, in InfluxDB's words.

use std::fmt;

/// How much of a bad line its message repeats: a line may be as long as a body.
const LONGEST_EXCERPT: usize = 4_096;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum Fault {
    #[error("missing measurement")]
    MissingMeasurement,
    #[error("missing tag key")]
    MissingTagKey,
    #[error("missing tag value")]
    MissingTagValue,
    #[error("invalid tag format")]
    InvalidTagFormat,
    #[error("duplicate tags")]
    DuplicateTags,
    #[error("max key length exceeded: {0} > {longest}", longest = super::key::LONGEST)]
    KeyTooLong(usize),
    #[error("missing fields")]
    MissingFields,
    #[error("missing field key")]
    MissingFieldKey,
    #[error("missing field value")]
    MissingFieldValue,
    #[error("invalid field format")]
    InvalidFieldFormat,
    #[error("unbalanced quotes")]
    UnbalancedQuotes,
    #[error("invalid number")]
    InvalidNumber,
    #[error("invalid float")]
    InvalidFloat,
    #[error("invalid boolean")]
    InvalidBoolean,
    #[error("unable to parse integer {0}: strconv.ParseInt: parsing \"{0}\": value out of range")]
    IntegerOutOfRange(String),
    /// A field key that ends in an even number of backslashes.
    #[error("invalid value: field-key={0}")]
    InvalidFieldKey(String),
    /// InfluxDB 1.6.7 answers 500 to names that are not UTF-8; here they are bad lines.
    #[error("invalid UTF-8 in a name")]
    InvalidName,
    #[error("bad timestamp")]
    BadTimestamp,
    #[error("strconv.ParseInt: parsing \"{0}\": {1}")]
    TimestampNumber(String, &'static str),
    #[error("time outside range {earliest} - {latest}", earliest = super::time::EARLIEST, latest = super::time::LATEST)]
    TimeOutsideRange,
    #[error("point is invalid")]
    InvalidPoint,
}

/// A line that is no point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct BadLine<'a> {
    pub(in super::super) text: &'a [u8],
    pub(in super::super) fault: Fault,
}

impl fmt::Display for BadLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.text[..self.text.len().min(LONGEST_EXCERPT)];
        let rest = if shown.len() < self.text.len() { "…" } else { "" };
        let shown = String::from_utf8_lossy(shown);
        write!(out, "unable to parse '{shown}{rest}': {}", self.fault)
    }
}
