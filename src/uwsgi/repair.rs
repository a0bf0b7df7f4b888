//! Mends the ways in which uWSGI's statistics are not JSON; understands no documents.

use std::borrow::Cow;
use std::ops::Range;

/// Makes strict JSON of what uWSGI 2.0.30 was seen to send; text that is strict JSON already is borrowed and unchanged.
///
/// - Invalid UTF-8 (a request's header bytes in `vars`) becomes U+FFFD.
/// - A raw control character inside a string (`GET /%01` in flight) becomes `\u00XX`.
/// - A quote or backslash that uWSGI did not escape (`cwd`, `mountpoint`, names of sockets and caches) is escaped. A quote
///   ends its string only where JSON allows one to end: before `:`, `,`, `]`, `}` or the end of the text. A directory name
///   that itself holds `",` stays broken: nothing tells it from the end of the string.
pub(super) fn repair(document: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(document) {
        Cow::Borrowed(text) => repair_strings(text),
        Cow::Owned(text) => match repair_strings(&text) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(repaired) => Cow::Owned(repaired),
        },
    }
}

fn repair_strings(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut mended = Mended::new(text);
    let mut in_string = false;
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let rest = &bytes[index + 1..];
        match byte {
            b'"' if !in_string => in_string = true,
            b'"' if can_end_a_string(rest) => in_string = false,
            b'"' => mended.replace(index..index + 1, "\\\""),
            b'\\' if in_string && is_escape(rest) => index += 1,
            b'\\' if in_string => mended.replace(index..index + 1, "\\\\"),
            0..=0x1f if in_string => mended.replace(index..index + 1, &format!("\\u{byte:04x}")),
            _ => {}
        }
        index += 1;
    }
    mended.finish()
}

fn can_end_a_string(rest: &[u8]) -> bool {
    let next = rest.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(next, None | Some(b':' | b',' | b']' | b'}'))
}

fn is_escape(rest: &[u8]) -> bool {
    match rest.first() {
        Some(b'u') => rest
            .get(1..5)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        Some(byte) => b"\"\\/bfnrt".contains(byte),
        None => false,
    }
}

/// A text with replacements, copied only once there is one.
struct Mended<'a> {
    text: &'a str,
    copied_to: usize,
    out: String,
}

impl<'a> Mended<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            copied_to: 0,
            out: String::new(),
        }
    }

    fn replace(&mut self, range: Range<usize>, with: &str) {
        self.out.push_str(&self.text[self.copied_to..range.start]);
        self.out.push_str(with);
        self.copied_to = range.end;
    }

    fn finish(mut self) -> Cow<'a, str> {
        if self.copied_to == 0 {
            return Cow::Borrowed(self.text);
        }
        self.out.push_str(&self.text[self.copied_to..]);
        Cow::Owned(self.out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_defect_is_mended_and_nothing_else_changes() {
        for (sent, mended) in [
            (&b"{\"a\":\"b\x01c\"}"[..], r#"{"a":"b\u0001c"}"#),
            (b"{\"a\":\"b\nc\"\n}", "{\"a\":\"b\\u000ac\"\n}"),
            (b"{\"a\":\"caf\xe9\"}", "{\"a\":\"caf\u{fffd}\"}"),
            (
                br#"{"cwd":"/srv/app"ird","x":1}"#,
                r#"{"cwd":"/srv/app\"ird","x":1}"#,
            ),
            (br#"{"cwd":"/srv\pp\u12"}"#, r#"{"cwd":"/srv\\pp\\u12"}"#),
            (br#"["a\"b\\", "\u00e9"]"#, r#"["a\"b\\", "\u00e9"]"#),
            (b"", ""),
            (b"{\"a\":\"\\", "{\"a\":\"\\\\"),
        ] {
            assert_eq!(repair(sent), mended);
        }
    }

    #[test]
    fn clean_text_is_borrowed() {
        assert!(matches!(repair(b"{\"a\": [\"b\", \"\"]}"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn strict_json_is_never_changed(texts in prop::collection::vec(any::<String>(), 0..8), pretty: bool) {
            let value = serde_json::json!({ "first": texts, "second": { "third": texts.first() } });
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            prop_assert!(matches!(repair(text.as_bytes()), Cow::Borrowed(same) if same == text));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            repair(&bytes);
        }

        #[test]
        fn a_string_of_any_bytes_but_quotes_and_backslashes_becomes_json(
            bytes in prop::collection::vec(any::<u8>().prop_filter("escaped by uWSGI", |byte| !b"\"\\".contains(byte)), 0..60),
        ) {
            let sent = [b"[\"", bytes.as_slice(), b"\"]"].concat();
            let parsed: Vec<String> = serde_json::from_str(&repair(&sent)).unwrap();
            prop_assert_eq!(parsed, vec![String::from_utf8_lossy(&bytes).into_owned()]);
        }
    }
}
