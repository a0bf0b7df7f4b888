//! Values as they are typed; knows no command.

use std::net::SocketAddr;
use std::str::FromStr;

pub(crate) use crate::load::{duration, rate, rate_or_none};

use crate::load::scaled;

/// Why a typed value is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
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

#[cfg(test)]
mod tests {
    use super::*;

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
