//! Fits a Compose project to the engine without containers: uWSGI's configuration for this machine, the app where it lies.

use std::path::PathBuf;

use crate::compose::{ConfigFile, Project, Service};
use crate::engine::{self, INI_LABEL, Role};
use crate::uwsgi::UwsgiConfig;

use super::super::error::{Code, Failure};
use super::super::settings::UpSettings;
use super::connect::failure;

/// In the directory of the service, which is where uWSGI is started.
const INI: &str = "uwsgi.ini";
/// Beside it, so that an app that changed is another service than before.
const SOURCES: &str = "sources.sha256";

/// # Errors
/// A service that needs a container; a uWSGI whose ports or app cannot be told.
pub(super) fn fit(settings: &UpSettings, project: &mut Project) -> Result<(), Failure> {
    engine::without_containers(project).map_err(|error| failure(&error))?;
    for (name, service) in &mut project.services {
        if service.labels.contains_key(INI_LABEL) {
            let content = ini(settings, name, service)?;
            service.configs = vec![config(INI, content)];
        }
    }
    Ok(())
}

/// Notes what the app is made of. Its files must be there.
pub(super) fn note_sources(project: &mut Project) -> Result<(), Failure> {
    for (name, service) in &mut project.services {
        let build = service
            .build
            .as_ref()
            .filter(|_| service.labels.contains_key(INI_LABEL));
        let hash = build.map(engine::build_hash).transpose();
        let hash = hash.map_err(|error| {
            let message = format!("cannot read what service {name} is built from");
            let mut failure = Failure::new(Code::InvalidFile, message);
            failure.causes.push(error.to_string());
            failure
        })?;
        service.configs.extend(hash.map(|hash| config(SOURCES, hash)));
    }
    Ok(())
}

fn config(name: &str, content: String) -> ConfigFile {
    ConfigFile {
        target: name.to_owned(),
        content,
        mode: 0o600,
    }
}

fn ini(settings: &UpSettings, name: &str, service: &Service) -> Result<String, Failure> {
    let uwsgi = UwsgiConfig {
        directory: app(name, service)?.display().to_string(),
        http_socket: address(name, service, Role::App)?,
        stats: address(name, service, Role::Stats)?,
        no_orphans: true,
        ..settings.uwsgi.clone()
    };
    uwsgi
        .render()
        .map_err(|error| Failure::from_error(Code::Usage, &error))
}

/// What is copied to `/app` of an image: the user's directory, or the one beside the Dockerfile.
fn app(name: &str, service: &Service) -> Result<PathBuf, Failure> {
    let build = service.build.as_ref().ok_or_else(|| {
        Failure::new(
            Code::InvalidFile,
            format!("it cannot be told where the app of service {name} is"),
        )
        .hint("without containers a uWSGI needs a `build` whose context has a directory `app`")
    })?;
    let own = || build.context.join("app");
    let directory = build.overlays.get("app").cloned().unwrap_or_else(own);
    std::path::absolute(directory).map_err(|error| Failure::from_error(Code::Unexpected, &error))
}

fn address(name: &str, service: &Service, role: Role) -> Result<String, Failure> {
    let target = service.labels.get(&role.label());
    let mut ports = service.ports.iter();
    let port = ports.find(|port| Some(&port.target.to_string()) == target);
    let port = port.and_then(|port| port.published).ok_or_else(|| {
        let message = format!("service {name} publishes no port as the lab's {}", role.name());
        Failure::new(Code::InvalidFile, message).hint(format!(
            "label it, as in `{}: \"9090\"`, and publish that port",
            role.label()
        ))
    })?;
    Ok(format!("127.0.0.1:{port}"))
}
