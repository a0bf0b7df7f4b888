//! What the dashboard server remembers, and its file; knows no HTTP.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::account::Account;

/// Everything that outlives a request. Cloned before each change, so that a refused or unsaved change leaves no trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) account: Account,
    pub(super) last_id: u64,
    pub(super) datasources: Vec<DataSource>,
    pub(super) folders: Vec<Folder>,
    pub(super) dashboards: Vec<Dashboard>,
    pub(super) annotations: Vec<Annotation>,
    pub(super) preferences: Map<String, Value>,
    /// Absent in files of earlier releases.
    #[serde(default)]
    pub(super) sessions: Vec<Session>,
}

/// Somebody who logged in on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    /// SHA-256 of the cookie's value, so that the file lets nobody in.
    pub(super) token_hash: [u8; 32],
    /// Milliseconds since the Unix epoch.
    pub(super) expires: i64,
}

/// A data source; `secure_json_data` never leaves the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DataSource {
    pub(super) id: u64,
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) access: String,
    pub(super) url: String,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) is_default: bool,
    pub(super) json_data: Map<String, Value>,
    pub(super) secure_json_data: BTreeMap<String, String>,
    pub(super) version: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Folder {
    pub(super) id: u64,
    pub(super) uid: String,
    pub(super) title: String,
}

/// A dashboard as it was posted, without its `id`, `uid` and `version`, which the server owns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Dashboard {
    pub(super) id: u64,
    pub(super) uid: String,
    pub(super) version: u64,
    pub(super) title: String,
    /// Empty for the root.
    pub(super) folder_uid: String,
    pub(super) model: Map<String, Value>,
}

/// A moment or, with `time_end` after `time`, a region; both in milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Annotation {
    pub(super) id: u64,
    pub(super) time: i64,
    pub(super) time_end: i64,
    pub(super) text: String,
    pub(super) tags: Vec<String>,
    pub(super) dashboard_uid: String,
    pub(super) panel_id: u64,
    pub(super) created: i64,
    pub(super) updated: i64,
}

impl State {
    pub(super) fn new(account: Account) -> Self {
        Self {
            account,
            last_id: 0,
            datasources: Vec::new(),
            folders: Vec::new(),
            dashboards: Vec::new(),
            annotations: Vec::new(),
            preferences: Map::new(),
            sessions: Vec::new(),
        }
    }

    /// Numbers are never used twice, as in a database.
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

/// The state file of a data directory, and the lock that keeps other servers out of it.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    _lock: File,
}

impl StateFile {
    /// Creates the directory where it is missing; fails when another server has it.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let lock = private(&directory.join("dashboard.lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path(directory),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "another server uses it",
            )),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// `None` when the directory is empty, as on the first start.
    pub(super) fn load(&self) -> io::Result<Option<State>> {
        match fs::read(&self.path) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes beside the file and renames, so that a crash leaves the old or the new state, never half of one.
    pub(super) fn save(&self, state: &State) -> io::Result<()> {
        let draft = self.path.with_extension("json.new");
        let mut file = private(&draft)?;
        file.write_all(&serde_json::to_vec(state)?)?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)
    }
}

/// Where a data directory keeps its state.
pub(super) fn path(directory: &Path) -> PathBuf {
    directory.join("dashboard.json")
}

/// Opens for the owner's eyes only: the file holds the data sources' passwords.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_only_its_owner_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = StateFile::open(&directory.path().join("new")).unwrap();
        assert_eq!(file.load().unwrap(), None);
        let mut state = State::new(Account::new("admin", "x").unwrap());
        state.next_id();
        file.save(&state).unwrap();
        assert_eq!(file.load().unwrap(), Some(state));
        let mode = fs::metadata(&file.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_not_an_empty_state() {
        let directory = tempfile::tempdir().unwrap();
        let file = StateFile::open(directory.path()).unwrap();
        fs::write(&file.path, "{\"account\":").unwrap();
        assert_eq!(file.load().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_directory_has_one_server_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let first = StateFile::open(directory.path()).unwrap();
        let refused = StateFile::open(directory.path()).unwrap_err();
        assert_eq!(refused.to_string(), "another server uses it");
        drop(first);
        assert!(StateFile::open(directory.path()).is_ok());
    }
}
