//! The observed state: what an engine found of one lab.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Operation;

/// Everything that carries the lab's label, and the images its services name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Observed {
    pub(crate) containers: Vec<Container>,
    pub(crate) networks: Vec<Network>,
    pub(crate) volumes: Vec<Volume>,
    /// By the reference that was asked for; missing where the engine has no such image.
    pub(crate) images: BTreeMap<String, Image>,
    /// Images that were built for the lab.
    pub(crate) built: Vec<BuiltImage>,
}

impl Observed {
    /// The first container of a service.
    pub(crate) fn container(&self, service: &str) -> Option<&Container> {
        self.containers
            .iter()
            .find(|container| container.service == service)
    }
}

/// A container of the lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) service: String,
    /// As [`super::settings`] wrote them when it was created.
    pub(crate) settings: String,
    /// The id of the image it was created from.
    pub(crate) image: String,
    /// Ids of the networks it is attached to.
    pub(crate) networks: BTreeSet<String>,
    /// Published ports on the host, by container port, TCP only; the first one where there are several.
    pub(crate) ports: BTreeMap<u16, u16>,
    /// Every TCP port that it holds on the host; none once it has ended.
    pub(crate) held_ports: BTreeSet<u16>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) state: State,
}

#[cfg(test)]
impl Container {
    /// One of `service` that nothing else is known of, for the tests of those who look at containers.
    pub(crate) fn example(service: &str, state: State) -> Self {
        Self {
            id: service.to_owned(),
            name: service.to_owned(),
            service: service.to_owned(),
            settings: String::new(),
            image: String::new(),
            networks: BTreeSet::new(),
            ports: BTreeMap::new(),
            held_ports: BTreeSet::new(),
            labels: BTreeMap::new(),
            state,
        }
    }
}

/// What a container does right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Created,
    Running,
    /// Running, and its own health check said so last.
    Healthy,
    Unhealthy,
    Paused,
    Restarting,
    /// With its exit code.
    Exited(i64),
    /// Half removed, or in a state the engine itself calls dead.
    Dead,
}

impl State {
    /// True where the container has processes that can be stopped.
    pub(crate) fn is_alive(self) -> bool {
        matches!(
            self,
            Self::Running | Self::Healthy | Self::Unhealthy | Self::Paused | Self::Restarting
        )
    }
}

/// A network of the lab; `key` as in the Compose file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// A volume of the lab; the id of a volume is its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Volume {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// An image that was built for the lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuiltImage {
    pub(crate) id: String,
    /// None once a newer build has taken its name.
    pub(crate) tag: Option<String>,
    pub(crate) artifact: Artifact,
}

/// What a build makes, as it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Artifact {
    /// Of containers.
    Image,
    /// A uWSGI and what the app requires, on this machine.
    Environment,
}

impl fmt::Display for Artifact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Image => "image",
            Self::Environment => "environment",
        })
    }
}

impl BuiltImage {
    pub(super) fn removal(&self) -> Operation {
        let id = self.id.clone();
        let image = self.tag.clone().unwrap_or_else(|| "no longer used".to_owned());
        Operation::RemoveImage {
            image,
            id,
            artifact: self.artifact,
        }
    }
}

/// An image the engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) id: String,
    /// `name@sha256:…` of the registries it came from; empty for images made on this machine.
    pub(crate) digests: Vec<String>,
    /// The hash of what it was built from, where this tool built it.
    pub(crate) build_hash: Option<String>,
}
