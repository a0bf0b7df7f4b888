//! Networks and volumes of the lab.

use bollard::Docker as Client;
use bollard::errors::Error;
use bollard::models::{NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::RemoveVolumeOptions;

use crate::plan::Desired;

use super::super::EngineError;
use super::{fault, labels};

/// The name Docker Compose gives a resource of this key.
fn full_name(desired: &Desired, key: &str, name: Option<&String>) -> String {
    name.cloned()
        .unwrap_or_else(|| format!("{}_{key}", desired.project.name))
}

pub(super) fn network_name(desired: &Desired, key: &str) -> String {
    let name = desired
        .project
        .networks
        .get(key)
        .and_then(|network| network.name.as_ref());
    full_name(desired, key, name)
}

pub(super) fn volume_name(desired: &Desired, key: &str) -> String {
    let name = desired
        .project
        .volumes
        .get(key)
        .and_then(|volume| volume.name.as_ref());
    full_name(desired, key, name)
}

pub(super) async fn create_network(client: &Client, desired: &Desired, key: &str) -> Result<(), EngineError> {
    let name = network_name(desired, key);
    // Engines before 23 make a second network of the same name without a word.
    match client.inspect_network(&name, None).await {
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
    created.map_err(|error| fault::other(&format!("network {key}"), &error))?;
    Ok(())
}

pub(super) async fn create_volume(client: &Client, desired: &Desired, key: &str) -> Result<(), EngineError> {
    let name = volume_name(desired, key);
    let failed = |error: &Error| fault::other(&format!("volume {key}"), error);
    // The engine hands back a volume of that name as it is, with somebody else's data in it.
    match client.inspect_volume(&name).await {
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

fn gone(outcome: Result<(), Error>, what: &str) -> Result<(), EngineError> {
    match outcome {
        Err(error) if !fault::is_missing(&error) => Err(fault::other(what, &error)),
        _ => Ok(()),
    }
}
