//! InfluxQL: text to [`ast`]. Knows no database.

pub(super) mod ast;
mod cursor;
mod define;
mod error;
mod expression;
mod group;
mod lexer;
mod literal;
mod parameter;
mod pattern;
mod refused;
mod select;
mod show;
mod source;
mod statement;
mod token;

pub(super) use expression::spelling;
pub(super) use pattern::{PatternError, compile};
pub(super) use statement::parse;
#[cfg(test)]
mod tests;
