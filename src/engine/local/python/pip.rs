//! Installs packages into directories with pip, and tells how far it is. What pip says when it fails is for `fault`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::super::super::{Progress, Unit};
use super::fault::Log;
use super::interpreter::Interpreter;
use super::{PYUWSGI, PythonProblem, Wanted, child, wheelhouse};

/// Where uWSGI is, in an environment's directory. Not beside the app's packages: a requirements file with hashes would
/// ask for that of uWSGI too, and one that names another uWSGI would not be had.
pub(super) const UWSGI: &str = "uwsgi";
const APP: &str = "app";
/// A virtual environment for pip, where Python has none.
const PIP: &str = "pip";
const STEPS: u64 = 4;

/// Whoever waits is told of it in these words.
pub(super) fn tell(progress: &(dyn Fn(Progress<'_>) + Sync), step: u64, message: &str) {
    progress(Progress {
        done: step,
        total: STEPS,
        unit: Unit::Steps,
        message,
    });
}

/// Installs uWSGI and what the app requires below `home`. Hands back the directories to look for modules in.
pub(super) async fn install(
    wanted: &Wanted<'_>,
    python: &Interpreter,
    home: &Path,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Vec<PathBuf>, PythonProblem> {
    let pip = Pip::of(wanted, python, home, progress).await?;
    if let Some((_, gathered)) = &wanted.wheels {
        let packages = wheelhouse::install(gathered, &pip, home, progress).await?;
        pip.leave();
        return Ok(packages);
    }
    let uwsgi = home.join(UWSGI);
    tell(progress, 1, &format!("downloading {PYUWSGI}"));
    let mut command = pip.command(&uwsgi);
    command.args(["--only-binary", "pyuwsgi", PYUWSGI]);
    pip.run(command, None, 1, progress).await?;
    let mut packages = vec![uwsgi];
    if let Some(file) = wanted.requirements {
        let app = home.join(APP);
        tell(progress, 2, "downloading what the app requires");
        let mut command = pip.command(&app);
        command.arg("--requirement").arg(file);
        command.current_dir(directory(file));
        pip.run(command, Some(file), 2, progress).await?;
        let read = have_path_files_read(&app);
        read.map_err(|source| PythonProblem::Unwritable {
            path: app.clone(),
            source,
        })?;
        packages.push(app);
    }
    pip.leave();
    Ok(packages)
}

/// Where pip runs: `./package` in a requirements file is relative to its working directory.
pub(super) fn directory(requirements: &Path) -> &Path {
    requirements.parent().unwrap_or(Path::new("/"))
}

/// `pip install -e` puts no package there, only a `.pth` file that leads to it, and Python reads none in the directories of
/// `PYTHONPATH` (seen with 3.11). One that the app requires by this name stays.
fn have_path_files_read(app: &Path) -> io::Result<()> {
    const NAME: &str = "sitecustomize.py";
    const CONTENT: &str = "import os, site\nsite.addsitedir(os.path.dirname(os.path.abspath(__file__)))\n";
    if !app.is_dir() || app.join(NAME).exists() {
        return Ok(());
    }
    fs::write(app.join(NAME), CONTENT)
}

pub(super) struct Pip<'a> {
    /// A Python with the module `pip`.
    python: PathBuf,
    variables: BTreeMap<String, String>,
    /// Its name, for those who ask what there is no wheel for.
    name: String,
    home: &'a Path,
}

impl<'a> Pip<'a> {
    /// Python's own, else that of a virtual environment made for it.
    pub(super) async fn of(
        wanted: &Wanted<'_>,
        python: &Interpreter,
        home: &'a Path,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Self, PythonProblem> {
        let mut pip = Self {
            python: python.program.clone(),
            variables: settings(wanted.variables),
            name: python.name(),
            home,
        };
        if !python.pip {
            tell(progress, 0, "creating a virtual environment for its pip");
            let directory = home.join(PIP);
            let mut command = child::command(&python.base, &pip.variables);
            command.args(["-m", "venv"]).arg(&directory);
            pip.run(command, None, 0, progress).await?;
            pip.python = directory.join("bin/python3");
        }
        Ok(pip)
    }

    /// Removes the virtual environment, which nothing needs any more.
    pub(super) fn leave(self) {
        if let Err(error) = fs::remove_dir_all(self.home.join(PIP)) {
            tracing::debug!(%error, "no virtual environment of pip is removed");
        }
    }

    /// One of pip's commands.
    pub(super) fn module(&self, name: &str) -> Command {
        let mut command = child::command(&self.python, &self.variables);
        command.args(["-m", "pip", name]);
        command
    }

    pub(super) fn command(&self, target: &Path) -> Command {
        let mut command = self.module("install");
        command.arg("--target").arg(target);
        command
    }

    pub(super) async fn run(
        &self,
        command: Command,
        requirements: Option<&Path>,
        step: u64,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(), PythonProblem> {
        let mut log = Log::default();
        let mut line = |line: &str| {
            log.note(line);
            if let Some(message) = telling(line) {
                tell(progress, step, &message);
            }
        };
        let ending = match child::run(command, &mut line).await {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        Err(log.problem(&ending, requirements, &self.name, self.home))
    }
}

/// The user's variables. Those of pip's that would lead it elsewhere or make it mute are overruled, and so is a
/// configuration file that says the same or asks for a virtual environment.
fn settings(variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    const LEADING_ELSEWHERE: [&str; 6] = [
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_REQUIREMENT",
        "PIP_EDITABLE",
        "PIP_NO_DEPS",
    ];
    const SET: [(&str, &str); 9] = [
        ("PIP_USER", "0"),
        ("PIP_REQUIRE_VIRTUALENV", "0"),
        ("PIP_QUIET", "0"),
        ("PIP_NO_INPUT", "1"),
        ("PIP_NO_COLOR", "1"),
        ("PIP_PROGRESS_BAR", "off"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        ("PIP_ROOT_USER_ACTION", "ignore"),
        ("PYTHONUNBUFFERED", "1"),
    ];
    let mut settings = super::inherited(variables);
    settings.retain(|name, _| !LEADING_ELSEWHERE.contains(&name.as_str()));
    settings.extend(SET.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // With pip's own 5 retries a machine without network waits for minutes.
    for (name, value) in [("PIP_RETRIES", "2"), ("PIP_DEFAULT_TIMEOUT", "15")] {
        settings
            .entry(name.to_owned())
            .or_insert_with(|| value.to_owned());
    }
    settings
}

/// What a line of pip says of its progress, in words.
fn telling(line: &str) -> Option<String> {
    let line = line.trim();
    if let Some(names) = line.strip_prefix("Installing collected packages: ") {
        let count = names.split(',').count();
        let noun = if count == 1 { "package" } else { "packages" };
        return Some(format!("installing {count} {noun}"));
    }
    let (verb, rest) = line.split_once(' ')?;
    let name = rest.split(' ').next()?;
    match verb {
        "Collecting" => Some(format!("collecting {name}")),
        "Downloading" => Some(format!("downloading {}", name.rsplit('/').next()?)),
        "Building" => Some(format!("building {}", rest.trim_end_matches(": started"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_in_words() {
        for (line, words) in [
            ("Collecting flask>=3", Some("collecting flask>=3")),
            (
                "  Downloading flask-3.1.3-py3-none-any.whl (103 kB)",
                Some("downloading flask-3.1.3-py3-none-any.whl"),
            ),
            (
                "Downloading https://example.org/a/b-1.whl (1 kB)",
                Some("downloading b-1.whl"),
            ),
            (
                "  Building wheel for site (pyproject.toml): started",
                Some("building wheel for site (pyproject.toml)"),
            ),
            (
                "Installing collected packages: a, b, c",
                Some("installing 3 packages"),
            ),
            (
                "Installing collected packages: pyuwsgi",
                Some("installing 1 package"),
            ),
            ("Looking in links: /opt/wheels", None),
            ("", None),
        ] {
            assert_eq!(telling(line).as_deref(), words, "{line}");
        }
    }

    #[test]
    fn pip_keeps_the_users_network_settings_and_none_of_the_places() {
        let given = [
            ("HTTPS_PROXY", "http://proxy.example:3128"),
            ("PIP_CERT", "/etc/ca.pem"),
            ("PIP_TARGET", "/tmp/elsewhere"),
            ("PIP_USER", "1"),
            ("PIP_RETRIES", "9"),
            ("PYTHONPATH", "/tmp/modules"),
            ("UWSGI_LAB_STATE_DIR", "/tmp/state"),
            ("VIRTUAL_ENV", "/tmp/venv"),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = settings(&BTreeMap::from(given));
        let of = |name: &str| settings.get(name).map(String::as_str);
        assert_eq!(of("HTTPS_PROXY"), Some("http://proxy.example:3128"));
        assert_eq!(of("PIP_CERT"), Some("/etc/ca.pem"));
        assert_eq!((of("PIP_TARGET"), of("PIP_USER")), (None, Some("0")));
        assert_eq!(
            (of("PIP_RETRIES"), of("PIP_DEFAULT_TIMEOUT")),
            (Some("9"), Some("15"))
        );
        for name in ["PYTHONPATH", "UWSGI_LAB_STATE_DIR", "VIRTUAL_ENV"] {
            assert_eq!(of(name), None);
        }
    }
}
