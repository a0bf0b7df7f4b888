//! Who runs the lab's collector and load: at most one process, found by a lock that goes with it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::credentials::random_password;
use super::presence::Presence;
use super::{LabDirectory, StateError};

const LOCK: &str = "agent.lock";
const FILE: &str = "agent.json";
/// A command that only looks holds the lock for a moment; who runs the lab holds it for good.
const LOOKS_LAST: Duration = Duration::from_millis(200);

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
    _presence: Presence,
}

impl AgentSeat {
    /// Takes the seat, and with it away what a process that was killed left there.
    ///
    /// # Errors
    /// [`StateError::Attended`] where another process runs the lab; to be sure of it takes a fifth of a second.
    pub(crate) fn take(directory: &LabDirectory) -> Result<Self, StateError> {
        let lock = directory.open_lock(LOCK)?;
        let limit = Instant::now() + LOOKS_LAST;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < limit => sleep(Duration::from_millis(1)),
                Err(TryLockError::WouldBlock) => return Err(StateError::Attended),
                Err(TryLockError::Error(source)) => return Err(failed(directory, source)),
            }
        }
        directory.remove_file(FILE)?;
        Ok(Self {
            directory: directory.clone(),
            _lock: lock,
            _presence: directory.attend()?,
        })
    }

    /// Where points wait on disk; see [`LabDirectory::spool`].
    pub(crate) fn spool(&self) -> PathBuf {
        self.directory.spool()
    }

    /// Lets other commands find the process.
    pub(crate) fn announce(&self, record: &AgentRecord) -> Result<(), StateError> {
        self.directory.store(FILE, record)
    }

    /// False once other commands can find the process no more: its directory was removed or moved away, or another
    /// process announced itself in its place.
    pub(crate) fn is_known(&self) -> bool {
        let record = self.directory.load::<AgentRecord>(FILE);
        record.is_ok_and(|record| record.is_some_and(|record| record.pid == std::process::id()))
    }
}

impl Drop for AgentSeat {
    fn drop(&mut self) {
        // A record that stays is harmless: without the lock nobody believes it.
        if self.is_known() {
            self.directory.remove_file(FILE).ok();
        }
    }
}

impl AgentRecord {
    /// The process that runs the lab now, if any; what one that was killed left behind is not believed and goes,
    /// lest it be taken for the record of the next one, which takes its seat before it writes its own.
    pub(crate) fn find(directory: &LabDirectory) -> Result<Option<Self>, StateError> {
        // Whoever only looks need not be able to write.
        let lock = match File::open(directory.path().join(LOCK)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|source| directory.failed("open", LOCK, source))?,
        };
        match lock.try_lock_shared() {
            Ok(()) => {
                // Where it cannot be removed, nobody can take the seat either.
                directory.remove_file(FILE).ok();
                Ok(None)
            }
            // A process whose record is damaged sees it, and ends.
            Err(TryLockError::WouldBlock) => match directory.load(FILE) {
                Err(StateError::Damaged { .. }) => Ok(None),
                loaded => loaded,
            },
            Err(TryLockError::Error(source)) => Err(failed(directory, source)),
        }
    }

    /// A token that cannot be guessed.
    pub(crate) fn new_token() -> Result<String, StateError> {
        random_password()
    }
}

fn failed(directory: &LabDirectory, source: io::Error) -> StateError {
    directory.failed("lock", LOCK, source)
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
            pid: std::process::id(),
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

    #[test]
    fn what_a_killed_process_left_is_never_the_record_of_the_next() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        let record = AgentRecord {
            pid: 1,
            address: "127.0.0.1:1".to_owned(),
            token: AgentRecord::new_token().unwrap(),
            detached: true,
            settings: serde_json::Value::Null,
        };
        directory.store(FILE, &record).unwrap();
        let _seat = AgentSeat::take(&directory).unwrap();
        assert_eq!(AgentRecord::find(&directory).unwrap(), None);
    }

    #[test]
    fn a_process_whose_directory_was_taken_away_sees_it_and_leaves_the_next_one_alone() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        let record = |pid| AgentRecord {
            pid,
            address: "127.0.0.1:1".to_owned(),
            token: AgentRecord::new_token().unwrap(),
            detached: true,
            settings: serde_json::Value::Null,
        };
        let orphan = AgentSeat::take(&directory).unwrap();
        orphan.announce(&record(std::process::id())).unwrap();
        assert!(orphan.is_known());
        std::fs::rename(directory.path(), root.path().join("elsewhere")).unwrap();
        assert!(!orphan.is_known());

        let next = AgentSeat::take(&directory).unwrap();
        let another = record(std::process::id() + 1);
        next.announce(&another).unwrap();
        drop(orphan);
        assert_eq!(AgentRecord::find(&directory).unwrap(), Some(another));
    }

    #[test]
    fn a_command_that_looks_does_not_keep_the_seat_from_anybody() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        let looking = directory.open_lock(LOCK).unwrap();
        looking.try_lock_shared().unwrap();
        let (sender, taken) = std::sync::mpsc::channel();
        let taker = directory.clone();
        let thread = std::thread::spawn(move || {
            sender.send(()).unwrap();
            AgentSeat::take(&taker).map(drop)
        });
        taken.recv().unwrap();
        drop(looking);
        thread.join().unwrap().unwrap();
    }
}
