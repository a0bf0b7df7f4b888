//! Environments on disk: what one was made from, whether it is whole, and the removal of those that are not. Makes none.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::place::Stamp;
use super::{Environment, PYUWSGI, PythonProblem, Wanted, installed, interpreter, pip, requirements};

/// Written last, and moved into its place: an environment without it is half-made.
const MANIFEST: &str = "manifest.json";
/// To be raised when environments of older versions must not be taken.
const FORMAT: &str = "1";
/// This one and some before it, so that going back and forth between two apps makes nothing again.
const KEPT: usize = 3;

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    identity: String,
    environment: Environment,
    /// What has to be as it was: the interpreter may be gone after an upgrade.
    stamps: Vec<Stamp>,
}

/// The hash of the wheel's version, of the requirements with all files they name, and of the programs on PATH. Of
/// Python that is the first one by its real path, so that a virtual environment of it changes nothing.
pub(super) fn identity(wanted: &Wanted<'_>) -> Result<String, PythonProblem> {
    let mut hasher = Sha256::new();
    hasher.update(format!("{FORMAT}\0{PYUWSGI}\0"));
    let mut programs = Vec::new();
    match wanted.requirements {
        Some(file) => {
            for (path, content) in requirements::files(file)? {
                hasher.update(format!("{}\0{}\0{content}", path.display(), content.len()));
            }
        }
        None => programs = installed::candidates(wanted.variables),
    }
    programs.extend(interpreter::candidates(wanted.variables).into_iter().next());
    for program in programs {
        hasher.update(format!("{:?}\0", Stamp::of(&program)));
    }
    let digest = hasher.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Where the environment of an identity lies.
pub(super) struct Home {
    all: PathBuf,
    identity: String,
    path: PathBuf,
}

impl Home {
    pub(super) fn new(all: &Path, identity: String) -> Self {
        Self {
            all: all.to_owned(),
            path: all.join(&identity[..16]),
            identity,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The environment, where it is whole and everything outside of it is as it was.
    pub(super) fn load(&self) -> Option<Environment> {
        let content = fs::read(self.path.join(MANIFEST)).ok()?;
        let manifest: Manifest = serde_json::from_slice(&content).ok()?;
        let is_whole = manifest.identity == self.identity && manifest.stamps.iter().all(Stamp::still_holds);
        is_whole.then_some(manifest.environment)
    }

    /// Makes room: an empty directory, and nothing half-made beside it.
    pub(super) fn clear(&self) -> Result<(), PythonProblem> {
        for (path, made) in self.others() {
            if made.is_none() {
                remove(&path);
            }
        }
        let cleared = match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => DirBuilder::new().recursive(true).mode(0o700).create(&self.path),
        };
        cleared.map_err(|source| self.unwritable(source))
    }

    /// Marks the environment as whole. The oldest of the others are removed.
    pub(super) fn keep(&self, environment: &Environment) -> Result<(), PythonProblem> {
        let stamps = [Some(environment.program.clone()), self.extension()];
        let stamps = stamps.iter().flatten().filter_map(|path| Stamp::of(path));
        let manifest = Manifest {
            identity: self.identity.clone(),
            environment: environment.clone(),
            stamps: stamps.collect(),
        };
        self.write(&manifest).map_err(|source| self.unwritable(source))?;
        let mut others = self.others();
        others.sort_by_key(|(_, made)| std::cmp::Reverse(*made));
        for (path, _) in others.iter().skip(KEPT - 1) {
            remove(path);
        }
        Ok(())
    }

    fn write(&self, manifest: &Manifest) -> io::Result<()> {
        let temporary = self.path.join("manifest.new");
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(manifest)?)?;
        file.sync_all()?;
        fs::rename(temporary, self.path.join(MANIFEST))
    }

    /// The file that the wheel's uWSGI consists of.
    fn extension(&self) -> Option<PathBuf> {
        let entries = fs::read_dir(self.path.join(pip::UWSGI)).ok()?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths = paths;
        paths.find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("pyuwsgi.") && name.ends_with(".so")
        })
    }

    /// All other environments, and when they were made.
    fn others(&self) -> Vec<(PathBuf, Option<SystemTime>)> {
        let entries = fs::read_dir(&self.all).into_iter().flatten();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let others = paths.filter(|path| *path != self.path);
        let with_time = |path: PathBuf| {
            let manifest = fs::metadata(path.join(MANIFEST));
            let made = manifest.and_then(|metadata| metadata.modified()).ok();
            (path, made)
        };
        others.map(with_time).collect()
    }

    fn unwritable(&self, source: io::Error) -> PythonProblem {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => PythonProblem::DiskFull {
                directory: self.path.clone(),
            },
            _ => PythonProblem::Unwritable {
                path: self.path.clone(),
                source,
            },
        }
    }
}

/// What cannot be removed now is removed another time.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::debug!(path = %path.display(), %error, "an old environment stays");
    }
}
