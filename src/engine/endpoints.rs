//! Which published ports of a lab are its endpoints. Services say so themselves, in labels of the Compose file:
//! `dev.uwsgi-lab.endpoint.app: "9090"` names the container port that serves the app.

use std::collections::BTreeMap;

use crate::compose::{Project, Protocol, Service};
use crate::plan::Observed;

/// What an endpoint is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// HTTP, the application under test.
    App,
    /// uWSGI's statistics.
    Stats,
    /// InfluxDB 1.x HTTP API.
    Influxdb,
    /// Grafana HTTP API and page.
    Grafana,
    /// Published, and none of the above.
    Other,
}

impl Role {
    pub(crate) const NAMED: [Self; 4] = [Self::App, Self::Stats, Self::Influxdb, Self::Grafana];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Stats => "stats",
            Self::Influxdb => "influxdb",
            Self::Grafana => "grafana",
            Self::Other => "port",
        }
    }

    /// The label that marks a service's container port as this endpoint.
    pub(crate) fn label(self) -> String {
        format!("dev.uwsgi-lab.endpoint.{}", self.name())
    }
}

/// A port on this machine behind which a service of the lab listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) role: Role,
    pub(crate) service: String,
    /// The port inside the container.
    pub(crate) target: u16,
    /// The port on this machine's loopback.
    pub(crate) port: u16,
    /// What other services of the lab connect to: `service:target`, or where they share no network the address on this
    /// machine.
    pub(crate) inside: String,
}

impl Endpoint {
    /// `127.0.0.1:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// Every published TCP port of the project, as the engine published it where that is observed (a port that the
/// file leaves open is known only then), else as the file says.
pub(crate) fn endpoints(project: &Project, observed: &Observed) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (name, service) in &project.services {
        let seen = observed.container(name).map(|container| &container.ports);
        let mut ports: BTreeMap<u16, u16> = BTreeMap::new();
        for port in service.ports.iter().filter(|port| port.protocol == Protocol::Tcp) {
            let published = seen
                .and_then(|ports| ports.get(&port.target).copied())
                .or(port.published);
            ports.extend(published.map(|published| (port.target, published)));
        }
        endpoints.extend(ports.into_iter().map(|(target, port)| Endpoint {
            role: role(service, target),
            service: name.clone(),
            target,
            port,
            inside: match service.networks.is_empty() {
                true => format!("127.0.0.1:{port}"),
                false => format!("{name}:{target}"),
            },
        }));
    }
    endpoints
}

/// True where a service publishes a port of this role, on whichever port of the host.
pub(crate) fn publishes(project: &Project, wanted: Role) -> bool {
    project.services.values().any(|service| {
        let ports = service.ports.iter();
        let mut tcp = ports.filter(|port| port.protocol == Protocol::Tcp);
        tcp.any(|port| role(service, port.target) == wanted)
    })
}

fn role(service: &Service, target: u16) -> Role {
    let target = target.to_string();
    let named = |role: &Role| service.labels.get(&role.label()) == Some(&target);
    Role::NAMED.into_iter().find(named).unwrap_or(Role::Other)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::compose::Port;
    use crate::plan::{Container, State};

    fn port(published: Option<u16>, target: u16, protocol: Protocol) -> Port {
        Port {
            host_ip: "127.0.0.1".to_owned(),
            published,
            target,
            protocol,
        }
    }

    fn project() -> Project {
        let label = |role: Role, target: &str| (role.label(), target.to_owned());
        let service = Service {
            ports: vec![
                port(Some(8086), 8086, Protocol::Tcp),
                port(None, 8088, Protocol::Tcp),
                port(Some(8089), 8089, Protocol::Udp),
            ],
            labels: BTreeMap::from([label(Role::Influxdb, "8086"), label(Role::Stats, "8089")]),
            networks: BTreeMap::from([("default".to_owned(), Vec::new())]),
            ..Service::default()
        };
        Project {
            name: "lab".to_owned(),
            services: BTreeMap::from([("store".to_owned(), service)]),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
        }
    }

    fn endpoint(role: Role, target: u16, port: u16) -> Endpoint {
        Endpoint {
            role,
            service: "store".to_owned(),
            target,
            port,
            inside: format!("store:{target}"),
        }
    }

    #[test]
    fn a_port_that_the_engine_chose_is_an_endpoint_once_it_is_seen() {
        let declared = endpoint(Role::Influxdb, 8086, 8086);
        assert_eq!(
            endpoints(&project(), &Observed::default()),
            std::slice::from_ref(&declared)
        );
        let container = Container {
            id: String::new(),
            name: String::new(),
            service: "store".to_owned(),
            settings: String::new(),
            image: String::new(),
            networks: BTreeSet::new(),
            ports: BTreeMap::from([(8086, 8086), (8088, 49153)]),
            held_ports: BTreeSet::new(),
            labels: BTreeMap::new(),
            state: State::Running,
        };
        let observed = Observed {
            containers: vec![container],
            ..Observed::default()
        };
        assert_eq!(
            endpoints(&project(), &observed),
            [declared, endpoint(Role::Other, 8088, 49153)]
        );
    }

    #[test]
    fn services_without_a_network_reach_each_other_on_this_machine() {
        let mut project = project();
        let service = project.services.get_mut("store").unwrap();
        service.networks.clear();
        service.ports[0].published = Some(18086);
        let found = endpoints(&project, &Observed::default());
        let expected = Endpoint {
            inside: "127.0.0.1:18086".to_owned(),
            ..endpoint(Role::Influxdb, 8086, 18086)
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_role_needs_a_label_and_a_published_tcp_port() {
        let roles = Role::NAMED.map(|role| publishes(&project(), role));
        assert_eq!(roles, [false, false, true, false]);
    }
}
