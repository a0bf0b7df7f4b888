//! Each bound of a query ends it with an error that names the bound.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::fake::Fake;
use super::{Limits, ask, limits};

fn points() -> Fake {
    let lines: Vec<String> = (0..200)
        .map(|second| format!("m,host=h{} v={second}i {second}000000000", second % 4))
        .collect();
    Fake::of(&lines.join("\n"))
}

fn refusal(query: &str, bound: impl FnOnce(&mut Limits<'_>)) -> String {
    let cancelled = AtomicBool::new(false);
    let mut limits = limits(&cancelled);
    bound(&mut limits);
    ask(&points(), query, &limits).unwrap_err().to_string()
}

#[test]
fn a_query_that_nobody_waits_for_ends() {
    let cancelled = AtomicBool::new(true);
    let error = ask(&points(), "SELECT v FROM m", &limits(&cancelled)).unwrap_err();
    assert_eq!(error.to_string(), "query interrupted");
}

#[test]
fn a_query_past_its_deadline_ends() {
    assert_eq!(
        refusal("SELECT mean(v) FROM m", |limits| limits.deadline = Instant::now()),
        "query timeout reached; narrow its time range or its tags"
    );
}

#[test]
fn more_windows_than_allowed_are_refused_before_they_are_made() {
    let query = "SELECT mean(v) FROM m WHERE time >= 0s AND time < 1000s GROUP BY time(1s)";
    assert_eq!(
        refusal(query, |limits| limits.windows = 999),
        "max-select-buckets limit exceeded: (1000/999); group by longer intervals or ask for less time"
    );
}

#[test]
fn more_windows_than_allowed_are_refused_where_the_range_has_no_beginning() {
    let query = "SELECT mean(v) FROM m WHERE time < 1000s GROUP BY time(1s) fill(0)";
    assert_eq!(
        refusal(query, |limits| limits.windows = 99),
        "max-select-buckets limit exceeded: (100/99); group by longer intervals or ask for less time"
    );
    let nested = "SELECT sum(x) FROM (SELECT v AS x FROM m) GROUP BY time(1s) fill(none)";
    assert_eq!(
        refusal(nested, |limits| limits.windows = 30),
        "max-select-buckets limit exceeded: (200/30); group by longer intervals or ask for less time"
    );
}

#[test]
fn more_series_than_allowed_are_refused() {
    assert_eq!(
        refusal("SELECT v FROM m", |limits| limits.series = 3),
        "max-select-series limit exceeded: (4/3); narrow the query by tags"
    );
}

#[test]
fn more_rows_than_allowed_are_refused() {
    assert_eq!(
        refusal("SELECT v FROM m GROUP BY host", |limits| limits.rows = 120),
        "more than 120 rows; narrow the time range, group by time or use LIMIT"
    );
}

#[test]
fn more_memory_than_allowed_is_refused() {
    for query in [
        "SELECT v FROM m",
        "SELECT cumulative_sum(v) FROM m",
        "SELECT sum(x) FROM (SELECT v AS x FROM m GROUP BY host)",
        "SELECT top(v, 100), host FROM m",
    ] {
        assert_eq!(
            refusal(query, |limits| limits.memory = 600),
            "query needs more than 600 bytes of memory; narrow its time range or its tags",
            "{query}"
        );
    }
}
