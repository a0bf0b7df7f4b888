//! What is written down about a service: what it was made from, and the process that runs it. Plain data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A service as it was made; empty where its file is damaged, so that it is made anew.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Definition {
    /// Another one each time the service is made.
    pub(super) id: String,
    /// As [`crate::plan::settings`] wrote them.
    pub(super) settings: String,
    /// The id of the image or environment it runs from.
    pub(super) image: String,
    /// On this machine, by the port the Compose file names.
    pub(super) ports: BTreeMap<u16, u16>,
    pub(super) labels: BTreeMap<String, String>,
}

/// The process that runs a service. To be believed while the service's lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Process {
    pub(super) pid: u32,
    /// The process group of the program it looks after, where that is another program.
    pub(super) group: Option<u32>,
    /// None while it runs, and where it was killed.
    pub(super) code: Option<i64>,
}
