//! Words what to do where there is no uWSGI to be had without Docker. Prints nothing.

use std::io::ErrorKind;

use crate::engine::PythonProblem;

use super::super::error::{Code, Failure};
use super::super::files;

/// What is taken before anything is looked for on PyPI.
const OF_THE_SYSTEM: &str = "or take the uWSGI of your system, which does for an app without requirements: \
    `sudo apt-get install uwsgi uwsgi-plugin-python3`";

const ANOTHER_BUNDLE: &str = "make the bundle on a machine like this one: `uwsgi-lab bundle`";
/// Nothing runs then but store and dashboard.
const RUNS_ALONE: &str =
    "or look at its runs without a uWSGI: `UWSGI_LAB_STATS=127.0.0.1:9191 uwsgi-lab replay RUN --now`";

/// The failure with its evidence and advice.
pub(super) fn failure(problem: &PythonProblem) -> Failure {
    let failure = Failure::from_error(code(problem), problem);
    match problem {
        PythonProblem::NoPython => failure
            .hint("install Python: `sudo apt-get install python3 python3-pip`, or `brew install python`")
            .hint(OF_THE_SYSTEM),
        PythonProblem::NoAnswer { refused } => with_lines(failure, "what was tried", refused)
            .hint("run them by hand with `-c pass`, and put one that works first on PATH"),
        PythonProblem::NoWheel { refused, .. } => with_lines(failure, "what was found", refused)
            .hint("put a Python that there is a wheel for on PATH; `python3.12` is found beside `python3`")
            .hint(OF_THE_SYSTEM),
        PythonProblem::NoPip { refused, .. } => with_lines(failure, "what was found", refused)
            .hint("install it: `sudo apt-get install python3-pip`, or python3-venv, which brings one too")
            .hint(OF_THE_SYSTEM),
        PythonProblem::OtherMachine { .. } => failure.hint(ANOTHER_BUNDLE).hint(OF_THE_SYSTEM).hint(RUNS_ALONE),
        PythonProblem::OtherPython { wanted, refused } => with_lines(failure, "what was found", refused)
            .hint(format!(
                "put a Python {wanted} with pip on PATH; `python{wanted}` is found beside `python3`"
            ))
            .hint(format!("or {ANOTHER_BUNDLE}"))
            .hint(RUNS_ALONE),
        PythonProblem::Offline { log, .. } => of_pip(failure, log)
            .hint("check the network; behind a proxy set HTTPS_PROXY, with a mirror PIP_INDEX_URL")
            .hint(OF_THE_SYSTEM),
        PythonProblem::Untrusted { log, .. } => of_pip(failure, log)
            .hint("name the certificates: `PIP_CERT=/etc/ssl/certs/ca-certificates.crt uwsgi-lab up`"),
        PythonProblem::NotOnIndex { log, .. } => of_pip(failure, log)
            .hint("look whether PIP_INDEX_URL names a whole mirror, and whether pip is 20.3 or newer: `python3 -m pip --version`")
            .hint(OF_THE_SYSTEM),
        PythonProblem::Requirements { log, .. } => {
            of_pip(failure, log).hint("correct the requirements file, then run the command again")
        }
        PythonProblem::Install { log, .. } => of_pip(failure, log).hint(OF_THE_SYSTEM),
        PythonProblem::Broken { .. } => failure.hint(OF_THE_SYSTEM),
        PythonProblem::DiskFull { directory } => failure
            .hint(files::advice(ErrorKind::StorageFull, directory))
            .hint(files::FREE_PLACE),
        PythonProblem::Unwritable { path, source } => failure
            .hint(files::advice(source.kind(), path))
            .hint(files::FREE_PLACE),
        PythonProblem::Unreadable { .. } => failure.hint("name another file with --requirements"),
    }
}

fn code(problem: &PythonProblem) -> Code {
    match problem {
        PythonProblem::Unreadable { .. } => Code::InvalidFile,
        _ => Code::Unavailable,
    }
}

fn of_pip(failure: Failure, log: &[String]) -> Failure {
    with_lines(failure, "pip's last lines", log)
}

fn with_lines(mut failure: Failure, what: &str, lines: &[String]) -> Failure {
    if !lines.is_empty() {
        let cause = format!("{what}:\n    {}", lines.join("\n    "));
        failure.causes.push(cause);
    }
    failure
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn evidence_and_advice_follow_the_problem() {
        let refused = vec!["/usr/bin/python3: Python 3.11.2 has neither pip nor ensurepip".to_owned()];
        let problem = PythonProblem::NoPip {
            python: "Python 3.11.2".to_owned(),
            refused,
        };
        let text = "error: Python 3.11.2 has no pip
  cause: what was found:
    /usr/bin/python3: Python 3.11.2 has neither pip nor ensurepip
  hint: install it: `sudo apt-get install python3-pip`, or python3-venv, which brings one too
  hint: or take the uWSGI of your system, which does for an app without requirements: `sudo apt-get install uwsgi uwsgi-plugin-python3`";
        assert_eq!(failure(&problem).to_string(), text);
    }

    #[test]
    fn a_requirements_file_that_cannot_be_read_is_an_invalid_file() {
        let problem = PythonProblem::Unreadable {
            path: "/app/requirements.txt".into(),
            source: io::Error::from(io::ErrorKind::PermissionDenied),
        };
        let failure = failure(&problem);
        assert_eq!(failure.code, Code::InvalidFile);
        let text = "error: cannot read /app/requirements.txt
  cause: permission denied
  hint: name another file with --requirements";
        assert_eq!(failure.to_string(), text);
    }
}
