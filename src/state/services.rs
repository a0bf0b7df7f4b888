//! The services that the last `up` wanted, so that one whose container is gone is missed.

use std::collections::BTreeSet;

use super::{LabDirectory, StateError};

const FILE: &str = "services.json";

/// Names of services; empty where nothing is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct WantedServices(pub(crate) BTreeSet<String>);

impl WantedServices {
    pub(crate) fn load(directory: &LabDirectory) -> Result<Self, StateError> {
        Ok(Self(directory.load(FILE)?.unwrap_or_default()))
    }

    pub(crate) fn save(&self, directory: &LabDirectory) -> Result<(), StateError> {
        directory.store(FILE, &self.0)
    }

    /// For a lab that was taken away.
    pub(crate) fn remove(directory: &LabDirectory) -> Result<(), StateError> {
        directory.remove_file(FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_wanted_until_the_lab_is_taken_away() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        let wanted = WantedServices(["grafana".to_owned(), "uwsgi".to_owned()].into());
        assert_eq!(
            WantedServices::load(&directory).unwrap(),
            WantedServices::default()
        );
        wanted.save(&directory).unwrap();
        assert_eq!(WantedServices::load(&directory).unwrap(), wanted);
        WantedServices::remove(&directory).unwrap();
        assert_eq!(
            WantedServices::load(&directory).unwrap(),
            WantedServices::default()
        );
    }
}
