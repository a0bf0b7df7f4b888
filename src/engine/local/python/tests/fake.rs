//! A machine with a PATH of its own, on which Python and uWSGI are shell scripts.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::{Environment, PythonProblem, Wanted, make, present};

/// Ends as `wheel::version` and `interpreter::ask` expect it, and notes each start. What pip does is in a file beside.
const PYTHON: &str = r#"
here=${0%/*}
echo "$*" >> "$here/started"
case "$*" in
    *"pyuwsgi.run()"*) echo 2.0.30 ;;
    "-m venv "*) /bin/mkdir -p "$3/bin"; /bin/cp "$0" "$3/bin/python3"; /bin/cp "$here/pip" "$3/bin/pip" ;;
    "-m pip install --target "*) . "$here/pip" ;;
    -c*) /bin/cat "$0.says" ;;
esac
"#;
/// Installs an extension module into `--target`, as the wheel does.
pub(super) const PIP_INSTALLS: &str = r#"
echo "Collecting pyuwsgi"
/bin/mkdir -p "$5"
echo "$*" > "$5/pyuwsgi.abi3.so"
echo "Installing collected packages: pyuwsgi"
"#;

pub(super) struct Machine {
    root: TempDir,
    requirements: Option<PathBuf>,
}

impl Machine {
    pub(super) fn new() -> Self {
        let machine = Self {
            root: tempfile::tempdir().unwrap(),
            requirements: None,
        };
        fs::create_dir(machine.bin()).unwrap();
        machine
    }

    /// A machine whose Python 3.11.7 has a pip that does what `script` says.
    pub(super) fn with_pip(script: &str) -> Self {
        let machine = Self::new();
        machine.python("python3", "[3, 11, 7]", true, false);
        machine.pip(script);
        machine
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(super) fn bin(&self) -> PathBuf {
        self.path("bin")
    }

    /// A program on PATH.
    pub(super) fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.bin().join(name);
        write_program(&path, &format!("#!/bin/sh\n{script}"));
        path
    }

    pub(super) fn python(&self, name: &str, version: &str, pip: bool, venv: bool) -> PathBuf {
        let path = self.program(name, PYTHON);
        let says = format!(
            r#"{{"version": {version}, "kind": "CPython", "program": "{0}", "base": "{0}", "pip": {pip}, "venv": {venv}, "pyuwsgi": null}}"#,
            path.display()
        );
        fs::write(self.bin().join(format!("{name}.says")), says).unwrap();
        path
    }

    pub(super) fn pip(&self, script: &str) {
        fs::write(self.bin().join("pip"), script).unwrap();
    }

    pub(super) fn require(&mut self, content: &str) {
        let path = self.path("requirements.txt");
        fs::write(&path, content).unwrap();
        self.requirements = Some(path);
    }

    pub(super) async fn make(&self) -> Result<Environment, PythonProblem> {
        let (variables, directory) = (self.variables(), self.environments());
        make(&self.wanted(&variables, &directory), &|_| ()).await
    }

    pub(super) fn present(&self) -> Option<Environment> {
        let (variables, directory) = (self.variables(), self.environments());
        present(&self.wanted(&variables, &directory))
    }

    fn wanted<'a>(&'a self, variables: &'a BTreeMap<String, String>, directory: &'a Path) -> Wanted<'a> {
        Wanted {
            wheels: None,
            directory,
            requirements: self.requirements.as_deref(),
            variables,
        }
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let path = self.bin().display().to_string();
        BTreeMap::from([("PATH".to_owned(), path)])
    }

    pub(super) fn environments(&self) -> PathBuf {
        self.path("lab/python")
    }

    /// How often Pythons were started.
    pub(super) fn starts(&self) -> usize {
        let started = fs::read_to_string(self.bin().join("started"));
        started.map_or(0, |lines| lines.lines().count())
    }

    /// The names of all environments, whole or not.
    pub(super) fn made(&self) -> Vec<String> {
        let entries = fs::read_dir(self.environments()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}

pub(super) fn write_program(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
