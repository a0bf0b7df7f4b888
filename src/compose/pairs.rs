//! Variables, labels and build arguments: mappings of the user's own keys to text.

use std::collections::BTreeMap;

use super::error::{Problem, ProblemKind};
use super::scalar;
use super::service::Surroundings;
use super::spot::Spot;
use super::yaml::Value;

/// The value of a variable, label or argument; `None` where the file gives none.
fn plain_value(spot: &Spot) -> Result<Option<String>, Problem> {
    let ambiguous = |found: &str| ProblemKind::Ambiguous {
        found: found.to_owned(),
    };
    match &spot.node.value {
        Value::Null => Ok(None),
        Value::Boolean(boolean) => Ok(Some(boolean.to_string())),
        Value::Number(word)
        | Value::Text {
            text: word,
            plain: true,
        } if scalar::is_ambiguous(word) => Err(spot.problem(ambiguous(word))),
        Value::Number(word) | Value::Text { text: word, .. } => Ok(Some(word.clone())),
        Value::List(_) | Value::Mapping(_) => Err(spot.expected("text")),
    }
}

/// `{KEY: value}` or `[KEY=value]`; `None` where only the key is given.
fn pairs(spot: &Spot) -> Result<BTreeMap<String, Option<String>>, Problem> {
    if let Some(items) = spot.items() {
        let pair = |item: &Spot| {
            let text = item.text()?;
            Ok(match text.split_once('=') {
                Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                None => (text, None),
            })
        };
        return items.iter().map(pair).collect();
    }
    let entries = spot.entries();
    let entries = entries.ok_or_else(|| spot.expected("a mapping or a list of KEY=value"))?;
    let pair = |(key, at): &(&str, Spot)| Ok(((*key).to_owned(), plain_value(at)?));
    entries.iter().map(pair).collect()
}

/// A key without a value takes the caller's variable of that name, or is left out.
pub(super) fn environment(spot: &Spot, around: &Surroundings) -> Result<BTreeMap<String, String>, Problem> {
    let entries = pairs(spot)?.into_iter().filter_map(|(key, value)| {
        let value = value.or_else(|| around.variables.get(&key).cloned())?;
        Some((key, value))
    });
    Ok(entries.collect())
}

pub(super) fn labels(spot: &Spot) -> Result<BTreeMap<String, String>, Problem> {
    let entries = pairs(spot)?.into_iter();
    Ok(entries
        .map(|(key, value)| (key, value.unwrap_or_default()))
        .collect())
}
