//! What texts mean and what is said of those that mean nothing.

use std::collections::BTreeMap;

use super::ast::{Select, Statement};
use super::error::ParseError;
use super::parse;

mod errors;
mod limits;
mod statements;
mod trees;

const NOW: i64 = 1_500_000_000_123_456_789;

fn parsed(text: &str) -> Result<Vec<Statement>, ParseError> {
    parse(text, &BTreeMap::new(), NOW)
}

fn one(text: &str) -> Statement {
    let mut statements = parsed(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(statements.len(), 1, "{text}");
    statements.remove(0)
}

fn select(text: &str) -> Select {
    match one(text) {
        Statement::Select(select) => select,
        other => panic!("{text}: {other:?}"),
    }
}

fn refusal(text: &str) -> String {
    match one(text) {
        Statement::Refused { reason } => reason,
        other => panic!("{text}: {other:?}"),
    }
}
