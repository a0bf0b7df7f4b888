//! What there is of one lab without containers, read from its directory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::UNIX_EPOCH;

use crate::plan::{Artifact, BuiltImage, Container, Image, Observed, State, Volume};

use super::container::let_end;
use super::place::{Place, names};
use super::{BUILT_IN, Local};

/// As a shell tells of a program that was killed.
const KILLED: i64 = 128 + 9;

/// What is about to end is let end: it would not be there any more when somebody counts on it.
pub(super) async fn observe(local: &Local, project: &str, images: &BTreeSet<String>) -> io::Result<Observed> {
    let mut observed = Observed::default();
    for service in local.place.services()? {
        let place = local.place.service(&service);
        let_end(&place).await?;
        observed.containers.extend(container(&place, project, service)?);
    }
    let volumes = local.place.volumes()?.into_iter();
    observed.volumes = volumes.map(|key| Volume { id: key.clone(), key }).collect();
    for reference in images {
        let image = image(local, reference)?;
        observed
            .images
            .extend(image.map(|image| (reference.clone(), image)));
    }
    observed.built = built(local, project)?;
    Ok(observed)
}

fn container(place: &Place, project: &str, service: String) -> io::Result<Option<Container>> {
    let Some(definition) = place.definition()? else {
        return Ok(None);
    };
    let is_alive = place.is_alive()?;
    let state = match place.process()? {
        _ if definition.id.is_empty() => State::Dead,
        _ if is_alive => State::Running,
        None => State::Created,
        Some(process) => State::Exited(process.code.unwrap_or(KILLED)),
    };
    let held = definition.ports.values().copied().filter(|_| is_alive);
    Ok(Some(Container {
        name: format!("{project}-{service}-1"),
        service,
        held_ports: held.collect(),
        id: definition.id,
        settings: definition.settings,
        image: definition.image,
        networks: BTreeSet::new(),
        ports: if is_alive {
            definition.ports
        } else {
            BTreeMap::new()
        },
        labels: definition.labels,
        state,
    }))
}

fn image(local: &Local, reference: &str) -> io::Result<Option<Image>> {
    let (id, build_hash) = if reference == BUILT_IN {
        (program_id()?, None)
    } else {
        let Some(identity) = local.present_identity(reference) else {
            return Ok(None);
        };
        (identity.clone(), Some(identity))
    };
    Ok(Some(Image {
        id,
        digests: Vec::new(),
        build_hash,
    }))
}

/// Changes when this program is upgraded.
pub(super) fn program_id() -> io::Result<String> {
    let file = std::env::current_exe()?.metadata()?;
    let modified = file.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!("{version}-{}-{}", file.len(), modified.as_nanos()))
}

fn built(local: &Local, project: &str) -> io::Result<Vec<BuiltImage>> {
    let environments = local.place.environments();
    let mut built = Vec::new();
    for service in names(&environments)? {
        let own = names(&environments.join(&service))?.into_iter();
        built.extend(own.map(|name| BuiltImage {
            id: format!("{service}/{name}"),
            tag: Some(super::tag(project, &service)),
            artifact: Artifact::Environment,
        }));
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::super::record::{Definition, Process};
    use super::*;

    const REFERENCES: [&str; 2] = [BUILT_IN, "lab-uwsgi"];

    fn definition() -> Definition {
        Definition {
            id: "store.1".to_owned(),
            settings: "image=1".to_owned(),
            image: "an image".to_owned(),
            ports: BTreeMap::from([(8086, 18_086)]),
            labels: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        }
    }

    async fn state(local: &Local) -> Option<State> {
        let observed = observe(local, "lab", &BTreeSet::new()).await.unwrap();
        observed.container("store").map(|container| container.state)
    }

    #[tokio::test]
    async fn the_state_of_a_service_is_told_by_its_lock_and_records() {
        let root = tempfile::tempdir().unwrap();
        let local = Local::new(root.path().to_owned(), BTreeMap::new());
        let place = local.place.service("store");
        assert_eq!(state(&local).await, None);
        super::super::make_directory(&place.directory).unwrap();
        assert_eq!(state(&local).await, None);
        place.define(&definition()).unwrap();
        assert_eq!(state(&local).await, Some(State::Created));
        let process = |code| Process {
            pid: std::process::id(),
            group: None,
            code,
        };
        let lock = place.lock().unwrap();
        place.record(&process(None)).unwrap();
        assert_eq!(state(&local).await, Some(State::Running));
        drop(lock);
        assert_eq!(state(&local).await, Some(State::Exited(KILLED)));
        place.record(&process(Some(3))).unwrap();
        assert_eq!(state(&local).await, Some(State::Exited(3)));
        place.write("service.json", b"{").unwrap();
        assert_eq!(state(&local).await, Some(State::Dead));
    }

    #[tokio::test]
    async fn a_service_that_is_about_to_end_is_let_end() {
        let root = tempfile::tempdir().unwrap();
        let local = Local::new(root.path().to_owned(), BTreeMap::new());
        let place = local.place.service("store");
        super::super::make_directory(&place.directory).unwrap();
        place.define(&definition()).unwrap();
        let lock = place.lock().unwrap();
        place.mark_ending().unwrap();
        let ending = async {
            tokio::task::yield_now().await;
            place
                .record(&Process {
                    pid: 1,
                    group: None,
                    code: Some(0),
                })
                .unwrap();
            drop(lock);
        };
        let (state, ()) = tokio::join!(state(&local), ending);
        assert_eq!(state, Some(State::Exited(0)));
    }

    #[tokio::test]
    async fn what_is_part_of_this_program_is_always_there_and_ports_are_held_while_a_service_runs() {
        let root = tempfile::tempdir().unwrap();
        let local = Local::new(root.path().to_owned(), BTreeMap::new());
        let place = local.place.service("store");
        super::super::make_directory(&place.directory).unwrap();
        super::super::make_directory(&local.place.volume("data")).unwrap();
        place.define(&definition()).unwrap();
        let _lock = place.lock().unwrap();
        let references = REFERENCES.map(str::to_owned).into();
        let observed = observe(&local, "lab", &references).await.unwrap();
        let image = Image {
            id: program_id().unwrap(),
            digests: Vec::new(),
            build_hash: None,
        };
        assert_eq!(observed.images, BTreeMap::from([(BUILT_IN.to_owned(), image)]));
        let volume = Volume {
            id: "data".to_owned(),
            key: "data".to_owned(),
        };
        assert_eq!(observed.volumes, [volume]);
        let container = &observed.containers[0];
        assert_eq!(
            (container.name.as_str(), &container.held_ports),
            ("lab-store-1", &BTreeSet::from([18_086]))
        );
        assert_eq!(container.ports, BTreeMap::from([(8086, 18_086)]));
    }
}
