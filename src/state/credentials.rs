//! The lab's passwords: random, kept for their owner alone, with the life of the data they open.

use std::fmt;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{LabDirectory, StateError};

const FILE: &str = "credentials.json";

/// Who logs in to InfluxDB and Grafana.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) influxdb_password: String,
    pub(crate) grafana_password: String,
}

/// Passwords are never shown by accident.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// New passwords of 128 random bits each.
    pub(crate) fn random(user: &str) -> Result<Self, StateError> {
        Ok(Self {
            user: user.to_owned(),
            influxdb_password: random_password()?,
            grafana_password: random_password()?,
        })
    }

    /// Those the lab has; `None` for a new lab.
    pub(crate) fn load(directory: &LabDirectory) -> Result<Option<Self>, StateError> {
        directory.load(FILE)
    }

    pub(crate) fn save(&self, directory: &LabDirectory) -> Result<(), StateError> {
        directory.store(FILE, self)
    }

    pub(crate) fn remove(directory: &LabDirectory) -> Result<(), StateError> {
        directory.remove_file(FILE)
    }
}

/// 32 hexadecimal digits.
pub(super) fn random_password() -> Result<String, StateError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| StateError::Random(error.to_string()))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn passwords_differ_stay_the_same_on_disk_and_are_for_their_owner_alone() {
        let root = tempfile::tempdir().unwrap();
        let directory = LabDirectory::new(root.path(), "lab");
        assert_eq!(Credentials::load(&directory).unwrap(), None);
        let credentials = Credentials::random("lab").unwrap();
        assert_ne!(credentials.influxdb_password, credentials.grafana_password);
        credentials.save(&directory).unwrap();
        assert_eq!(Credentials::load(&directory).unwrap(), Some(credentials.clone()));
        let mode = std::fs::metadata(directory.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{credentials:?}").contains(&credentials.grafana_password));
    }
}
