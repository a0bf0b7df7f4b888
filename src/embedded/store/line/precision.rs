//! The unit of the times in a body, and what a time in it is in nanoseconds; reads no clock.

/// The unit of a line's time, as the query parameter `precision` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) enum Precision {
    #[default]
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
}

impl Precision {
    /// `u`, `ms`, `s`, `m` and `h`; anything else, `us` among it, is nanoseconds (seen with InfluxDB 1.6.7).
    pub(in super::super) fn named(parameter: &str) -> Self {
        match parameter {
            "u" => Self::Microseconds,
            "ms" => Self::Milliseconds,
            "s" => Self::Seconds,
            "m" => Self::Minutes,
            "h" => Self::Hours,
            _ => Self::Nanoseconds,
        }
    }

    /// Nanoseconds in one unit.
    pub(in super::super) fn nanoseconds(self) -> i64 {
        match self {
            Self::Nanoseconds => 1,
            Self::Microseconds => 1_000,
            Self::Milliseconds => 1_000_000,
            Self::Seconds => 1_000_000_000,
            Self::Minutes => 60_000_000_000,
            Self::Hours => 3_600_000_000_000,
        }
    }
}
