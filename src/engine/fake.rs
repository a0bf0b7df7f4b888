//! An engine in memory for tests: it follows the rules of a real one and can fail at any call.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::compose::{self, Project, Service};
use crate::plan::{
    self, Container, Desired, Image, ImageSource, Network, Observed, Operation, State, Volume,
};

use super::{Engine, EngineError, LogRequest, LogStream, Progress};

#[derive(Default)]
pub(super) struct FakeEngine {
    world: RefCell<Observed>,
    calls: Cell<usize>,
    failing_at: Cell<Option<usize>>,
}

impl FakeEngine {
    /// Fails once, at the call of this number (from 0).
    pub(super) fn failing_at(call: usize) -> Self {
        let engine = Self::default();
        engine.failing_at.set(Some(call));
        engine
    }

    /// One in which `observed` is there already.
    pub(super) fn with(observed: Observed) -> Self {
        let engine = Self::default();
        engine.world.replace(observed);
        engine
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.get()
    }

    fn create(&self, desired: &Desired, service: &str) {
        let mut world = self.world.borrow_mut();
        let network = world
            .networks
            .first()
            .expect("a network before a container")
            .id
            .clone();
        let settings = plan::settings(&desired.project.services[service]);
        let image = world.images[desired.images[service].reference()].id.clone();
        world.containers.push(Container {
            id: format!("{service}-{}", self.calls.get()),
            name: format!("lab-{service}-1"),
            service: service.to_owned(),
            settings,
            image,
            networks: BTreeSet::from([network]),
            ports: BTreeMap::new(),
            held_ports: BTreeSet::new(),
            labels: BTreeMap::new(),
            state: State::Running,
        });
    }
}

impl Engine for FakeEngine {
    async fn observe(&self, _project: &str, _images: &BTreeSet<String>) -> Result<Observed, EngineError> {
        Ok(self.world.borrow().clone())
    }

    async fn perform(
        &self,
        desired: &Desired,
        operation: &Operation,
        _progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(), EngineError> {
        let call = self.calls.replace(self.calls.get() + 1);
        if self.failing_at.get() == Some(call) {
            self.failing_at.set(None);
            return Err(EngineError::Other {
                what: "injected".to_owned(),
                message: operation.to_string(),
            });
        }
        let mut world = self.world.borrow_mut();
        match operation {
            Operation::PullImage { reference } => {
                let image = Image {
                    id: format!("id of {reference}"),
                    digests: vec![],
                    build_hash: None,
                };
                world.images.insert(reference.clone(), image);
            }
            Operation::CreateNetwork { network } => {
                let id = format!("{network}-{call}");
                world.networks.push(Network {
                    id,
                    key: network.clone(),
                });
            }
            Operation::CreateVolume { volume } => {
                world.volumes.push(Volume {
                    id: format!("lab_{volume}"),
                    key: volume.clone(),
                });
            }
            Operation::CreateContainer { service } => {
                drop(world);
                self.create(desired, service);
            }
            Operation::RemoveContainer { id, .. } => world.containers.retain(|one| one.id != *id),
            Operation::RemoveNetwork { id, .. } => world.networks.retain(|one| one.id != *id),
            Operation::RemoveVolume { id, .. } => world.volumes.retain(|one| one.id != *id),
            other => panic!("the fake engine cannot {other}"),
        }
        Ok(())
    }

    async fn last_lines(&self, _container: &str, _lines: usize) -> Vec<String> {
        vec!["its last line".to_owned()]
    }

    fn logs(&self, _container: &str, _request: LogRequest) -> LogStream<'_> {
        Box::pin(futures_util::stream::empty())
    }
}

/// Two services, a network and a volume.
pub(super) fn lab() -> Desired {
    let service = || Service {
        networks: BTreeMap::from([("default".to_owned(), Vec::new())]),
        ..Service::default()
    };
    let project = Project {
        name: "lab".to_owned(),
        services: BTreeMap::from([("a".to_owned(), service()), ("b".to_owned(), service())]),
        networks: BTreeMap::from([("default".to_owned(), compose::Network::default())]),
        volumes: BTreeMap::from([("data".to_owned(), compose::Volume::default())]),
    };
    let images = ["a", "b"].map(|name| {
        (
            name.to_owned(),
            ImageSource::Pull {
                reference: format!("{name}:1"),
            },
        )
    });
    Desired {
        project,
        images: images.into(),
    }
}

/// The images a lab names.
pub(super) fn references(desired: &Desired) -> BTreeSet<String> {
    desired
        .images
        .values()
        .map(|source| source.reference().to_owned())
        .collect()
}
