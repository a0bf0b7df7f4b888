//! Whether anybody is there for a lab: a command that changes it, or the process that collects and sends. Services
//! without containers end when nobody is; knows none of them.

use std::fs::{File, TryLockError};
use std::thread::sleep;
use std::time::Duration;

use super::{LabDirectory, StateError};

const LOCK: &str = "presence.lock";
/// A lab is handed over from one holder to the next within a moment.
const HANDOVER: Duration = Duration::from_millis(200);

/// Shared by all who are there, so that none keeps another out. It goes with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Presence {
    _file: File,
}

/// While it is held, nobody is there for the lab.
#[derive(Debug)]
pub(crate) struct Abandoned {
    _file: File,
}

impl LabDirectory {
    /// Waits for those alone that found the lab abandoned, which takes them a moment.
    pub(super) fn attend(&self) -> Result<Presence, StateError> {
        let file = self.open_lock(LOCK)?;
        file.lock_shared()
            .map_err(|source| self.failed("lock", LOCK, source))?;
        Ok(Presence { _file: file })
    }

    /// Blocks until nobody is there, and has not been for a fifth of a second. Nobody comes before what is returned is
    /// dropped: whoever wants to has to wait for it. A directory that is removed meanwhile counts as the one it was.
    pub(crate) fn wait_until_abandoned(&self) -> Result<Abandoned, StateError> {
        let failed = |source| self.failed("lock", LOCK, source);
        let file = self.open_lock(LOCK)?;
        loop {
            file.lock().map_err(failed)?;
            file.unlock().map_err(failed)?;
            sleep(HANDOVER);
            match file.try_lock() {
                Ok(()) => return Ok(Abandoned { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::thread;

    use super::super::AgentSeat;
    use super::*;

    #[test]
    fn a_lab_is_abandoned_when_its_last_holder_is_gone_and_not_before() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        let lock = directory.lock().unwrap();
        let (sender, abandoned) = mpsc::channel();
        let watched = directory.clone();
        let watcher = thread::spawn(move || sender.send(watched.wait_until_abandoned().is_ok()));
        // The handover of `up`: the seat is taken before the lock is given free.
        let seat = AgentSeat::take(&directory).unwrap();
        drop(lock);
        let waiting = abandoned.recv_timeout(HANDOVER * 3);
        assert_eq!(waiting, Err(RecvTimeoutError::Timeout));
        drop(seat);
        assert_eq!(abandoned.recv(), Ok(true));
        watcher.join().unwrap().unwrap();
    }

    #[test]
    fn who_finds_a_lab_abandoned_keeps_nobody_out_of_it() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        drop(directory.wait_until_abandoned().unwrap());
        let _lock = directory.lock().unwrap();
        let _seat = AgentSeat::take(&directory).unwrap();
    }
}
