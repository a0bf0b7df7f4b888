//! Parameters bound to a query: `$name` stands for the token that its JSON value means. Reads no text of a query.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::token::Token;

/// What `$name` stands for; [`Token::Parameter`] again where nothing is bound to it.
pub(super) fn bound<'q>(name: Cow<'q, str>, parameters: &'q BTreeMap<String, Value>) -> Token<'q> {
    match parameters.get(name.as_ref()) {
        Some(value) => plain(value)
            .or_else(|| tagged(value))
            .unwrap_or_else(|| unknown(&name, value)),
        None => Token::Parameter(name),
    }
}

fn plain(value: &Value) -> Option<Token<'_>> {
    match value {
        Value::Bool(value) => Some(Token::Boolean(*value)),
        Value::String(text) => Some(Token::Text(Cow::Borrowed(text))),
        Value::Number(number) if number.is_i64() => Some(Token::Integer(Cow::Owned(number.to_string()))),
        Value::Number(number) if number.is_f64() => Some(Token::Number(Cow::Owned(number.to_string()))),
        _ => None,
    }
}

/// `{"regex": "…"}` and its like: one key, which says what the text is.
fn tagged(value: &Value) -> Option<Token<'_>> {
    let entries = value.as_object().filter(|entries| entries.len() == 1)?;
    let (kind, value) = entries.iter().next()?;
    match (kind.as_str(), value) {
        ("ident" | "identifier", Value::String(name)) => Some(Token::Identifier(Cow::Borrowed(name))),
        ("regex", Value::String(pattern)) => Some(Token::Pattern(pattern.clone())),
        ("duration", Value::String(text)) => Some(Token::Duration(Cow::Borrowed(text))),
        ("string", Value::String(_))
        | ("integer" | "float", Value::Number(_))
        | ("boolean", Value::Bool(_)) => plain(value),
        _ => None,
    }
}

fn unknown<'q>(name: &str, value: &Value) -> Token<'q> {
    Token::BadParameter(format!(
        "{name} is {value}, which is no text, number, boolean, or one of them by its kind, as in {{\"regex\": \"…\"}}"
    ))
}
