//! The directory of a store: its lock, and the names of its files. Opens no database.
//!
//! A database's name stands inside its file, so that any name will do; the file is named after a number that is never used
//! twice while the store is open, because queries may still read the file of a database that was dropped.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::StorageError;

const PREFIX: &str = "database-";
const SUFFIX: &str = ".sqlite";
/// What SQLite puts beside a file.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Creates the directory where it is missing, and keeps other stores out of it as long as the file that is returned is open.
pub(super) fn lock(directory: &Path) -> Result<File, StorageError> {
    let lock = make(directory).map_err(|source| StorageError::Directory {
        path: directory.to_owned(),
        source,
    })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(StorageError::Directory {
            path: directory.to_owned(),
            source,
        }),
    }
}

fn make(directory: &Path) -> io::Result<File> {
    // SQLite gives its files the umask's mode, so the directory keeps others out.
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    options.open(directory.join("store.lock"))
}

/// The numbers of the files there are. Removes what a removal that was cut short left.
pub(super) fn numbers(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
            continue;
        };
        if let Some(number) = rest.strip_suffix(SUFFIX) {
            numbers.extend(number.parse::<u64>());
        } else {
            remove_orphan(directory, rest)?;
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn remove_orphan(directory: &Path, rest: &str) -> io::Result<()> {
    let owners = COMPANIONS
        .iter()
        .filter_map(|companion| rest.strip_suffix(companion));
    for owner in owners {
        if !directory.join(format!("{PREFIX}{owner}")).exists() {
            fs::remove_file(directory.join(format!("{PREFIX}{rest}")))?;
        }
    }
    Ok(())
}

pub(super) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{PREFIX}{number}{SUFFIX}"))
}

/// Removes a database's files: its own first, so that what is left by a cut is no database.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    for companion in COMPANIONS {
        let mut name = path.as_os_str().to_owned();
        name.push(companion);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
