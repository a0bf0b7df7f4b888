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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{self, Port};

    const PORT: u16 = 8086;

    fn service(labels: &[(&str, &str)]) -> Service {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Service {
            image: Some("influxdb:1.8".to_owned()),
            labels: labels.collect(),
            ports: vec![Port {
                host_ip: String::new(),
                published: Some(18_086),
                target: PORT,
                protocol: Protocol::Tcp,
            }],
            volumes: vec![Mount::Volume {
                source: Some("data".to_owned()),
                target: "/var/lib/influxdb".to_owned(),
                read_only: false,
            }],
            networks: BTreeMap::from([("default".to_owned(), Vec::new())]),
            depends_on: BTreeMap::from([("other".to_owned(), Condition::Healthy)]),
            cap_drop: vec!["ALL".to_owned()],
            ..Service::default()
        }
    }

    fn project(service: Service) -> Project {
        let volumes = ["data", "of nobody"].map(|key| (key.to_owned(), compose::Volume::default()));
        Project {
            name: "lab".to_owned(),
            services: BTreeMap::from([("one".to_owned(), service)]),
            networks: BTreeMap::from([("default".to_owned(), compose::Network::default())]),
            volumes: volumes.into(),
        }
    }

    #[test]
    fn a_service_is_what_its_labels_say() {
        let table: [(&[(&str, &str)], _, _); 5] = [
            (
                &[("dev.uwsgi-lab.endpoint.influxdb", "8086")],
                Some(Program::Store),
                Some(18_086),
            ),
            (
                &[("dev.uwsgi-lab.endpoint.grafana", "3000")],
                Some(Program::Dashboard),
                None,
            ),
            (
                &[(INI_LABEL, "/uwsgi.ini"), ("dev.uwsgi-lab.endpoint.app", "8086")],
                Some(Program::Uwsgi),
                None,
            ),
            (&[("dev.uwsgi-lab.endpoint.app", "8086")], None, None),
            (&[], None, None),
        ];
        for (labels, program, port) in table {
            let service = service(labels);
            assert_eq!(Program::of(&service), program, "{labels:?}");
            assert_eq!(
                program.and_then(|program| program.port(&service)),
                port,
                "{labels:?}"
            );
        }
    }

    #[test]
    fn what_only_containers_have_is_left_out() {
        let store = service(&[("dev.uwsgi-lab.endpoint.influxdb", "8086")]);
        let mut project = project(store.clone());
        without_containers(&mut project).unwrap();
        let mut ports = store.ports;
        ports[0].host_ip = "127.0.0.1".to_owned();
        let left = Service {
            ports,
            labels: store.labels,
            volumes: store.volumes,
            depends_on: BTreeMap::from([("other".to_owned(), Condition::Started)]),
            ..Service::default()
        };
        assert_eq!(project.services["one"], left);
        assert_eq!(
            (project.networks.len(), project.volumes.into_keys().collect()),
            (0, vec!["data".to_owned()])
        );
    }

    #[test]
    fn services_and_ports_that_need_a_container_are_named() {
        let refused = |service: Service| without_containers(&mut project(service)).unwrap_err().to_string();
        assert_eq!(refused(service(&[])), "service one cannot run without containers");
        let mut open = service(&[("dev.uwsgi-lab.endpoint.influxdb", "8086")]);
        open.ports[0].published = None;
        assert_eq!(
            refused(open),
            "service one leaves open on which port of this machine its port 8086 is, or it is no TCP port"
        );
    }
}
