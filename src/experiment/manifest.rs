//! What a run was made with, so that it can be made again; measures nothing.

use std::fs;

use serde::{Deserialize, Serialize};

/// Kept beside the results of a run. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) version: u32,
    /// Of this program.
    pub(crate) tool: String,
    /// What repeats the run.
    pub(crate) command: String,
    pub(crate) title: String,
    pub(crate) seed: u64,
    /// RFC 3339, UTC.
    pub(crate) began: String,
    /// `docker` or `local`.
    pub(crate) engine: String,
    /// By service: what it ran, with its digest where it has one.
    pub(crate) images: std::collections::BTreeMap<String, String>,
    /// Null where the server told none.
    pub(crate) uwsgi: Option<String>,
    pub(crate) machine: Machine,
    /// Null where it was the lab's own.
    #[serde(default)]
    pub(crate) app: Option<AppRecord>,
    /// uWSGI's configuration as it was written.
    pub(crate) uwsgi_ini: String,
}

/// An app of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AppRecord {
    pub(crate) directory: String,
    pub(crate) module: String,
    /// SHA-256 of names and contents of its files, in hexadecimal; null where they could not be read any more.
    pub(crate) sha256: Option<String>,
}

/// Where a run was made. What cannot be known is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) system: String,
    pub(crate) architecture: String,
    pub(crate) processors: Option<usize>,
    pub(crate) processor: Option<String>,
    /// Bytes.
    pub(crate) memory: Option<u64>,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Self {
        let system = rustix::system::uname();
        let text = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
        Self {
            system: format!("{} {}", text(system.sysname()), text(system.release())),
            architecture: text(system.machine()),
            processors: std::thread::available_parallelism().ok().map(usize::from),
            processor: line_of("/proc/cpuinfo", "model name"),
            memory: line_of("/proc/meminfo", "MemTotal").and_then(|text| {
                let kilobytes: u64 = text.trim_end_matches(" kB").trim().parse().ok()?;
                Some(kilobytes * 1024)
            }),
        }
    }
}

/// What stands after the colon of the first line that begins with `key`.
fn line_of(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
