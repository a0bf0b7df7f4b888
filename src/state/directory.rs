//! Where the files of one lab lie, and the lock that lets one command at a time change the lab.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::file;
use super::presence::Presence;

#[derive(Debug, Error)]
pub(crate) enum StateError {
    #[error("another uwsgi-lab command is changing this lab")]
    Busy,
    #[error("another uwsgi-lab runs this lab's collector and load already")]
    Attended,
    #[error("cannot {action} {path}", path = path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{path} is damaged", path = path.display())]
    Damaged {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("no random numbers are to be had: {0}")]
    Random(String),
}

/// The directory of one lab. It need not exist; writing makes it.
#[derive(Debug, Clone)]
pub(crate) struct LabDirectory {
    path: PathBuf,
}

/// Held while a command changes the lab.
#[derive(Debug)]
pub(crate) struct LabLock {
    _file: File,
    _presence: Presence,
}

impl LabDirectory {
    /// The directory of the lab `name` under `root`.
    pub(crate) fn new(root: &Path, name: &str) -> Self {
        Self {
            path: root.join(name),
        }
    }

    /// The lab whose directory is `path`.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets no other command change the lab until the lock is dropped. It goes with the process, however that ends.
    ///
    /// # Errors
    /// [`StateError::Busy`] while another command holds it.
    pub(crate) fn lock(&self) -> Result<LabLock, StateError> {
        let file = self.open_lock("lock")?;
        match file.try_lock() {
            Ok(()) => Ok(LabLock {
                _file: file,
                _presence: self.attend()?,
            }),
            Err(TryLockError::WouldBlock) => Err(StateError::Busy),
            Err(TryLockError::Error(source)) => Err(self.failed("lock", "lock", source)),
        }
    }

    pub(super) fn open_lock(&self, name: &str) -> Result<File, StateError> {
        self.make()?;
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path.join(name));
        opened.map_err(|source| self.failed("open", name, source))
    }

    /// Makes the directory, for its owner alone.
    fn make(&self) -> Result<(), StateError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.path);
        made.map_err(|source| self.failed("make", "", source))
    }

    /// The directory for points that wait while the lab's InfluxDB is away. They belong to its data.
    pub(crate) fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }

    /// Removes the points that wait.
    pub(crate) fn remove_spool(&self) -> Result<(), StateError> {
        match fs::remove_dir_all(self.spool()) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(self.failed("remove", "spool", source))
            }
            _ => Ok(()),
        }
    }

    /// Removes everything the lab kept. A directory that is not there is no error.
    pub(crate) fn remove(&self) -> Result<(), StateError> {
        match fs::remove_dir_all(&self.path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(self.failed("remove", "", source)),
            _ => Ok(()),
        }
    }

    /// Removes everything the lab kept but the entry named `kept`, where there is such a one.
    pub(crate) fn remove_all_but(&self, kept: Option<&str>) -> Result<(), StateError> {
        let Some(kept) = kept.filter(|name| self.path.join(name).exists()) else {
            return self.remove();
        };
        let failed = |source| self.failed("remove", "", source);
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name() == kept {
                continue;
            }
            let is_directory = entry.file_type().map_err(failed)?.is_dir();
            let removed = match is_directory {
                true => fs::remove_dir_all(entry.path()),
                false => fs::remove_file(entry.path()),
            };
            removed.map_err(failed)?;
        }
        Ok(())
    }

    /// Removes one file. A file that is not there is no error.
    pub(super) fn remove_file(&self, name: &str) -> Result<(), StateError> {
        match fs::remove_file(self.path.join(name)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(self.failed("remove", name, source))
            }
            _ => Ok(()),
        }
    }

    /// Writes text files under the lab's directory, those alone whose content differs.
    pub(crate) fn write_files(&self, files: &[(&str, &str)]) -> Result<(), StateError> {
        for (name, content) in files {
            let path = self.path.join(name);
            if let Some(parent) = path.parent() {
                let made = DirBuilder::new().recursive(true).mode(0o700).create(parent);
                made.map_err(|source| self.failed("make", name, source))?;
            }
            let old = file::read(&path).map_err(|source| self.failed("read", name, source))?;
            if old.as_deref() != Some(content.as_bytes()) {
                fs::write(&path, content).map_err(|source| self.failed("write", name, source))?;
            }
        }
        Ok(())
    }

    pub(super) fn load<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let path = self.path.join(name);
        let Some(content) = file::read(&path).map_err(|source| self.failed("read", name, source))? else {
            return Ok(None);
        };
        serde_json::from_slice(&content)
            .map(Some)
            .map_err(|source| StateError::Damaged { path, source })
    }

    pub(super) fn store(&self, name: &str, value: &impl Serialize) -> Result<(), StateError> {
        self.make()?;
        let path = self.path.join(name);
        let content = serde_json::to_vec_pretty(value).map_err(|source| StateError::Damaged {
            path: path.clone(),
            source,
        })?;
        file::replace(&path, &content).map_err(|source| self.failed("write", name, source))
    }

    pub(super) fn failed(&self, action: &'static str, name: &str, source: io::Error) -> StateError {
        StateError::Io {
            action,
            path: self.path.join(name),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_command_at_a_time_may_change_a_lab() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        let lock = directory.lock().unwrap();
        assert!(matches!(directory.lock(), Err(StateError::Busy)));
        drop(lock);
        directory.lock().unwrap();
    }

    #[test]
    fn everything_goes_but_what_is_to_be_kept() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        let files = [("a/b", ""), ("kept/c", ""), ("d", "")];
        directory.write_files(&files).unwrap();
        directory.remove_all_but(Some("kept")).unwrap();
        let left: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["kept"]);
        directory.remove_all_but(Some("another")).unwrap();
        assert!(!directory.path().exists());
        directory.remove_all_but(None).unwrap();
    }

    #[test]
    fn a_damaged_file_is_named() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        directory.write_files(&[("images.json", "{")]).unwrap();
        let error = directory.load::<serde_json::Value>("images.json").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{} is damaged", directory.path().join("images.json").display())
        );
    }
}
