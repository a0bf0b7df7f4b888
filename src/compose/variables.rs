//! Puts variables into the values of a parsed file; keys and top-level `x-…` sections stay as they are.

use std::collections::BTreeMap;
use std::fmt;

use super::error::{Problem, ProblemKind, Problems};
use super::interpolate::{Refusal, interpolate};
use super::yaml::{Node, Value};

/// A variable that had neither a value nor a default: empty text takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) path: String,
    pub(crate) variable: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Warning { path, variable } = self;
        write!(
            f,
            "{path}: the variable {variable} is not set, empty text takes its place"
        )
    }
}

pub(super) fn substitute(
    root: &mut Node,
    variables: &BTreeMap<String, String>,
    problems: &mut Problems,
) -> Vec<Warning> {
    let mut walk = Walk {
        variables,
        problems,
        warnings: Vec::new(),
    };
    if let Value::Mapping(sections) = &mut root.value {
        for (name, section) in sections.iter_mut().filter(|(name, _)| !name.starts_with("x-")) {
            walk.node(section, name);
        }
    }
    walk.warnings
}

struct Walk<'a> {
    variables: &'a BTreeMap<String, String>,
    problems: &'a mut Problems,
    warnings: Vec<Warning>,
}

impl Walk<'_> {
    fn node(&mut self, node: &mut Node, path: &str) {
        let line = node.line;
        match &mut node.value {
            Value::Text { text, plain } if text.contains('$') => {
                *plain = false;
                if let Err(kind) = self.text(text, path) {
                    let path = path.to_owned();
                    self.problems.add(Problem { path, line, kind });
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.node(item, &format!("{path}[{index}]"));
                }
            }
            Value::Mapping(entries) => {
                for (key, entry) in entries {
                    self.node(entry, &format!("{path}.{key}"));
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &mut String, path: &str) -> Result<(), ProblemKind> {
        let expanded = interpolate(text, self.variables).map_err(|refusal| match refusal {
            Refusal::Required { variable, message } => ProblemKind::Required { variable, message },
            Refusal::Malformed => ProblemKind::Interpolation {
                template: text.clone(),
            },
        })?;
        *text = expanded.text;
        let warning = |variable| Warning {
            path: path.to_owned(),
            variable,
        };
        self.warnings.extend(expanded.unset.into_iter().map(warning));
        Ok(())
    }
}
