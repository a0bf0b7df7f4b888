//! Finds the Docker daemon and words what is wrong with it.

use std::path::PathBuf;

use crate::bundle;
use crate::engine::{Docker, DockerAddress, EngineError, PullProblem};

use super::super::error::{Code, Failure};
use super::super::files;
use super::super::output;
use super::super::settings::Environment;
use super::{excerpt, python};

pub(super) async fn docker(environment: &Environment, compose_file: PathBuf) -> Result<Docker, EngineError> {
    let address = DockerAddress::resolve(&environment.docker())?;
    tracing::info!(host = address.host, rule = address.rule, "Docker daemon");
    if let Some(machine) = address.remote_machine() {
        output::note(&format!(
            "The Docker daemon ({}) runs on {machine}, and the lab's ports are published on its loopback: \
             forward them, as in `ssh -L 9090:127.0.0.1:9090 … {machine}`.",
            address.rule
        ));
    }
    Docker::connect(address, environment.build(), compose_file).await
}

/// An engine's failure with advice and exit code.
pub(super) fn failure(error: &EngineError) -> Failure {
    let failure = |code| Failure::from_error(code, error);
    match error {
        EngineError::Unreachable { .. } => failure(Code::Unavailable)
            .hint("start Docker (`sudo systemctl start docker`, or Docker Desktop), then run the command again")
            .hint("where Docker listens elsewhere, set DOCKER_HOST or choose a context with DOCKER_CONTEXT"),
        EngineError::Forbidden { .. } => failure(Code::Unavailable)
            .hint("join the group docker (`sudo usermod -aG docker $USER`, then log in again), or use rootless Docker"),
        EngineError::BadAddress { .. } => failure(Code::Unavailable)
            .hint("set DOCKER_HOST to an address like unix:///var/run/docker.sock, or unset it"),
        EngineError::Pull { reference, problem, .. } => pull_hints(failure(Code::Unavailable), reference, *problem),
        EngineError::Build { log, .. } => {
            let failure = with_log(failure(Code::Unavailable), log);
            if excerpt::is_of_network(log) {
                failure.hint("behind a proxy or a private CA, set HTTPS_PROXY, PIP_INDEX_URL or PIP_CERT: they are handed on to the build")
            } else {
                failure
            }
        }
        EngineError::Context { .. } => failure(Code::Unavailable),
        EngineError::Load { .. } => failure(Code::Unavailable)
            .hint("try it by hand: `tar -xOf FILE images.tar.gz | docker load`"),
        EngineError::PortTaken { .. } => {
            failure(Code::Unavailable).hint("choose other ports: `uwsgi-lab up --help` lists the options")
        }
        EngineError::Foreign { name, kind } => failure(Code::Unavailable)
            .hint(format!("look at it with `docker {kind} inspect {name}`; remove it, or give the lab another name with --name")),
        EngineError::Missing { name, kind } => failure(Code::Unavailable)
            .hint(format!("make it with `docker {kind} create {name}`, or take `external: true` out of the file")),
        EngineError::DiskFull { .. } => failure(Code::Unavailable)
            .hint("make room: `docker system df` shows what takes it, `docker system prune` frees what nothing uses"),
        EngineError::Ended { service, log, .. } | EngineError::NotReady { service, log, .. } => {
            with_log(failure(Code::NotReady), excerpt::from_error_on(log)).hint(format!("all it printed: `uwsgi-lab logs {service}`"))
        }
        EngineError::NoHealthCheck { .. } => failure(Code::InvalidFile)
            .hint("give it a `healthcheck`, or wait for `condition: service_started`"),
        EngineError::NeedsContainer { .. } => failure(Code::Unavailable)
            .hint("start Docker and add `--engine docker`, or leave the service out of the Compose file"),
        EngineError::OpenPort { .. } => failure(Code::InvalidFile)
            .hint("name both ports, as in `127.0.0.1:8086:8086`"),
        EngineError::Files { path, source, .. } => failure(Code::Unavailable)
            .hint(files::advice(source.kind(), path))
            .hint(files::FREE_PLACE),
        EngineError::Python(problem) => python::failure(problem),
        EngineError::Interrupted => failure(Code::Interrupted),
        EngineError::Other { .. } | EngineError::Signal { .. } => failure(Code::Unexpected),
    }
}

fn pull_hints(failure: Failure, reference: &str, problem: PullProblem) -> Failure {
    if bundle::is_image(reference) {
        return failure
            .hint("it came in a bundle: `uwsgi-lab up --bundle FILE` brings it again")
            .hint("or take the one that the Compose file names: `uwsgi-lab up --pull`");
    }
    match problem {
        PullProblem::Offline => {
            let failure = failure
                .hint("check the network of the Docker daemon; images that are present are not pulled again");
            // `docker load` brings a tag back, never the digest that the lab locked.
            if reference.contains('@') {
                return failure.hint(
                    "or bring it here with `docker load` and remove `images.json` from the lab's directory, which locks the digest",
                );
            }
            failure.hint(format!("or bring the image here by other means: `docker load`, then it is found as {reference}"))
        }
        PullProblem::NotFound => failure.hint(
            "choose another image: UWSGI_LAB_INFLUXDB_IMAGE, UWSGI_LAB_GRAFANA_IMAGE or UWSGI_LAB_UWSGI_BASE",
        ),
        PullProblem::Denied => failure.hint("log in with `docker login` and pull it once by hand"),
        PullProblem::RateLimited => {
            failure.hint("wait, log in with `docker login`, or name a mirror: UWSGI_LAB_INFLUXDB_IMAGE=mirror.gcr.io/library/influxdb:1.8.10")
        }
        PullProblem::Other => failure.hint(format!("try it by hand: `docker pull {reference}`")),
    }
}

fn with_log(mut failure: Failure, log: &[String]) -> Failure {
    if !log.is_empty() {
        failure
            .causes
            .push(format!("its last lines:\n    {}", log.join("\n    ")));
    }
    failure
}
