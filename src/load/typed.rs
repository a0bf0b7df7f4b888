//! Durations and rates as they are typed, on a command line or in a scenario; knows neither.

use std::time::Duration;

/// Why a typed duration or rate is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TypedError {
    #[error("a duration is a number with ms, s, m or h (bare: seconds), as in 500ms, 10s, 1.5m")]
    Duration,
    #[error("the duration must be longer than 0")]
    NoDuration,
    #[error("a rate is a number of requests a second, as in 16, 0.5, 2k, 1M")]
    Rate,
    #[error("the rate must be above 0")]
    NoRate,
    #[error("the rate must be 0 or more")]
    NegativeRate,
}

/// `500ms`, `10s`, `2m`, `1h`, `1.5s`; a bare number is seconds. Longer than 0.
pub(crate) fn duration(text: &str) -> Result<Duration, TypedError> {
    const UNITS: [(&str, f64); 4] = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let number = scaled(text, &UNITS).ok_or(TypedError::Duration)?;
    match Duration::try_from_secs_f64(number) {
        Ok(duration) if duration.is_zero() => Err(TypedError::NoDuration),
        Ok(duration) => Ok(duration),
        Err(_) => Err(TypedError::Duration),
    }
}

/// Requests a second: fractions are fine, `k` and `M` multiply as in wrk2. Above 0.
pub(crate) fn rate(text: &str) -> Result<f64, TypedError> {
    let number = any_rate(text)?;
    if number > 0.0 {
        Ok(number)
    } else {
        Err(TypedError::NoRate)
    }
}

/// Requests a second, where 0 is for none.
pub(crate) fn rate_or_none(text: &str) -> Result<Option<f64>, TypedError> {
    match any_rate(text)? {
        0.0 => Ok(None),
        number if number > 0.0 => Ok(Some(number)),
        _ => Err(TypedError::NegativeRate),
    }
}

fn any_rate(text: &str) -> Result<f64, TypedError> {
    const UNITS: [(&str, f64); 4] = [("k", 1e3), ("K", 1e3), ("M", 1e6), ("m", 1e6)];
    scaled(text, &UNITS).ok_or(TypedError::Rate)
}

/// A finite number times its unit's factor. The number is digits with at most a sign and a point: no `inf`, no
/// exponent.
pub(crate) fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let unit = units.iter().find(|(unit, _)| text.ends_with(unit));
    let (digits, factor) = match unit {
        Some((unit, factor)) => (&text[..text.len() - unit.len()], *factor),
        None => (text, 1.0),
    };
    let plain = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    if !digits.chars().all(plain) {
        return None;
    }
    let number: f64 = digits.parse().ok()?;
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_in_every_unit() {
        let table = [
            ("500ms", 500),
            ("10s", 10_000),
            ("10", 10_000),
            ("1.5s", 1_500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ];
        for (text, ms) in table {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "10x", "1e3", "inf", "nan", "1 s", "-1s"] {
            assert_eq!(duration(text), Err(TypedError::Duration), "{text}");
        }
        assert_eq!(duration("0s"), Err(TypedError::NoDuration));
    }

    #[test]
    fn rates_may_be_fractions_and_multiples() {
        for (text, per_second) in [("16", 16.0), ("0.5", 0.5), ("2k", 2_000.0), ("1.5M", 1.5e6)] {
            assert_eq!(rate(text), Ok(per_second), "{text}");
        }
        for text in ["", "k", "NaN", "inf", "1e5", "ten"] {
            assert_eq!(rate(text), Err(TypedError::Rate), "{text}");
        }
        for text in ["0", "-1", "0.0k"] {
            assert_eq!(rate(text), Err(TypedError::NoRate), "{text}");
        }
    }

    #[test]
    fn a_rate_of_0_may_mean_none_but_less_means_nothing() {
        assert_eq!(rate_or_none("16"), Ok(Some(16.0)));
        assert_eq!([rate_or_none("0"), rate_or_none("0.0")], [Ok(None), Ok(None)]);
        assert_eq!(rate_or_none("-3"), Err(TypedError::NegativeRate));
        assert_eq!(rate_or_none("many"), Err(TypedError::Rate));
    }
}
