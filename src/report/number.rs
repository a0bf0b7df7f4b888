//! Numbers as people read them.

use std::time::Duration;

/// Microseconds with the unit that suits them, as wrk prints latencies: `45.00us`, `250.31ms`, `1.20s`, `2.00m`.
pub(crate) fn latency(micros: f64) -> String {
    const STEPS: [(f64, &str); 5] = [(1.0, "us"), (1e3, "ms"), (1e6, "s"), (60e6, "m"), (3600e6, "h")];
    scaled(micros, &STEPS)
}

/// Microseconds with three digits at most: `251ms`, `2.51ms`, `45us`, `1.2s`.
pub(crate) fn brief_latency(micros: u64) -> String {
    const STEPS: [(f64, &str); 4] = [(1.0, "us"), (1e3, "ms"), (1e6, "s"), (60e6, "m")];
    let micros = micros as f64;
    // What would round to 1000 of one unit is 1 of the next.
    let fits = |(size, _): &&(f64, &str)| micros >= *size * 0.9995;
    let (size, unit) = STEPS.iter().rev().find(fits).copied().unwrap_or(STEPS[0]);
    let number = micros / size;
    match number {
        100.0.. => format!("{number:.0}{unit}"),
        10.0.. => format!("{}{unit}", rate((number * 10.0).round() / 10.0)),
        _ => format!("{}{unit}", rate(number)),
    }
}

/// Bytes in powers of 1024, as wrk prints them: `512.00B`, `23.44KB`.
pub(crate) fn bytes(bytes: f64) -> String {
    const STEPS: [(f64, &str); 5] = [
        (1.0, "B"),
        (1024.0, "KB"),
        (1_048_576.0, "MB"),
        (1_073_741_824.0, "GB"),
        (1_099_511_627_776.0, "TB"),
    ];
    scaled(bytes, &STEPS)
}

/// A rate with as many digits as it needs, two at most: `16`, `0.5`, `31.74`.
pub(crate) fn rate(per_second: f64) -> String {
    let text = format!("{per_second:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A rate with three digits or a little more, for columns: `0`, `0.05`, `16.0`, `1234`, `12.3k`, `4.5M`.
pub(crate) fn brief_rate(per_second: f64) -> String {
    match per_second {
        ..0.005 => "0".to_owned(),
        ..0.995 => format!("{per_second:.2}"),
        ..99.95 => format!("{per_second:.1}"),
        ..9_999.5 => format!("{per_second:.0}"),
        ..999_950.0 => format!("{:.1}k", per_second / 1e3),
        _ => format!("{:.1}M", per_second / 1e6),
    }
}

/// Bytes in powers of 1024 with three digits, for columns: `512`, `23.4K`, `25.2M`.
pub(crate) fn brief_bytes(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["K", "M", "G", "T", "P"];
    if bytes < 999.5 {
        return format!("{bytes:.0}");
    }
    let mut number = bytes;
    for unit in UNITS {
        number /= 1024.0;
        match number {
            ..9.995 => return format!("{number:.2}{unit}"),
            ..99.95 => return format!("{number:.1}{unit}"),
            ..999.5 => return format!("{number:.0}{unit}"),
            _ => {}
        }
    }
    format!("{number:.0}P")
}

/// Of a hundred, for columns: `0`, `7.2`, `100`.
pub(crate) fn percent(percent: f64) -> String {
    match percent {
        ..0.05 => "0".to_owned(),
        ..99.95 => format!("{percent:.1}"),
        _ => format!("{percent:.0}"),
    }
}

/// A duration in the unit of its size: `500ms`, `10s`, `1.5s`, `2m`, `1h 30m`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if duration.is_zero() {
        return "0s".to_owned();
    }
    if seconds < 1.0 {
        return format!("{}ms", rate(seconds * 1e3));
    }
    if seconds < 60.0 {
        return format!("{}s", rate(seconds));
    }
    let whole = seconds.round() as u64;
    let parts = [(whole / 3600, "h"), (whole / 60 % 60, "m"), (whole % 60, "s")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    parts.join(" ")
}

/// `1 request`, `2 requests`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// In the largest unit in which two digits after the point do not round it down to below 1.
fn scaled(number: f64, steps: &[(f64, &str)]) -> String {
    let fits = |(size, _): &&(f64, &str)| number.abs() >= *size * 0.999_995;
    let (size, unit) = steps.iter().rev().find(fits).copied().unwrap_or(steps[0]);
    format!("{:.2}{unit}", number / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_change_unit_where_wrk_does() {
        let table = [
            (0.0, "0.00us"),
            (45.0, "45.00us"),
            (999.994, "999.99us"),
            (999.999, "1.00ms"),
            (250_310.0, "250.31ms"),
            (1_200_000.0, "1.20s"),
            (60e6, "1.00m"),
            (7_200e6, "2.00h"),
        ];
        for (micros, text) in table {
            assert_eq!(latency(micros), text);
        }
    }

    #[test]
    fn brief_latencies_have_three_digits_at_most() {
        let table = [
            (45, "45us"),
            (999, "999us"),
            (2_514, "2.51ms"),
            (25_140, "25.1ms"),
            (251_310, "251ms"),
            (999_900, "1s"),
            (1_200_000, "1.2s"),
            (90_000_000, "1.5m"),
        ];
        for (micros, text) in table {
            assert_eq!(brief_latency(micros), text);
        }
    }

    #[test]
    fn bytes_count_in_powers_of_1024() {
        assert_eq!(bytes(24_000.0), "23.44KB");
        assert_eq!(bytes(0.0), "0.00B");
    }

    #[test]
    fn numbers_for_columns_have_few_digits() {
        let rates = [0.0, 0.05, 16.04, 999.6, 12_345.0, 4_500_000.0].map(brief_rate);
        assert_eq!(rates, ["0", "0.05", "16.0", "1000", "12.3k", "4.5M"]);
        let sizes = [0.0, 999.0, 1_000.0, 24_000.0, 26_400_000.0, 1e20].map(brief_bytes);
        assert_eq!(sizes, ["0", "999", "0.98K", "23.4K", "25.2M", "88818P"]);
        assert_eq!(
            [0.01, 7.25, 99.96, 350.4].map(percent),
            ["0", "7.2", "100", "350"]
        );
    }

    #[test]
    fn durations_and_rates_show_no_digits_they_do_not_need() {
        let table = [
            (0.0, "0s"),
            (0.5, "500ms"),
            (1.5, "1.5s"),
            (10.0, "10s"),
            (60.0, "1m"),
            (5_400.0, "1h 30m"),
            (3_661.0, "1h 1m 1s"),
        ];
        for (seconds, text) in table {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), text);
        }
        assert_eq!([rate(16.0), rate(0.5), rate(31.744)], ["16", "0.5", "31.74"]);
        assert_eq!(
            [counted(1, "request"), counted(0, "request")],
            ["1 request", "0 requests"]
        );
    }
}
