//! Grafana's time expressions to milliseconds; it takes the clock as an argument and reads none.

use serde_json::Value;

/// A closed range of milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeRange {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// The expression that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid time {0}: expected `now`, `now-5m` or milliseconds since the epoch")]
pub(super) struct TimeError(String);

impl TimeRange {
    /// Each end is `now`, `now-5m` (units ms, s, m, h, d, w), or epoch milliseconds as text or number.
    pub(super) fn parse(from: &Value, to: &Value, now_ms: i64) -> Result<Self, TimeError> {
        Ok(Self {
            from: moment(from, now_ms)?,
            to: moment(to, now_ms)?,
        })
    }
}

fn moment(value: &Value, now_ms: i64) -> Result<i64, TimeError> {
    let parsed = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok().or_else(|| relative(text, now_ms)),
        _ => None,
    };
    parsed.ok_or_else(|| TimeError(value.to_string()))
}

fn relative(text: &str, now_ms: i64) -> Option<i64> {
    let offset = text.strip_prefix("now")?;
    if offset.is_empty() {
        return Some(now_ms);
    }
    let (sign, amount) = match offset.split_at_checked(1)? {
        ("-", amount) => (-1, amount),
        ("+", amount) => (1, amount),
        _ => return None,
    };
    now_ms.checked_add(duration_ms(amount)?.checked_mul(sign)?)
}

fn duration_ms(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(unit_ms)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_moment_is_now_an_offset_from_it_or_milliseconds() {
        let now = 1_000_000_000;
        let table = [
            (json!("now"), Some(now)),
            (json!("now-5m"), Some(now - 300_000)),
            (json!("now+1h"), Some(now + 3_600_000)),
            (json!("now-250ms"), Some(now - 250)),
            (json!("now-2d"), Some(now - 172_800_000)),
            (json!("1700000000000"), Some(1_700_000_000_000)),
            (json!(1_700_000_000_000_i64), Some(1_700_000_000_000)),
            (json!("now/d"), None),
            (json!("now-5"), None),
            (json!("now-m"), None),
            (json!("now-5y"), None),
            (json!("now-9999999999999999999m"), None),
            (json!("yesterday"), None),
            (json!(null), None),
        ];
        for (value, expected) in table {
            let expected = expected.ok_or_else(|| TimeError(value.to_string()));
            assert_eq!(moment(&value, now), expected, "{value}");
        }
    }
}
