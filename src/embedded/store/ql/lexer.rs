//! The text of a query to tokens. It never fails: what is wrong is a token too, for the parser to name.

use std::borrow::Cow;

use super::error::Position;
use super::token::{self, SYMBOLS, Token};

pub(super) struct Lexer<'q> {
    pub(super) text: &'q str,
    /// In bytes.
    pub(super) offset: usize,
}

/// A token and the bytes it takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot<'q> {
    pub(super) token: Token<'q>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'q> Lexer<'q> {
    /// The next token after spaces and comments; [`Token::End`] again and again at the end.
    pub(super) fn next(&mut self) -> Spot<'q> {
        self.skip_spaces_and_comments();
        let start = self.offset;
        let token = self.token();
        Spot {
            token,
            start,
            end: self.offset,
        }
    }

    /// What stands between two slashes, of which the first is next; `None` where the second is not on the line.
    pub(super) fn pattern(&mut self) -> Option<String> {
        let mut pattern = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            match character {
                '/' => {
                    self.offset += at + 1;
                    return Some(pattern);
                }
                '\n' => return None,
                '\\' if self.rest()[at + 1..].starts_with('/') => {
                    characters.next();
                    pattern.push('/');
                }
                _ => pattern.push(character),
            }
        }
        None
    }

    /// Of the character that begins at byte `offset`. The pair of carriage return and line feed is one character.
    pub(super) fn position(&self, offset: usize) -> Position {
        let before = &self.text[..offset];
        let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let breaks = before.matches(['\n', '\r']).count() - before.matches("\r\n").count();
        Position {
            line: breaks + 1,
            character: before[line_start..].chars().count() + 1,
        }
    }

    /// Of the character before the one at byte `offset`.
    pub(super) fn position_before(&self, offset: usize) -> Position {
        let width = self.text[..offset].chars().next_back().map_or(0, char::len_utf8);
        self.position(offset - width)
    }

    fn rest(&self) -> &'q str {
        &self.text[self.offset..]
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'q str {
        let rest = self.rest();
        let length = rest.find(|character| !wanted(character)).unwrap_or(rest.len());
        self.offset += length;
        &rest[..length]
    }

    fn skip_spaces_and_comments(&mut self) {
        loop {
            self.take_while(|character| matches!(character, ' ' | '\t' | '\n' | '\r'));
            let rest = self.rest();
            if rest.starts_with("--") {
                self.take_while(|character| !matches!(character, '\n' | '\r'));
            } else if rest.starts_with("/*") {
                self.offset += rest.find("*/").map_or(rest.len(), |at| at + 2);
            } else {
                return;
            }
        }
    }

    fn token(&mut self) -> Token<'q> {
        let mut characters = self.rest().chars();
        let Some(first) = characters.next() else {
            return Token::End;
        };
        let second = characters.next();
        match first {
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '0'..='9' => self.number(),
            '.' if second.is_some_and(|second| second.is_ascii_digit()) => self.number(),
            '"' => self.quoted(Token::Identifier),
            '\'' => self.quoted(Token::Text),
            '$' => self.parameter(),
            _ => self.symbol(first),
        }
    }

    fn word(&mut self) -> Token<'q> {
        let word = self.take_while(is_of_word);
        if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") {
            return Token::Boolean(word.len() == 4);
        }
        token::keyword(word).map_or(Token::Identifier(Cow::Borrowed(word)), Token::Fixed)
    }

    /// An integer, a number with a point, or a duration, which is whatever letters and digits follow an integer.
    fn number(&mut self) -> Token<'q> {
        let start = self.offset;
        self.take_while(|character| character.is_ascii_digit());
        if self.rest().starts_with('.') {
            self.offset += 1;
            self.take_while(|character| character.is_ascii_digit());
            return Token::Number(Cow::Borrowed(&self.text[start..self.offset]));
        }
        let unit = self.take_while(|character| character.is_ascii_alphanumeric() || character == 'µ');
        let text = Cow::Borrowed(&self.text[start..self.offset]);
        if unit.is_empty() {
            Token::Integer(text)
        } else {
            Token::Duration(text)
        }
    }

    fn parameter(&mut self) -> Token<'q> {
        self.offset += 1;
        if !self.rest().starts_with('"') {
            return Token::Parameter(Cow::Borrowed(self.take_while(is_of_word)));
        }
        self.quoted(Token::Parameter)
    }

    /// Between quotes, where `\n`, `\\`, `\"` and `\'` stand for one character and a line break may not stand.
    fn quoted(&mut self, good: impl Fn(Cow<'q, str>) -> Token<'q>) -> Token<'q> {
        let rest = self.rest();
        let quote = if rest.starts_with('"') { '"' } else { '\'' };
        let plain = rest[1..].find([quote, '\\', '\n', '\r']).map(|at| at + 1);
        if let Some(end) = plain
            && rest[end..].starts_with(quote)
        {
            self.offset += end + 1;
            return good(Cow::Borrowed(&rest[1..end]));
        }
        self.escaped(quote, good)
    }

    fn escaped(&mut self, quote: char, good: impl Fn(Cow<'q, str>) -> Token<'q>) -> Token<'q> {
        let mut text = String::new();
        let begin = self.offset;
        let mut characters = self.rest().char_indices().skip(1);
        self.offset = self.text.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '\n' | '\r' => {
                    self.offset = begin + at;
                    break;
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, escaped @ ('\\' | '"' | '\''))) => text.push(escaped),
                    Some((at, other)) => {
                        self.offset = begin + at + other.len_utf8();
                        return Token::BadEscape(other);
                    }
                    None => break,
                },
                _ if character == quote => {
                    self.offset = begin + at + 1;
                    return good(Cow::Owned(text));
                }
                _ => text.push(character),
            }
        }
        Token::BadText(Cow::Owned(text))
    }

    fn symbol(&mut self, first: char) -> Token<'q> {
        let rest = self.rest();
        let found = SYMBOLS.iter().copied().find(|symbol| rest.starts_with(symbol));
        self.offset += found.map_or(first.len_utf8(), str::len);
        match found {
            Some("<>") => Token::Fixed("!="),
            Some(symbol) => Token::Fixed(symbol),
            None => Token::Illegal(first),
        }
    }
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}
