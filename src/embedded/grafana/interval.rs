//! The width of one bucket for a time range, in Grafana's steps, and its InfluxQL text; pure arithmetic.

use super::time_range::TimeRange;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Up to the first number of milliseconds, the second is used (Grafana's `pkg/tsdb/intervalv2`, `roundInterval`).
const STEPS: [(i64, i64); 26] = [
    (10, 1),
    (15, 10),
    (35, 20),
    (75, 50),
    (150, 100),
    (350, 200),
    (750, 500),
    (1_500, SECOND),
    (3_500, 2 * SECOND),
    (7_500, 5 * SECOND),
    (12_500, 10 * SECOND),
    (17_500, 15 * SECOND),
    (25_000, 20 * SECOND),
    (45_000, 30 * SECOND),
    (90_000, MINUTE),
    (210_000, 2 * MINUTE),
    (450_000, 5 * MINUTE),
    (750_000, 10 * MINUTE),
    (1_050_000, 15 * MINUTE),
    (1_500_000, 20 * MINUTE),
    (2_700_000, 30 * MINUTE),
    (5_400_000, HOUR),
    (9_000_000, 2 * HOUR),
    (16_200_000, 3 * HOUR),
    (32_400_000, 6 * HOUR),
    (86_400_000, 12 * HOUR),
];

/// Milliseconds of one bucket: the range over the points that fit, rounded, and never below `least_ms`.
pub(super) fn interval_ms(range: TimeRange, most_points: i64, least_ms: i64) -> i64 {
    let exact = (range.to.saturating_sub(range.from)) / most_points.max(1);
    rounded(exact).max(least_ms)
}

fn rounded(exact: i64) -> i64 {
    let step = STEPS.iter().find(|(up_to, _)| exact <= *up_to);
    step.map_or_else(|| rounded_days(exact), |(_, interval)| *interval)
}

fn rounded_days(exact: i64) -> i64 {
    match exact / DAY {
        0..7 => DAY,
        7..21 => 7 * DAY,
        21..42 => 30 * DAY,
        _ => 365 * DAY,
    }
}

/// The largest unit that divides exactly: 90 s stays `90s`, where Grafana's own text rounds down to `1m`.
pub(super) fn text(interval_ms: i64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")];
    let unit = units
        .iter()
        .find(|(unit, _)| interval_ms >= *unit && interval_ms % unit == 0);
    match unit {
        Some((unit, name)) => format!("{}{name}", interval_ms / unit),
        None => format!("{}ms", interval_ms.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_the_range_over_the_points_in_grafanas_steps() {
        let table = [
            (5 * MINUTE, 500, 1_000, SECOND),
            (15 * MINUTE, 1_000, 1_000, SECOND),
            (15 * MINUTE, 1_000, 5_000, 5 * SECOND),
            (6 * HOUR, 1_000, 1_000, 20 * SECOND),
            (30 * DAY, 1_000, 1_000, 30 * MINUTE),
            (365 * DAY, 100, 1_000, DAY),
            (10 * 365 * DAY, 100, 1_000, 30 * DAY),
            (100, 100, 1, 1),
            (0, 0, 0, 1),
        ];
        for (length, points, least, expected) in table {
            let range = TimeRange { from: 0, to: length };
            assert_eq!(
                interval_ms(range, points, least),
                expected,
                "{length} {points} {least}"
            );
        }
    }

    #[test]
    fn an_interval_is_written_in_the_largest_unit_that_divides_it() {
        let table = [
            (1_000, "1s"),
            (90_000, "90s"),
            (MINUTE, "1m"),
            (2 * HOUR, "2h"),
            (7 * DAY, "7d"),
        ];
        for (interval, expected) in table {
            assert_eq!(text(interval), expected);
        }
        assert_eq!(text(1_500), "1500ms");
        assert_eq!(text(0), "1ms");
    }
}
