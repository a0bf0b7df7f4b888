//! Which engine runs a lab, and why. A lab keeps the one it was made with.

use std::collections::BTreeSet;

use crate::engine::{AnyEngine, Docker, Engine as _, EngineError, Local};
use crate::plan::{Observed, Operation, Plan};
use crate::state::{Credentials, EngineKind};

use super::super::error::{Code, Failure};
use super::super::settings::{EngineChoice, LabSettings, UpSettings};
use super::agents::state_failure;
use super::connect::{self, failure};
use super::{desired, stack};

/// The engine that `up` takes.
pub(super) struct Choice {
    /// None where the lab does without.
    pub(super) docker: Option<Docker>,
    /// A sentence: `Engine: local, because …`.
    pub(super) why: String,
}

impl Choice {
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
    let compose_file = desired::compose_file(settings)?;
    match (settings.engine, known(&settings.lab)?) {
        (EngineChoice::Local, _) => return Ok(Choice::local("as asked for")),
        (EngineChoice::Auto, Some(EngineKind::Local)) => {
            return Ok(Choice::local("with which this lab was made"));
        }
        _ => {}
    }
    let may_do_without = settings.engine == EngineChoice::Auto && known(&settings.lab)?.is_none();
    match connect::docker(&settings.lab.environment, compose_file).await {
        Ok(docker) => {
            let (host, rule) = (&docker.address.host, &docker.address.rule);
            let why = format!("Engine: Docker, which answers at {host} ({rule}).");
            let docker = Some(docker);
            Ok(Choice { docker, why })
        }
        Err(error @ (EngineError::Unreachable { .. } | EngineError::Forbidden { .. })) if may_do_without => {
            Ok(Choice::local(&because(&error)))
        }
        Err(error) => {
            let advice = "or do without Docker: `uwsgi-lab up --engine local`";
            let failure = failure(&error);
            Err(if known(&settings.lab)?.is_none() {
                failure.hint(advice)
            } else {
                failure
            })
        }
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
    if known == Some(EngineKind::Local) {
        return Ok(local(lab));
    }
    match connect::docker(&lab.environment, stack::compose_file(&lab.directory)).await {
        Ok(docker) => Ok(AnyEngine::Docker(docker)),
        Err(EngineError::Unreachable { .. }) if known.is_none() && !was_made(lab)? => Ok(local(lab)),
        Err(error) => Err(failure(&error)),
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

fn known(lab: &LabSettings) -> Result<Option<EngineKind>, Failure> {
    EngineKind::load(&lab.directory).map_err(|error| state_failure(&error))
}

/// True for a lab that has passwords: earlier versions knew Docker alone and did not write it down.
fn was_made(lab: &LabSettings) -> Result<bool, Failure> {
    let credentials = Credentials::load(&lab.directory).map_err(|error| state_failure(&error))?;
    Ok(credentials.is_some())
}
