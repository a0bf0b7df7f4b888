//! A load summary as JSON for other programs; prints nothing itself.

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::load::{Summary, Verdict};

/// The shape of the JSON; keys are only ever added.
const VERSION: u64 = 1;

/// Keys with `_us` are microseconds, with `_s` seconds; rates are requests a second.
pub(crate) fn json(summary: &Summary) -> Value {
    let settings = &summary.settings;
    let counts = &summary.counts;
    let (verdict, growth, capacity) = match summary.verdict {
        Verdict::KeptUp => ("kept-up", None, None),
        Verdict::Overloaded { growth, capacity } => ("overloaded", Some(growth), Some(capacity)),
        Verdict::FellShort => ("fell-short", None, None),
        Verdict::NotAsked => ("not-asked", None, None),
    };
    json!({
        "version": VERSION,
        "target": settings.target().to_string(),
        "targets": settings.mix.iter().map(|requested| json!({
            "target": requested.target.to_string(),
            "weight": requested.weight,
        })).collect::<Vec<_>>(),
        "seed": settings.seed,
        "threads": settings.threads,
        "connection_limit": settings.connections,
        "timeout_s": settings.timeout.as_secs_f64(),
        "sending_s": summary.sending.as_secs_f64(),
        "elapsed_s": summary.elapsed.as_secs_f64(),
        "asked_rate": summary.asked_rate,
        "achieved_rate": summary.achieved_rate,
        "requests": {
            "scheduled": summary.scheduled,
            "sent": counts.sent,
            "answered": counts.answered,
            "failed": counts.errors.total(),
            "in_flight": summary.in_flight,
            "never_sent": summary.never_sent,
        },
        "errors": {
            "connect": counts.errors.connect,
            "timeout": counts.errors.timeout,
            "read": counts.errors.read,
            "write": counts.errors.write,
            "malformed": counts.errors.malformed,
            "first": summary.examples.first(),
            "examples": {
                "connect": summary.examples.connect,
                "timeout": summary.examples.timeout,
                "read": summary.examples.read,
                "write": summary.examples.write,
                "malformed": summary.examples.malformed,
                "4xx": summary.examples.status_4xx,
                "5xx": summary.examples.status_5xx,
            },
        },
        "status": {
            "2xx": counts.status_2xx,
            "3xx": counts.status_3xx,
            "4xx": counts.status_4xx,
            "5xx": counts.status_5xx,
        },
        "connections": {
            "opened": counts.connected,
            "closed_by_server": counts.closed_by_server,
            "retried_stale": counts.retried,
            "requests_held_back": counts.held_back,
            "requests_starved": counts.starved,
        },
        "bytes_received": counts.bytes,
        "latency_us": histogram(&summary.latency, Some(summary.lower_bounds)),
        "service_us": histogram(&summary.service, None),
        "connect_us": histogram(&summary.connect, None),
        "lateness_us": histogram(&summary.lateness, None),
        "warm_up": summary.warm_up.as_ref().map(|warm_up| json!({
            "sent": warm_up.counts.sent,
            "answered": warm_up.counts.answered,
            "failed": warm_up.counts.errors.total(),
            "latency_us": histogram(&warm_up.latency, Some(warm_up.lower_bounds)),
        })),
        "processor": {
            "us_per_request": summary.busy.as_secs_f64() * 1e6 / (counts.sent.max(1) as f64),
            "busiest_thread": summary.busiest,
        },
        "workers": summary.workers,
        "lost_workers": summary.lost.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "verdict": { "outcome": verdict, "latency_growth_s_per_s": growth, "capacity": capacity },
    })
}

/// Nothing recorded is `null`, not zeros.
fn histogram(histogram: &Histogram<u64>, lower_bounds: Option<u64>) -> Value {
    if histogram.is_empty() {
        return Value::Null;
    }
    let at = |quantile| histogram.value_at_quantile(quantile);
    let mut value = json!({
        "count": histogram.len(),
        "mean": histogram.mean(),
        "stdev": histogram.stdev(),
        "min": histogram.min(),
        "p50": at(0.5),
        "p75": at(0.75),
        "p90": at(0.9),
        "p99": at(0.99),
        "p99_9": at(0.999),
        "p99_99": at(0.9999),
        "p99_999": at(0.99999),
        "max": histogram.max(),
    });
    if let Some(lower_bounds) = lower_bounds {
        value["lower_bounds"] = lower_bounds.into();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::super::tests::overloaded;
    use super::*;

    #[test]
    fn json_balances_and_leaves_out_what_was_not_measured() {
        let report = json(&overloaded());
        assert_eq!(
            (&report["version"], &report["requests"]),
            (
                &json!(1),
                &json!({
                    "scheduled": 800, "sent": 656, "answered": 640, "failed": 2, "in_flight": 14, "never_sent": 144
                })
            )
        );
        assert_eq!(
            report["verdict"],
            json!({ "outcome": "overloaded", "latency_growth_s_per_s": 0.2, "capacity": 32.0 })
        );
        let mut nothing = overloaded();
        nothing.service.reset();
        assert_eq!(json(&nothing)["service_us"], Value::Null);
    }
}
