//! The sections of the file to a [`Project`], one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::LoadOptions;
use super::error::{Problem, ProblemKind, Problems};
use super::model::{Mount, Network, Project, Service, Volume};
use super::service::{self, Surroundings};
use super::spot::{Fields, Spot};
use super::yaml::Node;
use super::{pairs, references};

const SUPPORTED: &[&str] = &["configs", "name", "networks", "services", "version", "volumes"];

/// `directory` is absolute. What comes out is good only where `problems` stays empty.
pub(super) fn project(
    root: &Node,
    directory: &Path,
    options: &LoadOptions,
    problems: &mut Problems,
) -> Result<Project, Problem> {
    let root = Spot {
        path: String::new(),
        node: root,
    };
    let fields = root.fields(SUPPORTED, problems)?;
    let name = problems.keep(project_name(&fields, directory, options));
    let configs = section(&fields, "configs", problems, config);
    let around = Surroundings {
        directory,
        variables: options.variables,
        configs: &configs,
    };
    let (services, inactive) = services(&root, &fields, &around, options.profiles, problems)?;
    let mut networks = section(&fields, "networks", problems, network);
    networks.entry("default".to_owned()).or_default();
    let volumes = section(&fields, "volumes", problems, volume);
    let mut project = Project {
        name,
        services,
        networks,
        volumes,
    };
    references::check(&project, &inactive, problems);
    keep_what_is_used(&mut project);
    Ok(project)
}

/// The caller's name, else the file's, else the directory's with what is not allowed left out, as Docker Compose has it.
fn project_name(fields: &Fields, directory: &Path, options: &LoadOptions) -> Result<String, Problem> {
    let bad = |name: &str| ProblemKind::ProjectName {
        name: name.to_owned(),
    };
    if let Some(name) = options.name {
        return checked_name(name).ok_or_else(|| Problem {
            path: "name".to_owned(),
            line: None,
            kind: bad(name),
        });
    }
    if let Some(spot) = fields.spot("name") {
        let name = spot.text()?;
        return checked_name(&name).ok_or_else(|| spot.problem(bad(&name)));
    }
    let directory = directory.file_name().unwrap_or_default().to_string_lossy();
    let allowed = directory.to_lowercase().replace(|c| !is_name_character(c), "");
    let name = allowed.trim_start_matches(['-', '_']);
    checked_name(name).ok_or_else(|| Problem {
        path: "name".to_owned(),
        line: None,
        kind: bad(&directory),
    })
}

fn checked_name(name: &str) -> Option<String> {
    let good = name.starts_with(|c: char| is_name_character(c) && c.is_alphanumeric())
        && name.chars().all(is_name_character);
    good.then(|| name.to_owned())
}

fn is_name_character(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '-' | '_')
}

type Services = BTreeMap<String, Service>;
type Inactive = BTreeMap<String, Vec<String>>;

fn services(
    root: &Spot,
    fields: &Fields,
    around: &Surroundings,
    active: &BTreeSet<String>,
    problems: &mut Problems,
) -> Result<(Services, Inactive), Problem> {
    let missing = || root.problem(ProblemKind::Missing { missing: "services" });
    let mut services = BTreeMap::new();
    let mut inactive = BTreeMap::new();
    let spots = fields.spot("services").ok_or_else(missing)?.mapping()?;
    for (name, spot) in spots {
        if !is_key(name) {
            problems.add(spot.problem(ProblemKind::Unexpected {
                found: format!("the name '{name}'"),
                expected: "one of letters, digits, '.', '_' and '-'".to_owned(),
            }));
        }
        let profiles = problems.keep(service::profiles(&spot));
        let service = service::service(&spot, around, problems);
        let service = problems.keep(service);
        if profiles.is_empty() || profiles.iter().any(|profile| active.contains(profile)) {
            services.insert(name.to_owned(), service);
        } else {
            inactive.insert(name.to_owned(), profiles);
        }
    }
    Ok((services, inactive))
}

fn is_key(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// A top-level section: the user's names to entries of one kind.
fn section<T: Default>(
    fields: &Fields,
    key: &str,
    problems: &mut Problems,
    read: impl Fn(&Spot) -> Result<T, Problem>,
) -> BTreeMap<String, T> {
    let spots = problems.keep(fields.or_default(key, Spot::mapping));
    let mut entries = BTreeMap::new();
    for (name, spot) in spots {
        entries.insert(name.to_owned(), problems.keep(read(&spot)));
    }
    entries
}

fn config(spot: &Spot) -> Result<String, Problem> {
    spot.only_fields(&["content"])?.required("content", Spot::text)
}

fn network(spot: &Spot) -> Result<Network, Problem> {
    if spot.is_null() {
        return Ok(Network::default());
    }
    let fields = spot.only_fields(&["driver", "external", "internal", "labels", "name"])?;
    Ok(Network {
        name: fields.optional("name", Spot::text)?,
        driver: fields.optional("driver", Spot::text)?,
        internal: fields.or_default("internal", Spot::boolean)?,
        external: fields.or_default("external", Spot::boolean)?,
        labels: fields.or_default("labels", pairs::labels)?,
    })
}

fn volume(spot: &Spot) -> Result<Volume, Problem> {
    if spot.is_null() {
        return Ok(Volume::default());
    }
    let fields = spot.only_fields(&["driver", "external", "labels", "name"])?;
    Ok(Volume {
        name: fields.optional("name", Spot::text)?,
        driver: fields.optional("driver", Spot::text)?,
        external: fields.or_default("external", Spot::boolean)?,
        labels: fields.or_default("labels", pairs::labels)?,
    })
}

/// Docker Compose makes no network or volume that no active service names.
fn keep_what_is_used(project: &mut Project) {
    let services = &project.services;
    let has_network = |name: &String| services.values().any(|s| s.networks.contains_key(name));
    project.networks.retain(|name, _| has_network(name));
    let mounts = || services.values().flat_map(|service| &service.volumes);
    let names = |mount: &Mount, name: &String| matches!(mount, Mount::Volume { source: Some(source), .. } if source == name);
    project
        .volumes
        .retain(|name, _| mounts().any(|mount| names(mount, name)));
}
