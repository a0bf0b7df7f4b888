//! A node of the file together with its path: typed reading that says what was found where something else was expected.

use std::collections::BTreeMap;

use super::error::{Problem, ProblemKind, Problems};
use super::yaml::{Node, Value};

#[derive(Debug, Clone)]
pub(super) struct Spot<'a> {
    pub(super) path: String,
    pub(super) node: &'a Node,
}

/// The entries of a mapping whose keys the format knows.
pub(super) struct Fields<'a> {
    at: Spot<'a>,
    entries: BTreeMap<&'a str, Spot<'a>>,
}

impl<'a> Spot<'a> {
    pub(super) fn problem(&self, kind: ProblemKind) -> Problem {
        Problem {
            path: self.path.clone(),
            line: self.node.line,
            kind,
        }
    }

    pub(super) fn expected(&self, expected: &str) -> Problem {
        self.problem(ProblemKind::Unexpected {
            found: self.found(),
            expected: expected.to_owned(),
        })
    }

    fn found(&self) -> String {
        match &self.node.value {
            Value::Null => "nothing".to_owned(),
            Value::Boolean(boolean) => boolean.to_string(),
            Value::Number(number) => number.clone(),
            Value::Text { text, .. } => format!("'{text}'"),
            Value::List(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.node.value == Value::Null
    }

    /// Text only: a number or boolean here is a mistake that quotes would have shown.
    pub(super) fn text(&self) -> Result<String, Problem> {
        match &self.node.value {
            Value::Text { text, .. } => Ok(text.clone()),
            Value::Number(_) | Value::Boolean(_) => Err(self.expected("text (quote it)")),
            _ => Err(self.expected("text")),
        }
    }

    /// Text, or a number as it is written.
    pub(super) fn word(&self) -> Result<String, Problem> {
        match &self.node.value {
            Value::Number(number) => Ok(number.clone()),
            _ => self.text(),
        }
    }

    /// A boolean, also as the text that a variable leaves.
    pub(super) fn boolean(&self) -> Result<bool, Problem> {
        match &self.node.value {
            Value::Boolean(boolean) => Ok(*boolean),
            Value::Text { text, .. } if text == "true" => Ok(true),
            Value::Text { text, .. } if text == "false" => Ok(false),
            _ => Err(self.expected("true or false")),
        }
    }

    /// Parses a word; `expected` says what it should have been.
    pub(super) fn parsed<T>(&self, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Problem> {
        let word = self.word().ok();
        word.and_then(|word| parse(&word))
            .ok_or_else(|| self.expected(expected))
    }

    pub(super) fn whole_number(&self) -> Result<i64, Problem> {
        self.parsed("a whole number, 0 or more", |word| {
            word.parse().ok().filter(|number| *number >= 0)
        })
    }

    pub(super) fn items(&self) -> Option<Vec<Spot<'a>>> {
        let Value::List(nodes) = &self.node.value else {
            return None;
        };
        let spots = nodes.iter().enumerate().map(|(index, node)| Spot {
            path: format!("{}[{index}]", self.path),
            node,
        });
        Some(spots.collect())
    }

    pub(super) fn list(&self) -> Result<Vec<Spot<'a>>, Problem> {
        self.items().ok_or_else(|| self.expected("a list"))
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, Problem> {
        self.list()?.iter().map(Spot::text).collect()
    }

    pub(super) fn text_or_texts(&self) -> Result<Vec<String>, Problem> {
        match self.items() {
            Some(items) => items.iter().map(Spot::text).collect(),
            None => Ok(vec![
                self.text()
                    .map_err(|_found| self.expected("text or a list of texts"))?,
            ]),
        }
    }

    /// The entries of a mapping whose keys are the user's own.
    pub(super) fn entries(&self) -> Option<Vec<(&'a str, Spot<'a>)>> {
        let Value::Mapping(entries) = &self.node.value else {
            return None;
        };
        let spots = entries.iter().map(|(key, node)| {
            let path = match self.path.as_str() {
                "" => key.clone(),
                path => format!("{path}.{key}"),
            };
            (key.as_str(), Spot { path, node })
        });
        Some(spots.collect())
    }

    pub(super) fn mapping(&self) -> Result<Vec<(&'a str, Spot<'a>)>, Problem> {
        self.entries().ok_or_else(|| self.expected("a mapping"))
    }

    /// The entries of a mapping whose keys the format knows; each other key is a problem, but for `x-…`.
    pub(super) fn fields(&self, supported: &[&str], problems: &mut Problems) -> Result<Fields<'a>, Problem> {
        let mut entries = BTreeMap::new();
        for (key, spot) in self.mapping()? {
            if supported.contains(&key) {
                entries.insert(key, spot);
            } else if !key.starts_with("x-") {
                problems.add(spot.problem(ProblemKind::Unsupported {
                    supported: supported.join(", "),
                }));
            }
        }
        Ok(Fields {
            at: self.clone(),
            entries,
        })
    }

    /// As [`Spot::fields`], where the first key that is not supported is enough.
    pub(super) fn only_fields(&self, supported: &[&str]) -> Result<Fields<'a>, Problem> {
        let mut problems = Problems::default();
        let fields = self.fields(supported, &mut problems)?;
        problems.into_first().map_or(Ok(fields), Err)
    }
}

impl<'a> Fields<'a> {
    /// The entry's spot; `None` too where it says `key:` and nothing.
    pub(super) fn spot(&self, key: &str) -> Option<&Spot<'a>> {
        self.entries.get(key).filter(|spot| !spot.is_null())
    }

    pub(super) fn optional<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Spot<'a>) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        self.spot(key).map(read).transpose()
    }

    pub(super) fn or_default<T: Default>(
        &self,
        key: &str,
        read: impl FnOnce(&Spot<'a>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        Ok(self.optional(key, read)?.unwrap_or_default())
    }

    pub(super) fn required<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Spot<'a>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let missing = || self.at.problem(ProblemKind::Missing { missing: key });
        self.optional(key, read)?.ok_or_else(missing)
    }
}
