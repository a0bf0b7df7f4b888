//! Values as people type them on the command line: parsed, not yet used.

use std::time::Duration;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ValueError {
    #[error("not a duration: type a number with ms, s, m or h, for example 500ms or 5s")]
    Duration,
}

/// `500ms`, `5s`, `2m`, `1h`; a number alone is seconds; fractions are allowed.
pub(crate) fn duration(text: &str) -> Result<Duration, ValueError> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(ValueError::Duration),
    };
    let Ok(number) = number.trim().parse::<f64>() else {
        return Err(ValueError::Duration);
    };
    match Duration::try_from_secs_f64(number * seconds) {
        Ok(duration) => Ok(duration),
        Err(_) => Err(ValueError::Duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, milliseconds) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("5", 5_000),
            ("0.5", 500),
            ("1.5m", 90_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "s", "5d", "-1s", "1e400", "NaN", "5 s s", "inf"] {
            assert_eq!(duration(text), Err(ValueError::Duration), "{text}");
        }
    }
}
