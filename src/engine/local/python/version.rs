//! Versions of Python and uWSGI, as far as they are compared.

use std::fmt;

use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Version(pub(super) u32, pub(super) u32, pub(super) u32);

impl Version {
    /// Reads `3.11.7`, and `2.0.21-debian` or `2.0.30.post1` without their ends.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().splitn(3, '.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        let patch = numbers.next().unwrap_or("0");
        let end = patch.find(|c: char| !c.is_ascii_digit()).unwrap_or(patch.len());
        Some(Self(major, minor, patch[..end].parse().ok()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_are_read_and_what_follows_them_is_not() {
        for (text, version) in [
            ("3.11.7", Some(Version(3, 11, 7))),
            ("2.0.21-debian\n", Some(Version(2, 0, 21))),
            ("2.0.30.post1", Some(Version(2, 0, 30))),
            ("2.1-dev", None),
            ("3.14", Some(Version(3, 14, 0))),
            ("*** uWSGI ***", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(text), version, "{text}");
        }
    }
}
