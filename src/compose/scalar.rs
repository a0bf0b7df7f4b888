//! Durations, sizes, processors and command lines as Compose writes them.

/// Nanoseconds of `1m30s`, `1.5s`, `500ms`.
pub(super) fn duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0f64;
    while !rest.is_empty() || text.is_empty() {
        let (number, tail) = leading_number(rest)?;
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let nanoseconds = match unit {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        total += number * nanoseconds;
        rest = tail;
    }
    whole(total)
}

/// Bytes of `512m`, `1gb`, `1.5GiB`, `1048576`: units are powers of 1024, as in Docker.
pub(super) fn bytes(text: &str) -> Option<i64> {
    let (number, unit) = leading_number(text)?;
    let unit = unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase();
    let power = match unit.strip_suffix('b').unwrap_or(&unit) {
        "" => 0,
        "k" | "ki" => 1,
        "m" | "mi" => 2,
        "g" | "gi" => 3,
        "t" | "ti" => 4,
        _ => return None,
    };
    whole(number * 1024f64.powi(power))
}

/// Billionths of a processor of `0.5`.
pub(super) fn nano_cpus(text: &str) -> Option<i64> {
    match leading_number(text)? {
        (number, "") => whole(number * 1e9),
        _ => None,
    }
}

fn leading_number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    Some((number.parse().ok()?, rest))
}

/// Past 2^53 a float no longer tells neighbouring whole numbers apart; nothing here is that large.
fn whole(number: f64) -> Option<i64> {
    let rounded = number.round();
    (0.0..9e15).contains(&rounded).then_some(rounded as i64)
}

/// Splits a command line as a POSIX shell does, without expanding anything; `None` where a quote is not closed.
pub(super) fn split_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => single_quoted(&mut characters, word.get_or_insert_default())?,
            '"' => double_quoted(&mut characters, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(characters.next()?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

fn single_quoted(characters: &mut impl Iterator<Item = char>, word: &mut String) -> Option<()> {
    loop {
        match characters.next()? {
            '\'' => return Some(()),
            other => word.push(other),
        }
    }
}

fn double_quoted(characters: &mut impl Iterator<Item = char>, word: &mut String) -> Option<()> {
    loop {
        match characters.next()? {
            '"' => return Some(()),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            other => word.push(other),
        }
    }
}

/// Whether an unquoted word would be another value in YAML 1.1, YAML 1.2 or Compose: `0755`, `1e3`, `1.0`, `0x1f`, `2024-01-31`.
/// Plain decimal integers are the same everywhere.
pub(super) fn is_ambiguous(word: &str) -> bool {
    let is_plain_integer = word
        .parse::<i128>()
        .is_ok_and(|number| number.to_string() == word);
    !is_plain_integer && (is_number(word) || is_date(word))
}

fn is_number(word: &str) -> bool {
    let unsigned = word.trim_start_matches(['+', '-']);
    let digits = unsigned.replace('_', "").to_ascii_lowercase();
    let prefixed = ["0x", "0o", "0b"]
        .iter()
        .any(|prefix| digits.starts_with(prefix) && u128::from_str_radix(&digits[2..], 16).is_ok());
    let special = matches!(digits.as_str(), ".inf" | ".nan");
    let starts_as_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    special || prefixed || (starts_as_number && digits.parse::<f64>().is_ok())
}

fn is_date(word: &str) -> bool {
    let date = word.split(['T', 't', ' ']).next().unwrap_or(word);
    let parts: Vec<&str> = date.split('-').collect();
    let all_digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [year, _, _] if year.len() == 4) && parts.iter().all(all_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_nanoseconds() {
        for (text, expected) in [
            ("1m30s", Some(90_000_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("500ms", Some(500_000_000)),
            ("2h1us3ns", Some(7_200_000_001_003)),
            ("0s", Some(0)),
            ("30", None),
            ("", None),
            ("1d", None),
            ("s", None),
            ("-1s", None),
            ("1m 30s", None),
            ("1.2.3s", None),
            ("99999999999999h", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes_are_bytes_in_powers_of_1024() {
        for (text, expected) in [
            ("512m", Some(512 << 20)),
            ("1gb", Some(1 << 30)),
            ("1.5GiB", Some(3 << 29)),
            ("64 k", Some(64 << 10)),
            ("1048576", Some(1 << 20)),
            ("10b", Some(10)),
            ("", None),
            ("m", None),
            ("1x", None),
            ("-1m", None),
            ("1mm", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn processors_are_billionths() {
        for (text, expected) in [
            ("0.5", Some(500_000_000)),
            ("2", Some(2_000_000_000)),
            (".25", Some(250_000_000)),
            ("0.1", Some(100_000_000)),
            ("1e3", None),
            ("two", None),
            ("-1", None),
        ] {
            assert_eq!(nano_cpus(text), expected, "{text}");
        }
    }

    #[test]
    fn command_lines_are_split_as_a_shell_splits_them() {
        for (line, expected) in [
            ("", Some(vec![])),
            ("  a  b\tc\n", Some(vec!["a", "b", "c"])),
            ("echo 'a b' \"c d\"", Some(vec!["echo", "a b", "c d"])),
            ("a'b'\"c\"d", Some(vec!["abcd"])),
            ("'' \"\"", Some(vec!["", ""])),
            (r#"a\ b "\"\\\n" '\n'"#, Some(vec!["a b", r#""\\n"#, r"\n"])),
            ("'open", None),
            ("\"open", None),
            ("end\\", None),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(split_words(line), expected, "{line}");
        }
    }

    #[test]
    fn words_that_programs_read_differently_are_ambiguous() {
        for word in [
            "0755",
            "1e3",
            "1.0",
            "0x1f",
            "0o17",
            "0b11",
            "1_000",
            "+5",
            ".5",
            "1.",
            "-0",
            "-.inf",
            ".nan",
            "2024-01-31",
            "2024-01-31T10:00:00Z",
            "2024-01-31 10:00:00",
        ] {
            assert!(is_ambiguous(word), "{word}");
        }
        for word in [
            "0",
            "5",
            "-5",
            "123456789012345678901234567890",
            "",
            "text",
            "1s",
            "1.2.3",
            "127.0.0.1",
            "uWSGI",
            "2024-01",
            "0xyz",
            "e3",
            "nan",
            "inf",
            "-",
            "a-b-c",
            "1-2-3",
        ] {
            assert!(!is_ambiguous(word), "{word}");
        }
    }
}
