//! Which engine runs a lab, and why. A lab keeps the one it was made with.

use std::collections::BTreeSet;

use crate::engine::{self, AnyEngine, Docker, Engine as _, EngineError, Local};
use crate::plan::{Observed, Operation, Plan};
use crate::state::{Credentials, EngineKind};

use super::super::error::{Code, Failure};
use super::super::settings::{EngineChoice, LabSettings, UpSettings};
use super::agents::state_failure;
use super::connect::{self, failure};
use super::{desired, stack};

const WITHOUT_DOCKER: &str = "or do without Docker: `uwsgi-lab up --engine local`";
/// For a lab that was made with Docker where there is none now.
const ANOTHER_LAB: &str = "or make another lab without Docker: `--engine local --name NAME`";

/// The engine that `up` takes.
pub(super) struct Choice {
    /// None where the lab does without.
    pub(super) docker: Option<Docker>,
    /// A sentence: `Engine: local, because …`.
    pub(super) why: String,
}

impl Choice {
    fn docker(docker: Docker) -> Self {
        let (host, rule) = (&docker.address.host, &docker.address.rule);
        Self {
            why: format!("Engine: Docker, which answers at {host} ({rule})."),
            docker: Some(docker),
        }
    }

    fn local(why: &str) -> Self {
        Self {
            docker: None,
            why: format!("Engine: local, {why}."),
        }
    }

    pub(super) fn kind(&self) -> EngineKind {
        match self.docker {
            Some(_) => EngineKind::Docker,
            None => EngineKind::Local,
        }
    }
}

/// # Errors
/// Docker is wanted and does not answer.
pub(super) async fn choose(settings: &UpSettings) -> Result<Choice, Failure> {
    let known = known(&settings.lab)?;
    match (settings.engine, known) {
        (EngineChoice::Local, _) => return Ok(Choice::local("as asked for")),
        (EngineChoice::Auto, Some(EngineKind::Local)) => {
            return Ok(Choice::local("with which this lab was made"));
        }
        _ => {}
    }
    let of_bundle = settings.bundle.as_ref().filter(|_| known.is_none());
    let engine_of_bundle = of_bundle.map(|bundled| bundled.bundle.manifest.engine.as_str());
    if settings.engine == EngineChoice::Auto && engine_of_bundle == Some(EngineKind::Local.name()) {
        return Ok(Choice::local("with which the bundle was made"));
    }
    let compose_file = desired::compose_file(settings)?;
    let error = match connect::docker(&settings.lab.environment, compose_file).await {
        Ok(docker) => return Ok(Choice::docker(docker)),
        Err(error) => error,
    };
    let is_absent = matches!(
        error,
        EngineError::Unreachable { .. } | EngineError::Forbidden { .. }
    );
    match settings.engine {
        EngineChoice::Auto if is_absent && known.is_none() => Ok(Choice::local(&because(&error))),
        _ if known.is_none() => Err(failure(&error).hint(WITHOUT_DOCKER)),
        _ => Err(failure(&error).hint(ANOTHER_LAB)),
    }
}

fn because(error: &EngineError) -> String {
    match error {
        // What exactly the system said is for those who insist on Docker.
        EngineError::Unreachable { address, .. } => format!("because no Docker daemon answers at {address}"),
        error => format!("because there is {error}"),
    }
}

/// The other engine for a new lab whose images Docker does not have and no registry can be asked for.
pub(super) async fn without_images(
    settings: &UpSettings,
    engine: &AnyEngine,
    observed: &Observed,
    plan: &Plan,
) -> Result<Option<Choice>, Failure> {
    let is_new = observed.containers.is_empty() && observed.volumes.is_empty();
    let AnyEngine::Docker(docker) = engine else {
        return Ok(None);
    };
    if settings.engine != EngineChoice::Auto || !is_new || known(&settings.lab)?.is_some() {
        return Ok(None);
    }
    let pulls = plan
        .stages
        .iter()
        .flatten()
        .filter_map(|step| match &step.operation {
            Operation::PullImage { reference } => Some(reference),
            _ => None,
        });
    // What reaches one image reaches the others.
    let Some(reference) = pulls.into_iter().next() else {
        return Ok(None);
    };
    let missing = docker.cannot_reach(reference).await;
    Ok(missing.map(|why| {
        Choice::local(&format!(
            "because the Docker daemon answers, but image {reference} is not there and cannot be pulled: {why}"
        ))
    }))
}

/// The engine of a lab that is there. Where it is not told and no Docker daemon answers, there is no such lab.
pub(super) async fn of_lab(lab: &LabSettings) -> Result<AnyEngine, Failure> {
    let known = known(lab)?;
    let has_environments = lab.directory.path().join(engine::ENVIRONMENTS).exists();
    if known == Some(EngineKind::Local) || known.is_none() && has_environments {
        return Ok(local(lab));
    }
    match connect::docker(&lab.environment, stack::compose_file(&lab.directory)).await {
        Ok(docker) => Ok(AnyEngine::Docker(docker)),
        Err(EngineError::Unreachable { .. }) if known.is_none() => Ok(local(lab)),
        Err(error) => Err(failure(&error).hint(ANOTHER_LAB)),
    }
}

fn local(lab: &LabSettings) -> AnyEngine {
    let variables = lab.environment.variables().clone();
    AnyEngine::Local(Local::new(lab.directory.path().to_owned(), variables))
}

/// # Errors
/// Another engine than the one asked for has something of the lab.
pub(super) async fn refuse_other(settings: &UpSettings) -> Result<(), Failure> {
    let (lab, asked) = (&settings.lab, settings.engine);
    let Some(known) = known(lab)? else { return Ok(()) };
    let other = match (asked, known) {
        (EngineChoice::Docker, EngineKind::Local) => EngineKind::Docker,
        (EngineChoice::Local, EngineKind::Docker) => EngineKind::Local,
        _ => return Ok(()),
    };
    let observed = of_lab(lab).await?.observe(&lab.name, &BTreeSet::new()).await;
    let observed = observed.map_err(|error| failure(&error))?;
    if observed.containers.is_empty() && observed.volumes.is_empty() {
        return Ok(());
    }
    let (known, other) = (known.name(), other.name());
    let message = format!("the lab '{}' was made with the engine {known}", lab.name);
    Err(Failure::new(Code::Unavailable, message)
        .hint("`uwsgi-lab up` goes on with it")
        .hint(format!(
            "`uwsgi-lab reset --engine {other}` begins again with the other one; the data goes"
        ))
        .hint("or make another lab: `--name NAME`"))
}

/// The engine that has or had something of the lab. Earlier versions knew Docker alone and did not write it down.
pub(super) fn known(lab: &LabSettings) -> Result<Option<EngineKind>, Failure> {
    let written = EngineKind::load(&lab.directory).map_err(|error| state_failure(&error))?;
    let credentials = Credentials::load(&lab.directory).map_err(|error| state_failure(&error))?;
    Ok(written.or(credentials.map(|_| EngineKind::Docker)))
}
