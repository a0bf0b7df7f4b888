//! Compares what a lab should be with what runs and says what to do, in stages, with a cause for each step.
//! Pure: it reads no engine and changes nothing.

mod down;
mod hash;
mod observed;
mod up;

use std::collections::BTreeMap;
use std::fmt;

use crate::compose::Project;

pub(crate) use down::{Keep, down, stop};
pub(crate) use hash::{hash, settings};
pub(crate) use observed::{Artifact, BuiltImage, Container, Image, Network, Observed, State, Volume};
pub(crate) use up::{renewed, up, with_pulls};

/// What should run: the project, and for each service the image it runs from.
#[derive(Debug, Clone)]
pub(crate) struct Desired {
    pub(crate) project: Project,
    /// By service.
    pub(crate) images: BTreeMap<String, ImageSource>,
}

/// Where a service's image comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ImageSource {
    /// A tag, or a digest where the lab's lock file holds one.
    Pull { reference: String },
    /// Built under `tag`; `hash` covers everything that goes into the build.
    Build {
        tag: String,
        hash: String,
        artifact: Artifact,
    },
    /// Part of this program, and so always there.
    BuiltIn { reference: String },
    /// Brought along in a bundle, and never asked of anybody else. `name` is what people know it by; `built_from` the hash of
    /// what it was built from, None where it was pulled.
    Bundled {
        reference: String,
        name: String,
        built_from: Option<String>,
    },
}

impl ImageSource {
    /// The name under which the engine knows the image.
    pub(crate) fn reference(&self) -> &str {
        match self {
            Self::Pull { reference } | Self::BuiltIn { reference } | Self::Bundled { reference, .. } => {
                reference
            }
            Self::Build { tag, .. } => tag,
        }
    }
}

/// One thing for the engine to do. Names are keys of the Compose file; ids are the engine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    PullImage {
        reference: String,
    },
    BuildImage {
        service: String,
        artifact: Artifact,
    },
    /// All images of the bundle, by the names that people know; those that are there already stay as they are.
    LoadImages {
        names: Vec<String>,
    },
    CreateNetwork {
        network: String,
    },
    RemoveNetwork {
        network: String,
        id: String,
    },
    CreateVolume {
        volume: String,
    },
    RemoveVolume {
        volume: String,
        id: String,
    },
    /// One that was built. An image that something else uses stays.
    RemoveImage {
        image: String,
        id: String,
        artifact: Artifact,
    },
    /// Creates the container, uploads its files, starts it.
    CreateContainer {
        service: String,
    },
    StartContainer {
        service: String,
        id: String,
    },
    UnpauseContainer {
        service: String,
        id: String,
    },
    StopContainer {
        service: String,
        id: String,
    },
    /// Stops it first if it runs, or kills it with `force`; its anonymous volumes go with it.
    RemoveContainer {
        service: String,
        id: String,
        force: bool,
    },
    /// Waits until the service is healthy.
    AwaitHealthy {
        service: String,
    },
    /// Waits until the service has ended with code 0.
    AwaitCompletion {
        service: String,
    },
}

impl Operation {
    /// True for what may take long and leaves nothing half-made when it is given up in the middle.
    pub(crate) fn may_be_given_up(&self) -> bool {
        matches!(
            self,
            Self::PullImage { .. }
                | Self::BuildImage { .. }
                | Self::LoadImages { .. }
                | Self::AwaitHealthy { .. }
                | Self::AwaitCompletion { .. }
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PullImage { reference } => write!(formatter, "image {reference}: pull"),
            Self::BuildImage { service, artifact } => {
                write!(formatter, "{artifact} of service {service}: build")
            }
            Self::LoadImages { names } => {
                write!(formatter, "images {}: load from the bundle", names.join(", "))
            }
            Self::CreateNetwork { network } => write!(formatter, "network {network}: create"),
            Self::RemoveNetwork { network, .. } => write!(formatter, "network {network}: remove"),
            Self::CreateVolume { volume } => write!(formatter, "volume {volume}: create"),
            Self::RemoveVolume { volume, .. } => write!(formatter, "volume {volume}: remove"),
            Self::RemoveImage { image, artifact, .. } => write!(formatter, "{artifact} {image}: remove"),
            Self::CreateContainer { service } => write!(formatter, "service {service}: create"),
            Self::StartContainer { service, .. } => write!(formatter, "service {service}: start"),
            Self::UnpauseContainer { service, .. } => write!(formatter, "service {service}: unpause"),
            Self::StopContainer { service, .. } => write!(formatter, "service {service}: stop"),
            Self::RemoveContainer { service, .. } => write!(formatter, "service {service}: remove"),
            Self::AwaitHealthy { service } => write!(formatter, "service {service}: wait until healthy"),
            Self::AwaitCompletion { service } => write!(formatter, "service {service}: wait until done"),
        }
    }
}

/// An operation and why it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) operation: Operation,
    /// Completes "…, because": `not present`, `exited with code 1`.
    pub(crate) cause: String,
}

impl Step {
    fn new(operation: Operation, cause: impl Into<String>) -> Self {
        Self {
            operation,
            cause: cause.into(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, {}", self.operation, self.cause)
    }
}

/// Stages to carry out one after the other; the steps of one stage in any order or at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Plan {
    pub(crate) stages: Vec<Vec<Step>>,
}

impl Plan {
    pub(crate) fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    fn push(&mut self, stage: Vec<Step>) {
        if !stage.is_empty() {
            self.stages.push(stage);
        }
    }
}
