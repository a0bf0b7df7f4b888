//! Finds or makes the uWSGI that a lab runs without Docker: the one on PATH, else a private directory of packages from
//! PyPI. Starts no server.

mod problem;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::Progress;

pub(crate) use problem::PythonProblem;

/// What an environment is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Where environments lie, one directory each; under the lab's own.
    pub(super) directory: &'a Path,
    /// The app's requirements file, as pip reads it.
    pub(super) requirements: Option<&'a Path>,
    /// The process's environment: `PATH` says where uWSGI and Python are looked for, and pip gets all of it but what would
    /// lead it elsewhere.
    pub(super) variables: &'a BTreeMap<String, String>,
}

/// A uWSGI that runs Python 3 apps, and what the app requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) program: PathBuf,
    /// What comes before uWSGI's own arguments.
    pub(super) arguments: Vec<String>,
    /// What has to be set for it, also where a variable of the name exists.
    pub(super) variables: Vec<(String, String)>,
    /// What it is, as in `uWSGI 2.0.30 for Python 3.11.7`.
    pub(super) description: String,
}

/// The hash of everything an environment is made from, in hexadecimal. Starts no process.
///
/// # Errors
/// [`PythonProblem::Unreadable`] where a requirements file cannot be read.
pub(super) fn identity(_wanted: &Wanted<'_>) -> Result<String, PythonProblem> {
    Ok(String::new())
}

/// The environment that was made for `wanted`, where it is whole. Starts no process.
pub(super) fn present(_wanted: &Wanted<'_>) -> Option<Environment> {
    None
}

/// Makes the environment. When the future is dropped, the processes it started are killed and nothing half-made is ever
/// taken for whole. One caller at a time: the lab's lock sees to that.
pub(super) async fn make(
    _wanted: &Wanted<'_>,
    _progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Environment, PythonProblem> {
    Err(PythonProblem::NoPython { refused: Vec::new() })
}
