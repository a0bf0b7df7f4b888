//! What a Docker daemon has of one lab, found by label alone.

use std::collections::{BTreeMap, BTreeSet};

use bollard::Docker as Client;
use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerState, ContainerStateStatusEnum as Status, ContainerSummary,
    HealthStatusEnum as Health, NetworkSettings,
};
use bollard::query_parameters::{
    ListContainersOptions, ListContainersOptionsBuilder, ListImagesOptionsBuilder,
    ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
};
use futures_util::future::{join, join_all, try_join4};

use crate::plan::{Artifact, BuiltImage, Container, Image, Network, Observed, State, Volume};

use super::super::EngineError;
use super::{fault, labels};

pub(super) async fn observe(
    client: &Client,
    project: &str,
    images: &BTreeSet<String>,
) -> Result<Observed, EngineError> {
    let resources = try_join4(
        containers(client, project),
        networks(client, project),
        volumes(client, project),
        built(client, project),
    );
    let images = join_all(images.iter().map(|reference| image(client, reference)));
    let (resources, images) = join(resources, images).await;
    let (containers, networks, volumes, built) =
        resources.map_err(|error| fault::other("look for the lab", &error))?;
    let images = images.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(Observed {
        containers,
        networks,
        volumes,
        images: images.into_iter().flatten().collect(),
        built,
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
        held_ports: held(&network),
        networks: network
            .networks
            .unwrap_or_default()
            .into_values()
            .filter_map(|end| end.network_id)
            .collect(),
        state: state(&detail.state?),
    })
}

fn published(network: &NetworkSettings) -> BTreeMap<u16, u16> {
    let mut ports = BTreeMap::new();
    for (target, port) in tcp_ports(network) {
        ports.entry(target).or_insert(port);
    }
    ports
}

fn held(network: &NetworkSettings) -> BTreeSet<u16> {
    tcp_ports(network).map(|(_, port)| port).collect()
}

/// Container ports with the host ports they are published on; one may have several. Keys of the engine's map are
/// `9090/tcp`; a container that has ended holds none, one that is paused all of its own.
fn tcp_ports(network: &NetworkSettings) -> impl Iterator<Item = (u16, u16)> {
    let ports = network.ports.iter().flatten();
    let bound = ports.filter_map(|(key, bindings)| {
        let target: u16 = key.strip_suffix("/tcp")?.parse().ok()?;
        Some((target, bindings.as_ref()?))
    });
    bound.flat_map(|(target, bindings)| {
        let hosts = bindings
            .iter()
            .filter_map(|binding| binding.host_port.as_ref()?.parse().ok());
        hosts.map(move |host| (target, host))
    })
}

pub(super) async fn publisher_of(client: &Client, port: u16) -> Option<String> {
    let containers = client.list_containers(None::<ListContainersOptions>).await.ok()?;
    let publishes = |summary: &ContainerSummary| {
        summary
            .ports
            .iter()
            .flatten()
            .any(|published| published.public_port == Some(port))
    };
    let container = containers.into_iter().find(publishes)?;
    let name = container.names?.first()?.trim_start_matches('/').to_owned();
    let lab = container
        .labels
        .and_then(|labels| labels.get(labels::PROJECT).cloned());
    Some(match lab {
        Some(lab) => format!("container {name} of the lab {lab}"),
        None => format!("container {name}"),
    })
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

async fn built(client: &Client, project: &str) -> Result<Vec<BuiltImage>, Error> {
    let options = ListImagesOptionsBuilder::new()
        .filters(&labels::of_project(project))
        .build();
    let images = client.list_images(Some(options)).await?.into_iter();
    let images = images.map(|image| BuiltImage {
        id: image.id,
        tag: image.repo_tags.into_iter().find(|tag| tag != "<none>:<none>"),
        artifact: Artifact::Image,
    });
    Ok(images.collect())
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

#[cfg(test)]
mod tests {
    use bollard::models::PortBinding;

    use super::*;

    #[test]
    fn every_binding_of_a_port_is_held_and_the_first_is_where_it_is_published() {
        let binding = |port: &str| PortBinding {
            host_ip: Some("127.0.0.1".to_owned()),
            host_port: Some(port.to_owned()),
        };
        let ports = [
            ("9090/tcp", Some(vec![binding("9090"), binding("9092")])),
            ("53/udp", Some(vec![binding("53")])),
            ("8088/tcp", None),
        ];
        let network = NetworkSettings {
            ports: Some(ports.map(|(key, bindings)| (key.to_owned(), bindings)).into()),
            ..NetworkSettings::default()
        };
        assert_eq!(published(&network), BTreeMap::from([(9090, 9090)]));
        assert_eq!(held(&network), BTreeSet::from([9090, 9092]));
    }
}
