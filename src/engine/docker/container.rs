//! The life of a container: created with its files, started, stopped, removed.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, EndpointSettings, NetworkConnectRequest};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
    StopContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use tokio::time::{Instant, sleep};

use crate::compose::ConfigFile;
use crate::plan::Desired;

use super::super::EngineError;
use super::{body, build, fault, labels, resources};

/// How long a container may take to end before it is killed; Docker Compose gives the same.
const GRACE_SECONDS: i32 = 10;
/// How long another container of the lab may take to give its name free.
const ROOM_LIMIT: Duration = Duration::from_secs(20);

pub(super) async fn create_and_start(
    client: &Client,
    desired: &Desired,
    service: &str,
    compose_file: &Path,
) -> Result<(), EngineError> {
    let name = format!("{}-{service}-1", desired.project.name);
    let failed = |error: Error| fault::of_service(service, &name, &error);
    let definition = &desired.project.services[service];
    resources::require_external(client, desired, service).await?;
    let mut networks = networks(client, desired, service)
        .await
        .map_err(failed)?
        .into_iter();
    let first = networks.next();
    let mut body = body::body(desired, service, first.as_ref());
    body.labels = Some(labels::container(desired, service, compose_file));
    let id = create(client, &desired.project.name, &name, body)
        .await
        .map_err(failed)?;
    // Engines with an API before 1.44 refuse more than one network at creation.
    for (network, endpoint) in networks {
        let request = NetworkConnectRequest {
            container: id.clone(),
            endpoint_config: Some(endpoint),
        };
        client.connect_network(&network, request).await.map_err(failed)?;
    }
    if !definition.configs.is_empty() {
        upload(client, service, &id, &definition.configs).await?;
    }
    start(client, service, &id).await
}

/// Puts files to their places in a container, which may run.
pub(super) async fn upload(
    client: &Client,
    service: &str,
    container: &str,
    files: &[ConfigFile],
) -> Result<(), EngineError> {
    let archive = build::archive_of_configs(files).map_err(|error| EngineError::Context {
        service: service.to_owned(),
        message: error.to_string(),
    })?;
    let options = UploadToContainerOptionsBuilder::new().path("/").build();
    let upload = client.upload_to_container(container, Some(options), bollard::body_full(archive.into()));
    let uploaded = upload.await;
    uploaded.map_err(|error| fault::of_service(service, container, &error))
}

/// Creates a container. One of the lab that has its name was asked for by a command that was interrupted, came to
/// be after we looked, and may lack its files: it makes room.
async fn create(
    client: &Client,
    project: &str,
    name: &str,
    body: ContainerCreateBody,
) -> Result<String, Error> {
    let limit = Instant::now() + ROOM_LIMIT;
    loop {
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let taken = match client.create_container(Some(options), body.clone()).await {
            Err(error) if fault::is_name_taken(&error) && Instant::now() < limit => error,
            outcome => return outcome.map(|created| created.id),
        };
        match is_own(client, project, name).await {
            Ok(true) => make_room(client, name).await?,
            Ok(false) => return Err(taken),
            // The name is taken before the container can be seen, and given free after it cannot be seen any more.
            Err(error) if fault::is_missing(&error) => sleep(Duration::from_millis(50)).await,
            Err(error) => return Err(error),
        }
    }
}

async fn make_room(client: &Client, name: &str) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::new().v(true).force(true).build();
    match client.remove_container(name, Some(options)).await {
        Err(error) if !fault::is_missing(&error) && !fault::is_done_already(&error) => Err(error),
        _ => Ok(()),
    }
}

async fn is_own(client: &Client, project: &str, name: &str) -> Result<bool, Error> {
    let found = client.inspect_container(name, None).await?;
    let labels = found.config.and_then(|config| config.labels);
    Ok(labels::are_of_project(labels.as_ref(), project))
}

/// The service's networks by id, each with the names under which the service is known there.
async fn networks(
    client: &Client,
    desired: &Desired,
    service: &str,
) -> Result<Vec<(String, EndpointSettings)>, Error> {
    let options = ListNetworksOptionsBuilder::new()
        .filters(&labels::of_project(&desired.project.name))
        .build();
    let own = client.list_networks(Some(options)).await?;
    let id_of = |key: &str| {
        let is_key =
            |labels: &HashMap<String, String>| labels.get(labels::NETWORK).is_some_and(|label| label == key);
        let network = own
            .iter()
            .find(|network| network.labels.as_ref().is_some_and(is_key));
        network
            .and_then(|network| network.id.clone())
            .unwrap_or_else(|| resources::network_name(desired, key))
    };
    let networks = desired.project.services[service]
        .networks
        .iter()
        .map(|(key, aliases)| {
            let aliases = std::iter::once(service.to_owned())
                .chain(aliases.iter().cloned())
                .collect();
            (
                id_of(key),
                EndpointSettings {
                    aliases: Some(aliases),
                    ..EndpointSettings::default()
                },
            )
        });
    Ok(networks.collect())
}

pub(super) async fn start(client: &Client, service: &str, id: &str) -> Result<(), EngineError> {
    settled(client.start_container(id, None).await, service)
}

pub(super) async fn unpause(client: &Client, service: &str, id: &str) -> Result<(), EngineError> {
    settled(client.unpause_container(id).await, service)
}

pub(super) async fn stop(client: &Client, service: &str, id: &str) -> Result<(), EngineError> {
    let options = StopContainerOptionsBuilder::new().t(GRACE_SECONDS).build();
    match client.stop_container(id, Some(options)).await {
        Err(error) if fault::is_missing(&error) => Ok(()),
        outcome => settled(outcome, service),
    }
}

/// With `force` the container is killed, for which there is no harm where its data goes as well.
pub(super) async fn remove(client: &Client, service: &str, id: &str, force: bool) -> Result<(), EngineError> {
    if !force {
        stop(client, service, id).await?;
    }
    let options = RemoveContainerOptionsBuilder::new().v(true).force(true).build();
    match client.remove_container(id, Some(options)).await {
        Err(error) if fault::is_missing(&error) => Ok(()),
        outcome => settled(outcome, service),
    }
}

fn settled(outcome: Result<(), Error>, service: &str) -> Result<(), EngineError> {
    match outcome {
        Err(error) if !fault::is_done_already(&error) => {
            Err(fault::of_service(service, &format!("service {service}"), &error))
        }
        _ => Ok(()),
    }
}
