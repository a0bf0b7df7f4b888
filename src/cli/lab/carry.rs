//! Carries plans out before somebody's eyes.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use crate::compose::Project;
use crate::engine::{self, AnyEngine};
use crate::plan::{Desired, Plan};

use super::super::error::Failure;
use super::connect::failure;
use super::progress::Display;

pub(super) struct Carrier<'a> {
    pub(super) engine: &'a AnyEngine,
    pub(super) desired: &'a Desired,
    pub(super) display: &'a Display,
    /// Cancelled when somebody interrupts the command.
    pub(super) cancel: &'a CancellationToken,
}

impl Carrier<'_> {
    pub(super) async fn carry_out(&self, plan: &Plan) -> Result<(), Failure> {
        let tell = |event: engine::Event<'_>| self.display.tell(event);
        let applied = engine::apply(self.engine, self.desired, plan, &tell, self.cancel).await;
        applied.map_err(|error| failure(&error))
    }
}

/// Carries out a plan that only stops and removes, for which nothing needs to be desired.
pub(super) async fn take_away(engine: &AnyEngine, project: &str, plan: &Plan) -> Result<(), Failure> {
    let project = Project {
        name: project.to_owned(),
        services: BTreeMap::new(),
        networks: BTreeMap::new(),
        volumes: BTreeMap::new(),
    };
    let desired = Desired {
        project,
        images: BTreeMap::new(),
    };
    let (display, cancel) = (Display::new(), CancellationToken::new());
    let carrier = Carrier {
        engine,
        desired: &desired,
        display: &display,
        cancel: &cancel,
    };
    carrier.carry_out(plan).await
}
