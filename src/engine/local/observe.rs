//! What there is of one lab without containers, read from its directory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::UNIX_EPOCH;

use crate::plan::{Artifact, BuiltImage, Container, Image, Observed, State, Volume};

use super::place::{Place, names};
use super::{BUILT_IN, Local};

/// As a shell tells of a program that was killed.
const KILLED: i64 = 128 + 9;

pub(super) fn observe(local: &Local, project: &str, images: &BTreeSet<String>) -> io::Result<Observed> {
    let mut observed = Observed::default();
    for service in local.place.services()? {
        let place = local.place.service(&service);
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
            // Each is kept under a name of its own: a newer one takes nobody's place.
            tag: Some(format!("{}:{name}", super::tag(project, &service))),
            artifact: Artifact::Environment,
        }));
    }
    Ok(built)
}
