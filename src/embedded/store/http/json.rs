//! JSON as Go's `encoding/json` writes it, straight to a buffer. Knows no statement.

use jiff::tz::TimeZone;

use super::super::answer::Cell;
use super::super::line::Precision;
use super::number;

/// The layout of a document while it is written: where a comma, a new line and an indent are due.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Layout {
    pretty: bool,
    depth: usize,
    /// Something stands in the innermost bracket.
    begun: bool,
}

impl Layout {
    pub(super) fn new(pretty: bool) -> Self {
        Self {
            pretty,
            ..Self::default()
        }
    }

    pub(super) fn open(&mut self, text: &mut Vec<u8>, bracket: u8) {
        text.push(bracket);
        self.depth += 1;
        self.begun = false;
    }

    pub(super) fn close(&mut self, text: &mut Vec<u8>, bracket: u8) {
        self.depth -= 1;
        if self.begun {
            self.new_line(text);
        }
        text.push(bracket);
        self.begun = true;
    }

    /// What comes before the next value of a list.
    pub(super) fn item(&mut self, text: &mut Vec<u8>) {
        if self.begun {
            text.push(b',');
        }
        self.begun = true;
        self.new_line(text);
    }

    /// What comes before the next value of an object.
    pub(super) fn key(&mut self, text: &mut Vec<u8>, name: &str) {
        self.item(text);
        string(text, name);
        text.extend_from_slice(if self.pretty { b": " } else { b":" });
    }

    fn new_line(self, text: &mut Vec<u8>) {
        if self.pretty {
            text.push(b'\n');
            text.extend(std::iter::repeat_n(b' ', 4 * self.depth));
        }
    }
}

/// How times are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times<'a> {
    pub(super) epoch: Option<Precision>,
    pub(super) zone: Option<&'a TimeZone>,
}

pub(super) fn cell(text: &mut Vec<u8>, cell: &Cell, times: Times<'_>) {
    match cell {
        Cell::Null => text.extend_from_slice(b"null"),
        Cell::Time(nanoseconds) => match times.epoch {
            Some(unit) => number::integer(text, nanoseconds / unit.nanoseconds()),
            None => {
                text.push(b'"');
                number::time(text, *nanoseconds, times.zone);
                text.push(b'"');
            }
        },
        Cell::Float(value) => number::json_float(text, *value),
        Cell::Integer(value) => number::integer(text, *value),
        Cell::Text(value) => string(text, value),
        Cell::Boolean(value) => text.extend_from_slice(if *value { b"true" } else { b"false" }),
    }
}

/// Go escapes what HTML and JavaScript could take for their own, too.
pub(super) fn string(text: &mut Vec<u8>, value: &str) {
    text.push(b'"');
    let mut rest = value;
    while let Some(at) = rest.find(needs_escape) {
        text.extend_from_slice(&rest.as_bytes()[..at]);
        let mut following = rest[at..].chars();
        following.next().into_iter().for_each(|c| escaped(text, c));
        rest = following.as_str();
    }
    text.extend_from_slice(rest.as_bytes());
    text.push(b'"');
}

fn needs_escape(c: char) -> bool {
    matches!(
        c,
        '\0'..='\x1f' | '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}'
    )
}

fn escaped(text: &mut Vec<u8>, c: char) {
    let short = match c {
        '"' => b'"',
        '\\' => b'\\',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        _ => {
            text.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
            return;
        }
    };
    text.extend_from_slice(&[b'\\', short]);
}

/// `{"error": …}` on a line of its own, the body of an answer that is none.
pub(super) fn error(message: &str) -> Vec<u8> {
    let mut text = b"{\"error\":".to_vec();
    string(&mut text, message);
    text.extend_from_slice(b"}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_go_escapes_them() {
        let table = [
            ("plain é", r#""plain é""#),
            ("\"\\\n\r\t", r#""\"\\\n\r\t""#),
            ("<&>", r#""\u003c\u0026\u003e""#),
            ("\u{8}\u{c}\u{1}\u{7f}", "\"\\u0008\\u000c\\u0001\u{7f}\""),
            ("\u{2028}x\u{2029}", r#""\u2028x\u2029""#),
        ];
        for (value, expected) in table {
            let mut text = Vec::new();
            string(&mut text, value);
            assert_eq!(String::from_utf8(text).unwrap(), expected);
        }
    }

    #[test]
    fn a_document_is_laid_out_in_one_line_or_with_four_spaces_a_level() {
        let written = |pretty| {
            let (mut layout, mut text) = (Layout::new(pretty), Vec::new());
            layout.open(&mut text, b'{');
            for name in ["a", "b"] {
                layout.key(&mut text, name);
                layout.open(&mut text, b'[');
                layout.item(&mut text);
                text.push(b'1');
                layout.item(&mut text);
                text.push(b'2');
                layout.close(&mut text, b']');
            }
            layout.key(&mut text, "c");
            layout.open(&mut text, b'{');
            layout.close(&mut text, b'}');
            layout.close(&mut text, b'}');
            String::from_utf8(text).unwrap()
        };
        assert_eq!(written(false), r#"{"a":[1,2],"b":[1,2],"c":{}}"#);
        assert_eq!(
            written(true),
            "{\n    \"a\": [\n        1,\n        2\n    ],\n    \"b\": [\n        1,\n        2\n    ],\n    \
             \"c\": {}\n}"
        );
    }
}
