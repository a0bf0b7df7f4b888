//! Two runs side by side, as text.

use std::fmt::Write as _;

use serde_json::Value;

use crate::experiment::Compared;
use crate::report::number;

/// What was compared, and what is not alike about how the runs were made.
pub(crate) fn comparison(first: &Value, second: &Value, compared: &[Compared]) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    for (place, key) in [("first ", first), ("second", second)] {
        let manifest = &key["manifest"];
        writeln!(
            out,
            "{place}  {}, {} (engine {}, uWSGI {})",
            key["title"].as_str().unwrap_or("?"),
            manifest["began"].as_str().unwrap_or("?"),
            manifest["engine"].as_str().unwrap_or("?"),
            manifest["uwsgi"].as_str().unwrap_or("?"),
        )
        .ok();
    }
    for line in unlike(&first["manifest"], &second["manifest"]) {
        writeln!(out, "  {line}").ok();
    }
    writeln!(
        out,
        "\n{:22}{:12}{:>12}{:>12}   difference, with 95 % confidence",
        "phase", "figure", "first", "second"
    )
    .ok();
    for one in compared {
        let text = |value: f64| match one.figure {
            _ if one.is_time() => number::latency(value),
            "rss" => number::bytes(value),
            _ => number::rate(value),
        };
        let signed = |value: f64| match value < 0.0 {
            true => format!("-{}", text(-value)),
            false => format!("+{}", text(value)),
        };
        let says = match one.differs() {
            true => format!("{} to {}", signed(one.low), signed(one.high)),
            false => format!("none that shows ({} to {})", signed(one.low), signed(one.high)),
        };
        writeln!(
            out,
            "{:22}{:12}{:>12}{:>12}   {says}",
            one.phase,
            one.figure,
            text(one.first),
            text(one.second)
        )
        .ok();
    }
    out
}

/// Lines of uWSGI's configuration that only one run had, and what else was another.
fn unlike(first: &Value, second: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for key in ["engine", "uwsgi", "tool", "seed", "machine"] {
        if first[key] != second[key] {
            lines.push(format!("{key}: {} and {}", first[key], second[key]));
        }
    }
    let ini = |manifest: &'_ Value| -> Vec<String> {
        let text = manifest["uwsgi_ini"].as_str().unwrap_or_default();
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect()
    };
    let (one, two) = (ini(first), ini(second));
    lines.extend(
        one.iter()
            .filter(|line| !two.contains(line))
            .map(|line| format!("first only:  {line}")),
    );
    lines.extend(
        two.iter()
            .filter(|line| !one.contains(line))
            .map(|line| format!("second only: {line}")),
    );
    lines
}
