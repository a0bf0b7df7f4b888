//! Queries of absurd size, and texts that are anything.

use proptest::prelude::*;

use super::super::ast::Expression;
use super::{parsed, select};

#[test]
fn parentheses_calls_and_subqueries_are_read_64_deep_and_no_deeper() {
    let nested = |depth: usize| format!("SELECT {}v{} FROM m", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(select(&nested(64)).columns.len(), 1);
    let refused =
        "more than 64 levels of parentheses, calls and subqueries inside each other at line 1, char";
    assert_eq!(
        parsed(&nested(65)).unwrap_err().to_string(),
        format!("{refused} 73")
    );
    assert_eq!(
        parsed(&nested(100_000)).unwrap_err().to_string(),
        format!("{refused} 73")
    );
    let calls = format!("SELECT {}", "f(".repeat(100_000));
    assert_eq!(parsed(&calls).unwrap_err().to_string(), format!("{refused} 138"));
    let subqueries = "SELECT v FROM (".repeat(60_000);
    assert_eq!(
        parsed(&subqueries).unwrap_err().to_string(),
        format!("{refused} 976")
    );
}

#[test]
fn a_chain_of_sums_is_read_up_to_200_operators() {
    let sum = |operators: usize| format!("SELECT v{} FROM m", "+1".repeat(operators));
    assert_eq!(select(&sum(200)).columns.len(), 1);
    let refused = "more than 200 operators on top of each other at line 1, char 412";
    assert_eq!(parsed(&sum(201)).unwrap_err().to_string(), refused);
}

#[test]
fn ten_thousand_terms_of_or_make_no_high_tree() {
    let terms: Vec<String> = (0..10_000).map(|term| format!("host = '{term}'")).collect();
    let condition = select(&format!("SELECT v FROM m WHERE {}", terms.join(" OR ")))
        .condition
        .unwrap();
    assert_eq!(height(&condition), 15);
    let mut order = Vec::new();
    texts(&condition, &mut order);
    assert_eq!(
        order,
        (0..10_000).map(|term| term.to_string()).collect::<Vec<_>>()
    );
}

fn height(expression: &Expression) -> usize {
    match expression {
        Expression::Binary { left, right, .. } => 1 + height(left).max(height(right)),
        _ => 0,
    }
}

fn texts(expression: &Expression, found: &mut Vec<String>) {
    match expression {
        Expression::Binary { left, right, .. } => {
            texts(left, found);
            texts(right, found);
        }
        Expression::Text(text) => found.push(text.clone()),
        _ => {}
    }
}

#[test]
fn a_query_of_more_than_a_mebibyte_is_refused() {
    let text = format!("SELECT '{}", "x".repeat((1 << 20) - 7));
    let said = parsed(&text).unwrap_err().to_string();
    assert_eq!(
        said,
        "the query is 1048577 bytes long, and 1048576 is the most this store reads"
    );
}

#[test]
fn what_is_shown_of_a_query_in_an_error_is_short() {
    let said = parsed(&format!("SELECT v FROM '{}'", "é".repeat(10_000)))
        .unwrap_err()
        .to_string();
    assert_eq!(
        said,
        format!(
            "found {}…, expected identifier at line 1, char 14",
            "é".repeat(200)
        )
    );
}

const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "BY",
    "time",
    "(",
    ")",
    "*",
    ",",
    ";",
    ".",
    "..",
    "::",
    ":",
    "float",
    "tag",
    "/a/",
    "/",
    "=~",
    "!~",
    "=",
    "-",
    "+",
    "AND",
    "OR",
    "1m",
    "1",
    "1.5",
    ".5",
    "9999999999999999999999",
    "'x'",
    "\"y\"",
    "'",
    "\"",
    "\\",
    "$x",
    "$",
    "v",
    "mean",
    "fill",
    "tz",
    "LIMIT",
    "ORDER",
    "DISTINCT",
    "SHOW",
    "TAG",
    "VALUES",
    "WITH",
    "KEY",
    "IN",
    "SERIES",
    "DELETE",
    "CREATE",
    "DATABASE",
    "DURATION",
    "INF",
    "--",
    "/*",
    "*/",
    "\n",
    "\r\n",
    "é",
    "µ",
    "1µ",
    "INTO",
    "EXPLAIN",
    "\0",
    "now()",
    "SLIMIT",
    "ON",
    "MEASUREMENT",
    "MEASUREMENTS",
    "CARDINALITY",
];

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,200}") {
        let _outcome = parsed(&text);
        let _outcome = parsed(&format!("SELECT {text}"));
    }

    #[test]
    fn no_row_of_words_panics(words in prop::collection::vec(prop::sample::select(WORDS), 0..40), spaces: bool) {
        let text = words.join(if spaces { " " } else { "" });
        let _outcome = parsed(&text);
        let _outcome = parsed(&format!("SELECT v FROM m {text}"));
    }
}
