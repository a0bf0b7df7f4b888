//! Networks and volumes of the lab.

use bollard::Docker as Client;
use bollard::errors::Error;
use bollard::models::{NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{ListNetworksOptionsBuilder, RemoveImageOptions, RemoveVolumeOptions};

use crate::compose::Mount;
use crate::plan::Desired;

use super::super::EngineError;
use super::{fault, labels};

/// The name Docker Compose gives a resource: its own, else its key where it is external, else one of the project.
fn full_name(desired: &Desired, key: &str, name: Option<&String>, external: bool) -> String {
    match name {
        Some(name) => name.clone(),
        None if external => key.to_owned(),
        None => format!("{}_{key}", desired.project.name),
    }
}

pub(super) fn network_name(desired: &Desired, key: &str) -> String {
    let network = &desired.project.networks[key];
    full_name(desired, key, network.name.as_ref(), network.external)
}

pub(super) fn volume_name(desired: &Desired, key: &str) -> String {
    let volume = &desired.project.volumes[key];
    full_name(desired, key, volume.name.as_ref(), volume.external)
}

/// The external networks and volumes of a service are there. The engine would make a volume of that name without a
/// word, and nobody would remove it.
pub(super) async fn require_external(
    client: &Client,
    desired: &Desired,
    service: &str,
) -> Result<(), EngineError> {
    let definition = &desired.project.services[service];
    for key in definition.networks.keys() {
        if desired.project.networks[key].external {
            let name = network_name(desired, key);
            let found = client.inspect_network(&name, None).await.map(drop);
            present(found, "network", name)?;
        }
    }
    for mount in &definition.volumes {
        if let Mount::Volume {
            source: Some(key), ..
        } = mount
            && desired.project.volumes[key].external
        {
            let name = volume_name(desired, key);
            let found = client.inspect_volume(&name).await.map(drop);
            present(found, "volume", name)?;
        }
    }
    Ok(())
}

fn present(found: Result<(), Error>, kind: &'static str, name: String) -> Result<(), EngineError> {
    match found {
        Err(error) if fault::is_missing(&error) => Err(EngineError::Missing { name, kind }),
        Err(error) => Err(fault::other(&format!("{kind} {name}"), &error)),
        Ok(()) => Ok(()),
    }
}

pub(super) async fn create_network(client: &Client, desired: &Desired, key: &str) -> Result<(), EngineError> {
    let name = network_name(desired, key);
    // Engines before 23 make a second network of the same name without a word.
    match client.inspect_network(&name, None).await {
        // Asked for by a command that was interrupted, it may have come to be after we looked.
        Ok(found) if labels::are_of_project(found.labels.as_ref(), &desired.project.name) => return Ok(()),
        Ok(_) => {
            return Err(EngineError::Foreign {
                name,
                kind: "network",
            });
        }
        Err(error) if fault::is_missing(&error) => {}
        Err(error) => return Err(fault::other(&format!("network {key}"), &error)),
    }
    let network = &desired.project.networks[key];
    let request = NetworkCreateRequest {
        name,
        driver: network.driver.clone(),
        internal: Some(network.internal),
        labels: Some(labels::network(desired, key)),
        ..NetworkCreateRequest::default()
    };
    let created = client.create_network(request).await;
    let created = created.map_err(|error| fault::other(&format!("network {key}"), &error))?;
    remove_twins(client, desired, key, &created.id).await
}

/// An interrupted command's network may have come to be while we made ours, and then the name says too little.
async fn remove_twins(client: &Client, desired: &Desired, key: &str, own: &str) -> Result<(), EngineError> {
    let options = ListNetworksOptionsBuilder::new()
        .filters(&labels::of_project(&desired.project.name))
        .build();
    let listed = client.list_networks(Some(options)).await;
    let listed = listed.map_err(|error| fault::other(&format!("network {key}"), &error))?;
    let name = network_name(desired, key);
    let twins = listed
        .into_iter()
        .filter(|network| network.name.as_ref() == Some(&name));
    for id in twins.filter_map(|network| network.id).filter(|id| id != own) {
        remove_network(client, key, &id).await?;
    }
    Ok(())
}

pub(super) async fn create_volume(client: &Client, desired: &Desired, key: &str) -> Result<(), EngineError> {
    let name = volume_name(desired, key);
    let failed = |error: &Error| fault::other(&format!("volume {key}"), error);
    // The engine hands back a volume of that name as it is, with somebody else's data in it.
    match client.inspect_volume(&name).await {
        Ok(found) if labels::are_of_project(Some(&found.labels), &desired.project.name) => return Ok(()),
        Ok(_) => return Err(EngineError::Foreign { name, kind: "volume" }),
        Err(error) if fault::is_missing(&error) => {}
        Err(error) => return Err(failed(&error)),
    }
    let request = VolumeCreateRequest {
        name: Some(name),
        driver: desired.project.volumes[key].driver.clone(),
        labels: Some(labels::volume(desired, key)),
        ..VolumeCreateRequest::default()
    };
    client
        .create_volume(request)
        .await
        .map_err(|error| failed(&error))?;
    Ok(())
}

pub(super) async fn remove_network(client: &Client, key: &str, id: &str) -> Result<(), EngineError> {
    gone(client.remove_network(id).await, &format!("network {key}"))
}

pub(super) async fn remove_volume(client: &Client, key: &str, id: &str) -> Result<(), EngineError> {
    gone(
        client.remove_volume(id, None::<RemoveVolumeOptions>).await,
        &format!("volume {key}"),
    )
}

/// An image that another container still uses is not the lab's alone, and stays.
pub(super) async fn remove_image(client: &Client, image: &str, id: &str) -> Result<(), EngineError> {
    match client.remove_image(id, None::<RemoveImageOptions>, None).await {
        Err(error) if fault::is_in_use(&error) => Ok(()),
        outcome => gone(outcome.map(drop), &format!("image {image}")),
    }
}

fn gone(outcome: Result<(), Error>, what: &str) -> Result<(), EngineError> {
    match outcome {
        Err(error) if !fault::is_missing(&error) => Err(fault::other(what, &error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::compose::{Network, Project, Volume};

    #[test]
    fn what_is_external_keeps_its_own_name() {
        let volume = |name: Option<&str>, external| Volume {
            name: name.map(str::to_owned),
            external,
            ..Volume::default()
        };
        let volumes = [
            ("data", volume(None, false)),
            ("named", volume(Some("mine"), false)),
            ("old", volume(None, true)),
        ];
        let network = Network {
            external: true,
            ..Network::default()
        };
        let project = Project {
            name: "lab".to_owned(),
            services: BTreeMap::new(),
            networks: BTreeMap::from([("shared".to_owned(), network)]),
            volumes: volumes.map(|(key, volume)| (key.to_owned(), volume)).into(),
        };
        let desired = Desired {
            project,
            images: BTreeMap::new(),
        };
        let names = ["data", "named", "old"].map(|key| volume_name(&desired, key));
        assert_eq!(names, ["lab_data", "mine", "old"]);
        assert_eq!(network_name(&desired, "shared"), "shared");
    }
}
