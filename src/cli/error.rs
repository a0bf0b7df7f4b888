//! Failures as the user sees them: what failed, why, and what to type next, with a documented exit code.

use std::error::Error;
use std::fmt;

use crate::report::command;

/// Shown at the end of `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  ok
  1  unexpected error
  2  wrong usage
  3  invalid project or Compose file
  4  environment unavailable (no Docker or Python, port taken, image not to be had, disk full)
  5  a service did not become ready, or uWSGI died in a run
  6  a condition of --fail-if holds, a scenario did not find what it expects, or nothing meets an objective
  130  interrupted";

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Unexpected = 1,
    Usage = 2,
    InvalidFile = 3,
    Unavailable = 4,
    NotReady = 5,
    Condition = 6,
    Interrupted = 130,
}

/// A command's failure: the message completes "failed to …" or names the thing that is wrong;
/// causes follow from the outermost in, hints are commands to type or things to change.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hints: Vec<String>,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Takes the message and the chain of sources of `error`.
    pub(crate) fn from_error(code: Code, error: &dyn Error) -> Self {
        let mut failure = Self::new(code, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            failure.causes.push(cause.to_string());
            source = cause.source();
        }
        failure
    }

    /// Completes the commands that the hints name with the lab they are about.
    pub(crate) fn of_lab(mut self, lab: &str) -> Self {
        for hint in &mut self.hints {
            *hint = command::of_lab(hint, lab);
        }
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", self.message)?;
        for cause in &self.causes {
            write!(formatter, "\n  cause: {cause}")?;
        }
        for hint in &self.hints {
            write!(formatter, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}
