//! What can be wrong with a Compose file, each with its place in the file; advice on what to type is the command line's.

use std::fmt;
use std::path::{Path, PathBuf};

/// A Compose file that cannot be used.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum ComposeError {
    #[error("{}: {bytes} bytes are too many for a Compose file, at most {most}", .file.display())]
    TooLarge {
        file: PathBuf,
        bytes: usize,
        most: usize,
    },
    /// Broken YAML. `message` ends with the line and column where the parser knows them.
    #[error("{}: {message}", .file.display())]
    Yaml { file: PathBuf, message: String },
    /// All that is wrong, in the order of the file's sections.
    #[error("{}: {}", .file.display(), one_a_line(.problems))]
    Invalid { file: PathBuf, problems: Vec<Problem> },
}

fn one_a_line(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    match lines.as_slice() {
        [only] => only.clone(),
        _ => format!("{} problems\n  {}", lines.len(), lines.join("\n  ")),
    }
}

/// One thing wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Keys from the top of the file, as in `services.web.ports[0]`.
    pub(crate) path: String,
    /// Counted from 1.
    pub(crate) line: Option<usize>,
    pub(crate) kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "the file"
        } else {
            &self.path
        };
        match self.line {
            Some(line) => write!(f, "{path} (line {line}): {}", self.kind),
            None => write!(f, "{path}: {}", self.kind),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProblemKind {
    #[error("not supported by uwsgi-lab; supported here: {supported}")]
    Unsupported { supported: String },
    #[error("{found} where {expected} is expected")]
    Unexpected { found: String, expected: String },
    #[error("{missing} is missing")]
    Missing { missing: &'static str },
    #[error("{found} is read as a number or a date by some programs and as text by others: quote it")]
    Ambiguous { found: String },
    #[error("{ports} is a range of ports, which uwsgi-lab does not support: publish each port by itself")]
    PortRange { ports: String },
    #[error("the variable {variable} is required: {message}")]
    Required { variable: String, message: String },
    #[error("cannot read the variable in '{template}': write ${{NAME}}, or $$ for a dollar sign")]
    Interpolation { template: String },
    #[error("there is no {what} '{name}' in the file; it has {defined}")]
    Undefined {
        what: &'static str,
        name: String,
        defined: String,
    },
    #[error("service '{name}' is left out because its profile is not active: {profiles}")]
    Inactive { name: String, profiles: String },
    #[error("the services wait for each other: {}", .names.join(" → "))]
    Cycle { names: Vec<String> },
    #[error(
        "'{name}' cannot name a project: lower-case letters, digits, '-' and '_', starting with a letter or digit"
    )]
    ProjectName { name: String },
}

/// Gathers problems, so that one run names them all.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// The value, or its default with the problem noted: what is built from it is never handed out.
    pub(super) fn keep<T: Default>(&mut self, result: Result<T, Problem>) -> T {
        result.unwrap_or_else(|problem| {
            self.add(problem);
            T::default()
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_first(self) -> Option<Problem> {
        self.0.into_iter().next()
    }

    pub(super) fn into_error(self, file: &Path) -> ComposeError {
        ComposeError::Invalid {
            file: file.to_path_buf(),
            problems: self.0,
        }
    }
}
