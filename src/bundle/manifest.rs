//! What is in a bundle: the first thing in it, as JSON. Keys are only ever added within a version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Of the format. A bundle of a later one is refused.
pub(super) const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) version: u32,
    /// Of the program that made the bundle.
    pub(crate) tool: String,
    /// RFC 3339.
    pub(crate) made: String,
    /// The lab's name.
    pub(crate) lab: String,
    /// `docker` or `local`.
    pub(crate) engine: String,
    /// True where the Compose file is the program's own.
    pub(crate) own_stack: bool,
    /// The lab's settings as a project file has them; paths are those of the stack's part.
    pub(crate) project: serde_json::Value,
    /// By service; empty without Docker.
    pub(crate) images: BTreeMap<String, BundledImage>,
    pub(crate) wheels: Option<Wheels>,
    pub(crate) dashboards: Vec<BundledDashboard>,
    /// Names of their directories.
    pub(crate) runs: Vec<String>,
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BundledImage {
    /// As the Compose file has it; the tag it was built under.
    pub(crate) name: String,
    /// The name it has inside the part with the images: of its content alone, so that it takes no other image's place.
    pub(crate) tag: String,
    /// Of the Docker daemon it comes from.
    pub(crate) id: String,
    /// `name@sha256:…`, of registries.
    pub(crate) digests: Vec<String>,
    /// `linux/amd64`.
    pub(crate) platform: String,
    /// Bytes, unpacked.
    pub(crate) size: u64,
    /// The hash of what it was built from; None where it was pulled.
    pub(crate) built_from: Option<String>,
}

/// What is installed in place of packages from PyPI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wheels {
    /// Major and minor: `3.11`.
    pub(crate) python: String,
    /// Of Rust's names for them: `linux`, `x86_64`.
    pub(crate) os: String,
    pub(crate) arch: String,
    /// Of uWSGI and of the app's requirements.
    pub(crate) files: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BundledDashboard {
    pub(crate) uid: String,
    pub(crate) title: String,
}

/// An entry of the bundle after the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Bytes in the bundle.
    pub(crate) size: u64,
    /// Bytes of the archive once it is decompressed.
    pub(crate) unpacked: u64,
    /// In hexadecimal, of the bytes in the bundle.
    pub(crate) sha256: String,
}

impl Part {
    /// One that is not written yet: of the largest figures, which take the most room.
    pub(super) fn unwritten(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            size: u64::MAX,
            unpacked: u64::MAX,
            sha256: "0".repeat(64),
        }
    }
}
