//! The Docker Engine as an engine, spoken to through its HTTP API; no docker or compose command is needed.

mod address;
mod body;
mod build;
mod container;
mod dependency;
mod fault;
mod image;
mod labelled;
mod labels;
mod logs;
mod observe;
mod processor;
mod resources;
mod signal;
mod transfer;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use bollard::Docker as Client;
use futures_util::Stream;

use crate::compose::ConfigFile;
use crate::plan::{Desired, Observed, Operation};

use super::{Engine, EngineError, LogRequest, LogStream, Progress, Signal};
use dependency::Goal;

pub(crate) use address::{DockerAddress, DockerEnvironment};
pub(crate) use build::{BuildEnvironment, build_hash, context_files, directory_hash};
pub(crate) use labelled::Labelled;
use transfer::ImageFacts;
pub(crate) use transfer::{ArchivedImage, ImageArchive};

/// A Docker daemon that answered.
pub(crate) struct Docker {
    /// Where it is and why there.
    pub(crate) address: DockerAddress,
    client: Client,
    build: BuildEnvironment,
    /// Where the Compose file lies, for the labels that `docker compose ls` shows.
    compose_file: PathBuf,
    /// Where images come from that a bundle has.
    archive: Option<ImageArchive>,
}

impl Docker {
    /// Connects and makes sure that a daemon answers.
    pub(crate) async fn connect(
        address: DockerAddress,
        build: BuildEnvironment,
        compose_file: PathBuf,
    ) -> Result<Self, EngineError> {
        let client = address::connect(&address).await?;
        Ok(Self {
            address,
            client,
            build,
            compose_file,
            archive: None,
        })
    }

    /// The same with the images of a bundle.
    pub(crate) fn with_images(self, archive: ImageArchive) -> Self {
        Self {
            archive: Some(archive),
            ..self
        }
    }

    /// What the daemon knows of an image; None where it has none of this name.
    pub(crate) async fn image(&self, reference: &str) -> Result<Option<ImageFacts>, EngineError> {
        transfer::facts(&self.client, reference).await
    }

    /// What it runs, as in `linux/amd64`.
    pub(crate) async fn platform(&self) -> Result<String, EngineError> {
        transfer::platform(&self.client).await
    }

    /// Gives an image another name too.
    pub(crate) async fn tag(&self, image: &str, name: &str) -> Result<(), EngineError> {
        transfer::tag(&self.client, image, name).await
    }

    /// Takes a name from an image that has others.
    pub(crate) async fn untag(&self, name: &str) -> Result<(), EngineError> {
        transfer::untag(&self.client, name).await
    }

    /// A tar archive of images with these names.
    pub(crate) fn export(
        &self,
        names: &[String],
    ) -> impl Stream<Item = Result<impl AsRef<[u8]> + use<>, EngineError>> + use<> {
        transfer::export(&self.client, names)
    }
}

impl Docker {
    /// The container that publishes a TCP port of this machine, and the lab it belongs to, in words.
    pub(crate) async fn publisher_of(&self, port: u16) -> Option<String> {
        observe::publisher_of(&self.client, port).await
    }

    /// To a process inside a container, by its pid there.
    pub(crate) async fn send_signal(
        &self,
        container: &str,
        pid: u64,
        signal: Signal,
    ) -> Result<(), EngineError> {
        signal::send(&self.client, container, pid, signal).await
    }

    /// Of the machine that the daemon runs on.
    pub(crate) async fn processors(&self) -> Option<usize> {
        processor::count(&self.client).await
    }

    /// What a container has taken of the processors so far; nothing where the daemon does not tell.
    pub(crate) async fn processor_time(&self, container: &str) -> Option<Duration> {
        processor::time(&self.client, container).await
    }

    /// Replaces a file in a container.
    pub(crate) async fn rewrite(
        &self,
        service: &str,
        container: &str,
        file: &ConfigFile,
    ) -> Result<(), EngineError> {
        container::upload(&self.client, service, container, std::slice::from_ref(file)).await
    }

    /// Why no registry can be asked for the image, in words; None where one answers, whatever it says.
    pub(crate) async fn cannot_reach(&self, reference: &str) -> Option<String> {
        image::cannot_reach(&self.client, reference).await
    }
}

/// The containers of a daemon that carry a label, whoever runs them.
pub(crate) struct LabelledContainers {
    client: Client,
}

impl LabelledContainers {
    /// Connects and makes sure that a daemon answers.
    pub(crate) async fn connect(environment: &DockerEnvironment) -> Result<Self, EngineError> {
        let address = DockerAddress::resolve(environment)?;
        let client = address::connect(&address).await?;
        Ok(Self { client })
    }

    /// Those that run now, by name.
    pub(crate) async fn list(&self, label: &str) -> Result<Vec<Labelled>, EngineError> {
        labelled::list(&self.client, label).await
    }

    /// Something each time one of them may have come or gone; ends when the daemon goes away.
    pub(crate) fn changes(&self, label: &str) -> impl Stream<Item = ()> + use<'_> {
        labelled::changes(&self.client, label)
    }
}

impl Engine for Docker {
    async fn observe(&self, project: &str, images: &BTreeSet<String>) -> Result<Observed, EngineError> {
        observe::observe(&self.client, project, images).await
    }

    async fn perform(
        &self,
        desired: &Desired,
        operation: &Operation,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(), EngineError> {
        let client = &self.client;
        match operation {
            Operation::PullImage { reference } => image::pull(client, reference, progress).await,
            Operation::BuildImage { service, .. } => {
                build::build(client, desired, service, &self.build, progress).await
            }
            Operation::LoadImages { .. } => {
                transfer::load(client, desired, self.archive.as_ref(), progress).await
            }
            Operation::CreateNetwork { network } => resources::create_network(client, desired, network).await,
            Operation::RemoveNetwork { network, id } => resources::remove_network(client, network, id).await,
            Operation::CreateVolume { volume } => resources::create_volume(client, desired, volume).await,
            Operation::RemoveVolume { volume, id } => resources::remove_volume(client, volume, id).await,
            Operation::RemoveImage { image, id, .. } => resources::remove_image(client, image, id).await,
            Operation::CreateContainer { service } => {
                container::create_and_start(client, desired, service, &self.compose_file).await
            }
            Operation::StartContainer { service, id } => container::start(client, service, id).await,
            Operation::UnpauseContainer { service, id } => container::unpause(client, service, id).await,
            Operation::StopContainer { service, id } => container::stop(client, service, id).await,
            Operation::RemoveContainer { service, id, force } => {
                container::remove(client, service, id, *force).await
            }
            Operation::AwaitHealthy { service } => {
                dependency::wait_for(client, &desired.project.name, service, Goal::Healthy, progress).await
            }
            Operation::AwaitCompletion { service } => {
                dependency::wait_for(client, &desired.project.name, service, Goal::Done, progress).await
            }
        }
    }

    async fn last_lines(&self, container: &str, lines: usize) -> Vec<String> {
        logs::last_lines(&self.client, container, lines).await
    }

    fn logs(&self, container: &str, request: LogRequest) -> LogStream<'_> {
        logs::lines_of(&self.client, container, request)
    }
}
