//! Where a query reads: measurements by name or regular expression, and subqueries. Looks nothing up.

use super::ast::{Measurement, Named, Pattern, Source};
use super::cursor::Cursor;
use super::error::{ParseError, Position};
use super::token::Token;

/// InfluxDB 1.6.7 names the beginning of the query where it means a measurement.
const BEGINNING: Position = Position {
    line: 1,
    character: 1,
};

impl Cursor<'_> {
    /// After `FROM` of a `SELECT`.
    pub(super) fn source(&mut self) -> Result<Source, ParseError> {
        if self.take("(") {
            let select = self.inside(|cursor| {
                cursor.expect("SELECT", &["SELECT"])?;
                cursor.select()
            })?;
            self.expect(")", &[")"])?;
            return Ok(Source::Subquery(Box::new(select)));
        }
        let measurement = self.measurement()?;
        if measurement.name == Named::Is(String::new()) {
            self.refuse("invalid measurement");
        }
        Ok(Source::Measurement(measurement))
    }

    /// `FROM a, b` where it is next, nothing where not. Subqueries may not stand here.
    pub(super) fn from(&mut self) -> Result<Vec<Measurement>, ParseError> {
        if self.take("FROM") {
            self.list(Self::measurement)
        } else {
            Ok(Vec::new())
        }
    }

    /// `name`, `policy.name`, `database.policy.name` or `database..name`, the name also as a regular expression.
    pub(super) fn measurement(&mut self) -> Result<Measurement, ParseError> {
        if let Some(pattern) = self.pattern()? {
            return Ok(Measurement {
                database: None,
                policy: None,
                name: Named::Matches(pattern),
            });
        }
        let first = self.identifier()?;
        let mut segments = self.segments(first)?;
        let name = match self.last_segment_pattern(&mut segments)? {
            Some(pattern) => Named::Matches(pattern),
            None => Named::Is(segments.pop().unwrap_or_default()),
        };
        if segments.len() > 2 {
            return Err(too_many(&segments, &name));
        }
        let policy = segments.pop().filter(|policy| !policy.is_empty());
        Ok(Measurement {
            database: segments.pop(),
            policy,
            name,
        })
    }

    /// `first` and what follows it after points. Ends with an empty segment where a regular expression is next.
    pub(super) fn segments(&mut self, first: String) -> Result<Vec<String>, ParseError> {
        let mut segments = vec![first];
        while self.touches() && self.take(".") {
            self.note_look_ahead();
            match self.peek() {
                Token::Fixed("." | "/" | ":") | Token::Pattern(_) if self.touches() => {
                    segments.push(String::new())
                }
                _ => segments.push(self.identifier()?),
            }
        }
        Ok(segments)
    }

    fn last_segment_pattern(&mut self, segments: &mut Vec<String>) -> Result<Option<Pattern>, ParseError> {
        if segments.len() == 1 || segments.last().is_none_or(|last| !last.is_empty()) {
            return Ok(None);
        }
        let pattern = self.pattern()?;
        if pattern.is_some() {
            segments.pop();
        }
        Ok(pattern)
    }

    /// Of `DELETE` and `DROP SERIES`, which work on one database and all its policies.
    pub(super) fn bare_measurement(&mut self) -> Result<Measurement, ParseError> {
        let measurement = self.measurement()?;
        let refused = match &measurement {
            Measurement { policy: Some(_), .. } => "retention policy not supported",
            Measurement {
                database: Some(_), ..
            } => "database not supported",
            _ => return Ok(measurement),
        };
        Err(ParseError::Invalid {
            reason: refused.to_owned(),
            at: BEGINNING,
        })
    }
}

fn too_many(before: &[String], name: &Named) -> ParseError {
    let quoted = before.iter().map(|segment| {
        if segment.is_empty() {
            String::new()
        } else {
            format!("{segment:?}")
        }
    });
    let mut parts: Vec<String> = quoted.collect();
    parts.push(match name {
        Named::Is(name) => name.clone(),
        Named::Matches(pattern) => format!("/{}/", pattern.0),
    });
    ParseError::Invalid {
        reason: format!("too many segments in {}", parts.join(".")),
        at: BEGINNING,
    }
}
