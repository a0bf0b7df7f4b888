//! The way back: from what runs to nothing, or to everything stopped.

use super::{BuiltImage, Observed, Operation, Plan, Step};

/// What a teardown leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The data, and the images that were built.
    Volumes,
    /// The images that were built: making them again takes the network.
    Images,
    Nothing,
}

/// Plans the removal of everything observed: containers, then networks, volumes and images; images that a newer build
/// replaced go in any case.
pub(crate) fn down(observed: &Observed, keep: Keep, cause: &str) -> Plan {
    let mut plan = Plan::default();
    let step = |operation| Step::new(operation, cause);
    let containers = observed
        .containers
        .iter()
        .map(|container| Operation::RemoveContainer {
            service: container.service.clone(),
            id: container.id.clone(),
            // Where the data goes, there is nothing that a container could still write down.
            force: keep != Keep::Volumes,
        });
    plan.push(containers.map(step).collect());
    let networks = observed.networks.iter().map(|network| Operation::RemoveNetwork {
        network: network.key.clone(),
        id: network.id.clone(),
    });
    let volumes = observed
        .volumes
        .iter()
        .filter(|_| keep != Keep::Volumes)
        .map(|volume| Operation::RemoveVolume {
            volume: volume.key.clone(),
            id: volume.id.clone(),
        });
    let images = observed
        .built
        .iter()
        .filter(|image| keep == Keep::Nothing || image.tag.is_none());
    let images = images.map(BuiltImage::removal);
    plan.push(networks.chain(volumes).chain(images).map(step).collect());
    plan
}

/// Plans to stop every container that runs or is paused; nothing is removed.
pub(crate) fn stop(observed: &Observed, cause: &str) -> Plan {
    let mut plan = Plan::default();
    let running = observed
        .containers
        .iter()
        .filter(|container| container.state.is_alive());
    let stops = running.map(|container| Operation::StopContainer {
        service: container.service.clone(),
        id: container.id.clone(),
    });
    plan.push(stops.map(|operation| Step::new(operation, cause)).collect());
    plan
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Artifact, Container, Network, State, Volume};
    use super::*;

    fn observed() -> Observed {
        let container = |service: &str, state| Container {
            id: format!("{service}-id"),
            name: format!("lab-{service}-1"),
            ..Container::example(service, state)
        };
        Observed {
            containers: vec![
                container("a", State::Running),
                container("b", State::Exited(0)),
                container("c", State::Paused),
            ],
            networks: vec![Network {
                id: "n".to_owned(),
                key: "default".to_owned(),
            }],
            volumes: vec![Volume {
                id: "v".to_owned(),
                key: "data".to_owned(),
            }],
            images: BTreeMap::new(),
            built: [Some("lab-a"), None]
                .map(|tag| BuiltImage {
                    id: format!("{tag:?}"),
                    tag: tag.map(str::to_owned),
                    artifact: Artifact::Image,
                })
                .into(),
        }
    }

    fn text(plan: &Plan) -> Vec<String> {
        plan.stages.iter().flatten().map(ToString::to_string).collect()
    }

    #[test]
    fn down_keeps_data_and_images_unless_told_otherwise() {
        let always = [
            "service a: remove, down",
            "service b: remove, down",
            "service c: remove, down",
            "network default: remove, down",
        ];
        let removed = |keep| text(&down(&observed(), keep, "down")).split_off(3);
        let (volume, image) = ("volume data: remove, down", "image lab-a: remove, down");
        let replaced = "image no longer used: remove, down";
        assert_eq!(text(&down(&observed(), Keep::Volumes, "down"))[..4], always);
        assert_eq!(removed(Keep::Volumes), [always[3], replaced]);
        assert_eq!(removed(Keep::Images), [always[3], volume, replaced]);
        assert_eq!(removed(Keep::Nothing), [always[3], volume, image, replaced]);
    }

    #[test]
    fn stop_touches_only_what_has_processes() {
        assert_eq!(
            text(&stop(&observed(), "Ctrl-C")),
            ["service a: stop, Ctrl-C", "service c: stop, Ctrl-C"]
        );
    }
}
