//! What the engine's API is told of a service: each setting of the Compose file in its own words. Asks no engine.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, Mount as DockerMount, MountType,
    NetworkingConfig, PortBinding, RestartPolicy, RestartPolicyNameEnum,
};

use crate::compose::{Healthcheck, Mount, Protocol, Restart, Service};
use crate::plan::Desired;

use super::resources;

/// Labels apart, which name the Compose file too.
pub(super) fn body(
    desired: &Desired,
    service: &str,
    network: Option<&(String, EndpointSettings)>,
) -> ContainerCreateBody {
    let definition = &desired.project.services[service];
    let environment = definition
        .environment
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let networking = network.map(|(id, endpoint)| NetworkingConfig {
        endpoints_config: Some(HashMap::from([(id.clone(), endpoint.clone())])),
    });
    ContainerCreateBody {
        image: Some(desired.images[service].reference().to_owned()),
        cmd: definition.command.clone(),
        // The API takes `[""]` for an emptied entrypoint; `[]` would mean the image's own.
        entrypoint: definition.entrypoint.clone().map(|words| {
            if words.is_empty() {
                vec![String::new()]
            } else {
                words
            }
        }),
        env: Some(environment.collect()),
        exposed_ports: Some(
            definition
                .ports
                .iter()
                .map(|port| port_key(port.target, port.protocol))
                .collect(),
        ),
        healthcheck: definition.healthcheck.as_ref().map(health_config),
        user: definition.user.clone(),
        host_config: Some(host_config(desired, definition, network.map(|(id, _)| id))),
        networking_config: networking,
        ..ContainerCreateBody::default()
    }
}

fn port_key(target: u16, protocol: Protocol) -> String {
    let protocol = match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    format!("{target}/{protocol}")
}

fn health_config(check: &Healthcheck) -> HealthConfig {
    HealthConfig {
        test: check.test.clone(),
        interval: check.interval,
        timeout: check.timeout,
        retries: check.retries,
        start_period: check.start_period,
        start_interval: None,
    }
}

fn host_config(desired: &Desired, service: &Service, network: Option<&String>) -> HostConfig {
    let mut bindings: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for port in &service.ports {
        let binding = PortBinding {
            host_ip: Some(port.host_ip.clone()),
            host_port: Some(port.published.map(|port| port.to_string()).unwrap_or_default()),
        };
        bindings
            .entry(port_key(port.target, port.protocol))
            .or_default()
            .get_or_insert_default()
            .push(binding);
    }
    let tmpfs = service.tmpfs.iter().map(|entry| {
        let (path, options) = entry.split_once(':').unwrap_or((entry, ""));
        (path.to_owned(), options.to_owned())
    });
    HostConfig {
        network_mode: network.cloned(),
        port_bindings: Some(bindings),
        mounts: Some(
            service
                .volumes
                .iter()
                .map(|mount| docker_mount(desired, mount))
                .collect(),
        ),
        tmpfs: Some(tmpfs.collect()),
        cap_drop: Some(service.cap_drop.clone()),
        security_opt: Some(service.security_opt.clone()),
        readonly_rootfs: Some(service.read_only),
        memory: service.mem_limit,
        nano_cpus: service.nano_cpus,
        init: service.init,
        restart_policy: Some(restart_policy(service.restart)),
        ..HostConfig::default()
    }
}

fn docker_mount(desired: &Desired, mount: &Mount) -> DockerMount {
    let (typ, source, target, read_only) = match mount {
        Mount::Volume {
            source,
            target,
            read_only,
        } => {
            let source = source.as_ref().map(|key| resources::volume_name(desired, key));
            (MountType::VOLUME, source, target, read_only)
        }
        Mount::Bind {
            source,
            target,
            read_only,
        } => (
            MountType::BIND,
            Some(source.to_string_lossy().into_owned()),
            target,
            read_only,
        ),
    };
    DockerMount {
        typ: Some(typ),
        source,
        target: Some(target.clone()),
        read_only: Some(*read_only),
        ..DockerMount::default()
    }
}

fn restart_policy(restart: Restart) -> RestartPolicy {
    let (name, attempts) = match restart {
        Restart::No => (RestartPolicyNameEnum::NO, None),
        Restart::Always => (RestartPolicyNameEnum::ALWAYS, None),
        Restart::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
        Restart::OnFailure(attempts) => (RestartPolicyNameEnum::ON_FAILURE, Some(attempts)),
    };
    RestartPolicy {
        name: Some(name),
        maximum_retry_count: attempts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_a_service_reaches_its_container() {
        let service = Service {
            image: Some("web:1".to_owned()),
            command: Some(vec!["serve".to_owned()]),
            entrypoint: Some(Vec::new()),
            environment: [("A".to_owned(), "1".to_owned())].into(),
            ports: vec![
                crate::compose::Port {
                    host_ip: "127.0.0.1".to_owned(),
                    published: None,
                    target: 80,
                    protocol: Protocol::Tcp,
                },
                crate::compose::Port {
                    host_ip: String::new(),
                    published: Some(53),
                    target: 53,
                    protocol: Protocol::Udp,
                },
            ],
            volumes: vec![Mount::Bind {
                source: "/srv".into(),
                target: "/data".to_owned(),
                read_only: true,
            }],
            user: Some("1000".to_owned()),
            read_only: true,
            tmpfs: vec!["/run".to_owned(), "/tmp:size=1m,mode=1777".to_owned()],
            cap_drop: vec!["ALL".to_owned()],
            security_opt: vec!["no-new-privileges:true".to_owned()],
            mem_limit: Some(1 << 30),
            nano_cpus: Some(500_000_000),
            init: Some(true),
            restart: Restart::OnFailure(3),
            ..Service::default()
        };
        let project = crate::compose::Project {
            name: "lab".to_owned(),
            services: [("web".to_owned(), service)].into(),
            networks: [].into(),
            volumes: [].into(),
        };
        let reference = "web@sha256:aa".to_owned();
        let desired = Desired {
            project,
            images: [("web".to_owned(), crate::plan::ImageSource::Pull { reference })].into(),
        };
        let network = ("n".to_owned(), EndpointSettings::default());
        let body = serde_json::to_value(body(&desired, "web", Some(&network))).unwrap();
        let expected = serde_json::json!({
            "Image": "web@sha256:aa", "Cmd": ["serve"], "Entrypoint": [""], "Env": ["A=1"], "User": "1000",
            "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
            "HostConfig": {
                "NetworkMode": "n",
                "PortBindings": {
                    "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}],
                    "53/udp": [{"HostIp": "", "HostPort": "53"}]
                },
                "Mounts": [{"Type": "bind", "Source": "/srv", "Target": "/data", "ReadOnly": true}],
                "Tmpfs": {"/run": "", "/tmp": "size=1m,mode=1777"},
                "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges:true"], "ReadonlyRootfs": true,
                "Memory": 1 << 30, "NanoCpus": 500_000_000, "Init": true,
                "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}
            },
            "NetworkingConfig": {"EndpointsConfig": {"n": {}}}
        });
        assert_eq!(body, expected);
    }
}
