//! The way from what runs to what should run.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::{Condition, Service};

use super::{BuiltImage, Container, Desired, ImageSource, Observed, Operation, Plan, State, Step, hash};

/// What must happen to the containers of one service.
enum Verdict {
    Keep,
    Start(Step),
    Create { cause: String },
    Recreate { old: Operation, cause: String },
}

/// Plans the way from `observed` to `desired`: images, removals, networks and volumes, then containers in
/// the order of their dependencies. Empty when nothing has to change.
pub(crate) fn up(desired: &Desired, observed: &Observed) -> Plan {
    let mut plan = Plan::default();
    let images = image_steps(desired, observed);
    let (loaded, loading) = loading(desired, observed);
    let new_images: BTreeSet<String> = images.keys().cloned().chain(loaded).collect();
    plan.push(images.into_values().chain(loading).collect());

    let mut removals = surplus(desired, observed);
    let mut creations = BTreeMap::new();
    for (name, service) in &desired.project.services {
        match verdict(name, service, desired, observed, &new_images) {
            Verdict::Keep => {}
            Verdict::Start(step) => {
                creations.insert(name.clone(), step);
            }
            Verdict::Create { cause } => {
                creations.insert(name.clone(), create(name, cause));
            }
            Verdict::Recreate { old, cause } => {
                removals.push(Step::new(old, cause.clone()));
                creations.insert(name.clone(), create(name, cause));
            }
        }
    }
    plan.push(removals);
    plan.push(network_and_volume_steps(desired, observed));
    for stage in in_order_of_dependencies(desired, &creations) {
        plan.push(stage);
    }
    plan.push(replaced_images(observed, &new_images));
    plan
}

/// As [`up`], with a new container for `service` even where nothing about it changed.
pub(crate) fn renewed(desired: &Desired, observed: &Observed, service: &str, cause: &str) -> Plan {
    let (old, rest): (Vec<_>, Vec<_>) = observed
        .containers
        .iter()
        .cloned()
        .partition(|container| container.service == service);
    let mut plan = Plan::default();
    plan.push(old.iter().map(|old| Step::new(removal(old), cause)).collect());
    let left = Observed {
        containers: rest,
        ..observed.clone()
    };
    plan.stages.extend(up(desired, &left).stages);
    plan
}

/// Pulls first what is present too; whether that changes a container shows only afterwards.
pub(crate) fn with_pulls(plan: Plan, desired: &Desired) -> Plan {
    let pulled: BTreeSet<&String> = desired
        .images
        .values()
        .filter_map(|source| match source {
            ImageSource::Pull { reference } => Some(reference),
            ImageSource::Build { .. } | ImageSource::BuiltIn { .. } | ImageSource::Bundled { .. } => None,
        })
        .collect();
    let asked = |reference: &String| {
        let reference = reference.clone();
        Step::new(Operation::PullImage { reference }, "asked for with --pull")
    };
    let mut pulling = Plan::default();
    pulling.push(pulled.into_iter().map(asked).collect());
    for stage in plan.stages {
        let is_pull = |step: &Step| matches!(step.operation, Operation::PullImage { .. });
        pulling.push(stage.into_iter().filter(|step| !is_pull(step)).collect());
    }
    pulling
}

fn create(service: &str, cause: String) -> Step {
    Step::new(
        Operation::CreateContainer {
            service: service.to_owned(),
        },
        cause,
    )
}

/// Images to obtain, by reference; services that share one share the step.
fn image_steps(desired: &Desired, observed: &Observed) -> BTreeMap<String, Step> {
    let mut steps = BTreeMap::new();
    for (service, source) in &desired.images {
        let present = observed.images.get(source.reference());
        let step = match (source, present) {
            (ImageSource::Pull { reference }, None) => Step::new(
                Operation::PullImage {
                    reference: reference.clone(),
                },
                "not present",
            ),
            (ImageSource::Pull { .. }, Some(_))
            | (ImageSource::BuiltIn { .. } | ImageSource::Bundled { .. }, _) => continue,
            (ImageSource::Build { hash, artifact, .. }, present) => {
                let cause = match present {
                    None => "not present",
                    Some(image) if image.build_hash.as_ref() == Some(hash) => continue,
                    Some(_) => "its sources changed",
                };
                let (service, artifact) = (service.clone(), *artifact);
                Step::new(Operation::BuildImage { service, artifact }, cause)
            }
        };
        steps.insert(source.reference().to_owned(), step);
    }
    steps
}

/// The references of the images that a bundle has and this machine has not, and the one step that brings them all.
fn loading(desired: &Desired, observed: &Observed) -> (BTreeSet<String>, Option<Step>) {
    let mut missing = BTreeMap::new();
    for source in desired.images.values() {
        let ImageSource::Bundled {
            reference,
            name,
            built_from,
        } = source
        else {
            continue;
        };
        let present = observed.images.get(reference);
        let is_it = |image: &super::Image| built_from.is_none() || image.build_hash == *built_from;
        if !present.is_some_and(is_it) {
            missing.insert(reference.clone(), name.clone());
        }
    }
    let names: Vec<String> = missing.values().cloned().collect();
    let step = (!names.is_empty()).then(|| Step::new(Operation::LoadImages { names }, "not present"));
    (missing.into_keys().collect(), step)
}

/// Images that a build before this one replaced, or that one of this plan replaces.
fn replaced_images(observed: &Observed, new_images: &BTreeSet<String>) -> Vec<Step> {
    let replaced = observed
        .built
        .iter()
        .filter(|image| image.tag.as_ref().is_none_or(|tag| new_images.contains(tag)));
    let replaced = replaced.map(|image| BuiltImage {
        id: image.id.clone(),
        tag: None,
        artifact: image.artifact,
    });
    replaced
        .map(|image| Step::new(image.removal(), "a newer build took its place"))
        .collect()
}

/// Containers of services that are not in the file, and second containers of those that are.
fn surplus(desired: &Desired, observed: &Observed) -> Vec<Step> {
    let mut seen = BTreeSet::new();
    let mut steps = Vec::new();
    for container in &observed.containers {
        let cause = if !desired.project.services.contains_key(&container.service) {
            "not in the Compose file"
        } else if seen.insert(&container.service) {
            continue;
        } else {
            "a second container of the service"
        };
        steps.push(Step::new(removal(container), cause));
    }
    steps
}

fn removal(container: &Container) -> Operation {
    Operation::RemoveContainer {
        service: container.service.clone(),
        id: container.id.clone(),
        force: false,
    }
}

fn verdict(
    name: &str,
    service: &Service,
    desired: &Desired,
    observed: &Observed,
    new_images: &BTreeSet<String>,
) -> Verdict {
    let Some(container) = observed.container(name) else {
        return Verdict::Create {
            cause: "not present".to_owned(),
        };
    };
    let old = removal(container);
    if let Some(cause) = reason_to_recreate(container, name, service, desired, observed, new_images) {
        return Verdict::Recreate { old, cause };
    }
    let start = |cause: &str| {
        let operation = Operation::StartContainer {
            service: name.to_owned(),
            id: container.id.clone(),
        };
        Verdict::Start(Step::new(operation, cause))
    };
    match container.state {
        State::Running | State::Healthy | State::Unhealthy | State::Restarting => Verdict::Keep,
        // Its files may not have been uploaded yet.
        State::Created => Verdict::Recreate {
            old,
            cause: "created, never started".to_owned(),
        },
        State::Exited(_) if completed(name, container.state, desired) => Verdict::Keep,
        State::Exited(code) => start(&format!("exited with code {code}")),
        State::Paused => {
            let operation = Operation::UnpauseContainer {
                service: name.to_owned(),
                id: container.id.clone(),
            };
            Verdict::Start(Step::new(operation, "paused"))
        }
        State::Dead => Verdict::Recreate {
            old,
            cause: "dead".to_owned(),
        },
    }
}

/// A service that others wait for to end has done its work when it ended well.
fn completed(name: &str, state: State, desired: &Desired) -> bool {
    let awaited = desired
        .project
        .services
        .values()
        .any(|service| service.depends_on.get(name) == Some(&Condition::Completed));
    awaited && state == State::Exited(0)
}

fn reason_to_recreate(
    container: &Container,
    name: &str,
    service: &Service,
    desired: &Desired,
    observed: &Observed,
    new_images: &BTreeSet<String>,
) -> Option<String> {
    let changed = hash::changed_settings(&container.settings, &hash::settings(service));
    if !changed.is_empty() {
        return Some(format!("{} changed", changed.join(", ")));
    }
    let reference = desired.images.get(name)?.reference();
    let same_image = observed
        .images
        .get(reference)
        .is_some_and(|image| image.id == container.image);
    if new_images.contains(reference) || !same_image {
        return Some("its image changed".to_owned());
    }
    let lost = service.networks.keys().find(|key| {
        let network = observed.networks.iter().find(|network| network.key == **key);
        let external = desired
            .project
            .networks
            .get(*key)
            .is_some_and(|network| network.external);
        !external && network.is_none_or(|network| !container.networks.contains(&network.id))
    });
    lost.map(|key| format!("not on network {key}"))
}

fn network_and_volume_steps(desired: &Desired, observed: &Observed) -> Vec<Step> {
    let networks = desired.project.networks.iter().filter(|(key, network)| {
        !network.external && !observed.networks.iter().any(|seen| seen.key == **key)
    });
    let volumes =
        desired.project.volumes.iter().filter(|(key, volume)| {
            !volume.external && !observed.volumes.iter().any(|seen| seen.key == **key)
        });
    let networks = networks.map(|(key, _)| Operation::CreateNetwork { network: key.clone() });
    let volumes = volumes.map(|(key, _)| Operation::CreateVolume { volume: key.clone() });
    let creations = networks.chain(volumes);
    let creations = creations.map(|operation| Step::new(operation, "not present"));
    creations.chain(surplus_networks(observed)).collect()
}

/// Engines before 23 let two networks have one name, and then cannot tell which is meant.
fn surplus_networks(observed: &Observed) -> impl Iterator<Item = Step> {
    let mut seen = BTreeSet::new();
    let surplus = observed
        .networks
        .iter()
        .filter(move |network| !seen.insert(&network.key));
    surplus.map(|network| {
        let operation = Operation::RemoveNetwork {
            network: network.key.clone(),
            id: network.id.clone(),
        };
        Step::new(operation, "a second network of the name")
    })
}

/// Puts each creation one stage after what it depends on, with the waits its conditions ask for in between.
/// The Compose parser refuses cycles; should one appear, the rest goes into one last stage.
fn in_order_of_dependencies(desired: &Desired, creations: &BTreeMap<String, Step>) -> Vec<Vec<Step>> {
    let services = &desired.project.services;
    let mut stages = Vec::new();
    let mut placed: BTreeSet<&String> = BTreeSet::new();
    let mut awaited: BTreeSet<(&String, Condition)> = BTreeSet::new();
    while placed.len() < services.len() {
        let ready = |service: &Service| {
            let known = service
                .depends_on
                .keys()
                .filter(|key| services.contains_key(*key));
            known.into_iter().all(|key| placed.contains(key))
        };
        let mut level: Vec<&String> = services
            .keys()
            .filter(|name| !placed.contains(name) && ready(&services[*name]))
            .collect();
        if level.is_empty() {
            level = services.keys().filter(|name| !placed.contains(name)).collect();
        }
        let created: Vec<&String> = level
            .iter()
            .copied()
            .filter(|name| creations.contains_key(*name))
            .collect();
        let mut waits = Vec::new();
        for name in &created {
            for (dependency, condition) in &services[*name].depends_on {
                if services.contains_key(dependency)
                    && let Some(operation) = wait(dependency, *condition)
                    && awaited.insert((dependency, *condition))
                {
                    waits.push(Step::new(operation, format!("service {name} depends on it")));
                }
            }
        }
        stages.push(waits);
        stages.push(
            created
                .iter()
                .filter_map(|name| creations.get(*name).cloned())
                .collect(),
        );
        placed.extend(level);
    }
    stages
}

fn wait(service: &str, condition: Condition) -> Option<Operation> {
    let service = service.to_owned();
    match condition {
        Condition::Started => None,
        Condition::Healthy => Some(Operation::AwaitHealthy { service }),
        Condition::Completed => Some(Operation::AwaitCompletion { service }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Artifact, Image, Network};
    use super::*;
    use crate::compose::{self, Project};

    fn desired() -> Desired {
        let service = |image: &str| Service {
            image: Some(image.to_owned()),
            networks: BTreeMap::from([("default".to_owned(), Vec::new())]),
            ..Service::default()
        };
        let mut web = service("web:1");
        web.depends_on.insert("store".to_owned(), Condition::Healthy);
        let project = Project {
            name: "lab".to_owned(),
            services: BTreeMap::from([("store".to_owned(), service("store:1")), ("web".to_owned(), web)]),
            networks: BTreeMap::from([("default".to_owned(), compose::Network::default())]),
            volumes: BTreeMap::from([("data".to_owned(), compose::Volume::default())]),
        };
        let images = ["store", "web"]
            .map(|name| {
                (
                    name.to_owned(),
                    ImageSource::Pull {
                        reference: format!("{name}:1"),
                    },
                )
            })
            .into();
        Desired { project, images }
    }

    fn observed(desired: &Desired) -> Observed {
        let container = |(name, service): (&String, &Service)| Container {
            id: format!("{name}-id"),
            name: format!("lab-{name}-1"),
            service: name.clone(),
            settings: hash::settings(service),
            image: format!("sha256:{name}"),
            networks: BTreeSet::from(["net-id".to_owned()]),
            ports: BTreeMap::new(),
            held_ports: BTreeSet::new(),
            labels: BTreeMap::new(),
            state: State::Running,
        };
        let image = |name: &str| Image {
            id: format!("sha256:{name}"),
            digests: vec![],
            build_hash: None,
        };
        Observed {
            containers: desired.project.services.iter().map(container).collect(),
            networks: vec![Network {
                id: "net-id".to_owned(),
                key: "default".to_owned(),
            }],
            volumes: vec![super::super::Volume {
                id: "lab_data".to_owned(),
                key: "data".to_owned(),
            }],
            built: Vec::new(),
            images: BTreeMap::from([
                ("store:1".to_owned(), image("store")),
                ("web:1".to_owned(), image("web")),
            ]),
        }
    }

    fn text(plan: &Plan) -> Vec<Vec<String>> {
        plan.stages
            .iter()
            .map(|stage| stage.iter().map(ToString::to_string).collect())
            .collect()
    }

    #[test]
    fn images_of_a_bundle_are_loaded_in_one_step_where_one_of_them_is_missing_or_another() {
        let mut desired = desired();
        let bundled = |reference: &str, name: &str, built_from: Option<&str>| ImageSource::Bundled {
            reference: reference.to_owned(),
            name: name.to_owned(),
            built_from: built_from.map(str::to_owned),
        };
        desired.images = BTreeMap::from([
            ("store".to_owned(), bundled("bundle:1", "store:1", None)),
            ("web".to_owned(), bundled("lab-web", "lab-web", Some("hash"))),
        ]);
        let mut observed = observed(&desired);
        let image = |hash: Option<&str>| Image {
            id: "sha256:web".to_owned(),
            digests: vec![],
            build_hash: hash.map(str::to_owned),
        };
        let store = observed.images["store:1"].clone();
        let first = |observed: &Observed| text(&up(&desired, observed)).into_iter().next();
        let all = Some(vec![
            "images store:1, lab-web: load from the bundle, not present".to_owned(),
        ]);
        assert_eq!(first(&observed), all);
        observed.images.insert("bundle:1".to_owned(), store);
        observed
            .images
            .insert("lab-web".to_owned(), image(Some("another")));
        let web = Some(vec![
            "images lab-web: load from the bundle, not present".to_owned(),
        ]);
        assert_eq!(first(&observed), web);
        observed.images.insert("lab-web".to_owned(), image(Some("hash")));
        assert_eq!(first(&observed), None);
    }

    #[test]
    fn from_nothing_everything_is_made_in_the_order_of_dependencies() {
        assert_eq!(
            text(&up(&desired(), &Observed::default())),
            [
                vec![
                    "image store:1: pull, not present",
                    "image web:1: pull, not present"
                ],
                vec![
                    "network default: create, not present",
                    "volume data: create, not present"
                ],
                vec!["service store: create, not present"],
                vec!["service store: wait until healthy, service web depends on it"],
                vec!["service web: create, not present"],
            ]
        );
    }

    #[test]
    fn what_is_to_be_pulled_anew_is_pulled_once_and_first() {
        let mut desired = desired();
        let observed = observed(&desired);
        let reference = "web:2".to_owned();
        desired
            .images
            .insert("web".to_owned(), ImageSource::Pull { reference });
        let plan = with_pulls(up(&desired, &observed), &desired);
        assert_eq!(
            text(&plan)[..2],
            [
                vec![
                    "image store:1: pull, asked for with --pull",
                    "image web:2: pull, asked for with --pull"
                ],
                vec!["service web: remove, its image changed"]
            ]
        );
    }

    #[test]
    fn nobody_waits_for_a_service_that_was_taken_away() {
        let mut desired = desired();
        desired.project.services.remove("store");
        desired.images.remove("store");
        let mut observed = observed(&desired);
        observed.containers.clear();
        assert_eq!(
            text(&up(&desired, &observed)),
            [["service web: create, not present"]]
        );
    }

    #[test]
    fn a_second_time_nothing_is_to_do() {
        let desired = desired();
        assert!(up(&desired, &observed(&desired)).is_empty());
    }

    #[test]
    fn a_service_is_made_anew_where_nothing_changed_and_the_others_stay() {
        let desired = desired();
        assert_eq!(
            text(&renewed(&desired, &observed(&desired), "web", "a fresh one")),
            [
                vec!["service web: remove, a fresh one"],
                vec!["service store: wait until healthy, service web depends on it"],
                vec!["service web: create, not present"],
            ]
        );
    }

    #[test]
    fn a_changed_setting_recreates_only_its_service_and_names_the_setting() {
        let mut desired = desired();
        let observed = observed(&desired);
        let web = desired.project.services.get_mut("web").unwrap();
        web.environment.insert("A".to_owned(), "1".to_owned());
        assert_eq!(
            text(&up(&desired, &observed)),
            [
                vec!["service web: remove, environment changed"],
                vec!["service store: wait until healthy, service web depends on it"],
                vec!["service web: create, environment changed"],
            ]
        );
    }

    #[test]
    fn what_died_is_started_and_what_is_paused_goes_on() {
        let desired = desired();
        let mut observed = observed(&desired);
        observed.containers[0].state = State::Exited(137);
        observed.containers[1].state = State::Paused;
        assert_eq!(
            text(&up(&desired, &observed)),
            [
                vec!["service store: start, exited with code 137"],
                vec!["service store: wait until healthy, service web depends on it"],
                vec!["service web: unpause, paused"],
            ]
        );
    }

    #[test]
    fn a_container_that_lost_its_network_or_runs_an_old_image_is_recreated() {
        let desired = desired();
        let mut observed = observed(&desired);
        observed.containers[0].image = "sha256:old".to_owned();
        observed.containers[1].networks.clear();
        let plan = text(&up(&desired, &observed));
        assert_eq!(
            plan[0],
            [
                "service store: remove, its image changed",
                "service web: remove, not on network default"
            ]
        );
    }

    #[test]
    fn services_that_left_the_file_and_second_containers_are_removed() {
        let desired = desired();
        let mut observed = observed(&desired);
        let mut second = observed.containers[1].clone();
        second.id = "second".to_owned();
        let mut orphan = second.clone();
        orphan.service = "cache".to_owned();
        observed.containers.extend([second, orphan]);
        assert_eq!(
            text(&up(&desired, &observed)),
            [vec![
                "service web: remove, a second container of the service",
                "service cache: remove, not in the Compose file"
            ]]
        );
    }

    #[test]
    fn a_second_network_of_the_name_is_removed_and_the_first_stays() {
        let desired = desired();
        let mut observed = observed(&desired);
        let mut twin = observed.networks[0].clone();
        twin.id = "twin".to_owned();
        observed.networks.push(twin);
        let plan = up(&desired, &observed);
        assert_eq!(
            text(&plan),
            [vec!["network default: remove, a second network of the name"]]
        );
        let removed = Operation::RemoveNetwork {
            network: "default".to_owned(),
            id: "twin".to_owned(),
        };
        assert_eq!(plan.stages[0][0].operation, removed);
    }

    #[test]
    fn an_image_built_from_other_sources_is_built_again_and_its_container_recreated() {
        let mut desired = desired();
        let mut observed = observed(&desired);
        let source = ImageSource::Build {
            tag: "web:1".to_owned(),
            hash: "new".to_owned(),
            artifact: Artifact::Image,
        };
        desired.images.insert("web".to_owned(), source);
        observed.images.get_mut("web:1").unwrap().build_hash = Some("old".to_owned());
        observed.built = [("web:1", "sha256:web"), ("other:1", "sha256:other")]
            .map(|(tag, id)| BuiltImage {
                id: id.to_owned(),
                tag: Some(tag.to_owned()),
                artifact: Artifact::Image,
            })
            .into();
        assert_eq!(
            text(&up(&desired, &observed)),
            [
                vec!["image of service web: build, its sources changed"],
                vec!["service web: remove, its image changed"],
                vec!["service store: wait until healthy, service web depends on it"],
                vec!["service web: create, its image changed"],
                vec!["image no longer used: remove, a newer build took its place"],
            ]
        );
    }
}
