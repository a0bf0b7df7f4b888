//! A directory of results: a run, a comparison. One that holds something is never written into.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::{Code, Failure};
use super::files;
use super::settings::Environment;

pub(super) struct Place(PathBuf);

impl Place {
    /// Makes it: `given`, or one among the labs' runs, named after `name` and the time.
    ///
    /// # Errors
    /// One that holds something already (2), or that cannot be made (4).
    pub(super) fn create(
        given: Option<&Path>,
        environment: &Environment,
        name: &str,
    ) -> Result<Self, Failure> {
        let path = match given {
            Some(path) => path.to_owned(),
            None => unused(&environment.state_root()?.join("runs"), name),
        };
        refuse_used(&path)?;
        fs::create_dir_all(&path).map_err(|error| cannot_write(&path, &error))?;
        Ok(Self(path))
    }

    /// One that is there.
    pub(super) fn existing(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A directory in it.
    pub(super) fn make(&self, name: &str) -> Result<(), Failure> {
        let path = self.path(name);
        fs::create_dir_all(&path).map_err(|error| cannot_write(&path, &error))
    }

    /// A file that is there whole or not at all.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let (path, beside) = (self.path(name), self.path(&format!("{name}.new")));
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, &path))
            .map_err(|error| cannot_write(&path, &error))
    }

    /// For what did not begin.
    pub(super) fn remove_if_empty(&self) {
        fs::remove_dir(&self.0).ok();
        // Where it was the first of all runs.
        if let Some(runs) = self.0.parent().filter(|parent| parent.ends_with("runs")) {
            fs::remove_dir(runs).ok();
        }
    }
}

/// What was measured stays as it was, also what was interrupted: a run always begins from its start.
fn refuse_used(path: &Path) -> Result<(), Failure> {
    let is_empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
    if is_empty {
        return Ok(());
    }
    let report = fs::read_to_string(path.join("report.json")).ok();
    let report = report.map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default());
    let holds = match report {
        Some(report) if report["interrupted"] == true => "holds a run that was interrupted",
        Some(_) => "holds a report already",
        None => "is not empty",
    };
    let message = format!("{} {holds}", path.display());
    Err(Failure::new(Code::Usage, message)
        .hint("nothing is written over: name another directory with --save, or remove this one"))
}

/// The directory of a stored run that was named: a path, or the name of one among the labs' runs.
pub(super) fn stored(given: &Path, environment: &Environment) -> Result<PathBuf, Failure> {
    if given.is_dir() {
        return Ok(given.to_owned());
    }
    let among_runs = environment.state_root()?.join("runs").join(given);
    Ok(if among_runs.is_dir() {
        among_runs
    } else {
        given.to_owned()
    })
}

/// Two that begin in one second do not share a directory.
fn unused(runs: &Path, name: &str) -> PathBuf {
    let stamp = Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let first = runs.join(format!("{name}-{stamp}"));
    let others = (2..).map(|count| runs.join(format!("{name}-{stamp}-{count}")));
    std::iter::once(first.clone())
        .chain(others)
        .find(|path| !path.exists())
        .unwrap_or(first)
}

pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::new(Code::Unavailable, format!("cannot write {}", path.display()));
    failure.causes.push(error.to_string());
    failure.hint(files::advice(error.kind(), path))
}
