//! Refuses ports that somebody else holds, before anything is created, and says who and which flag takes another.

use std::collections::BTreeMap;

use crate::agent::MetricsSettings;
use crate::compose::{Project, Protocol, Service};
use crate::engine::{self, AnyEngine, Role, TakenPort};
use crate::plan::Observed;

use super::super::error::{Code, Failure};

/// # Errors
/// Two services that want one port; ports that a container or process which is not the lab's listens on.
pub(super) async fn refuse_taken(
    engine: &AnyEngine,
    project: &Project,
    observed: &Observed,
) -> Result<(), Failure> {
    refuse_shared(project)?;
    // Of another machine's ports this one knows nothing; those it forwards are held here, and rightly.
    if engine.remote_machine().is_some() {
        return Ok(());
    }
    let taken = engine::taken_ports(project, observed);
    if taken.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for port in &taken {
        let holder = engine
            .publisher_of(port.port)
            .await
            .or_else(|| port.holder.clone());
        let holder = holder.map(|holder| format!(" by {holder}")).unwrap_or_default();
        lines.push(format!(
            "port {} of service {} is taken{holder}",
            port.port, port.service
        ));
    }
    let options: Vec<String> = taken.iter().map(|port| alternative(project, port)).collect();
    Err(
        Failure::new(Code::Unavailable, lines.join("\n       ")).hint(format!(
            "end what holds it, or choose another: `uwsgi-lab up {}`",
            options.join(" ")
        )),
    )
}

/// # Errors
/// The port that Prometheus is to read, where it was asked for and somebody listens on it.
pub(super) fn refuse_taken_metrics(metrics: Option<&MetricsSettings>) -> Result<(), Failure> {
    let Some(metrics) = metrics.filter(|metrics| metrics.required) else {
        return Ok(());
    };
    let Some(taken) = engine::taken_port(metrics.port) else {
        return Ok(());
    };
    let holder = taken
        .holder
        .map(|holder| format!(" by {holder}"))
        .unwrap_or_default();
    let free = taken.free.map_or("PORT".to_owned(), |port| port.to_string());
    let message = format!("port {} for Prometheus is taken{holder}", metrics.port);
    Err(Failure::new(Code::Unavailable, message).hint(format!(
        "end what holds it, or choose another: `uwsgi-lab up --metrics-port {free}`; 0 serves none"
    )))
}

fn refuse_shared(project: &Project) -> Result<(), Failure> {
    let mut owners: BTreeMap<u16, &str> = BTreeMap::new();
    for (name, service) in &project.services {
        for port in service.ports.iter().filter(|port| port.protocol == Protocol::Tcp) {
            let Some(published) = port.published else { continue };
            if let Some(other) = owners.insert(published, name) {
                let message =
                    format!("port {published} is wanted twice, by service {other} and service {name}");
                return Err(Failure::new(Code::Usage, message).hint("give each its own port"));
            }
        }
    }
    Ok(())
}

/// The flag that moves the port, with one that is free now: `--app-port 41234`.
fn alternative(project: &Project, taken: &TakenPort) -> String {
    let free = taken.free.map_or("PORT".to_owned(), |port| port.to_string());
    let service = project.services.get(&taken.service);
    let flag = service
        .and_then(|service| flag(service, taken.port))
        .unwrap_or("--…-port");
    format!("{flag} {free}")
}

fn flag(service: &Service, published: u16) -> Option<&'static str> {
    let target = service
        .ports
        .iter()
        .find(|port| port.published == Some(published))?
        .target
        .to_string();
    let role = Role::NAMED
        .into_iter()
        .find(|role| service.labels.get(&role.label()) == Some(&target))?;
    match role {
        Role::App => Some("--app-port"),
        Role::Stats => Some("--stats-port"),
        Role::Influxdb => Some("--influxdb-port"),
        Role::Grafana => Some("--grafana-port"),
        Role::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::Port;

    fn project(ports: &[(&str, Role, u16, u16)]) -> Project {
        let mut services: BTreeMap<String, Service> = BTreeMap::new();
        for (name, role, published, target) in ports {
            let service = services.entry((*name).to_owned()).or_default();
            service.labels.insert(role.label(), target.to_string());
            service.ports.push(Port {
                host_ip: "127.0.0.1".to_owned(),
                published: Some(*published),
                target: *target,
                protocol: Protocol::Tcp,
            });
        }
        Project {
            name: "lab".to_owned(),
            services,
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
        }
    }

    #[test]
    fn one_port_for_two_is_refused_with_both_named() {
        let error = refuse_shared(&project(&[
            ("grafana", Role::Grafana, 20190, 3000),
            ("uwsgi", Role::App, 20190, 9090),
        ]));
        let error = error.unwrap_err();
        assert_eq!(
            error.message,
            "port 20190 is wanted twice, by service grafana and service uwsgi"
        );
    }

    #[test]
    fn the_flag_that_moves_a_port_is_named() {
        let project = project(&[
            ("uwsgi", Role::App, 9090, 9090),
            ("uwsgi", Role::Stats, 9191, 9191),
        ]);
        let taken = |port| TakenPort {
            port,
            service: "uwsgi".to_owned(),
            holder: None,
            free: Some(4000),
        };
        assert_eq!(alternative(&project, &taken(9191)), "--stats-port 4000");
        assert_eq!(alternative(&project, &taken(9090)), "--app-port 4000");
    }
}
