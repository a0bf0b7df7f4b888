//! Where the files of a lab's services lie, and who is alive: a service holds a lock for as long as it lives, so that no
//! process that came to its number later is ever taken for it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::record::{Definition, Process};

const LOCK: &str = "lock";
const DEFINITION: &str = "service.json";
const PROCESS: &str = "process.json";
/// There while the process is about to end.
const ENDING: &str = "ending";
const LOG: &str = "log";
/// What of the log came before it grew too large.
const OLDER_LOG: &str = "log.1";

/// The directories of one lab.
#[derive(Debug, Clone)]
pub(super) struct LabPlace {
    /// The lab's own directory.
    pub(super) root: PathBuf,
}

impl LabPlace {
    pub(super) fn service(&self, service: &str) -> Place {
        Place {
            directory: self.root.join("services").join(service),
        }
    }

    pub(super) fn volume(&self, key: &str) -> PathBuf {
        self.root.join("volumes").join(key)
    }

    /// Where the environments of uWSGI lie.
    pub(super) fn environments(&self) -> PathBuf {
        self.root.join(super::ENVIRONMENTS)
    }

    /// Names of all services that have a directory, sorted.
    pub(super) fn services(&self) -> io::Result<Vec<String>> {
        names(&self.root.join("services"))
    }

    pub(super) fn volumes(&self) -> io::Result<Vec<String>> {
        names(&self.root.join("volumes"))
    }
}

/// Names in a directory, sorted; none where there is no such directory.
pub(super) fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Makes a directory for its owner alone, with those above it.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Removes a directory with what is in it. One that is not there is no error.
pub(super) fn remove_directory(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The directory of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) directory: PathBuf,
}

impl Place {
    pub(super) fn log(&self) -> PathBuf {
        self.directory.join(LOG)
    }

    pub(super) fn older_log(&self) -> PathBuf {
        self.directory.join(OLDER_LOG)
    }

    /// `None` where there is no such service; an empty definition where the file is damaged.
    pub(super) fn definition(&self) -> io::Result<Option<Definition>> {
        self.read(DEFINITION)
    }

    pub(super) fn define(&self, definition: &Definition) -> io::Result<()> {
        self.write(DEFINITION, &serde_json::to_vec_pretty(definition)?)
    }

    /// The process that runs the service or ran it last; `None` before the first.
    pub(super) fn process(&self) -> io::Result<Option<Process>> {
        self.read(PROCESS)
    }

    pub(super) fn record(&self, process: &Process) -> io::Result<()> {
        self.write(PROCESS, &serde_json::to_vec_pretty(process)?)
    }

    /// Forgets who ran the service, so that what is recorded from now on is of whoever holds the lock.
    pub(super) fn forget_process(&self) -> io::Result<()> {
        for name in [PROCESS, ENDING] {
            match fs::remove_file(self.directory.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn mark_ending(&self) -> io::Result<()> {
        self.write(ENDING, b"")
    }

    /// True where the process that runs the service is about to end.
    pub(super) fn is_ending(&self) -> io::Result<bool> {
        Ok(self.directory.join(ENDING).exists() && self.is_alive()?)
    }

    /// Holds the service's lock; who looks whether it is held keeps it for microseconds.
    pub(super) fn lock(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.mode(0o600).open(self.directory.join(LOCK))?;
        file.lock()?;
        Ok(file)
    }

    /// True while a process runs the service.
    pub(super) fn is_alive(&self) -> io::Result<bool> {
        // Whoever only looks need not be able to write.
        let lock = match File::open(self.directory.join(LOCK)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            opened => opened?,
        };
        match lock.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Writes a file for its owner alone. After a crash either the old content is there or the new.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let temporary = self.directory.join(format!("{name}.new"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&temporary)?.write_all(content)?;
        fs::rename(&temporary, self.directory.join(name))
    }

    /// Writes as much as a record has, and takes it away: what the system says to that, it says to a service too.
    pub(super) fn try_to_write(&self) -> io::Result<()> {
        const NAME: &str = "trial";
        self.write(NAME, &[0; 4096])?;
        fs::remove_file(self.directory.join(NAME))
    }

    fn read<T: serde::de::DeserializeOwned + Default>(&self, name: &str) -> io::Result<Option<T>> {
        match fs::read(self.directory.join(name)) {
            Ok(content) => Ok(Some(serde_json::from_slice(&content).unwrap_or_default())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
