//! Words what keeps a machine from having a uWSGI of the lab's own.

use crate::engine::PythonProblem;

use super::super::error::{Code, Failure};
use super::connect::with_log;

const OR_DOCKER: &str = "or run the lab in containers: `uwsgi-lab up --engine docker`";
const OR_UWSGI: &str = "or put a uWSGI with its Python 3 plugin on PATH";

/// A problem with advice.
pub(super) fn failure(problem: &PythonProblem) -> Failure {
    let plain = || Failure::from_error(Code::Unavailable, problem);
    let with = |log: &[String]| with_log(plain(), log);
    let refusing = |refused: &[String]| {
        let mut failure = plain();
        failure.causes.extend_from_slice(refused);
        failure
    };
    match problem {
        PythonProblem::NoPython => plain()
            .hint("install Python 3 with pip (Debian: `sudo apt install python3-venv`; macOS: `brew install python`)")
            .hint(OR_DOCKER),
        PythonProblem::NoAnswer { refused } => refusing(refused)
            .hint("put a Python 3 that runs first on PATH")
            .hint(OR_DOCKER),
        PythonProblem::NoWheel { refused, .. } => refusing(refused)
            .hint("put a Python that it is made for on PATH, as `python3.13`")
            .hint(OR_UWSGI),
        PythonProblem::NoPip { refused, .. } => refusing(refused)
            .hint("install pip (Debian: `sudo apt install python3-venv`)")
            .hint(OR_UWSGI),
        PythonProblem::Offline { log, .. } => with(log)
            .hint("check the network; behind a proxy set HTTPS_PROXY, with a mirror of PyPI PIP_INDEX_URL")
            .hint(OR_UWSGI),
        PythonProblem::Untrusted { log, .. } => {
            with(log).hint("name the certificates of your network: PIP_CERT=/path/of/ca-bundle.crt")
        }
        PythonProblem::NotOnIndex { log, .. } => with(log)
            .hint("ask another index with PIP_INDEX_URL, or bring pip up to date: `python3 -m pip install --upgrade pip`")
            .hint(OR_UWSGI),
        PythonProblem::Requirements { file, log, .. } => {
            with(log).hint(format!("try it by hand: `python3 -m pip install -r {}`", file.display()))
        }
        PythonProblem::Install { log, .. } => with(log).hint(OR_UWSGI),
        PythonProblem::Broken { .. } => plain().hint(OR_UWSGI).hint(OR_DOCKER),
        PythonProblem::DiskFull { .. } => {
            plain().hint("make room, or set UWSGI_LAB_STATE_DIR to a directory on another disk")
        }
        PythonProblem::Unreadable { .. } => plain(),
        PythonProblem::Unwritable { .. } => {
            plain().hint("set UWSGI_LAB_STATE_DIR to a directory that can be written")
        }
    }
}
