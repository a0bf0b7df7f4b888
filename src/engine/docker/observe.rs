//! What a Docker daemon has of one lab, found by label alone.

use std::collections::{BTreeMap, BTreeSet};

use bollard::Docker as Client;
use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerState, ContainerStateStatusEnum as Status, HealthStatusEnum as Health,
    NetworkSettings,
};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
};
use futures_util::future::{join, join_all, try_join3};

use crate::plan::{Container, Image, Network, Observed, State, Volume};

use super::super::EngineError;
use super::{fault, labels};

pub(super) async fn observe(
    client: &Client,
    project: &str,
    images: &BTreeSet<String>,
) -> Result<Observed, EngineError> {
    let resources = try_join3(
        containers(client, project),
        networks(client, project),
        volumes(client, project),
    );
    let images = join_all(images.iter().map(|reference| image(client, reference)));
    let (resources, images) = join(resources, images).await;
    let (containers, networks, volumes) =
        resources.map_err(|error| fault::other("look for the lab", &error))?;
    let images = images.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(Observed {
        containers,
        networks,
        volumes,
        images: images.into_iter().flatten().collect(),
    })
}

async fn containers(client: &Client, project: &str) -> Result<Vec<Container>, Error> {
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&labels::of_project(project))
        .build();
    let ids = client
        .list_containers(Some(options))
        .await?
        .into_iter()
        .filter_map(|summary| summary.id);
    let details = join_all(ids.map(async |id| client.inspect_container(&id, None).await)).await;
    let mut containers = Vec::new();
    for detail in details {
        match detail {
            Ok(detail) => containers.extend(container(detail)),
            // Removed since it was listed.
            Err(error) if fault::is_missing(&error) => {}
            Err(error) => return Err(error),
        }
    }
    containers.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(containers)
}

fn container(detail: ContainerInspectResponse) -> Option<Container> {
    let labels = detail.config?.labels?;
    let label = |key: &str| labels.get(key).cloned().unwrap_or_default();
    let network = detail.network_settings.unwrap_or_default();
    Some(Container {
        id: detail.id?,
        name: detail.name?.trim_start_matches('/').to_owned(),
        service: label(labels::SERVICE),
        settings: label(labels::SETTINGS),
        image: detail.image?,
        labels: labels.clone().into_iter().collect(),
        ports: published(&network),
        networks: network
            .networks
            .unwrap_or_default()
            .into_values()
            .filter_map(|end| end.network_id)
            .collect(),
        state: state(&detail.state?),
    })
}

/// Keys of the port map are `9090/tcp`.
fn published(network: &NetworkSettings) -> BTreeMap<u16, u16> {
    let ports = network.ports.iter().flatten();
    let pairs = ports.filter_map(|(key, bindings)| {
        let target = key.strip_suffix("/tcp")?.parse().ok()?;
        let binding = bindings.as_ref()?.first()?;
        Some((target, binding.host_port.as_ref()?.parse().ok()?))
    });
    pairs.collect()
}

fn state(state: &ContainerState) -> State {
    let health = state.health.as_ref().and_then(|health| health.status);
    match state.status {
        Some(Status::RUNNING) => match health {
            Some(Health::HEALTHY) => State::Healthy,
            Some(Health::UNHEALTHY) => State::Unhealthy,
            _ => State::Running,
        },
        Some(Status::PAUSED) => State::Paused,
        Some(Status::RESTARTING) => State::Restarting,
        Some(Status::EXITED) => State::Exited(state.exit_code.unwrap_or(0)),
        Some(Status::DEAD | Status::REMOVING) => State::Dead,
        _ => State::Created,
    }
}

async fn networks(client: &Client, project: &str) -> Result<Vec<Network>, Error> {
    let options = ListNetworksOptionsBuilder::new()
        .filters(&labels::of_project(project))
        .build();
    let networks = client.list_networks(Some(options)).await?.into_iter();
    let networks = networks.filter_map(|network| {
        let key = network.labels?.get(labels::NETWORK)?.clone();
        Some(Network { id: network.id?, key })
    });
    Ok(networks.collect())
}

async fn volumes(client: &Client, project: &str) -> Result<Vec<Volume>, Error> {
    let options = ListVolumesOptionsBuilder::new()
        .filters(&labels::of_project(project))
        .build();
    let volumes = client
        .list_volumes(Some(options))
        .await?
        .volumes
        .unwrap_or_default()
        .into_iter();
    let volumes = volumes.filter_map(|volume| {
        let key = volume.labels.get(labels::VOLUME)?.clone();
        Some(Volume { id: volume.name, key })
    });
    Ok(volumes.collect())
}

async fn image(client: &Client, reference: &str) -> Result<Option<(String, Image)>, EngineError> {
    match client.inspect_image(reference).await {
        Ok(detail) => {
            let labels = detail.config.and_then(|config| config.labels).unwrap_or_default();
            let image = Image {
                id: detail.id.unwrap_or_default(),
                digests: detail.repo_digests.unwrap_or_default(),
                build_hash: labels.get(labels::BUILD).cloned(),
            };
            Ok(Some((reference.to_owned(), image)))
        }
        Err(error) if fault::is_missing(&error) => Ok(None),
        Err(error) => Err(fault::other(&format!("image {reference}"), &error)),
    }
}
