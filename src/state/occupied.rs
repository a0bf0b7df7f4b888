//! Whether somebody measures on a lab: one at a time, for each would be in the figures of the other.

use std::fs::{File, TryLockError};

use super::{LabDirectory, StateError};

const LOCK: &str = "measuring.lock";

/// Held while something is measured. It goes with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Occupied {
    _file: File,
}

impl LabDirectory {
    /// Nothing where another process measures on the lab. Makes the directory.
    pub(crate) fn occupy(&self) -> Result<Option<Occupied>, StateError> {
        let file = self.open_lock(LOCK)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Occupied { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(self.failed("lock", LOCK, source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_measures_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        let first = directory.occupy().unwrap();
        assert!(first.is_some());
        assert!(directory.occupy().unwrap().is_none());
        drop(first);
        assert!(directory.occupy().unwrap().is_some());
    }
}
