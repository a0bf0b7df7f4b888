//! Finds published ports that somebody else holds, before anything is created.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use crate::compose::{Project, Protocol};
use crate::plan::Observed;

use super::holder;

/// A port that a service wants and somebody else holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakenPort {
    pub(crate) port: u16,
    pub(crate) service: String,
    /// Who holds it, where that can be known: `process nginx (pid 42)`.
    pub(crate) holder: Option<String>,
    /// A port that is free right now.
    pub(crate) free: Option<u16>,
}

/// Tries each port that the project publishes and the lab does not hold already.
pub(crate) fn taken_ports(project: &Project, observed: &Observed) -> Vec<TakenPort> {
    let mut taken = Vec::new();
    let held: BTreeSet<u16> = observed
        .containers
        .iter()
        .flat_map(|container| container.held_ports.iter().copied())
        .collect();
    for (name, service) in &project.services {
        for port in service.ports.iter().filter(|port| port.protocol == Protocol::Tcp) {
            let Some(published) = port.published.filter(|published| !held.contains(published)) else {
                continue;
            };
            let address = port.host_ip.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            if is_taken(SocketAddr::new(address, published)) {
                taken.push(TakenPort {
                    port: published,
                    service: name.clone(),
                    holder: holder::of_port(published),
                    free: free_port(address),
                });
            }
        }
    }
    taken
}

/// A port of 127.0.0.1 that somebody listens on; None for one that is free.
pub(crate) fn taken_port(port: u16) -> Option<TakenPort> {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    is_taken(SocketAddr::new(address, port)).then(|| TakenPort {
        port,
        service: String::new(),
        holder: holder::of_port(port),
        free: free_port(address),
    })
}

/// An address that is not this machine's cannot be tried; the engine will tell.
fn is_taken(address: SocketAddr) -> bool {
    matches!(TcpListener::bind(address), Err(error) if error.kind() == ErrorKind::AddrInUse)
}

fn free_port(address: IpAddr) -> Option<u16> {
    let listener = TcpListener::bind(SocketAddr::new(address, 0)).ok()?;
    Some(listener.local_addr().ok()?.port())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::compose::{Port, Service};
    use crate::plan::{Container, State};

    #[test]
    fn a_port_that_a_process_listens_on_is_found_and_the_process_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = Service {
            ports: vec![Port {
                host_ip: "127.0.0.1".to_owned(),
                published: Some(port),
                target: 80,
                protocol: Protocol::Tcp,
            }],
            ..Service::default()
        };
        let project = Project {
            name: "lab".to_owned(),
            services: BTreeMap::from([("web".to_owned(), service)]),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
        };
        let taken = taken_ports(&project, &Observed::default());
        assert_eq!(taken.len(), 1);
        assert_eq!((taken[0].port, taken[0].service.as_str()), (port, "web"));
        if cfg!(target_os = "linux") {
            let own = format!("(pid {})", std::process::id());
            assert!(
                taken[0].holder.as_ref().unwrap().ends_with(&own),
                "{:?}",
                taken[0].holder
            );
        }
        let lab = Observed {
            containers: vec![holding(port)],
            ..Observed::default()
        };
        assert_eq!(taken_ports(&project, &lab), [], "the lab holds it itself");
        drop(listener);
        assert_eq!(taken_ports(&project, &Observed::default()), []);
    }

    /// Paused: it does not run, and holds its ports all the same.
    fn holding(port: u16) -> Container {
        Container {
            id: String::new(),
            name: String::new(),
            service: "web".to_owned(),
            settings: String::new(),
            image: String::new(),
            networks: BTreeSet::new(),
            ports: BTreeMap::new(),
            held_ports: BTreeSet::from([port]),
            labels: BTreeMap::new(),
            state: State::Paused,
        }
    }
}
