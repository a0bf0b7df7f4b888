//! Regular expressions of queries, made ready to match. Matches nothing itself.

use regex::{Regex, RegexBuilder};

use super::ast::Pattern;

/// What a compiled expression may take, in bytes.
const SIZE: usize = 1 << 20;

/// A regular expression that cannot be used; begins as InfluxDB 1.6.7 does.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("error parsing regexp: {0}")]
pub(in super::super) struct PatternError(String);

/// Patterns are written for Go's `regexp`; the two grammars differ in corners such as `\Q…\E`, which is an error here.
pub(in super::super) fn compile(pattern: &Pattern) -> Result<Regex, PatternError> {
    RegexBuilder::new(&pattern.0)
        .size_limit(SIZE)
        .build()
        .map_err(|error| refused(&pattern.0, &error))
}

/// The reason is the last line of a syntax error, after a drawing of the place.
fn refused(pattern: &str, error: &regex::Error) -> PatternError {
    let text = error.to_string();
    let reason = text
        .lines()
        .last()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    PatternError(format!("{reason}: `{pattern}`"))
}
