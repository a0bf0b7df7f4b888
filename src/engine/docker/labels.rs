//! Labels: Docker Compose's own, so that its commands see the lab, and ours, by which alone we remove.
//!
//! Which label which Compose command needs was measured with Compose 2.26.1 and 2.40.3. Networks and volumes get no
//! `config-hash`: a foreign one makes Compose recreate the network and offer to recreate the volume, data lost.

use std::collections::HashMap;
use std::path::Path;

use crate::compose::Condition;
use crate::plan::{Desired, hash, settings};

/// The lab a resource belongs to; removal goes by this label.
pub(super) const PROJECT: &str = "dev.uwsgi-lab.project";
pub(super) const SERVICE: &str = "dev.uwsgi-lab.service";
pub(super) const NETWORK: &str = "dev.uwsgi-lab.network";
pub(super) const VOLUME: &str = "dev.uwsgi-lab.volume";
/// The fingerprints of a container's settings.
pub(super) const SETTINGS: &str = "dev.uwsgi-lab.settings";
/// On images that we build: the hash of what went in.
pub(super) const BUILD: &str = "dev.uwsgi-lab.build";
const VERSION: &str = "dev.uwsgi-lab.version";

type Labels = HashMap<String, String>;

pub(super) fn container(desired: &Desired, service: &str, compose_file: &Path) -> Labels {
    let definition = &desired.project.services[service];
    let mut labels: Labels = definition.labels.clone().into_iter().collect();
    let depends_on = definition.depends_on.iter().map(|(name, condition)| {
        let condition = match condition {
            Condition::Started => "service_started",
            Condition::Healthy => "service_healthy",
            Condition::Completed => "service_completed_successfully",
        };
        format!("{name}:{condition}:false")
    });
    let directory = compose_file.parent().unwrap_or(compose_file);
    labels.extend(compose(&[
        ("project", &desired.project.name),
        ("service", service),
        ("oneoff", "False"),
        ("container-number", "1"),
        ("config-hash", &hash(definition)),
        ("project.config_files", &compose_file.to_string_lossy()),
        ("project.working_dir", &directory.to_string_lossy()),
        ("depends_on", &depends_on.collect::<Vec<_>>().join(",")),
    ]));
    labels.extend(own(&desired.project.name, SERVICE, service));
    labels.insert(SETTINGS.to_owned(), settings(definition));
    labels
}

pub(super) fn network(desired: &Desired, key: &str) -> Labels {
    let mut labels: Labels = desired.project.networks[key].labels.clone().into_iter().collect();
    labels.extend(compose(&[("project", &desired.project.name), ("network", key)]));
    labels.extend(own(&desired.project.name, NETWORK, key));
    labels
}

pub(super) fn volume(desired: &Desired, key: &str) -> Labels {
    let mut labels: Labels = desired.project.volumes[key].labels.clone().into_iter().collect();
    labels.extend(compose(&[("project", &desired.project.name), ("volume", key)]));
    labels.extend(own(&desired.project.name, VOLUME, key));
    labels
}

/// Of an image that is built from sources with this hash.
pub(super) fn image<'a>(project: &'a str, hash: &'a str) -> HashMap<&'static str, &'a str> {
    HashMap::from([(PROJECT, project), (BUILD, hash)])
}

/// A filter for everything that belongs to the lab.
pub(super) fn of_project(project: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([("label".to_owned(), vec![format!("{PROJECT}={project}")])])
}

/// True where `labels` say that the thing is the lab's.
pub(super) fn are_of_project(labels: Option<&Labels>, project: &str) -> bool {
    labels
        .and_then(|labels| labels.get(PROJECT))
        .is_some_and(|label| label == project)
}

fn compose(labels: &[(&str, &str)]) -> Labels {
    labels
        .iter()
        .map(|(key, value)| (format!("com.docker.compose.{key}"), (*value).to_owned()))
        .collect()
}

fn own(project: &str, kind: &str, key: &str) -> Labels {
    let labels = [
        (PROJECT, project),
        (kind, key),
        (VERSION, env!("CARGO_PKG_VERSION")),
    ];
    labels
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}
