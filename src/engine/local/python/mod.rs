//! Finds or makes the uWSGI that a lab runs without Docker: the one on PATH, else packages of the lab's own from PyPI.
//! Starts no server.
//!
//! An environment is no virtual environment: when uWSGI reloads on SIGHUP it executes the interpreter by its real path,
//! which knows of none, and ends with `ModuleNotFoundError` (seen with pyuwsgi 2.0.30). So packages lie in directories that
//! `PYTHONPATH` names, and the interpreter is run by its real path from the beginning.

mod child;
mod fault;
mod installed;
mod interpreter;
mod kept;
mod packages;
mod pip;
mod place;
mod problem;
mod requirements;
mod version;
mod wheel;
mod wheelhouse;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::Progress;
use kept::Making;

pub(crate) use problem::PythonProblem;
pub(crate) use wheelhouse::{WheelPlatform, Wheelhouse};

/// The wheel of uWSGI, the same as in `stack/uwsgi/Dockerfile`.
const PYUWSGI: &str = "pyuwsgi==2.0.30.post1";

/// What an environment is made from.
#[derive(Debug, Clone)]
pub(super) struct Wanted<'a> {
    /// Where environments lie, one directory each; under the lab's own, and absolute.
    pub(super) directory: &'a Path,
    /// The app's requirements file, as pip reads it; absolute. With one that asks for something, the uWSGI on PATH is not looked at: what its
    /// Python can import is not ours to change.
    pub(super) requirements: Option<&'a Path>,
    /// The process's environment: `PATH` says where uWSGI and Python are looked for, and pip gets what is [`inherited`].
    pub(super) variables: &'a BTreeMap<String, String>,
    /// Where everything is installed from instead of an index, and the directory in there that is for this environment.
    pub(super) wheels: Option<(&'a Wheelhouse, PathBuf)>,
}

impl Wanted<'_> {
    /// The same without a requirements file that asks for nothing.
    fn needed(&self) -> Self {
        Self {
            requirements: requirements::of_use(self.requirements),
            ..self.clone()
        }
    }
}

/// A uWSGI that runs Python 3 apps, and what the app requires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Environment {
    pub(super) program: PathBuf,
    /// What comes before uWSGI's own arguments.
    pub(super) arguments: Vec<String>,
    /// What is set for it besides what is [`inherited`].
    pub(super) variables: Vec<(String, String)>,
    /// What it is, as in `uWSGI 2.0.30 for Python 3.11.7`.
    pub(super) description: String,
}

/// The variables that uWSGI, Python and pip are started with. uWSGI takes each `UWSGI_…` for an option, and in strict
/// mode ends at `UWSGI_LAB_STATE_DIR` (seen with 2.0.30); `PYTHON…` would lead an interpreter to modules of others.
pub(super) fn inherited(variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_left_out = |name: &str| {
        name.starts_with("UWSGI_")
            || name.starts_with("PYTHON")
            || ["VIRTUAL_ENV", "__PYVENV_LAUNCHER__"].contains(&name)
    };
    let kept = variables.iter().filter(|(name, _)| !is_left_out(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The hash of everything an environment is made from, in hexadecimal. Starts no process.
///
/// # Errors
/// [`PythonProblem::Unreadable`] where a requirements file cannot be read.
pub(super) fn identity(wanted: &Wanted<'_>) -> Result<String, PythonProblem> {
    kept::identity(&wanted.needed())
}

/// The environment that was made for `wanted`, where it is whole. Starts no process.
pub(super) fn present(wanted: &Wanted<'_>) -> Option<Environment> {
    let identity = identity(wanted).ok()?;
    kept::load(wanted.directory, &identity)
}

/// Puts the wheels that the environment would be made of into `home`.
pub(super) async fn gather(
    wanted: &Wanted<'_>,
    home: &Path,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<WheelPlatform, PythonProblem> {
    let variables = inherited(wanted.variables);
    let wanted = &Wanted {
        variables: &variables,
        ..wanted.needed()
    };
    wheelhouse::gather(wanted, home, progress).await
}

/// True where a uWSGI on PATH does for it.
pub(super) async fn does_without_wheels(wanted: &Wanted<'_>) -> bool {
    let variables = inherited(wanted.variables);
    wanted.needed().requirements.is_none() && installed::find(&variables).await.is_some()
}

/// Whether what wheels of a bundle are for is here, as far as they are needed.
///
/// # Errors
/// Another machine, or another Python.
pub(super) async fn check_wheels(wanted: &Wanted<'_>) -> Result<(), PythonProblem> {
    let Some((house, _)) = &wanted.wheels else {
        return Ok(());
    };
    if present(wanted).is_some() || does_without_wheels(wanted).await {
        return Ok(());
    }
    let variables = inherited(wanted.variables);
    let wanted = Wanted {
        variables: &variables,
        ..wanted.clone()
    };
    wheelhouse::python(house, &wanted).await.map(drop)
}

/// Finds or makes the environment. When the future is dropped, the processes it started are killed, and what is
/// half-made is never taken for whole and is removed the next time. Whole ones of other identities stay: who observes the
/// lab sees them. One caller at a time: the lab's lock sees to that.
pub(super) async fn make(
    wanted: &Wanted<'_>,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Environment, PythonProblem> {
    let identity = identity(wanted)?;
    if let Some(environment) = kept::load(wanted.directory, &identity) {
        return Ok(environment);
    }
    let making = Making::begin(wanted.directory, identity)?;
    let variables = inherited(wanted.variables);
    let wanted = &Wanted {
        variables: &variables,
        ..wanted.needed()
    };
    pip::tell(progress, 0, "looking for uWSGI and Python");
    let installed = match wanted.requirements {
        Some(_) => None,
        None => installed::find(wanted.variables).await,
    };
    let environment = match installed {
        Some(environment) => environment,
        None => wheel::install(wanted, making.path(), progress).await?,
    };
    making.keep(&environment)?;
    Ok(environment)
}

#[cfg(test)]
mod tests;
