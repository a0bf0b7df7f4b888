//! Which lab a command is about.

use std::path::PathBuf;

use clap::Args;

use crate::report::command::DEFAULT_LAB;
use crate::state::LabDirectory;

use super::super::error::{Code, Failure};
use super::environment::Environment;
use super::project_file::ProjectFile;

/// For a command and those below it.
#[derive(Debug, Clone, Args)]
pub(crate) struct LabArguments {
    /// The lab's name, to have several [env: UWSGI_LAB_NAME] [default: uwsgi-lab]
    #[arg(long, value_name = "NAME", global = true)]
    pub(super) name: Option<String>,
    /// The project file [default: uwsgi-lab.yaml where there is one]
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) project: Option<PathBuf>,
}

/// Where a lab's state is and what may be set about it.
#[derive(Debug, Clone)]
pub(crate) struct LabSettings {
    pub(crate) name: String,
    pub(crate) directory: LabDirectory,
    pub(crate) environment: Environment,
}

impl LabSettings {
    pub(crate) fn new(arguments: &LabArguments) -> Result<Self, Failure> {
        Self::read(arguments).map(|(lab, _)| lab)
    }

    pub(super) fn read(arguments: &LabArguments) -> Result<(Self, ProjectFile), Failure> {
        let environment = Environment::capture();
        let project = ProjectFile::read(arguments.project.as_deref())?;
        let name = arguments
            .name
            .clone()
            .or_else(|| environment.get("UWSGI_LAB_NAME").map(str::to_owned));
        let name = name
            .or_else(|| project.name.clone())
            .unwrap_or_else(|| DEFAULT_LAB.to_owned());
        Ok((Self::named(name, environment)?, project))
    }

    pub(super) fn named(name: String, environment: Environment) -> Result<Self, Failure> {
        check_name(&name)?;
        let directory = LabDirectory::new(&environment.state_root()?, &name);
        Ok(Self {
            name,
            directory,
            environment,
        })
    }
}

/// Docker Compose's rule for project names.
fn check_name(name: &str) -> Result<(), Failure> {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.chars().all(inside) && name.starts_with(first) && name.len() <= 63 {
        return Ok(());
    }
    let message = format!("'{name}' cannot be the name of a lab");
    Err(Failure::new(Code::Usage, message)
        .hint("a name has lower-case letters, digits, '-' and '_', begins with a letter or digit, and has at most 63 of them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_compose_and_cannot_leave_the_state_directory() {
        for good in ["uwsgi-lab", "a", "2nd_lab"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "..", "a/b", "Lab", "-a", &"a".repeat(64)] {
            assert_eq!(check_name(bad).unwrap_err().code, Code::Usage, "{bad}");
        }
    }
}
