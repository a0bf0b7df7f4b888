//! Containers that carry a label, as they come and go; starts and stops none.

use std::collections::HashMap;

use bollard::Docker as Client;
use bollard::models::ContainerSummary;
use bollard::query_parameters::{EventsOptions, ListContainersOptions};
use futures_util::{Stream, StreamExt as _};

use super::super::error::EngineError;
use super::fault;

/// A running container that carries the label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Labelled {
    pub(crate) name: String,
    /// What the label says.
    pub(crate) value: String,
    /// Its address in the first of its networks that has one, by name; None with `network_mode: host`, for instance.
    pub(crate) address: Option<String>,
}

/// Those that run now, by name.
pub(super) async fn list(client: &Client, label: &str) -> Result<Vec<Labelled>, EngineError> {
    let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
    let options = ListContainersOptions {
        filters: Some(filters),
        ..ListContainersOptions::default()
    };
    let found = client.list_containers(Some(options)).await;
    let found = found.map_err(|error| fault::other("list the containers", &error))?;
    let mut containers: Vec<_> = found
        .into_iter()
        .filter_map(|found| labelled(found, label))
        .collect();
    containers.sort();
    Ok(containers)
}

fn labelled(found: ContainerSummary, label: &str) -> Option<Labelled> {
    let value = found.labels?.remove(label)?;
    let name = found.names?.into_iter().next()?;
    let networks = found.network_settings.and_then(|settings| settings.networks);
    let mut networks: Vec<_> = networks.into_iter().flatten().collect();
    networks.sort_by(|(one, _), (other, _)| one.cmp(other));
    let addresses = networks.into_iter().filter_map(|(_, network)| network.ip_address);
    Some(Labelled {
        name: name.trim_start_matches('/').to_owned(),
        value,
        address: addresses.into_iter().find(|address| !address.is_empty()),
    })
}

/// Something each time a container with the label starts, ends or changes its networks. Ends when the daemon does.
pub(super) fn changes<'a>(client: &'a Client, label: &str) -> impl Stream<Item = ()> + use<'a> {
    let filters = HashMap::from([
        ("type".to_owned(), vec!["container".to_owned()]),
        ("label".to_owned(), vec![label.to_owned()]),
        (
            "event".to_owned(),
            ["start", "die", "unpause", "rename"].map(str::to_owned).to_vec(),
        ),
    ]);
    let options = EventsOptions {
        filters: Some(filters),
        ..EventsOptions::default()
    };
    let events = client.events(Some(options));
    events
        .take_while(|event| std::future::ready(event.is_ok()))
        .map(|_| ())
}
