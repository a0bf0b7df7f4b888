//! Environments on disk: what one was made from, whether it is whole, and the removal of what is half-made. Makes none.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::place::Stamp;
use super::{
    Environment, PYUWSGI, PythonProblem, Wanted, installed, interpreter, packages, pip, requirements,
};

/// Written last, and moved into its place: an environment without it is half-made.
const MANIFEST: &str = "manifest.json";
/// To be raised when environments of older versions must not be taken.
const FORMAT: &str = "1";
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    identity: String,
    environment: Environment,
    /// What has to be as it was: the interpreter may be gone after an upgrade.
    stamps: Vec<Stamp>,
}

/// The hash of the wheel's version, of the requirements with all files and local packages they name, and of the programs on PATH. Of
/// Python that is the first one by its real path, so that a virtual environment of it changes nothing.
pub(super) fn identity(wanted: &Wanted<'_>) -> Result<String, PythonProblem> {
    let mut hasher = Sha256::new();
    hasher.update(format!("{FORMAT}\0{PYUWSGI}\0"));
    if let Some((house, _)) = &wanted.wheels {
        hasher.update(format!("{}\0{}\0", house.identity, wanted.requirements.is_some()));
    }
    let mut programs = Vec::new();
    match wanted.requirements {
        Some(_) if wanted.wheels.is_some() => {}
        Some(file) => {
            let files = requirements::files(file)?;
            for (path, content) in &files {
                hasher.update(format!("{}\0{}\0{content}", path.display(), content.len()));
            }
            let contents = files.iter().map(|(_, content)| content.as_str());
            for package in packages::named(contents, pip::directory(file)) {
                packages::take_in(&mut hasher, &package);
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

/// The environment of an identity, where one below `directory` is whole and everything outside of it is as it was.
pub(super) fn load(directory: &Path, identity: &str) -> Option<Environment> {
    let mut manifests = entries(directory)
        .into_iter()
        .filter_map(|path| read(&path.join(MANIFEST)));
    let manifest = manifests
        .find(|manifest| manifest.identity == identity && manifest.stamps.iter().all(Stamp::still_holds))?;
    Some(manifest.environment)
}

fn read(manifest: &Path) -> Option<Manifest> {
    serde_json::from_slice(&fs::read(manifest).ok()?).ok()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// The directory of an environment that is being made. It never has the name of one that was there: something of an
/// earlier attempt may still write into that, and who looked before may remove it.
pub(super) struct Making {
    identity: String,
    path: PathBuf,
}

impl Making {
    /// Removes what is half-made beside it.
    pub(super) fn begin(directory: &Path, identity: String) -> Result<Self, PythonProblem> {
        let before = entries(directory);
        let place = |number: usize| directory.join(format!("{}-{number}", &identity[..16]));
        let taken = (1..).take_while(|number| before.contains(&place(*number)));
        let making = Self {
            path: place(taken.count() + 1),
            identity,
        };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&making.path);
        made.map_err(|source| making.unwritable(source))?;
        for path in before {
            if !path.join(MANIFEST).exists() {
                remove(&path);
            }
        }
        Ok(making)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Marks the environment as whole.
    pub(super) fn keep(&self, environment: &Environment) -> Result<(), PythonProblem> {
        let stamps = [Some(environment.program.clone()), self.extension()];
        let stamps = stamps.iter().flatten().filter_map(|path| Stamp::of(path));
        let manifest = Manifest {
            identity: self.identity.clone(),
            environment: environment.clone(),
            stamps: stamps.collect(),
        };
        self.write(&manifest).map_err(|source| self.unwritable(source))
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
        let mut files = entries(&self.path.join(pip::UWSGI)).into_iter();
        files.find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("pyuwsgi.") && name.ends_with(".so")
        })
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
        tracing::debug!(path = %path.display(), %error, "a half-made environment stays");
    }
}
