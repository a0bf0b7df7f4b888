//! Builds the tree from the parser's events: positions, merge keys, duplicate keys, tags.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Visitor};

use super::yaml::{Node, Source, Value};

/// Where in the text the next node is: after a key, in a list or at the top.
#[derive(Clone, Copy)]
pub(super) struct Place<'s, 'de> {
    pub(super) source: &'s Source<'de>,
    pub(super) key_end: Option<usize>,
}

impl Place<'_, '_> {
    fn node(self, value: Value) -> Node {
        let line = self.key_end.map(|end| self.source.line(end));
        Node { line, value }
    }

    /// `read` is the number as the parser understood it.
    fn number(self, read: &str) -> Node {
        let written = self
            .key_end
            .and_then(|end| self.source.word_after(end))
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)));
        self.node(Value::Number(written.unwrap_or(read).to_owned()))
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_, 'de> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.source.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_, 'de> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(self.node(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(self.node(Value::Null))
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<Node, E> {
        Ok(self.node(Value::Boolean(boolean)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(self.number(&number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(self.number(&number.to_string()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Node, E> {
        Ok(self.number(&number.to_string()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Node, E> {
        Ok(self.number(&number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(self.number(&number.to_string()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node, E> {
        let offset = self.source.offset(text);
        let mut node = self.node(Value::Text {
            text: text.to_owned(),
            plain: offset.is_some_and(|offset| !self.source.is_quoted(offset)),
        });
        node.line = node
            .line
            .or_else(|| offset.map(|offset| self.source.line(offset)));
        Ok(node)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(self.node(Value::Text {
            text: text.to_owned(),
            plain: false,
        }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        let item = Place {
            key_end: None,
            ..self
        };
        while let Some(mut node) = items.next_element_seed(item)? {
            node.line = node.line.or(self.node(Value::Null).line);
            list.push(node);
        }
        Ok(self.node(Value::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut own = Vec::new();
        let mut merged = Vec::new();
        let mut names = BTreeSet::new();
        while let Some(key) = entries.next_key_seed(KeyOf(self.source))? {
            let value = entries.next_value_seed(Place {
                key_end: key.end,
                ..self
            })?;
            if !names.insert(key.name.clone()) {
                let reason = format!("duplicate key '{}'", key.name);
                return Err(self.source.refuse(&reason, value.line));
            }
            if key.name == "<<" {
                let line = value.line;
                merged =
                    entries_to_merge(value).map_err(|reason| self.source.refuse::<A::Error>(reason, line))?;
            } else {
                own.push((key.name, value));
            }
        }
        for (name, value) in merged {
            if names.insert(name.clone()) {
                own.push((name, value));
            }
        }
        Ok(self.node(Value::Mapping(own)))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Node, A::Error> {
        let (tag, _) = tagged.variant::<String>()?;
        let reason = format!("the tag !{tag} is not supported by uwsgi-lab");
        let line = self.key_end.map(|end| self.source.line(end));
        Err(self.source.refuse(&reason, line))
    }
}

/// What `<<` brings in. Of a list, earlier mappings win over later ones.
fn entries_to_merge(node: Node) -> Result<Vec<(String, Node)>, &'static str> {
    match node.value {
        Value::Mapping(entries) => Ok(entries),
        Value::List(nodes) => {
            let each: Result<Vec<_>, _> = nodes.into_iter().map(entries_to_merge).collect();
            Ok(each?.into_iter().flatten().collect())
        }
        _ => Err("'<<' takes a mapping or a list of mappings"),
    }
}

struct Key {
    name: String,
    end: Option<usize>,
}

struct KeyOf<'s, 'de>(&'s Source<'de>);

impl<'de> DeserializeSeed<'de> for KeyOf<'_, 'de> {
    type Value = Key;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeyOf<'_, 'de> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key, E> {
        Ok(Key {
            name: name.to_owned(),
            end: self.0.offset(name).map(|offset| offset + name.len()),
        })
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        Ok(Key {
            name: name.to_owned(),
            end: None,
        })
    }
}
