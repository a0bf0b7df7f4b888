//! Wheels in a directory instead of on an index: gathered where there is a network, installed where there is none.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::super::Progress;
use super::interpreter::{self, Interpreter};
use super::pip::{self, Pip};
use super::{PYUWSGI, PythonProblem, Wanted};

/// In a wheelhouse. Apart, because what an app requires may name another uWSGI.
const UWSGI: &str = "uwsgi";
const APP: &str = "app";

/// What wheels are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WheelPlatform {
    /// Major and minor: `3.11`.
    pub(crate) python: String,
    pub(crate) os: String,
    pub(crate) arch: String,
}

/// A directory of wheels for each service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wheelhouse {
    pub(crate) directory: PathBuf,
    /// Differs where the wheels do.
    pub(crate) identity: String,
    pub(crate) platform: WheelPlatform,
}

/// Puts the wheels that an environment would be made of into `home`, where they are found again by [`install`].
pub(super) async fn gather(
    wanted: &Wanted<'_>,
    home: &Path,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<WheelPlatform, PythonProblem> {
    let python = interpreter::find(wanted.variables).await?;
    let pip = Pip::of(wanted, &python, home, progress).await?;
    pip::tell(progress, 1, &format!("downloading {PYUWSGI}"));
    let mut command = pip.module("wheel");
    command.arg("--wheel-dir").arg(home.join(UWSGI));
    command.args(["--no-deps", "--only-binary", "pyuwsgi", PYUWSGI]);
    pip.run(command, None, 1, progress).await?;
    if let Some(file) = wanted.requirements {
        pip::tell(progress, 2, "downloading what the app requires");
        let mut command = pip.module("wheel");
        command.arg("--wheel-dir").arg(home.join(APP));
        command.arg("--requirement").arg(file);
        command.current_dir(pip::directory(file));
        pip.run(command, Some(file), 2, progress).await?;
    }
    pip.leave();
    Ok(WheelPlatform {
        python: python.series(),
        os: OS.to_owned(),
        arch: ARCH.to_owned(),
    })
}

/// The Python that the wheels are for.
pub(super) async fn python(house: &Wheelhouse, wanted: &Wanted<'_>) -> Result<Interpreter, PythonProblem> {
    let platform = &house.platform;
    if (platform.os.as_str(), platform.arch.as_str()) != (OS, ARCH) {
        return Err(PythonProblem::OtherMachine {
            wanted: format!("{} {}", platform.os, platform.arch),
            here: format!("{OS} {ARCH}"),
        });
    }
    interpreter::find_series(wanted.variables, &platform.python).await
}

/// Installs what was gathered for a service. Hands back the directories to look for modules in.
pub(super) async fn install(
    gathered: &Path,
    pip: &Pip<'_>,
    home: &Path,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<PathBuf>, PythonProblem> {
    let mut packages = Vec::new();
    for (name, what) in [(UWSGI, "uWSGI"), (APP, "what the app requires")] {
        let wheels = wheels(&gathered.join(name)).map_err(|source| PythonProblem::Unreadable {
            path: gathered.join(name),
            source,
        })?;
        if wheels.is_empty() {
            continue;
        }
        pip::tell(progress, 1, &format!("installing {what} from the bundle"));
        let place = home.join(name);
        let mut command = pip.command(&place);
        command.args(["--no-index", "--no-deps"]).args(&wheels);
        pip.run(command, None, 1, progress).await?;
        packages.push(place);
    }
    Ok(packages)
}

/// Those of a directory, sorted; none where there is no such directory.
fn wheels(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut wheels = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            wheels.push(path);
        }
    }
    wheels.sort();
    Ok(wheels)
}
