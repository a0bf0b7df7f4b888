//! What the process of a service is told on its standard input, so that no password shows in the process list.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::place::Place;

/// The hidden command that runs one service.
pub(crate) const SERVICE_COMMAND: &str = "service";

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceOrders {
    /// The directory of the lab, with which the service ends.
    pub(crate) lab: PathBuf,
    pub(super) directory: PathBuf,
    pub(crate) work: Work,
}

/// What a service is.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Work {
    Store(Embedded),
    Dashboard(Embedded),
    Uwsgi(Child),
}

/// A server that is part of this program.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Embedded {
    /// On 127.0.0.1.
    pub(crate) port: u16,
    pub(crate) data: PathBuf,
    /// As in the Compose file; the process's own has nothing to do with it.
    pub(crate) environment: BTreeMap<String, String>,
}

/// Another program.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Child {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    /// All of it.
    pub(super) environment: BTreeMap<String, String>,
    /// Where its statistics are to be had on 127.0.0.1.
    pub(super) stats_port: Option<u16>,
}

impl ServiceOrders {
    /// # Errors
    /// What is read is none: somebody typed the hidden command.
    pub(crate) fn read(mut input: impl Read) -> std::io::Result<Self> {
        let mut text = Vec::new();
        input.read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    }

    pub(super) fn place(&self) -> Place {
        Place {
            directory: self.directory.clone(),
        }
    }
}
