//! Why there is no uWSGI to be had, by kind, so that the command line can say what to do.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::PYUWSGI;

/// `refused` says what was found and not taken, a line each; `log` are the last lines pip printed.
#[derive(Debug, Error)]
pub(crate) enum PythonProblem {
    #[error("there is no Python on PATH")]
    NoPython,
    #[error("no Python on PATH says what it is")]
    NoAnswer { refused: Vec<String> },
    #[error("there is no {PYUWSGI} for {python}")]
    NoWheel { python: String, refused: Vec<String> },
    /// Neither pip nor what makes a virtual environment: with Debian the packages python3-pip and python3-venv.
    #[error("{python} has no pip")]
    NoPip { python: String, refused: Vec<String> },
    #[error("the bundle has wheels for {wanted}, and this machine is {here}")]
    OtherMachine { wanted: String, here: String },
    #[error("the bundle has wheels for Python {wanted}, which is not on PATH")]
    OtherPython { wanted: String, refused: Vec<String> },
    #[error("pip cannot reach the package index: {message}")]
    Offline { message: String, log: Vec<String> },
    #[error("pip does not trust the certificate of the package index: {message}")]
    Untrusted { message: String, log: Vec<String> },
    /// The index answers, and pip finds nothing in it that this machine can take. A pip older than 20.3 finds none
    /// either.
    #[error("the package index has no {PYUWSGI} for {python}")]
    NotOnIndex { python: String, log: Vec<String> },
    #[error("pip cannot install {}: {message}", .file.display())]
    Requirements {
        file: PathBuf,
        message: String,
        log: Vec<String>,
    },
    #[error("pip cannot install uWSGI: {message}")]
    Install { message: String, log: Vec<String> },
    #[error("the uWSGI that pip installed does not run: {message}")]
    Broken { message: String },
    #[error("no space left on the disk of {}", .directory.display())]
    DiskFull { directory: PathBuf },
    #[error("cannot read {}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("cannot write {}", .path.display())]
    Unwritable { path: PathBuf, source: io::Error },
}
