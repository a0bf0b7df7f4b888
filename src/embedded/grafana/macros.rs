//! The four macros that Grafana's InfluxQL backend replaces; dashboard variables are the browser's business.

use super::interval;
use super::time_range::TimeRange;

/// Replaces `$timeFilter`, `$interval`, `$__interval_ms`, `$__interval`, in this order
/// (Grafana's `pkg/tsdb/influxdb/models/query.go`). Anything else that starts with `$` stays.
pub(super) fn expand(query: &str, range: TimeRange, interval_ms: i64) -> String {
    let filter = format!("time >= {}ms and time <= {}ms", range.from, range.to);
    let interval = interval::text(interval_ms);
    query
        .replace("$timeFilter", &filter)
        .replace("$interval", &interval)
        .replace("$__interval_ms", &interval_ms.to_string())
        .replace("$__interval", &interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_macros_are_replaced_and_nothing_else() {
        let range = TimeRange {
            from: 1_000,
            to: 61_000,
        };
        let table = [
            ("$timeFilter", "time >= 1000ms and time <= 61000ms"),
            (
                "$timeFilter AND ($timeFilter)",
                "time >= 1000ms and time <= 61000ms AND (time >= 1000ms and time <= 61000ms)",
            ),
            ("time($interval)", "time(10s)"),
            ("time($__interval)", "time(10s)"),
            ("x / $__interval_ms", "x / 10000"),
            ("=~ /^$source$/", "=~ /^$source$/"),
            ("${__interval}", "${__interval}"),
        ];
        for (query, expected) in table {
            assert_eq!(expand(query, range, 10_000), expected);
        }
    }
}
