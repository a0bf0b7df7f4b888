//! The table of all statistics, as it is in `statistics.yaml`.

use serde::{Deserialize, Serialize};

const TABLE: &str = include_str!("statistics.yaml");

/// Statistics of one kind of thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    #[serde(rename = "group")]
    pub(super) name: String,
    pub(super) about: String,
    pub(super) keys: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) unit: String,
    pub(super) life: Life,
    pub(super) means: String,
    /// What it is often taken for.
    pub(super) not: Option<String>,
    /// `group.key` of what to look at instead, or beside it.
    #[serde(default)]
    pub(super) see: Vec<String>,
}

/// What a value is about, in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Life {
    Gauge,
    Master,
    Spawn,
    Fixed,
    Interval,
}

impl Life {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Gauge => "as of now",
            Self::Master => {
                "since the master started; a reload (SIGHUP) begins anew at 0, a respawn does not"
            }
            Self::Spawn => "since this process was spawned; every respawn begins anew",
            Self::Fixed => "as configured",
            Self::Interval => "of the second before",
        }
    }
}

/// # Errors
/// The table in the program is damaged; a test keeps it whole.
pub(super) fn read() -> Result<Vec<Group>, serde_yaml::Error> {
    serde_yaml::from_str(TABLE)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names() -> Vec<String> {
        let groups = read().unwrap();
        let keys = groups.iter().flat_map(|group| {
            group
                .keys
                .iter()
                .map(|entry| format!("{}.{}", group.name, entry.key))
        });
        keys.collect()
    }

    #[test]
    fn every_key_is_there_once_and_every_reference_leads_to_one() {
        let names = names();
        let known: BTreeSet<_> = names.iter().collect();
        assert_eq!(known.len(), names.len());
        for group in read().unwrap() {
            for entry in group.keys {
                for name in &entry.see {
                    assert!(known.contains(name), "{}.{} → {name}", group.name, entry.key);
                }
            }
        }
    }
}
