//! The desired state as plain data: what a Compose file says once variables, merges and short forms are gone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

/// A whole Compose project. Names are keys of the file, not names in the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Project {
    /// Lower case, `[a-z0-9][a-z0-9_-]*`, as Docker Compose requires.
    pub(crate) name: String,
    /// In the order of their names; services of profiles that are not active are left out.
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) networks: BTreeMap<String, Network>,
    pub(crate) volumes: BTreeMap<String, Volume>,
}

/// One service, normalised: two services are equal exactly when their containers would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub(crate) struct Service {
    pub(crate) image: Option<String>,
    pub(crate) build: Option<Build>,
    /// `None`: the image's own; `Some([])`: emptied.
    pub(crate) command: Option<Vec<String>>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) ports: Vec<Port>,
    pub(crate) volumes: Vec<Mount>,
    /// Network key to the service's extra names there; a service that names none is on `default`.
    pub(crate) networks: BTreeMap<String, Vec<String>>,
    pub(crate) depends_on: BTreeMap<String, Condition>,
    pub(crate) healthcheck: Option<Healthcheck>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) user: Option<String>,
    pub(crate) read_only: bool,
    /// `/path` or `/path:options`.
    pub(crate) tmpfs: Vec<String>,
    pub(crate) cap_drop: Vec<String>,
    pub(crate) security_opt: Vec<String>,
    /// Bytes.
    pub(crate) mem_limit: Option<i64>,
    /// Billionths of a processor.
    pub(crate) nano_cpus: Option<i64>,
    pub(crate) init: Option<bool>,
    pub(crate) restart: Restart,
    /// Files written into the container before it starts.
    pub(crate) configs: Vec<ConfigFile>,
}

/// How a service's image is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Build {
    /// Absolute directory.
    pub(crate) context: PathBuf,
    /// Relative to the context.
    pub(crate) dockerfile: String,
    pub(crate) args: BTreeMap<String, String>,
    pub(crate) target: Option<String>,
    /// Directories or files that take the place of a path of the context (relative), put there by the lab:
    /// a Compose file cannot say this.
    pub(crate) overlays: BTreeMap<String, PathBuf>,
}

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Port {
    /// Empty: the engine's default, all interfaces.
    pub(crate) host_ip: String,
    /// `None`: the engine chooses.
    pub(crate) published: Option<u16>,
    pub(crate) target: u16,
    pub(crate) protocol: Protocol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    Tcp,
    Udp,
}

/// What is mounted where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Mount {
    /// `source` is a key of [`Project::volumes`]; `None` is an anonymous volume.
    Volume {
        source: Option<String>,
        target: String,
        read_only: bool,
    },
    /// `source` is absolute on the engine's machine.
    Bind {
        source: PathBuf,
        target: String,
        read_only: bool,
    },
}

/// What a dependent service waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Condition {
    #[serde(rename = "service_started")]
    Started,
    #[serde(rename = "service_healthy")]
    Healthy,
    #[serde(rename = "service_completed_successfully")]
    Completed,
}

/// Durations are nanoseconds, as the Docker Engine API takes them; `None` is the image's or the engine's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Healthcheck {
    /// `["CMD", …]`, `["CMD-SHELL", "…"]` or `["NONE"]`.
    pub(crate) test: Option<Vec<String>>,
    pub(crate) interval: Option<i64>,
    pub(crate) timeout: Option<i64>,
    pub(crate) start_period: Option<i64>,
    pub(crate) retries: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Restart {
    #[default]
    No,
    Always,
    UnlessStopped,
    /// With the largest number of attempts, 0 for no limit.
    OnFailure(i64),
}

/// A file uploaded into the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ConfigFile {
    /// Absolute path in the container.
    pub(crate) target: String,
    pub(crate) content: String,
    /// Unix permission bits, 0o444 unless said.
    pub(crate) mode: u32,
}

/// A network of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub(crate) struct Network {
    /// The name in the engine; `None`: `<project>_<key>`.
    pub(crate) name: Option<String>,
    pub(crate) driver: Option<String>,
    pub(crate) internal: bool,
    pub(crate) external: bool,
    pub(crate) labels: BTreeMap<String, String>,
}

/// A named volume of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub(crate) struct Volume {
    /// The name in the engine; `None`: `<project>_<key>`.
    pub(crate) name: Option<String>,
    pub(crate) driver: Option<String>,
    pub(crate) external: bool,
    pub(crate) labels: BTreeMap<String, String>,
}
