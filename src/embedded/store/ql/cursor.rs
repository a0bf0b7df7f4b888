//! A walk over the tokens of a query: looking ahead, taking what is expected, saying what is wrong. Knows no statement.

use std::collections::BTreeMap;
use std::mem;

use serde_json::Value;

use super::ast::Pattern;
use super::error::{ParseError, Position};
use super::lexer::{Lexer, Spot};
use super::token::Token;
use super::{parameter, pattern};

/// Parentheses, calls and subqueries inside each other: what reads and answers a query is as deep on the stack.
const LEVELS: usize = 64;
/// Characters of the query in an error message.
const SHOWN: usize = 200;

pub(super) struct Cursor<'q> {
    lexer: Lexer<'q>,
    parameters: &'q BTreeMap<String, Value>,
    /// Nanoseconds since 1970.
    pub(super) now: i64,
    ahead: Spot<'q>,
    /// Where the last token taken ended, in bytes.
    behind: usize,
    /// Whether InfluxDB has looked past the end already, from where on it counts the end one character further.
    beyond: bool,
    depth: usize,
    /// Why the statement at hand is not to be run, though it can be read.
    refusal: Option<String>,
}

impl<'q> Cursor<'q> {
    pub(super) fn new(text: &'q str, parameters: &'q BTreeMap<String, Value>, now: i64) -> Self {
        let start = Spot {
            token: Token::End,
            start: 0,
            end: 0,
        };
        let lexer = Lexer { text, offset: 0 };
        let mut cursor = Self {
            lexer,
            parameters,
            now,
            ahead: start,
            behind: 0,
            beyond: false,
            depth: 0,
            refusal: None,
        };
        cursor.advance();
        cursor
    }

    pub(super) fn peek(&self) -> &Token<'q> {
        &self.ahead.token
    }

    /// Takes the next token.
    pub(super) fn advance(&mut self) -> Token<'q> {
        let bare =
            self.lexer.text[..self.ahead.end].ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let word = matches!(self.ahead.token, Token::Identifier(_) | Token::Fixed(_)) && bare;
        self.beyond |= word && self.ahead.end == self.lexer.text.len();
        self.behind = self.ahead.end;
        let mut next = self.lexer.next();
        if let Token::Parameter(name) = next.token {
            next.token = parameter::bound(name, self.parameters);
        }
        mem::replace(&mut self.ahead, next).token
    }

    /// Where InfluxDB looks at the next character before it reads a token.
    pub(super) fn note_look_ahead(&mut self) {
        self.beyond |= self.ahead.token == Token::End;
    }

    /// Whether nothing, not even a space, stands between the last token and the next.
    pub(super) fn touches(&self) -> bool {
        self.ahead.start == self.behind
    }

    /// Takes the keyword or symbol `word` if it is next.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = matches!(self.ahead.token, Token::Fixed(next) if next == word);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect(
        &mut self,
        word: &'static str,
        expected: &'static [&'static str],
    ) -> Result<(), ParseError> {
        if self.take(word) {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    /// Takes the one of `words` that is next.
    pub(super) fn one_of(&mut self, words: &'static [&'static str]) -> Result<&'static str, ParseError> {
        match self.ahead.token {
            Token::Fixed(next) if words.contains(&next) => {
                self.advance();
                Ok(next)
            }
            _ => Err(self.unexpected(words)),
        }
    }

    pub(super) fn identifier(&mut self) -> Result<String, ParseError> {
        self.identifier_or(&["identifier"])
    }

    pub(super) fn identifier_or(&mut self, expected: &'static [&'static str]) -> Result<String, ParseError> {
        let Token::Identifier(name) = &self.ahead.token else {
            return Err(self.unexpected(expected));
        };
        let name = name.clone().into_owned();
        self.advance();
        Ok(name)
    }

    /// A count without sign; as large as can be where it is larger, as InfluxDB 1.6.7 reads it.
    pub(super) fn count(&mut self) -> Result<usize, ParseError> {
        let Token::Integer(digits) = &self.ahead.token else {
            return Err(self.unexpected(&["integer"]));
        };
        let count = digits.parse().unwrap_or(usize::MAX);
        self.advance();
        Ok(count)
    }

    /// A regular expression between slashes, if one is next. Only the grammar knows that a slash does not divide.
    pub(super) fn pattern(&mut self) -> Result<Option<Pattern>, ParseError> {
        self.note_look_ahead();
        if let Token::Pattern(text) = &self.ahead.token {
            let pattern = Pattern(text.clone());
            self.check(&pattern)?;
            self.advance();
            return Ok(Some(pattern));
        }
        if self.ahead.token != Token::Fixed("/") {
            return Ok(None);
        }
        self.lexer.offset = self.ahead.start;
        let Some(text) = self.lexer.pattern() else {
            return Err(self.bad_pattern("bad regex: "));
        };
        let pattern = Pattern(text);
        self.check(&pattern)?;
        self.ahead.end = self.lexer.offset;
        self.advance();
        Ok(Some(pattern))
    }

    pub(super) fn required_pattern(&mut self) -> Result<Pattern, ParseError> {
        self.pattern()?.ok_or_else(|| self.unexpected(&["regex"]))
    }

    fn check(&self, pattern: &Pattern) -> Result<(), ParseError> {
        pattern::compile(pattern)
            .map_err(|error| self.bad_pattern(&error.to_string()))
            .map(drop)
    }

    fn bad_pattern(&self, reason: &str) -> ParseError {
        ParseError::Invalid {
            reason: reason.to_owned(),
            at: self.lexer.position_before(self.ahead.start),
        }
    }

    /// One or more, between commas.
    pub(super) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        let mut entries = vec![read(self)?];
        while self.take(",") {
            entries.push(read(self)?);
        }
        Ok(entries)
    }

    /// Reads what stands inside something else.
    pub(super) fn inside<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        if self.depth == LEVELS {
            return Err(ParseError::TooDeep {
                limit: LEVELS,
                at: self.position(),
            });
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    pub(super) fn unexpected(&self, expected: &'static [&'static str]) -> ParseError {
        let mut found = self.ahead.token.name();
        if let Some((cut, _)) = found.char_indices().nth(SHOWN) {
            found.truncate(cut);
            found.push('…');
        }
        ParseError::Unexpected {
            found,
            expected,
            at: self.position(),
        }
    }

    /// What stands between the last token and the next is what was not expected, as it is where they must touch.
    pub(super) fn unexpected_gap(&self, expected: &'static [&'static str]) -> ParseError {
        if self.touches() {
            return self.unexpected(expected);
        }
        ParseError::Unexpected {
            found: " ".to_owned(),
            expected,
            at: self.lexer.position(self.behind),
        }
    }

    pub(super) fn invalid(&self, reason: impl Into<String>) -> ParseError {
        ParseError::Invalid {
            reason: reason.into(),
            at: self.position(),
        }
    }

    /// Of the next token, counted as InfluxDB 1.6.7 counts: what is between quotes begins one character early.
    pub(super) fn position(&self) -> Position {
        self.position_of(&self.ahead)
    }

    /// The next token, for saying later where it stands: a position is found by reading the query from its start.
    pub(super) fn spot(&self) -> Spot<'q> {
        self.ahead.clone()
    }

    pub(super) fn position_of(&self, spot: &Spot<'q>) -> Position {
        match spot.token {
            Token::Text(_) | Token::BadText(_) => self.lexer.position_before(spot.start),
            Token::BadEscape(escaped) => self.lexer.position(spot.end - escaped.len_utf8()),
            Token::End => {
                let end = self.lexer.position(spot.start);
                Position {
                    character: end.character + usize::from(self.beyond),
                    ..end
                }
            }
            _ => self.lexer.position(spot.start),
        }
    }

    /// Notes why the statement at hand is not to be run; the first reason counts.
    pub(super) fn refuse(&mut self, reason: impl Into<String>) {
        if self.refusal.is_none() {
            self.refusal = Some(reason.into());
        }
    }

    /// What was noted since the last time.
    pub(super) fn refusal(&mut self) -> Option<String> {
        self.refusal.take()
    }
}
