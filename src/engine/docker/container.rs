//! The life of a container: created with its files, started, stopped, removed, waited for.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, Mount as DockerMount, MountType,
    NetworkConnectRequest, NetworkingConfig, PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
    StopContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use tokio::time::{Instant, sleep};

use crate::compose::{Healthcheck, Mount, Restart, Service};
use crate::plan::{Desired, Observed, State};

use super::super::{EngineError, Progress, Unit};
use super::{build, fault, labels, logs, observe, resources};

/// How long a container may take to end before it is killed; Docker Compose gives the same.
const GRACE_SECONDS: i32 = 10;
/// How long another container of the lab may take to give its name free.
const ROOM_LIMIT: Duration = Duration::from_secs(20);

pub(super) async fn create_and_start(
    client: &Client,
    desired: &Desired,
    service: &str,
    compose_file: &Path,
) -> Result<(), EngineError> {
    let name = format!("{}-{service}-1", desired.project.name);
    let failed = |error: Error| fault::of_service(service, &name, &error);
    let definition = &desired.project.services[service];
    resources::require_external(client, desired, service).await?;
    let mut networks = networks(client, desired, service)
        .await
        .map_err(failed)?
        .into_iter();
    let first = networks.next();
    let mut body = body(desired, service, first.as_ref());
    body.labels = Some(labels::container(desired, service, compose_file));
    let id = create(client, &desired.project.name, &name, body)
        .await
        .map_err(failed)?;
    // Engines with an API before 1.44 refuse more than one network at creation.
    for (network, endpoint) in networks {
        let request = NetworkConnectRequest {
            container: id.clone(),
            endpoint_config: Some(endpoint),
        };
        client.connect_network(&network, request).await.map_err(failed)?;
    }
    if !definition.configs.is_empty() {
        let archive =
            build::archive_of_configs(&definition.configs).map_err(|error| EngineError::Context {
                service: service.to_owned(),
                message: error.to_string(),
            })?;
        let options = UploadToContainerOptionsBuilder::new().path("/").build();
        let upload = client.upload_to_container(&id, Some(options), bollard::body_full(archive.into()));
        upload.await.map_err(failed)?;
    }
    start(client, service, &id).await
}

/// Creates a container. One of the lab that has its name was asked for by a command that was interrupted, came to
/// be after we looked, and may lack its files: it makes room.
async fn create(
    client: &Client,
    project: &str,
    name: &str,
    body: ContainerCreateBody,
) -> Result<String, Error> {
    let limit = Instant::now() + ROOM_LIMIT;
    loop {
        let options = CreateContainerOptionsBuilder::new().name(name).build();
        let taken = match client.create_container(Some(options), body.clone()).await {
            Err(error) if fault::is_name_taken(&error) && Instant::now() < limit => error,
            outcome => return outcome.map(|created| created.id),
        };
        match is_own(client, project, name).await {
            Ok(true) => make_room(client, name).await?,
            Ok(false) => return Err(taken),
            // The name is taken before the container can be seen, and given free after it cannot be seen any more.
            Err(error) if fault::is_missing(&error) => sleep(Duration::from_millis(50)).await,
            Err(error) => return Err(error),
        }
    }
}

async fn make_room(client: &Client, name: &str) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::new().v(true).force(true).build();
    match client.remove_container(name, Some(options)).await {
        Err(error) if !fault::is_missing(&error) && !fault::is_done_already(&error) => Err(error),
        _ => Ok(()),
    }
}

async fn is_own(client: &Client, project: &str, name: &str) -> Result<bool, Error> {
    let found = client.inspect_container(name, None).await?;
    let labels = found.config.and_then(|config| config.labels);
    Ok(labels::are_of_project(labels.as_ref(), project))
}

/// The service's networks by id, each with the names under which the service is known there.
async fn networks(
    client: &Client,
    desired: &Desired,
    service: &str,
) -> Result<Vec<(String, EndpointSettings)>, Error> {
    let options = ListNetworksOptionsBuilder::new()
        .filters(&labels::of_project(&desired.project.name))
        .build();
    let own = client.list_networks(Some(options)).await?;
    let id_of = |key: &str| {
        let is_key =
            |labels: &HashMap<String, String>| labels.get(labels::NETWORK).is_some_and(|label| label == key);
        let network = own
            .iter()
            .find(|network| network.labels.as_ref().is_some_and(is_key));
        network
            .and_then(|network| network.id.clone())
            .unwrap_or_else(|| resources::network_name(desired, key))
    };
    let networks = desired.project.services[service]
        .networks
        .iter()
        .map(|(key, aliases)| {
            let aliases = std::iter::once(service.to_owned())
                .chain(aliases.iter().cloned())
                .collect();
            (
                id_of(key),
                EndpointSettings {
                    aliases: Some(aliases),
                    ..EndpointSettings::default()
                },
            )
        });
    Ok(networks.collect())
}

fn body(
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

fn port_key(target: u16, protocol: crate::compose::Protocol) -> String {
    let protocol = match protocol {
        crate::compose::Protocol::Tcp => "tcp",
        crate::compose::Protocol::Udp => "udp",
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

pub(super) async fn start(client: &Client, service: &str, id: &str) -> Result<(), EngineError> {
    settled(client.start_container(id, None).await, service)
}

pub(super) async fn unpause(client: &Client, service: &str, id: &str) -> Result<(), EngineError> {
    settled(client.unpause_container(id).await, service)
}

pub(super) async fn stop(client: &Client, service: &str, id: &str) -> Result<(), EngineError> {
    let options = StopContainerOptionsBuilder::new().t(GRACE_SECONDS).build();
    match client.stop_container(id, Some(options)).await {
        Err(error) if fault::is_missing(&error) => Ok(()),
        outcome => settled(outcome, service),
    }
}

/// With `force` the container is killed, for which there is no harm where its data goes as well.
pub(super) async fn remove(client: &Client, service: &str, id: &str, force: bool) -> Result<(), EngineError> {
    if !force {
        stop(client, service, id).await?;
    }
    let options = RemoveContainerOptionsBuilder::new().v(true).force(true).build();
    match client.remove_container(id, Some(options)).await {
        Err(error) if fault::is_missing(&error) => Ok(()),
        outcome => settled(outcome, service),
    }
}

fn settled(outcome: Result<(), Error>, service: &str) -> Result<(), EngineError> {
    match outcome {
        Err(error) if !fault::is_done_already(&error) => {
            Err(fault::of_service(service, &format!("service {service}"), &error))
        }
        _ => Ok(()),
    }
}

pub(super) async fn await_healthy(
    client: &Client,
    project: &str,
    service: &str,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), EngineError> {
    require_health_check(client, project, service).await?;
    await_state(client, project, service, progress, |state| match state {
        State::Healthy => Some(Ok(())),
        State::Exited(code) => Some(Err(code)),
        _ => None,
    })
    .await
}

/// Without a check of its own, nor one of its image, a container never becomes healthy.
async fn require_health_check(client: &Client, project: &str, service: &str) -> Result<(), EngineError> {
    let inspected = client
        .inspect_container(&format!("{project}-{service}-1"), None)
        .await;
    let detail = inspected.map_err(|error| fault::other(&format!("service {service}"), &error))?;
    let test = detail.config.and_then(|config| config.healthcheck?.test);
    if has_health_check(test.as_deref()) {
        return Ok(());
    }
    Err(EngineError::NoHealthCheck {
        service: service.to_owned(),
    })
}

fn has_health_check(test: Option<&[String]>) -> bool {
    test.and_then(<[String]>::first)
        .is_some_and(|kind| kind != "NONE")
}

pub(super) async fn await_completion(
    client: &Client,
    project: &str,
    service: &str,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), EngineError> {
    await_state(client, project, service, progress, |state| match state {
        State::Exited(0) => Some(Ok(())),
        State::Exited(code) => Some(Err(code)),
        _ => None,
    })
    .await
}

/// Asks until `settles` gives an answer, for two minutes at most: a dependency that hangs must not hang `up`.
async fn await_state(
    client: &Client,
    project: &str,
    service: &str,
    progress: &(dyn Fn(Progress<'_>) + Sync),
    settles: impl Fn(State) -> Option<Result<(), i64>>,
) -> Result<(), EngineError> {
    const LIMIT_SECONDS: u64 = 120;
    let limit = tokio::time::Instant::now() + Duration::from_secs(LIMIT_SECONDS);
    loop {
        let observed: Observed =
            observe::observe(client, project, &std::collections::BTreeSet::new()).await?;
        let container = observed.container(service);
        let lines = async |id: &str| logs::last_lines(client, id, 20).await;
        if let Some(container) = container {
            match settles(container.state) {
                Some(Ok(())) => return Ok(()),
                Some(Err(code)) => {
                    let log = lines(&container.id).await;
                    return Err(EngineError::Ended {
                        service: service.to_owned(),
                        code,
                        log,
                    });
                }
                None => {}
            }
        }
        let last = container.map_or("not present".to_owned(), |container| {
            format!("{:?}", container.state)
        });
        if tokio::time::Instant::now() > limit {
            let log = match container {
                Some(container) => lines(&container.id).await,
                None => Vec::new(),
            };
            let last = last.to_lowercase();
            return Err(EngineError::NotReady {
                service: service.to_owned(),
                seconds: LIMIT_SECONDS,
                last,
                log,
            });
        }
        progress(Progress {
            done: 0,
            total: 0,
            unit: Unit::Steps,
            message: &last,
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_an_empty_and_a_disabled_check_are_none() {
        let test = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert!(has_health_check(Some(&test(&["CMD", "true"]))));
        assert!(!has_health_check(Some(&test(&["NONE"]))));
        assert!(!has_health_check(Some(&[])));
        assert!(!has_health_check(None));
    }

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
                    protocol: crate::compose::Protocol::Tcp,
                },
                crate::compose::Port {
                    host_ip: String::new(),
                    published: Some(53),
                    target: 53,
                    protocol: crate::compose::Protocol::Udp,
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
