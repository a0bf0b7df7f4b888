//! Checks that what services name exists and that they do not wait for each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Problem, ProblemKind, Problems};
use super::model::{Mount, Project};

/// `inactive`: services left out, with their profiles.
pub(super) fn check(project: &Project, inactive: &BTreeMap<String, Vec<String>>, problems: &mut Problems) {
    for (name, service) in &project.services {
        let path = format!("services.{name}");
        for network in service.networks.keys() {
            if !project.networks.contains_key(network) {
                let defined = listed(project.networks.keys());
                problems.add(undefined("network", network, &path, "networks", defined));
            }
        }
        for mount in &service.volumes {
            if let Mount::Volume {
                source: Some(volume), ..
            } = mount
                && !project.volumes.contains_key(volume)
            {
                let defined = listed(project.volumes.keys());
                problems.add(undefined("volume", volume, &path, "volumes", defined));
            }
        }
        for dependency in service.depends_on.keys() {
            if let Some(profiles) = inactive.get(dependency) {
                let kind = ProblemKind::Inactive {
                    name: dependency.clone(),
                    profiles: profiles.join(", "),
                };
                problems.add(at(&path, "depends_on", dependency, kind));
            } else if !project.services.contains_key(dependency) {
                let defined = listed(project.services.keys());
                problems.add(undefined("service", dependency, &path, "depends_on", defined));
            }
        }
    }
    if let Some(names) = cycle(project) {
        problems.add(Problem {
            path: format!("services.{}.depends_on", names[0]),
            line: None,
            kind: ProblemKind::Cycle { names },
        });
    }
}

pub(super) fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}

fn undefined(what: &'static str, name: &str, path: &str, field: &str, defined: String) -> Problem {
    let kind = ProblemKind::Undefined {
        what,
        name: name.to_owned(),
        defined,
    };
    at(path, field, name, kind)
}

fn at(path: &str, field: &str, name: &str, kind: ProblemKind) -> Problem {
    Problem {
        path: format!("{path}.{field}.{name}"),
        line: None,
        kind,
    }
}

/// The first circle, beginning and ending with the same service. Leaves that wait for nobody are taken away until only circles,
/// and what leads to them, are left.
fn cycle(project: &Project) -> Option<Vec<String>> {
    let mut waiting: BTreeMap<&String, BTreeSet<&String>> = project
        .services
        .iter()
        .map(|(name, service)| {
            let known = |other: &&String| project.services.contains_key(*other);
            (name, service.depends_on.keys().filter(known).collect())
        })
        .collect();
    loop {
        let free: Vec<&String> = waiting
            .iter()
            .filter(|(_, others)| others.is_empty())
            .map(|(name, _)| *name)
            .collect();
        if free.is_empty() {
            break;
        }
        waiting.retain(|name, _| !free.contains(name));
        for others in waiting.values_mut() {
            others.retain(|other| !free.contains(other));
        }
    }
    let mut trail = vec![*waiting.keys().next()?];
    loop {
        let next = *waiting.get(trail.last()?)?.first()?;
        if let Some(start) = trail.iter().position(|name| *name == next) {
            trail.push(next);
            return Some(trail[start..].iter().map(|name| (*name).clone()).collect());
        }
        trail.push(next);
    }
}
