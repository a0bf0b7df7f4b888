//! Each bound of a query ends it with an error that names the bound.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::fake::Fake;
use super::{Limits, ask, limits};

fn points() -> Fake {
    points_until(200)
}

fn points_until(seconds: i64) -> Fake {
    let lines: Vec<String> = (0..seconds)
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

#[test]
fn a_column_longer_than_memory_is_read_in_pieces() {
    let points = points_until(2_000).in_blocks_of(10);
    let cancelled = AtomicBool::new(false);
    let bounded = Limits {
        memory: 2_000,
        ..limits(&cancelled)
    };
    for query in [
        "SELECT count(v), sum(v), mean(v), max(v) FROM m",
        "SELECT first(v), last(v) FROM m",
        "SELECT mean(v) FROM m WHERE v > 100 AND v < 1000",
        "SELECT max(v), host FROM m",
        "SELECT v FROM m WHERE v = 100",
    ] {
        let narrow = ask(&points, query, &bounded).map_err(|error| error.to_string());
        let wide = ask(&points, query, &limits(&cancelled)).unwrap();
        assert_eq!(narrow, Ok(wide), "{query}");
    }
}

#[test]
fn what_functions_keep_counts_as_memory() {
    for query in [
        "SELECT median(v) FROM m",
        "SELECT mode(v) FROM m",
        "SELECT distinct(v) FROM m",
        "SELECT percentile(v, 50) FROM m",
        "SELECT mean(v) FROM m GROUP BY time(1s) fill(none)",
    ] {
        assert!(
            refusal(query, |limits| limits.memory = 1_200).starts_with("query needs more than 1200 bytes"),
            "{query}"
        );
    }
}

#[test]
fn texts_count_as_memory_with_their_letters() {
    let lines: Vec<String> = (0..10)
        .map(|second| format!("m s=\"{second}{}\" {second}000000000", "x".repeat(1_000)))
        .collect();
    let cancelled = AtomicBool::new(false);
    let bounded = Limits {
        memory: 2_000,
        ..limits(&cancelled)
    };
    for query in [
        "SELECT s FROM m",
        "SELECT distinct(s) FROM m",
        "SELECT mode(s) FROM m",
    ] {
        assert_eq!(
            ask(&Fake::of(&lines.join("\n")), query, &bounded)
                .unwrap_err()
                .to_string(),
            "query needs more than 2000 bytes of memory; narrow its time range or its tags",
            "{query}"
        );
    }
}
