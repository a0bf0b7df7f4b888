//! Values as they are typed: durations and rates; knows no command.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

/// Why a typed value is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
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
    #[error("an address is HOST:PORT, as in 127.0.0.1:3000, localhost:3000 or :3000")]
    Listen,
    #[error("a port is a number from 0 to 65535")]
    Port,
    #[error("a size is a number with MiB or GiB, MB or GB, as in 512MiB, 1GiB; at least 1MiB")]
    Bytes,
    #[error("a whole number, 1 or more")]
    Count,
    #[error("a path begins with '/'")]
    Path,
    #[error("a header is `Name: value`")]
    Header,
}

/// `500ms`, `10s`, `2m`, `1h`, `1.5s`; a bare number is seconds. Longer than 0.
pub(crate) fn duration(text: &str) -> Result<Duration, ValueError> {
    const UNITS: [(&str, f64); 4] = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let number = scaled(text, &UNITS).ok_or(ValueError::Duration)?;
    match Duration::try_from_secs_f64(number) {
        Ok(duration) if duration.is_zero() => Err(ValueError::NoDuration),
        Ok(duration) => Ok(duration),
        Err(_) => Err(ValueError::Duration),
    }
}

/// Requests a second: fractions are fine, `k` and `M` multiply as in wrk2. Above 0.
pub(crate) fn rate(text: &str) -> Result<f64, ValueError> {
    let number = any_rate(text)?;
    if number > 0.0 {
        Ok(number)
    } else {
        Err(ValueError::NoRate)
    }
}

/// Requests a second, where 0 is for none.
pub(crate) fn rate_or_none(text: &str) -> Result<Option<f64>, ValueError> {
    match any_rate(text)? {
        0.0 => Ok(None),
        number if number > 0.0 => Ok(Some(number)),
        _ => Err(ValueError::NegativeRate),
    }
}

fn any_rate(text: &str) -> Result<f64, ValueError> {
    const UNITS: [(&str, f64); 4] = [("k", 1e3), ("K", 1e3), ("M", 1e6), ("m", 1e6)];
    scaled(text, &UNITS).ok_or(ValueError::Rate)
}

/// An address to listen on: `127.0.0.1:3000`, `localhost:3000`, `[::1]:3000`; `:3000` is on loopback alone.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, ValueError> {
    let (host, port) = text.rsplit_once(':').ok_or(ValueError::Listen)?;
    let text = match host {
        "" | "localhost" => format!("127.0.0.1:{port}"),
        _ => text.to_owned(),
    };
    text.parse().ok().ok_or(ValueError::Listen)
}

/// A port, or 0 for none.
pub(crate) fn port(text: &str) -> Result<u16, ValueError> {
    text.parse().ok().ok_or(ValueError::Port)
}

/// A whole number of 1 or more.
pub(crate) fn count<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, ValueError> {
    let number = text.parse::<T>().ok();
    number
        .filter(|number| *number >= T::from(1))
        .ok_or(ValueError::Count)
}

/// `512MiB`, `1GiB`, `1.5GB`. At least 1 MiB.
pub(crate) fn bytes(text: &str) -> Result<u64, ValueError> {
    const UNITS: [(&str, f64); 4] = [
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
        ("MB", 1e6),
        ("GB", 1e9),
    ];
    let has_unit = text.ends_with('B');
    let number = scaled(text, &UNITS).filter(|number| has_unit && (1_048_576.0..1e18).contains(number));
    number.map(|number| number as u64).ok_or(ValueError::Bytes)
}

/// What stands after the address in a URL.
pub(crate) fn path(text: &str) -> Result<String, ValueError> {
    if text.starts_with('/') {
        Ok(text.to_owned())
    } else {
        Err(ValueError::Path)
    }
}

/// `Name: value`, split at the first colon.
pub(crate) fn header(text: &str) -> Result<(String, String), ValueError> {
    let (name, value) = text.split_once(':').ok_or(ValueError::Header)?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// A finite number times its unit's factor. The number is digits with at most a sign and a point: no `inf`, no
/// exponent.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
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
            assert_eq!(duration(text), Err(ValueError::Duration), "{text}");
        }
        assert_eq!(duration("0s"), Err(ValueError::NoDuration));
    }

    #[test]
    fn rates_may_be_fractions_and_multiples() {
        for (text, per_second) in [("16", 16.0), ("0.5", 0.5), ("2k", 2_000.0), ("1.5M", 1.5e6)] {
            assert_eq!(rate(text), Ok(per_second), "{text}");
        }
        for text in ["", "k", "NaN", "inf", "1e5", "ten"] {
            assert_eq!(rate(text), Err(ValueError::Rate), "{text}");
        }
        for text in ["0", "-1", "0.0k"] {
            assert_eq!(rate(text), Err(ValueError::NoRate), "{text}");
        }
    }

    #[test]
    fn a_rate_of_0_may_mean_none_but_less_means_nothing() {
        assert_eq!(rate_or_none("16"), Ok(Some(16.0)));
        assert_eq!([rate_or_none("0"), rate_or_none("0.0")], [Ok(None), Ok(None)]);
        assert_eq!(rate_or_none("-3"), Err(ValueError::NegativeRate));
        assert_eq!(rate_or_none("many"), Err(ValueError::Rate));
    }

    #[test]
    fn addresses_to_listen_on_are_on_loopback_unless_they_say_otherwise() {
        let table = [
            ("127.0.0.1:3000", "127.0.0.1:3000"),
            ("localhost:3000", "127.0.0.1:3000"),
            (":3000", "127.0.0.1:3000"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:3000", "[::1]:3000"),
        ];
        for (text, address) in table {
            assert_eq!(listen(text), Ok(address.parse().unwrap()), "{text}");
        }
        for text in ["3000", "", "example.org:80", "localhost", ":70000"] {
            assert_eq!(listen(text), Err(ValueError::Listen), "{text}");
        }
    }

    #[test]
    fn sizes_have_a_unit_and_are_not_tiny() {
        for (text, size) in [("1MiB", 1 << 20), ("512MB", 512_000_000), ("1.5GiB", 3 << 29)] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in ["", "1", "MiB", "1KiB", "-1GiB", "0.5MiB", "1e3MB", "1gib"] {
            assert_eq!(bytes(text), Err(ValueError::Bytes), "{text}");
        }
    }

    #[test]
    fn a_count_is_at_least_one_and_fits() {
        assert_eq!(count::<u32>("4"), Ok(4));
        for text in ["0", "-1", "two", "", "4294967296"] {
            assert_eq!(count::<u32>(text), Err(ValueError::Count), "{text}");
        }
    }

    #[test]
    fn a_header_is_split_at_its_first_colon() {
        assert_eq!(header("Host: a:80"), Ok(("Host".into(), "a:80".into())));
        assert_eq!(header("no colon"), Err(ValueError::Header));
    }
}
