//! The lines of a body one after the other: points, bad lines; comments and empty lines are passed over.

use super::extent::{end_of_line, next_newline, skip_blanks};
use super::fault::{BadLine, Fault};
use super::field::{Field, fields};
use super::key::{end_of_key, fault_of_key};
use super::precision::Precision;
use super::time::time;

/// Reads a body. Nothing of it is copied.
pub(in super::super) struct Reader<'a> {
    body: &'a [u8],
    at: usize,
    precision: Precision,
    fields: Vec<Field<'a>>,
}

/// A line whose fields and time are sound; its key is not looked at yet, because most keys are known already.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Point<'r, 'a> {
    /// The whole line, for messages.
    pub(in super::super) text: &'a [u8],
    /// For [`super::SeriesKey::parse`].
    pub(in super::super) raw_key: &'a [u8],
    pub(in super::super) fields: &'r [Field<'a>],
    /// Nanoseconds since 1970; `None` where the line has none.
    pub(in super::super) time: Option<i64>,
}

impl<'a> Reader<'a> {
    pub(in super::super) fn new(body: &'a [u8], precision: Precision) -> Self {
        Self {
            body,
            at: 0,
            precision,
            fields: Vec::new(),
        }
    }

    /// The next point or bad line; `None` at the end of the body.
    pub(in super::super) fn next(&mut self) -> Option<Result<Point<'_, 'a>, BadLine<'a>>> {
        let (line_start, start) = self.start_of_point()?;
        let body = self.body;
        let mut end = next_newline(body, start);
        let mut parsed = self.parse(&body[start..end]);
        if parsed.is_err() || body[start..end].ends_with(b"\\") {
            let real_end = end_of_line(body, line_start);
            if real_end != end {
                end = real_end;
                parsed = self.parse(&body[start..end]);
            }
        }
        self.at = end + 1;
        let text = &body[start..end];
        Some(match parsed {
            Ok((key_end, time)) => Ok(Point {
                text,
                raw_key: &text[..key_end],
                fields: &self.fields,
                time,
            }),
            Err(fault) => Err(BadLine {
                text,
                fault: fault_of_key(text).unwrap_or(fault),
            }),
        })
    }

    /// Where the next line that is neither empty nor a comment begins, and where its text does.
    fn start_of_point(&mut self) -> Option<(usize, usize)> {
        while self.at < self.body.len() {
            let start = skip_blanks(self.body, self.at);
            match self.body.get(start)? {
                b'\n' => self.at = start + 1,
                b'#' => self.at = end_of_line(self.body, self.at) + 1,
                _ => return Some((self.at, start)),
            }
        }
        None
    }

    /// The length of the key and the time.
    fn parse(&mut self, line: &'a [u8]) -> Result<(usize, Option<i64>), Fault> {
        self.fields.clear();
        let key_end = end_of_key(line);
        if key_end == line.len() {
            return Err(Fault::MissingFields);
        }
        let behind = fields(line, key_end, &mut self.fields)?;
        let time = time(line, behind, self.precision)?;
        Ok((key_end, time))
    }
}
