//! Who runs the lab's collector and load: at most one process, found by a lock that goes with it.

use std::fs::{File, TryLockError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::credentials::random_password;
use super::{LabDirectory, StateError};

const LOCK: &str = "agent.lock";
const FILE: &str = "agent.json";
/// A command that looks for the process holds the lock for microseconds; so long is it tried again.
const LOOKS: u32 = 40;
const LOOK: Duration = Duration::from_millis(5);

/// How to reach the process that runs the lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AgentRecord {
    pub(crate) pid: u32,
    /// `127.0.0.1:port` of its control endpoint.
    pub(crate) address: String,
    /// What a request has to carry; the file is for its owner alone.
    pub(crate) token: String,
    /// False where somebody sits before it in a terminal.
    pub(crate) detached: bool,
    /// What it was told to do, to see whether a later `up` wants something else.
    pub(crate) settings: serde_json::Value,
}

/// Held by the process that runs the lab, for as long as it lives.
#[derive(Debug)]
pub(crate) struct AgentSeat {
    directory: LabDirectory,
    _lock: File,
}

impl AgentSeat {
    /// # Errors
    /// [`StateError::Attended`] where another process runs the lab.
    pub(crate) fn take(directory: &LabDirectory) -> Result<Self, StateError> {
        let file = directory.open_lock(LOCK)?;
        for _ in 0..LOOKS {
            match file.try_lock() {
                Ok(()) => {
                    return Ok(Self {
                        directory: directory.clone(),
                        _lock: file,
                    });
                }
                // Perhaps only another command that looks whether anybody sits here.
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
                Err(TryLockError::Error(source)) => {
                    return Err(StateError::Io {
                        action: "lock",
                        path: directory.path().join(LOCK),
                        source,
                    });
                }
            }
        }
        Err(StateError::Attended)
    }

    /// Lets other commands find the process.
    pub(crate) fn announce(&self, record: &AgentRecord) -> Result<(), StateError> {
        self.directory.store(FILE, record)
    }
}

impl Drop for AgentSeat {
    fn drop(&mut self) {
        // A record that stays is harmless: without the lock nobody believes it.
        self.directory.remove_file(FILE).ok();
    }
}

impl AgentRecord {
    /// The process that runs the lab now, if any; what one that was killed left behind is not believed.
    pub(crate) fn find(directory: &LabDirectory) -> Result<Option<Self>, StateError> {
        if !directory.path().join(LOCK).exists() {
            return Ok(None);
        }
        let lock = directory.open_lock(LOCK)?;
        match lock.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(_) => directory.load(FILE),
        }
    }

    /// A token that cannot be guessed.
    pub(crate) fn new_token() -> Result<String, StateError> {
        random_password()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_believed_only_while_its_process_holds_the_seat() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        assert_eq!(AgentRecord::find(&directory).unwrap(), None);
        let record = AgentRecord {
            pid: 1,
            address: "127.0.0.1:1".to_owned(),
            token: AgentRecord::new_token().unwrap(),
            detached: true,
            settings: serde_json::json!({"rate": 16.0}),
        };
        let seat = AgentSeat::take(&directory).unwrap();
        seat.announce(&record).unwrap();
        assert_eq!(AgentRecord::find(&directory).unwrap(), Some(record.clone()));
        assert!(matches!(AgentSeat::take(&directory), Err(StateError::Attended)));
        drop(seat);
        directory.store(FILE, &record).unwrap();
        assert_eq!(AgentRecord::find(&directory).unwrap(), None);
    }
}
