//! Runs a lab's services as processes of this machine; no Docker is needed.
//!
//! A service is what its role labels say: InfluxDB is the embedded store, Grafana the embedded dashboard server, and uWSGI
//! is uWSGI. Each is a process of its own, started by the hidden command [`SERVICE_COMMAND`], with a directory for its
//! record, its log and its files; it ends when nobody is there for the lab any more.

mod child;
mod container;
mod journal;
mod logs;
mod observe;
mod orders;
mod place;
mod program;
mod python;
mod record;
mod seat;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::compose::{ConfigFile, Project, Service};
use crate::plan::{Artifact, Desired, ImageSource, Observed, Operation};

use super::{Engine, EngineError, LogRequest, LogStream, Progress};
use place::{LabPlace, Place, make_directory, remove_directory};
use program::Program;
use python::{Environment, Wanted};

pub(crate) use child::{CHILD_COMMAND, become_program, run_child};
pub(crate) use orders::{Embedded, SERVICE_COMMAND, ServiceOrders, Work};
pub(crate) use program::{INI_LABEL, without_containers};
pub(crate) use python::{PythonProblem, WheelPlatform, Wheelhouse};
pub(crate) use seat::ServiceSeat;

/// In a lab's directory: what outlives the lab as an image does, until it is asked for.
pub(crate) const ENVIRONMENTS: &str = "environments";
/// Where the services come from that are part of this program.
const BUILT_IN: &str = "uwsgi-lab";

/// The processes of one lab.
pub(crate) struct Local {
    place: LabPlace,
    /// The environment of this process.
    variables: BTreeMap<String, String>,
    /// The services that run uWSGI, by the name of what they run from.
    uwsgi: BTreeMap<String, Uwsgi>,
    /// What environments are made from in place of an index.
    wheels: Option<Wheelhouse>,
}

struct Uwsgi {
    service: String,
    environments: PathBuf,
    requirements: Option<PathBuf>,
}

impl Local {
    /// The lab whose directory is `lab`.
    pub(crate) fn new(lab: PathBuf, variables: BTreeMap<String, String>) -> Self {
        Self {
            place: LabPlace { root: lab },
            variables,
            uwsgi: BTreeMap::new(),
            wheels: None,
        }
    }

    /// The same with the wheels of a bundle.
    pub(crate) fn with_wheels(self, wheels: Option<Wheelhouse>) -> Self {
        Self { wheels, ..self }
    }

    /// Whether the wheels of the bundle are for this machine, as far as they are needed.
    pub(crate) async fn check_wheels(&self) -> Result<(), EngineError> {
        for uwsgi in self.uwsgi.values() {
            let checked = python::check_wheels(&self.wanted(uwsgi)).await;
            checked.map_err(EngineError::Python)?;
        }
        Ok(())
    }

    /// The lab as `project` wants it.
    pub(crate) fn of(lab: PathBuf, variables: BTreeMap<String, String>, project: &Project) -> Self {
        let mut local = Self::new(lab, variables);
        let services = project.services.iter();
        let uwsgi = services.filter(|(_, service)| Program::of(service) == Some(Program::Uwsgi));
        local.uwsgi = uwsgi
            .map(|(name, service)| {
                let uwsgi = Uwsgi {
                    environments: local.place.environments().join(name),
                    service: name.clone(),
                    requirements: requirements(service),
                };
                (tag(&project.name, name), uwsgi)
            })
            .collect();
        local
    }

    /// Replaces a file in the directory of a service.
    pub(crate) fn rewrite(&self, service: &str, file: &ConfigFile) -> Result<(), EngineError> {
        let place = self.place.service(service);
        let written = container::write_file(&place, file);
        written.map_err(failed(format!("service {service}"), &place.directory))
    }

    /// What each service of `project` runs from.
    pub(crate) fn images(&self, project: &Project) -> Result<BTreeMap<String, ImageSource>, EngineError> {
        let mut images = BTreeMap::new();
        for name in project.services.keys() {
            let tag = tag(&project.name, name);
            let source = match self.uwsgi.get(&tag) {
                Some(uwsgi) => ImageSource::Build {
                    hash: python::identity(&self.wanted(uwsgi)).map_err(EngineError::Python)?,
                    tag,
                    artifact: Artifact::Environment,
                },
                None => ImageSource::BuiltIn {
                    reference: BUILT_IN.to_owned(),
                },
            };
            images.insert(name.clone(), source);
        }
        Ok(images)
    }

    fn wanted<'a>(&'a self, uwsgi: &'a Uwsgi) -> Wanted<'a> {
        Wanted {
            directory: &uwsgi.environments,
            requirements: uwsgi.requirements.as_deref(),
            variables: &self.variables,
            wheels: self
                .wheels
                .as_ref()
                .map(|house| (house, house.directory.join(&uwsgi.service))),
        }
    }

    /// The identity of the environment that is there under the name `tag`, if it is the one that is wanted.
    fn present_identity(&self, tag: &str) -> Option<String> {
        let wanted = self.wanted(self.uwsgi.get(tag)?);
        python::present(&wanted)?;
        python::identity(&wanted).ok()
    }

    fn image_id(&self, desired: &Desired, service: &str) -> io::Result<String> {
        match desired.images.get(service) {
            Some(ImageSource::Build { hash, .. }) => Ok(hash.clone()),
            _ => observe::program_id(),
        }
    }

    fn environment(&self, desired: &Desired, service: &str) -> Result<Environment, EngineError> {
        let uwsgi = self.uwsgi.get(&tag(&desired.project.name, service));
        let present = uwsgi.and_then(|uwsgi| python::present(&self.wanted(uwsgi)));
        present.ok_or_else(|| impossible(service, "its environment is gone"))
    }

    async fn build(
        &self,
        service: &str,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(), EngineError> {
        let Some(uwsgi) = self.uwsgi.values().find(|uwsgi| uwsgi.service == service) else {
            return Err(impossible(service, "it has nothing to build"));
        };
        let made = python::make(&self.wanted(uwsgi), progress).await;
        let environment = made.map_err(EngineError::Python)?;
        tracing::info!(service, environment = environment.description, "uWSGI");
        Ok(())
    }

    fn place_of(&self, id: &str) -> Place {
        let service = id.rsplit_once('.').map_or(id, |(service, _)| service);
        self.place.service(service)
    }

    /// The lines of one service, in the order it printed them.
    fn lines(&self, id: &str, request: LogRequest) -> LogStream<'_> {
        logs::lines(self.place_of(id), request)
    }
}

impl Engine for Local {
    async fn observe(&self, project: &str, images: &BTreeSet<String>) -> Result<Observed, EngineError> {
        let observed = observe::observe(self, project, images).await;
        observed.map_err(failed("look for the lab".to_owned(), &self.place.root))
    }

    async fn perform(
        &self,
        desired: &Desired,
        operation: &Operation,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(), EngineError> {
        let place = |service: &str| self.place.service(service);
        let volume = |key: &str| self.place.volume(key);
        match operation {
            Operation::BuildImage { service, .. } => self.build(service, progress).await,
            Operation::RemoveImage { image, id, .. } => {
                let directory = self.place.environments().join(id);
                remove_directory(&directory).map_err(failed(format!("environment {image}"), &directory))
            }
            Operation::CreateVolume { volume: key } => {
                make_directory(&volume(key)).map_err(failed(format!("volume {key}"), &volume(key)))
            }
            Operation::RemoveVolume { volume: key, .. } => {
                remove_directory(&volume(key)).map_err(failed(format!("volume {key}"), &volume(key)))
            }
            Operation::CreateContainer { service } => {
                container::create_and_start(self, desired, service).await
            }
            Operation::StartContainer { service, .. } => container::start(self, desired, service).await,
            Operation::StopContainer { service, .. } => {
                let stopped = container::stop(&place(service), false).await;
                stopped.map_err(failed(format!("service {service}"), &place(service).directory))
            }
            Operation::RemoveContainer { service, force, .. } => {
                let removed = container::remove(&place(service), *force).await;
                removed.map_err(failed(format!("service {service}"), &place(service).directory))
            }
            // What containers alone have: never observed here, and never desired.
            Operation::PullImage { .. }
            | Operation::LoadImages { .. }
            | Operation::CreateNetwork { .. }
            | Operation::RemoveNetwork { .. }
            | Operation::UnpauseContainer { .. }
            | Operation::AwaitHealthy { .. }
            | Operation::AwaitCompletion { .. } => Ok(()),
        }
    }

    async fn last_lines(&self, container: &str, lines: usize) -> Vec<String> {
        logs::last_lines(&self.place_of(container), lines)
    }

    fn logs(&self, container: &str, request: LogRequest) -> LogStream<'_> {
        self.lines(container, request)
    }
}

/// Puts the wheels that services would be made from into `house`, as [`Local::with_wheels`] takes them: services that run uWSGI, each
/// with the requirements file of its app. Where there are none to be had and the uWSGI of this machine does, the reason.
///
/// # Errors
/// There are none, and what runs needs them.
pub(crate) async fn gather_wheels(
    apps: &BTreeMap<String, Option<PathBuf>>,
    variables: &BTreeMap<String, String>,
    house: &Path,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Result<WheelPlatform, PythonProblem>, EngineError> {
    let mut platform = None;
    for (service, requirements) in apps {
        let wanted = Wanted {
            directory: house,
            requirements: requirements.as_deref(),
            variables,
            wheels: None,
        };
        match python::gather(&wanted, &house.join(service), progress).await {
            Ok(found) => platform = Some(found),
            Err(problem) if python::does_without_wheels(&wanted).await => return Ok(Err(problem)),
            Err(problem) => return Err(EngineError::Python(problem)),
        }
    }
    platform
        .map(Ok)
        .ok_or_else(|| impossible("uwsgi", "it has nothing to gather"))
}

fn tag(project: &str, service: &str) -> String {
    format!("{project}-{service}")
}

/// The file of that name in what the service is built from, or what was put in its place.
pub(crate) fn requirements(service: &Service) -> Option<PathBuf> {
    const FILE: &str = "requirements.txt";
    let build = service.build.as_ref()?;
    let own = || Some(build.context.join(FILE)).filter(|file| file.is_file());
    let file = build.overlays.get(FILE).cloned().or_else(own)?;
    // pip is started elsewhere.
    std::path::absolute(file).ok()
}

fn impossible(service: &str, why: &str) -> EngineError {
    EngineError::Other {
        what: format!("service {service}"),
        message: why.to_owned(),
    }
}

/// Tells what is wrong with the files at `path` from all else that can go wrong with `what`.
fn failed(what: String, path: &Path) -> impl FnOnce(io::Error) -> EngineError + use<'_> {
    move |source| match source.kind() {
        ErrorKind::StorageFull
        | ErrorKind::QuotaExceeded
        | ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::AlreadyExists => EngineError::Files {
            what,
            path: path.to_owned(),
            source,
        },
        _ => EngineError::Other {
            what,
            message: source.to_string(),
        },
    }
}
