//! Which engine a lab was made with, so that two never run one lab.

use serde::{Deserialize, Serialize};

use super::{LabDirectory, StateError};

const FILE: &str = "engine.json";

/// What runs a lab's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EngineKind {
    Docker,
    Local,
}

impl EngineKind {
    /// As it is typed after `--engine`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Local => "local",
        }
    }

    /// `None` for a lab that was not made yet.
    pub(crate) fn load(directory: &LabDirectory) -> Result<Option<Self>, StateError> {
        directory.load(FILE)
    }

    pub(crate) fn save(self, directory: &LabDirectory) -> Result<(), StateError> {
        directory.store(FILE, &self)
    }

    /// For a lab of which nothing is left.
    pub(crate) fn remove(directory: &LabDirectory) -> Result<(), StateError> {
        directory.remove_file(FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_of_a_lab_is_kept_until_nothing_is_left_of_it() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        assert_eq!(EngineKind::load(&directory).unwrap(), None);
        EngineKind::Local.save(&directory).unwrap();
        assert_eq!(EngineKind::load(&directory).unwrap(), Some(EngineKind::Local));
        EngineKind::remove(&directory).unwrap();
        assert_eq!(EngineKind::load(&directory).unwrap(), None);
    }
}
