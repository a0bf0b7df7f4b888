//! YAML text to a tree that still knows its lines and how numbers were written; knows nothing of Compose.

use std::cell::{Cell, RefCell};

use serde::de::{DeserializeSeed, Error};

use super::tree::Place;

/// Aliases can make a short text a huge tree; real Compose files have a few hundred nodes.
const MOST_NODES: usize = 50_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Counted from 1; of the key where the node is a mapping's value.
    pub(super) line: Option<usize>,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    /// As written where that is known (`0x1f`), else as the parser understood it (`31`).
    Number(String),
    /// `plain`: a single word or line without quotes.
    Text {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// In the order of the file; merge keys are applied.
    Mapping(Vec<(String, Node)>),
}

/// Why there is no tree, with line and column where they are known.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

/// Parses one document.
pub(super) fn parse(text: &str) -> Result<Node, Broken> {
    let line_starts = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let source = Source {
        text,
        line_starts,
        nodes: Cell::new(0),
        refusal: RefCell::new(None),
    };
    let place = Place {
        source: &source,
        key_end: None,
    };
    let parsed = place.deserialize(serde_yaml::Deserializer::from_str(text));
    parsed.map_err(|error| Broken(source.refusal.take().unwrap_or_else(|| error.to_string())))
}

pub(super) struct Source<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    nodes: Cell<usize>,
    /// Our own words for what the parser stopped at: its error would add the place where the whole mapping begins.
    refusal: RefCell<Option<String>>,
}

impl Source<'_> {
    pub(super) fn refuse<E: Error>(&self, reason: &str, line: Option<usize>) -> E {
        let at = line.map_or(String::new(), |line| format!(" at line {line}"));
        self.refusal.replace(Some(format!("{reason}{at}")));
        E::custom(reason)
    }

    /// Notes one more node, up to the limit.
    pub(super) fn count<E: Error>(&self) -> Result<(), E> {
        let nodes = self.nodes.get() + 1;
        self.nodes.set(nodes);
        if nodes > MOST_NODES {
            let reason = format!("more than {MOST_NODES} values once aliases are followed");
            return Err(self.refuse(&reason, None));
        }
        Ok(())
    }

    /// Where a piece that the parser borrowed from the text begins.
    pub(super) fn offset(&self, piece: &str) -> Option<usize> {
        let offset = (piece.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        (offset + piece.len() <= self.text.len()).then_some(offset)
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) + 1
    }

    /// The word after `key:`, which is how a number was written unless it came through an alias.
    pub(super) fn word_after(&self, key_end: usize) -> Option<&str> {
        let rest = self.text.get(key_end..)?.trim_start_matches(['"', '\'']);
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        value
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']'))
            .next()
    }

    pub(super) fn is_quoted(&self, offset: usize) -> bool {
        self.text[..offset].ends_with(['"', '\''])
    }
}
