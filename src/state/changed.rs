//! Services whose files a run has changed for a while: whatever becomes of the run, the next `up` makes them anew.

use std::collections::BTreeSet;

use super::{LabDirectory, StateError};

const FILE: &str = "changed.json";

/// Names of services; empty where all are as they were made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ChangedServices(pub(crate) BTreeSet<String>);

impl ChangedServices {
    pub(crate) fn load(directory: &LabDirectory) -> Result<Self, StateError> {
        Ok(Self(directory.load(FILE)?.unwrap_or_default()))
    }

    pub(crate) fn save(&self, directory: &LabDirectory) -> Result<(), StateError> {
        directory.store(FILE, &self.0)
    }

    /// For services that are as they were made again.
    pub(crate) fn remove(directory: &LabDirectory) -> Result<(), StateError> {
        directory.remove_file(FILE)
    }
}
