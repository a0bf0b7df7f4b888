//! uWSGI as a wheel in a directory of packages, run by a Python of this machine.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::{Path, PathBuf};

use super::super::super::Progress;
use super::child::{self, NoAnswer};
use super::interpreter::{self, Interpreter};
use super::{Environment, PythonProblem, Wanted, pip, wheelhouse};

/// What the script of the wheel does, which pip writes for one place and one Python alone.
const RUN: &str = "import pyuwsgi; pyuwsgi.run()";

/// Installs uWSGI and what the app requires into `home`.
pub(super) async fn install(
    wanted: &Wanted<'_>,
    home: &Path,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Environment, PythonProblem> {
    let python = match &wanted.wheels {
        Some((house, _)) => wheelhouse::python(house, wanted).await?,
        None => interpreter::find(wanted.variables).await?,
    };
    let packages = pip::install(wanted, &python, home, progress).await?;
    pip::tell(progress, 3, "asking uWSGI for its version");
    let environment = of_packages(&python, &packages, wanted.variables).await;
    environment.map_err(|error| PythonProblem::Broken {
        message: error.to_string(),
    })
}

/// The uWSGI of a wheel that is among `packages`, directories that modules are looked for in.
pub(super) async fn of_packages(
    python: &Interpreter,
    packages: &[PathBuf],
    variables: &BTreeMap<String, String>,
) -> Result<Environment, NoAnswer> {
    let path = env::join_paths(packages).map_err(io::Error::other)?;
    let mut environment = Environment {
        program: python.base.clone(),
        arguments: vec!["-c".to_owned(), RUN.to_owned()],
        variables: vec![
            ("PYTHONPATH".to_owned(), path.to_string_lossy().into_owned()),
            no_bytecode(),
        ],
        description: String::new(),
    };
    let version = version(&environment, variables).await?;
    environment.description = format!("uWSGI {version} for {}, of a wheel", python.name());
    Ok(environment)
}

/// What a uWSGI says of its version, as in `2.0.21-debian`.
pub(super) async fn version(
    environment: &Environment,
    variables: &BTreeMap<String, String>,
) -> Result<String, NoAnswer> {
    let mut command = child::command(&environment.program, variables);
    command.args(&environment.arguments).arg("--version");
    command.envs(environment.variables.iter().map(|(name, value)| (name, value)));
    let lines = child::answer(command).await?;
    Ok(lines.last().map_or("", |line| line.trim()).to_owned())
}

/// No Python that a lab starts writes beside the user's modules.
pub(super) fn no_bytecode() -> (String, String) {
    ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned())
}
