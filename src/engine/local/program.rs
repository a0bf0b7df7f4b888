//! Which services of a Compose file can run without containers, told by their labels, and what of such a service matters
//! here. Starts nothing.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::compose::{Condition, Mount, Project, Protocol, Service};

use super::super::{EngineError, Role};

/// On a service: where its uWSGI reads the configuration that the lab writes.
pub(crate) const INI_LABEL: &str = "dev.uwsgi-lab.uwsgi-ini";

/// What takes the place of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// The embedded InfluxDB-compatible store.
    Store,
    /// The embedded dashboard server.
    Dashboard,
    Uwsgi,
}

impl Program {
    pub(super) fn of(service: &Service) -> Option<Self> {
        let has = |role: Role| service.labels.contains_key(&role.label());
        if service.labels.contains_key(INI_LABEL) {
            Some(Self::Uwsgi)
        } else if has(Role::Influxdb) {
            Some(Self::Store)
        } else if has(Role::Grafana) {
            Some(Self::Dashboard)
        } else {
            None
        }
    }

    /// The port of 127.0.0.1 on which an embedded server listens.
    pub(super) fn port(self, service: &Service) -> Option<u16> {
        let role = match self {
            Self::Store => Role::Influxdb,
            Self::Dashboard => Role::Grafana,
            Self::Uwsgi => return None,
        };
        let target = service.labels.get(&role.label())?;
        let port = service
            .ports
            .iter()
            .find(|port| port.target.to_string() == *target)?;
        port.published
    }
}

/// Leaves of `project` what means something without containers: no networks, no images, all ports on loopback.
///
/// # Errors
/// A service that is neither a store, a dashboard nor a uWSGI; a port that the file leaves open.
pub(crate) fn without_containers(project: &mut Project) -> Result<(), EngineError> {
    let mut volumes = BTreeMap::new();
    for (name, service) in &mut project.services {
        if Program::of(service).is_none() {
            return Err(EngineError::NeedsContainer {
                service: name.clone(),
            });
        }
        for port in &mut service.ports {
            if port.published.is_none() || port.protocol != Protocol::Tcp {
                return Err(EngineError::OpenPort {
                    service: name.clone(),
                    port: port.target,
                });
            }
            port.host_ip = Ipv4Addr::LOCALHOST.to_string();
        }
        let kept = volume(service).and_then(|key| Some((key.to_owned(), project.volumes.get(key)?.clone())));
        volumes.extend(kept.filter(|_| Program::of(service) != Some(Program::Uwsgi)));
        *service = stripped(service);
    }
    project.networks.clear();
    project.volumes = volumes;
    Ok(())
}

/// The key of the first named volume, which is where the service keeps its data.
pub(super) fn volume(service: &Service) -> Option<&str> {
    service.volumes.iter().find_map(|mount| match mount {
        Mount::Volume { source, .. } => source.as_deref(),
        Mount::Bind { .. } => None,
    })
}

fn stripped(service: &Service) -> Service {
    let waits = service.depends_on.keys();
    Service {
        build: service.build.clone(),
        environment: service.environment.clone(),
        ports: service.ports.clone(),
        volumes: service.volumes.clone(),
        // Readiness is the lab's to wait for; there are no health checks.
        depends_on: waits.map(|name| (name.clone(), Condition::Started)).collect(),
        labels: service.labels.clone(),
        ..Service::default()
    }
}
