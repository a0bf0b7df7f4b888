//! The desired state of a lab: the Compose file, and what the settings make of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::compose::{self, ConfigFile, LoadOptions, Project, Service};
use crate::engine::{INI_LABEL, Role, build_hash, publishes};
use crate::plan::{Artifact, Desired, ImageSource};
use crate::state::{Credentials, EngineKind, ImageLock};

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{AppSettings, StackSource, UpSettings};
use super::{local, stack};

/// The Compose file a lab is made from, on disk.
pub(super) fn compose_file(settings: &UpSettings) -> Result<PathBuf, Failure> {
    match &settings.stack {
        StackSource::Own => Ok(stack::compose_file(&settings.lab.directory)),
        StackSource::File(path) => {
            std::path::absolute(path).map_err(|error| Failure::from_error(Code::InvalidFile, &error))
        }
    }
}

/// Reads the Compose file and fits it to the settings. Writes nothing.
pub(super) fn project(
    settings: &UpSettings,
    credentials: &Credentials,
    engine: EngineKind,
) -> Result<Project, Failure> {
    let path = compose_file(settings)?;
    let text = match &settings.stack {
        StackSource::Own => stack::COMPOSE_TEXT.to_owned(),
        StackSource::File(file) => read(file)?,
    };
    let variables = variables(settings, credentials);
    let options = LoadOptions {
        variables: &variables,
        profiles: &profiles(&variables),
        name: Some(&settings.lab.name),
    };
    let loaded = compose::load(&path, &text, &options)
        .map_err(|error| Failure::from_error(Code::InvalidFile, &error))?;
    for warning in &loaded.warnings {
        output::note(&format!("warning: {warning}"));
    }
    let mut project = loaded.project;
    fit_uwsgi(settings, &mut project)?;
    if engine == EngineKind::Local {
        local::fit(settings, &mut project)?;
    }
    // Nothing is created for a lab that has nowhere to write to.
    if !publishes(&project, Role::Influxdb) {
        return Err(no_influxdb());
    }
    Ok(project)
}

pub(super) fn no_influxdb() -> Failure {
    let message = "no service of the Compose file is the lab's InfluxDB";
    Failure::new(Code::InvalidFile, message).hint(format!(
        "label the service, as in `{}: \"8086\"`, and publish that port",
        Role::Influxdb.label()
    ))
}

/// `COMPOSE_PROFILES`, as Docker Compose reads it: names with commas between them.
fn profiles(variables: &BTreeMap<String, String>) -> BTreeSet<String> {
    let names = variables.get("COMPOSE_PROFILES").map_or("", String::as_str);
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| {
        let mut failure = Failure::new(Code::InvalidFile, format!("cannot read {}", file.display()));
        failure.causes.push(error.to_string());
        failure
    })
}

fn variables(settings: &UpSettings, credentials: &Credentials) -> BTreeMap<String, String> {
    let mut variables = settings.variables.clone();
    for (name, value) in [
        ("UWSGI_LAB_USER", &credentials.user),
        ("UWSGI_LAB_INFLUXDB_PASSWORD", &credentials.influxdb_password),
        ("UWSGI_LAB_GRAFANA_PASSWORD", &credentials.grafana_password),
    ] {
        variables.insert(name.to_owned(), value.clone());
    }
    variables
}

/// Puts the lab's uWSGI configuration and the user's app into the service that asks for it by label; takes the
/// service away where an existing uWSGI is watched.
fn fit_uwsgi(settings: &UpSettings, project: &mut Project) -> Result<(), Failure> {
    if settings.watch.is_some() {
        without_uwsgi(project);
        return Ok(());
    }
    let configured: Vec<&mut Service> = project
        .services
        .values_mut()
        .filter(|service| service.labels.contains_key(INI_LABEL))
        .collect();
    if configured.is_empty() && settings.uwsgi_is_set {
        return Err(Failure::new(
            Code::Usage,
            "no service of the Compose file takes the settings about uWSGI",
        )
        .hint(format!(
            "label the service that runs it with `{INI_LABEL}: /path/of/uwsgi.ini`"
        )));
    }
    let ini = settings
        .uwsgi
        .render()
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    for service in configured {
        let target = service.labels[INI_LABEL].clone();
        service.configs.push(ConfigFile {
            target,
            content: ini.clone(),
            mode: 0o444,
        });
        if let Some(app) = &settings.app {
            overlay(service, app)?;
        }
    }
    Ok(())
}

/// Nobody can wait for what is not there.
fn without_uwsgi(project: &mut Project) {
    let services = &mut project.services;
    services.retain(|_, service| !service.labels.contains_key(&Role::Stats.label()));
    let left: BTreeSet<String> = services.keys().cloned().collect();
    for service in services.values_mut() {
        service
            .depends_on
            .retain(|dependency, _| left.contains(dependency));
    }
}

fn overlay(service: &mut Service, app: &AppSettings) -> Result<(), Failure> {
    let Some(build) = &mut service.build else {
        return Err(Failure::new(
            Code::Usage,
            "--app needs a service that is built, and this one only has an image",
        ));
    };
    build.overlays.insert("app".to_owned(), app.directory.clone());
    if let Some(requirements) = &app.requirements {
        build
            .overlays
            .insert("requirements.txt".to_owned(), requirements.clone());
    }
    Ok(())
}

/// The name that an image gets that is built for a service.
pub(super) fn built_tag(project: &str, name: &str, service: &Service) -> String {
    let own = || format!("{project}-{name}");
    service.image.clone().unwrap_or_else(own)
}

/// The images of containers: built ones by the hash of their sources, others as the lock pins their tags. Those of the services
/// `known` come from elsewhere.
pub(super) fn images(
    project: &Project,
    lock: &ImageLock,
    known: &BTreeMap<String, ImageSource>,
) -> Result<BTreeMap<String, ImageSource>, Failure> {
    let mut images = known.clone();
    for (name, service) in &project.services {
        if known.contains_key(name) {
            continue;
        }
        let source = match (&service.build, &service.image) {
            (Some(build), _) => {
                let tag = built_tag(&project.name, name, service);
                let hash = build_hash(build).map_err(|error| {
                    let mut failure = Failure::new(
                        Code::InvalidFile,
                        format!("cannot read what service {name} is built from"),
                    );
                    failure
                        .causes
                        .push(format!("{}: {error}", build.context.display()));
                    failure
                })?;
                let artifact = Artifact::Image;
                ImageSource::Build { tag, hash, artifact }
            }
            (None, Some(image)) => ImageSource::Pull {
                reference: lock.pinned(image),
            },
            (None, None) => {
                let message = format!("service {name} has neither an image nor a build");
                return Err(Failure::new(Code::InvalidFile, message));
            }
        };
        images.insert(name.clone(), source);
    }
    Ok(images)
}

/// The images to look for.
pub(super) fn references(desired: &Desired) -> BTreeSet<String> {
    desired
        .images
        .values()
        .map(|source| source.reference().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::Condition;

    #[test]
    fn where_an_existing_uwsgi_is_watched_nobody_waits_for_ours() {
        let service = |labels: &[Role], depends_on: &[&str]| Service {
            labels: labels.iter().map(|role| (role.label(), "1".to_owned())).collect(),
            depends_on: depends_on
                .iter()
                .map(|name| ((*name).to_owned(), Condition::Healthy))
                .collect(),
            ..Service::default()
        };
        let mut project = Project {
            name: "lab".to_owned(),
            services: BTreeMap::from([
                ("uwsgi".to_owned(), service(&[Role::App, Role::Stats], &[])),
                ("proxy".to_owned(), service(&[], &["uwsgi", "store"])),
                ("store".to_owned(), service(&[Role::Influxdb], &[])),
            ]),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
        };
        without_uwsgi(&mut project);
        let left: Vec<_> = project
            .services
            .iter()
            .map(|(name, service)| (name.as_str(), service.depends_on.keys().collect::<Vec<_>>()))
            .collect();
        assert_eq!(left, [("proxy", vec![&"store".to_owned()]), ("store", vec![])]);
    }

    #[test]
    fn profiles_are_names_with_commas_between_them() {
        let of = |text: &str| {
            let variables = BTreeMap::from([("COMPOSE_PROFILES".to_owned(), text.to_owned())]);
            profiles(&variables).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(of("debug, load,"), ["debug", "load"]);
        assert_eq!(of(""), Vec::<String>::new());
        assert_eq!(profiles(&BTreeMap::new()), BTreeSet::new());
    }
}
