//! The uWSGI that PATH leads to, where it can run Python 3 apps and survives a reload. Asks it what it is, and starts no
//! server.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::slice;

use super::child::{self, NoAnswer};
use super::place::on_path;
use super::version::Version;
use super::{Environment, interpreter, wheel};

/// Statistics over HTTP, `strict` and `need-app` are part of every uWSGI 2.0 and cannot be left out of its build.
const OLDEST: Version = Version(2, 0, 0);
/// Python is built in, or a plugin: `python3` with Debian, Fedora and Alpine, `python` with Arch.
const PLUGINS: [&[&str]; 3] = [&[], &["--plugin", "python3"], &["--plugin", "python"]];

/// All that the choice of a uWSGI depends on. Starts no process.
pub(super) fn candidates(variables: &BTreeMap<String, String>) -> Vec<PathBuf> {
    on_path(variables, &["uwsgi"])
}

/// The first uWSGI on PATH that will do.
pub(super) async fn find(variables: &BTreeMap<String, String>) -> Option<Environment> {
    for program in candidates(variables) {
        match look_at(&program, variables).await {
            Ok(found) => return Some(found),
            Err(error) => {
                tracing::info!(program = %program.display(), %error, "this uWSGI is not taken");
            }
        }
    }
    None
}

async fn look_at(program: &Path, variables: &BTreeMap<String, String>) -> Result<Environment, NoAnswer> {
    if let Some(python) = python_of_script(program)? {
        return of_wheel(&python, variables).await;
    }
    let mut environment = Environment {
        program: program.to_owned(),
        arguments: Vec::new(),
        variables: vec![wheel::no_bytecode()],
        description: String::new(),
    };
    let version = wheel::version(&environment, variables).await?;
    if Version::parse(&version).is_none_or(|version| version < OLDEST) {
        return Err(NoAnswer::Refused(format!(
            "it is no uWSGI 2.0: it says '{version}'"
        )));
    }
    let (plugin, python) = python_plugin(program, variables).await?;
    environment.arguments = plugin.iter().map(|&word| word.to_owned()).collect();
    environment.description = format!("uWSGI {version} for Python {python}, {}", program.display());
    Ok(environment)
}

async fn python_plugin(
    program: &Path,
    variables: &BTreeMap<String, String>,
) -> Result<(&'static [&'static str], Version), NoAnswer> {
    for plugin in PLUGINS {
        let mut command = child::command(program, variables);
        command.args(plugin).arg("--python-version");
        match child::answer(command).await {
            Ok(lines) => {
                if let Some(version) = python3(&lines) {
                    return Ok((plugin, version));
                }
            }
            Err(silent @ NoAnswer::Silent(_)) => return Err(silent),
            Err(refused) => tracing::debug!(%refused, ?plugin, "no Python in this uWSGI"),
        }
    }
    Err(NoAnswer::Refused("it has no plugin for Python 3".to_owned()))
}

/// A uWSGI that does not find a plugin says so before it goes on.
fn python3(lines: &[String]) -> Option<Version> {
    let version = lines.iter().rev().find_map(|line| Version::parse(line))?;
    (version.0 == 3).then_some(version)
}

/// A `uwsgi` that pip wrote is a script of the virtual environment's Python. A reload would execute that Python by its
/// real path, which knows of no virtual environment, so it is started that way at once.
async fn of_wheel(python: &Path, variables: &BTreeMap<String, String>) -> Result<Environment, NoAnswer> {
    let interpreter = interpreter::ask(python, variables).await?;
    let Some(packages) = &interpreter.pyuwsgi else {
        let message = format!("{} has no module pyuwsgi", python.display());
        return Err(NoAnswer::Refused(message));
    };
    wheel::of_packages(&interpreter, slice::from_ref(packages), variables).await
}

/// The Python that a script is run by: of `#!/path/python3`, or, where that would be too long or has spaces in it, of
/// `'''exec' "/long path/python3" "$0" "$@"` on the second line.
fn python_of_script(program: &Path) -> io::Result<Option<PathBuf>> {
    let mut lines = BufReader::new(File::open(program)?.take(4096)).split(b'\n');
    let mut next = || -> io::Result<String> {
        let line = lines.next().transpose()?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&line).into_owned())
    };
    let first = next()?;
    let Some(shell) = first.strip_prefix("#!") else {
        return Ok(None);
    };
    let second = next()?;
    let python = match second.strip_prefix("'''exec' ") {
        Some(rest) => rest.split(" \"$0\"").next().unwrap_or_default(),
        None => shell,
    };
    let python = Path::new(python.trim().trim_matches('"'));
    let name = python.file_name().unwrap_or_default().to_string_lossy();
    Ok(name.starts_with("python").then(|| python.to_owned()))
}
