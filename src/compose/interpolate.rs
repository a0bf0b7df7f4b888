//! `$VAR`, `${VAR:-default}` and their kin in one piece of text; reads no environment and no file.

use std::collections::BTreeMap;

/// Nested defaults deeper than this are a mistake or an attack on the stack.
const DEEPEST: usize = 32;

#[derive(Debug, PartialEq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// Variables that were neither set nor given a default, each once for each use.
    pub(super) unset: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// `${VAR:?message}` of a variable that is not set, or empty.
    Required {
        variable: String,
        message: String,
    },
    Malformed,
}

/// Replaces variables as Docker Compose does: `$$` is a dollar sign; `:-`, `:?`, `:+` take an empty variable for an unset one,
/// `-`, `?`, `+` do not; what follows them may hold variables again, and counts only where it is used.
pub(super) fn interpolate(template: &str, variables: &BTreeMap<String, String>) -> Result<Expanded, Refusal> {
    let mut expansion = Expansion {
        variables,
        unset: Vec::new(),
    };
    let text = expansion.expand(template, 0)?;
    Ok(Expanded {
        text,
        unset: expansion.unset,
    })
}

struct Expansion<'a> {
    variables: &'a BTreeMap<String, String>,
    unset: Vec<String>,
}

impl Expansion<'_> {
    fn expand(&mut self, template: &str, depth: usize) -> Result<String, Refusal> {
        if depth > DEEPEST {
            return Err(Refusal::Malformed);
        }
        let mut text = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            text.push_str(before);
            rest = if let Some(tail) = after.strip_prefix('$') {
                text.push('$');
                tail
            } else if let Some(body) = after.strip_prefix('{') {
                let end = closing_brace(body).ok_or(Refusal::Malformed)?;
                text.push_str(&self.braced(&body[..end], depth)?);
                &body[end + 1..]
            } else {
                let (name, tail) = split_name(after)?;
                text.push_str(&self.value_or_empty(name));
                tail
            };
        }
        text.push_str(rest);
        Ok(text)
    }

    fn value_or_empty(&mut self, name: &str) -> String {
        self.variables.get(name).cloned().unwrap_or_else(|| {
            self.unset.push(name.to_owned());
            String::new()
        })
    }

    /// The inside of `${…}`.
    fn braced(&mut self, body: &str, depth: usize) -> Result<String, Refusal> {
        let (name, rest) = split_name(body)?;
        if rest.is_empty() {
            return Ok(self.value_or_empty(name));
        }
        let (empty_counts_as_unset, rest) = match rest.strip_prefix(':') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let value = self.variables.get(name);
        let value = value.filter(|value| !(empty_counts_as_unset && value.is_empty()));
        let mut rest = rest.chars();
        match (rest.next(), value) {
            (Some('-' | '?'), Some(value)) => Ok(value.clone()),
            (Some('+'), None) => Ok(String::new()),
            (Some('-'), None) | (Some('+'), Some(_)) => self.expand(rest.as_str(), depth + 1),
            (Some('?'), None) => Err(Refusal::Required {
                variable: name.to_owned(),
                message: self.expand(rest.as_str(), depth + 1)?,
            }),
            _ => Err(Refusal::Malformed),
        }
    }
}

/// A variable's name and what follows it.
fn split_name(text: &str) -> Result<(&str, &str), Refusal> {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    if end == 0 || text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Refusal::Malformed);
    }
    Ok(text.split_at(end))
}

/// The brace that ends `${`, past those of variables nested inside.
fn closing_brace(body: &str) -> Option<usize> {
    let mut open = 0usize;
    let mut bytes = body.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            b'$' => {
                let escaped_or_open = bytes.next_if(|(_, next)| matches!(next, b'$' | b'{'));
                if let Some((_, b'{')) = escaped_or_open {
                    open += 1;
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn variables() -> BTreeMap<String, String> {
        [("SET", "value"), ("EMPTY", ""), ("OTHER", "2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn each_form_gives_what_docker_compose_gives() {
        for (template, expected) in [
            ("$SET", "value"),
            ("a$SET-b", "avalue-b"),
            ("${SET}s", "values"),
            ("$$SET $${SET}", "$SET ${SET}"),
            ("${SET:-d}", "value"),
            ("${EMPTY:-d}", "d"),
            ("${EMPTY-d}", ""),
            ("${UNSET-d}", "d"),
            ("${UNSET:-}", ""),
            ("${UNSET:-a b:c}", "a b:c"),
            ("${UNSET:-${SET}}", "value"),
            ("${UNSET:-a${UNSET:-b}c}d", "abcd"),
            ("${UNSET:-$$}", "$"),
            ("${UNSET:-$${}", "${"),
            ("${SET:-${UNSET:?never looked at}}", "value"),
            ("${SET:+x$OTHER}", "x2"),
            ("${EMPTY:+x}", ""),
            ("${EMPTY+x}", "x"),
            ("${UNSET+x}", ""),
            ("${SET:?message}", "value"),
            ("${EMPTY?message}", ""),
            ("ü$SET", "üvalue"),
        ] {
            let expanded = interpolate(template, &variables());
            let expected = Expanded {
                text: expected.to_owned(),
                unset: Vec::new(),
            };
            assert_eq!(expanded, Ok(expected), "{template}");
        }
    }

    #[test]
    fn a_variable_without_value_and_default_is_empty_and_named() {
        let expected = Expanded {
            text: "ab".to_owned(),
            unset: vec!["UNSET".to_owned(), "MORE".to_owned()],
        };
        assert_eq!(interpolate("a$UNSET${MORE}b", &variables()), Ok(expected));
    }

    #[test]
    fn a_required_variable_is_refused_with_its_message() {
        for (template, message) in [
            ("${UNSET:?type $SET}", "type value"),
            ("${UNSET?}", ""),
            ("x${UNSET:-${UNSET:?inner}}", "inner"),
        ] {
            let refusal = Refusal::Required {
                variable: "UNSET".to_owned(),
                message: message.to_owned(),
            };
            assert_eq!(interpolate(template, &variables()), Err(refusal));
        }
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        for template in [
            "$", "a $ b", "$1", "${}", "${SET", "${SET:}", "${SET!x}", "${1A}", "$-",
        ] {
            assert_eq!(
                interpolate(template, &variables()),
                Err(Refusal::Malformed),
                "{template}"
            );
        }
        let deep = "${UNSET:-".repeat(100_000) + &"}".repeat(100_000);
        assert_eq!(interpolate(&deep, &variables()), Err(Refusal::Malformed));
    }

    proptest! {
        #[test]
        fn text_without_a_dollar_sign_stays_as_it_is(text in "[^$]*") {
            prop_assert_eq!(interpolate(&text, &variables()).map(|expanded| expanded.text), Ok(text));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[$\\{\\}:?+A-]*") {
            drop(interpolate(&text, &variables()));
        }

        #[test]
        fn doubling_each_dollar_sign_keeps_any_text(text in ".*") {
            let escaped = text.replace('$', "$$");
            prop_assert_eq!(interpolate(&escaped, &variables()).map(|expanded| expanded.text), Ok(text));
        }
    }
}
