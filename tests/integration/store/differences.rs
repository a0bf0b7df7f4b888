//! Where the store answers otherwise than InfluxDB 1.6.7 on purpose, with the reason; everything else must be the same.

use serde_json::Value;

/// What was asked, and what both answered.
pub(super) struct Case<'a> {
    pub(super) query: &'a str,
    pub(super) influxdb: &'a str,
    pub(super) store: &'a str,
}

/// A difference that is meant: when it applies, and why.
struct Difference {
    applies: fn(&Case<'_>) -> bool,
    #[expect(dead_code, reason = "read by people")]
    reason: &'static str,
}

const DIFFERENCES: &[Difference] = &[Difference {
    applies: |case| case.influxdb.contains("json: unsupported value"),
    reason: "InfluxDB breaks the answer off at a number that JSON has not; the store writes null",
}];

pub(super) fn is_meant(case: &Case<'_>) -> bool {
    DIFFERENCES.iter().any(|difference| (difference.applies)(case))
}

/// Where two documents differ first, as a path with both values; numbers may differ by a billionth.
pub(super) fn first(one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a == b || near(a.as_f64(), b.as_f64()) => None,
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (a, b))| Some(format!("[{at}]{}", first(a, b)?)))
        }
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => a
            .iter()
            .find_map(|(key, value)| Some(format!(".{key}{}", first(value, &b[key])?))),
        _ if one == other => None,
        _ => Some(format!(": {} — {}", short(one), short(other))),
    }
}

fn near(a: Option<f64>, b: Option<f64>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    text.chars().take(300).collect()
}
