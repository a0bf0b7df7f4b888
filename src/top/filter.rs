//! What was typed after `/`, and the rows that it lets through.

use super::table::Column;
use super::value::{Calendar, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Is,
    Above,
    Below,
}

/// `busy` finds the text anywhere in a row; `status=busy`, `rps>10`, `mean<1.5s`, `rss>64M` look at one column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Filter {
    text: String,
}

impl Filter {
    pub(crate) fn parse(text: &str) -> Self {
        Self {
            text: text.trim().to_lowercase(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn matches(&self, columns: &[Column], cells: &[Value], calendar: &Calendar) -> bool {
        let Some((index, comparison, wanted)) = self.column(columns) else {
            let mut shown = cells.iter().map(|cell| cell.show(calendar).to_lowercase());
            return shown.any(|cell| cell.contains(&self.text));
        };
        let Some(cell) = cells.get(index) else {
            return false;
        };
        match comparison {
            Comparison::Is => cell.show(calendar).to_lowercase() == wanted,
            Comparison::Above => compared(cell, wanted).is_some_and(|(number, limit)| number > limit),
            Comparison::Below => compared(cell, wanted).is_some_and(|(number, limit)| number < limit),
        }
    }

    /// The column that is named, if one is; anything else is text to look for.
    fn column(&self, columns: &[Column]) -> Option<(usize, Comparison, &str)> {
        let place = self.text.find(['=', '>', '<'])?;
        let (name, rest) = self.text.split_at(place);
        let name = name.trim();
        let index = columns
            .iter()
            .position(|column| column.title.to_lowercase() == name)?;
        let comparison = match rest.as_bytes().first() {
            Some(b'>') => Comparison::Above,
            Some(b'<') => Comparison::Below,
            _ => Comparison::Is,
        };
        Some((index, comparison, rest[1..].trim()))
    }
}

fn compared(cell: &Value, wanted: &str) -> Option<(f64, f64)> {
    Some((cell.number()?, limit(cell, wanted)?))
}

/// A bare number is in ms for times, in bytes for bytes.
fn limit(cell: &Value, wanted: &str) -> Option<f64> {
    const TIMES: &[(&str, f64)] = &[("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 60e6), ("", 1e3)];
    const BYTES: &[(&str, f64)] = &[
        ("k", 1024.0),
        ("m", 1_048_576.0),
        ("g", 1_073_741_824.0),
        ("", 1.0),
    ];
    const NUMBERS: &[(&str, f64)] = &[("k", 1e3), ("m", 1e6), ("", 1.0)];
    let units = match cell {
        Value::Micros(_) => TIMES,
        Value::Bytes(_) => BYTES,
        _ => NUMBERS,
    };
    let (unit, factor) = units.iter().find(|(unit, _)| wanted.ends_with(unit))?;
    let number: f64 = wanted[..wanted.len() - unit.len()].trim().parse().ok()?;
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::table::{number, words};
    use super::*;

    #[test]
    fn text_is_found_anywhere_and_a_column_is_compared_in_its_own_unit() {
        let columns = [
            number("PID", 5),
            words("STATUS", 6),
            number("MEAN", 6),
            number("RSS", 6),
        ];
        let cells = [
            Value::Count(4711),
            Value::text("busy"),
            Value::Micros(250_000.0),
            Value::Bytes(64.0 * 1024.0 * 1024.0),
        ];
        let calendar = Calendar {
            zone: TimeZone::UTC,
            now_us: 0,
        };
        let matches = |text: &str| Filter::parse(text).matches(&columns, &cells, &calendar);
        for text in [
            "",
            "71",
            "BUSY",
            "status=busy",
            "pid = 4711",
            "mean>249",
            "mean < 0.26s",
            "rss>63M",
            "pid>4k",
        ] {
            assert!(matches(text), "{text}");
        }
        for text in [
            "idle",
            "status=bus",
            "mean>250",
            "rss>64m",
            "status>1",
            "mean>soon",
            "4711=pid",
        ] {
            assert!(!matches(text), "{text}");
        }
    }
}
