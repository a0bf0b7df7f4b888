//! `GROUP BY time`: which window a time falls into, also across changes of a time zone's offset.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::embedded::store::column::TimeRange;

/// The times InfluxDB 1.x can tell apart; both ends mean "no bound".
pub(super) const EARLIEST: i64 = i64::MIN + 2;
pub(super) const LATEST: i64 = i64::MAX - 1;

/// Windows of one query level. Without `every` there is one, as long as the range.
#[derive(Debug, Clone)]
pub(super) struct Windows {
    /// Nanoseconds; 0 where nothing is grouped by time.
    pub(super) every: i64,
    pub(super) offset: i64,
    pub(super) zone: Option<TimeZone>,
    pub(super) range: TimeRange,
}

impl Windows {
    pub(super) fn is_whole_range(&self) -> bool {
        self.every == 0
    }

    /// Start, and the end that is not part of it, of the window that `time` falls into.
    pub(super) fn around(&self, time: i64) -> (i64, i64) {
        if self.every == 0 {
            return (self.range.from, self.range.to.saturating_add(1));
        }
        let local = time.saturating_sub(self.offset);
        let zone = self.zone_offset(local);
        let into = local.saturating_add(zone).rem_euclid(self.every);
        let start = self.start(local, into, zone);
        let end = self.end(local, self.every - into, zone);
        (start.saturating_add(self.offset), end.saturating_add(self.offset))
    }

    fn start(&self, local: i64, into: i64, zone: i64) -> i64 {
        if EARLIEST + into >= local {
            return EARLIEST;
        }
        let start = local - into;
        let change = zone - self.zone_offset(start);
        if change != 0 && change.abs() < self.every {
            start + change
        } else {
            start
        }
    }

    fn end(&self, local: i64, left: i64, zone: i64) -> i64 {
        if LATEST - left <= local {
            return LATEST;
        }
        let end = local + left;
        let after = self.zone_offset(end);
        let change = zone - after;
        if change == 0 || change.abs() >= self.every {
            return end;
        }
        // Clocks that go back lengthen the window before the change; clocks that go forward shorten it only where the
        // change lies within it.
        if change > 0 || self.zone_offset(end + change) == after {
            end + change
        } else {
            end
        }
    }

    /// Nanoseconds that the zone is ahead of UTC at `time`.
    pub(super) fn zone_offset(&self, time: i64) -> i64 {
        let Some(zone) = &self.zone else { return 0 };
        Timestamp::from_nanosecond(i128::from(time)).map_or(0, |timestamp| {
            i64::from(zone.to_offset(timestamp).seconds()) * 1_000_000_000
        })
    }

    /// When a window that starts at `start` is said to be: a range without a beginning is said to start at 0.
    pub(super) fn told(&self, start: i64) -> i64 {
        if start == EARLIEST { 0 } else { start }
    }

    /// How many windows the range has, `None` where it has no beginning.
    pub(super) fn count(&self) -> Option<u64> {
        if self.every == 0 {
            return Some(1);
        }
        if self.range.from <= EARLIEST {
            return None;
        }
        let first = self.around(self.range.from).0;
        let last = self.around(self.range.to.saturating_sub(1)).0;
        let span = i128::from(last) - i128::from(first);
        u64::try_from(span / i128::from(self.every) + 1).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;
    const DAY: i64 = 24 * HOUR;

    fn windows(every: i64, offset: i64, zone: Option<&str>) -> Windows {
        Windows {
            every,
            offset,
            zone: zone.map(|name| TimeZone::get(name).unwrap()),
            range: TimeRange { from: 5, to: 99 },
        }
    }

    #[test]
    fn a_window_starts_at_a_multiple_of_its_length_also_before_1970() {
        let minutes = windows(60, 0, None);
        assert_eq!(minutes.around(0), (0, 60));
        assert_eq!(minutes.around(59), (0, 60));
        assert_eq!(minutes.around(60), (60, 120));
        assert_eq!(minutes.around(-1), (-60, 0));
        assert_eq!(minutes.around(-60), (-60, 0));
    }

    #[test]
    fn an_offset_shifts_windows() {
        assert_eq!(windows(60, 15, None).around(14), (-45, 15));
        assert_eq!(windows(60, -15, None).around(44), (-15, 45));
    }

    #[test]
    fn without_a_length_the_window_is_the_range() {
        assert_eq!(windows(0, 0, None).around(50), (5, 100));
    }

    #[test]
    fn days_across_a_change_of_clocks_start_at_local_midnight() {
        let vienna = windows(DAY, 0, Some("Europe/Vienna"));
        // 2019-03-31T12:00:00+02:00, the day that has 23 hours, and 2019-10-27T12:00:00+01:00, which has 25.
        let spring = 1_554_026_400_000_000_000;
        assert_eq!(vienna.around(spring), (spring - 11 * HOUR, spring + 12 * HOUR));
        let autumn = 1_572_174_000_000_000_000;
        assert_eq!(vienna.around(autumn), (autumn - 13 * HOUR, autumn + 12 * HOUR));
    }
}
