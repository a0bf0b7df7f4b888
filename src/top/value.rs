//! One cell of a table: what it is, how it reads, how it compares; knows no table.

use std::cmp::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::report::number;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Does not apply here.
    Blank,
    /// Applies, but nobody knows it; shown as `-`.
    Unknown,
    Count(u64),
    Signed(i64),
    /// A second.
    Rate(f64),
    Percent(f64),
    Micros(f64),
    Bytes(f64),
    Seconds(u64),
    /// So many of so many.
    Part(u64, u64),
    /// Unix seconds.
    Clock(u64),
    /// A worker from 1 on, and one of its cores.
    Place(usize, Option<u64>),
    Text(String),
}

/// Where "today" is: times of another day are shown with their date.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    pub(crate) zone: TimeZone,
    pub(crate) now_us: u64,
}

impl Calendar {
    /// `11:02:33`, or `Nov 28 11:02` for another day.
    pub(crate) fn time(&self, unix_s: u64) -> String {
        let local = |seconds: u64| {
            let seconds = i64::try_from(seconds).ok()?;
            let timestamp = Timestamp::from_second(seconds).ok()?;
            Some(timestamp.to_zoned(self.zone.clone()))
        };
        let (Some(time), Some(now)) = (local(unix_s), local(self.now_us / 1_000_000)) else {
            return unix_s.to_string();
        };
        let format = if time.date() == now.date() {
            "%H:%M:%S"
        } else {
            "%b %-d %H:%M"
        };
        time.strftime(format).to_string()
    }

    /// `Sun Nov 29 11:02:33`.
    pub(crate) fn now(&self) -> String {
        let micros = i64::try_from(self.now_us).unwrap_or(i64::MAX);
        match Timestamp::from_microsecond(micros) {
            Ok(now) => now
                .to_zoned(self.zone.clone())
                .strftime("%a %b %-d %H:%M:%S")
                .to_string(),
            Err(_) => String::new(),
        }
    }
}

impl Value {
    /// A server's words with nothing in them that would steer a terminal.
    pub(crate) fn text(words: &str) -> Self {
        Self::Text(plain(words))
    }

    /// Unknown where there is none.
    pub(crate) fn known<T>(value: Option<T>, make: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Unknown, make)
    }

    /// A gauge that uWSGI says 0 of where it does not know.
    pub(crate) fn bytes_if_known(bytes: u64) -> Self {
        match bytes {
            0 => Self::Unknown,
            _ => Self::Bytes(bytes as f64),
        }
    }

    pub(crate) fn show(&self, calendar: &Calendar) -> String {
        match self {
            Self::Blank => String::new(),
            Self::Unknown => "-".to_owned(),
            Self::Count(count) => count.to_string(),
            Self::Signed(number) => number.to_string(),
            Self::Rate(rate) => number::brief_rate(*rate),
            Self::Percent(percent) => number::percent(*percent),
            Self::Micros(micros) => number::brief_latency(micros.round() as u64),
            Self::Bytes(bytes) => number::brief_bytes(*bytes),
            Self::Seconds(seconds) => number::duration(Duration::from_secs(*seconds)),
            Self::Part(part, whole) => format!("{part}/{whole}"),
            Self::Clock(0) => "-".to_owned(),
            Self::Clock(unix_s) => calendar.time(*unix_s),
            Self::Place(worker, None) => worker.to_string(),
            Self::Place(worker, Some(core)) => format!("{worker}:{core}"),
            Self::Text(text) => text.clone(),
        }
    }

    /// The number that it is, in its own unit; None for words.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Blank | Self::Unknown | Self::Text(_) => None,
            Self::Count(number) | Self::Seconds(number) | Self::Part(number, _) | Self::Clock(number) => {
                Some(*number as f64)
            }
            Self::Signed(number) => Some(*number as f64),
            Self::Rate(number) | Self::Percent(number) | Self::Micros(number) | Self::Bytes(number) => {
                Some(*number)
            }
            // More cores than this would be no uWSGI.
            Self::Place(worker, core) => {
                Some(*worker as f64 + core.map_or(0.0, |core| (core + 1) as f64 / 1e6))
            }
        }
    }

    /// Words after numbers; what is unknown comes first.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Text(_), _) => Ordering::Greater,
            (_, Self::Text(_)) => Ordering::Less,
            _ => match (self.number(), other.number()) {
                (Some(one), Some(two)) => one.total_cmp(&two),
                (one, two) => one.is_some().cmp(&two.is_some()),
            },
        }
    }
}

/// A server's words on one line, with nothing in them that would steer a terminal.
pub(crate) fn plain(words: &str) -> String {
    words
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar() -> Calendar {
        Calendar {
            zone: TimeZone::UTC,
            now_us: 1_795_950_153_000_000,
        }
    }

    #[test]
    fn values_read_as_people_write_them() {
        let table = [
            (Value::Blank, ""),
            (Value::Unknown, "-"),
            (Value::Count(1_234_567), "1234567"),
            (Value::Rate(16.04), "16.0"),
            (Value::Percent(7.25), "7.2"),
            (Value::Micros(251_310.4), "251ms"),
            (Value::Bytes(26_400_000.0), "25.2M"),
            (Value::bytes_if_known(0), "-"),
            (Value::Seconds(0), "0s"),
            (Value::Seconds(125), "2m 5s"),
            (Value::Clock(1_795_950_000), "11:00:00"),
            (Value::Clock(1_795_850_000), "Nov 28 07:13"),
            (Value::Clock(0), "-"),
            (Value::Place(3, Some(0)), "3:0"),
            (Value::text("GET \u{1b}[2J/"), "GET \u{fffd}[2J/"),
        ];
        for (value, text) in table {
            assert_eq!(value.show(&calendar()), text, "{value:?}");
        }
        assert_eq!(calendar().now(), "Sun Nov 29 11:02:33");
    }

    #[test]
    fn what_is_unknown_sorts_below_every_number_and_cores_stay_with_their_worker() {
        let mut values = [
            Value::Place(10, None),
            Value::Place(2, Some(1)),
            Value::Unknown,
            Value::Place(2, None),
            Value::Place(2, Some(0)),
        ];
        values.sort_by(Value::compare);
        let expected = [
            Value::Unknown,
            Value::Place(2, None),
            Value::Place(2, Some(0)),
            Value::Place(2, Some(1)),
            Value::Place(10, None),
        ];
        assert_eq!(values, expected);
    }
}
