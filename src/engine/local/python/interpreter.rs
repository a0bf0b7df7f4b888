//! Finds a Python on PATH that a wheel of uWSGI exists for, and a way to pip. Installs nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::child::{self, NoAnswer};
use super::place::on_path;
use super::version::Version;
use super::{PYUWSGI, PythonProblem};

/// What `pyuwsgi==2.0.30.post1` has wheels for: glibc 2.28, musl 1.2 and macOS; 64-bit Intel and ARM; with the GIL alone.
const OLDEST: Version = Version(3, 8, 0);
const TOO_NEW: Version = Version(3, 15, 0);
const KIND: &str = "CPython";
/// `python3` first: it is the one that the user means.
const NAMES: [&str; 9] = [
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "python3.8",
    "python",
];
const MOST_PROBED: usize = 12;
const QUESTION: &str = include_str!("interpreter.py");

/// What a Python says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Interpreter {
    pub(super) version: Version,
    kind: String,
    /// The one that was asked; that of a virtual environment, maybe.
    pub(super) program: PathBuf,
    /// Its real path, outside of virtual environments: what uWSGI executes when it reloads.
    pub(super) base: PathBuf,
    pub(super) pip: bool,
    venv: bool,
    /// Where it has the module `pyuwsgi`.
    pub(super) pyuwsgi: Option<PathBuf>,
}

impl Interpreter {
    pub(super) fn name(&self) -> String {
        let python = if self.kind == KIND { "Python" } else { &self.kind };
        format!("{python} {}", self.version)
    }

    /// Major and minor: what wheels are made for.
    pub(super) fn series(&self) -> String {
        format!("{}.{}", self.version.0, self.version.1)
    }

    fn has_wheel(&self) -> bool {
        self.kind == KIND && self.version >= OLDEST && self.version < TOO_NEW
    }

    fn has_installer(&self) -> bool {
        self.pip || self.venv
    }
}

/// All that the choice of a Python depends on, the best guess first. Starts no process.
pub(super) fn candidates(variables: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let mut found = on_path(variables, &NAMES);
    found.truncate(MOST_PROBED);
    found
}

/// The first Python on PATH that will do.
pub(super) async fn find(variables: &BTreeMap<String, String>) -> Result<Interpreter, PythonProblem> {
    let mut refused = Refused::default();
    for program in candidates(variables) {
        match ask(&program, variables).await {
            Ok(found) if found.has_wheel() && found.has_installer() => return Ok(found),
            Ok(found) => refused.answered(&program, &found),
            Err(error) => refused.note(&program, &error.to_string()),
        }
    }
    Err(refused.problem())
}

/// The first Python on PATH of one `series`.
pub(super) async fn find_series(
    variables: &BTreeMap<String, String>,
    series: &str,
) -> Result<Interpreter, PythonProblem> {
    let mut refused = Refused::default();
    for program in candidates(variables) {
        match ask(&program, variables).await {
            Ok(found) if found.kind != KIND || found.series() != series => {
                refused.note(&program, &found.name());
            }
            Ok(found) if found.has_installer() => return Ok(found),
            Ok(found) => refused.answered(&program, &found),
            Err(error) => refused.note(&program, &error.to_string()),
        }
    }
    if refused.without_installer.is_some() {
        return Err(refused.problem());
    }
    Err(PythonProblem::OtherPython {
        wanted: series.to_owned(),
        refused: refused.lines,
    })
}

/// Asks the Python `program` what it is.
pub(super) async fn ask(
    program: &Path,
    variables: &BTreeMap<String, String>,
) -> Result<Interpreter, NoAnswer> {
    let mut command = child::command(program, variables);
    command.args(["-c", QUESTION]);
    let lines = child::answer(command).await?;
    let said = lines.iter().find_map(|line| serde_json::from_str(line).ok());
    said.ok_or_else(|| {
        let first = lines.first().map_or("nothing", String::as_str);
        NoAnswer::Refused(format!("is no Python: it says '{first}'"))
    })
}

#[derive(Default)]
struct Refused {
    lines: Vec<String>,
    without_wheel: Option<String>,
    without_installer: Option<String>,
}

impl Refused {
    fn answered(&mut self, program: &Path, found: &Interpreter) {
        let name = found.name();
        if found.has_wheel() {
            self.note(program, &format!("{name} has neither pip nor ensurepip"));
            self.without_installer.get_or_insert(name);
        } else {
            let (last, first) = (TOO_NEW.1 - 1, OLDEST.1);
            self.note(
                program,
                &format!("{name}, and {PYUWSGI} has wheels for Python 3.{first} to 3.{last}"),
            );
            self.without_wheel.get_or_insert(name);
        }
    }

    fn note(&mut self, program: &Path, reason: &str) {
        let line = format!("{}: {reason}", program.display());
        tracing::debug!(line, "not taken");
        self.lines.push(line);
    }

    fn problem(self) -> PythonProblem {
        let refused = self.lines;
        match (self.without_installer, self.without_wheel) {
            (Some(python), _) => PythonProblem::NoPip { python, refused },
            (None, Some(python)) => PythonProblem::NoWheel { python, refused },
            (None, None) if refused.is_empty() => PythonProblem::NoPython,
            (None, None) => PythonProblem::NoAnswer { refused },
        }
    }
}
