//! Starts services and hands back endpoints: observes what runs, carries out plans. Knows nothing of what the
//! services are for.

mod any;
mod apply;
mod docker;
mod endpoints;
mod error;
#[cfg(test)]
mod fake;
mod holder;
mod local;
mod log;
mod ports;
mod processor;
mod ready;
mod signal;

use std::collections::BTreeSet;

use crate::plan::{Desired, Observed, Operation, Step};

pub(crate) use any::AnyEngine;
pub(crate) use apply::apply;
pub(crate) use docker::{
    ArchivedImage, BuildEnvironment, Docker, DockerAddress, DockerEnvironment, ImageArchive, Labelled,
    LabelledContainers, build_hash, context_files, directory_hash,
};
pub(crate) use endpoints::{Endpoint, Role, endpoints, publishes};
pub(crate) use error::{EngineError, PullProblem};
pub(crate) use local::{
    CHILD_COMMAND, ENVIRONMENTS, Embedded, INI_LABEL, Local, PythonProblem, SERVICE_COMMAND, ServiceOrders,
    ServiceSeat, WheelPlatform, Wheelhouse, Work, become_program, gather_wheels, requirements, run_child,
    without_containers,
};
pub(crate) use log::{LogRequest, LogStream};
pub(crate) use ports::{TakenPort, taken_port, taken_ports};
pub(crate) use ready::{Waiting, ask, await_ready};
pub(crate) use signal::Signal;

/// What a lab is run by.
pub(crate) trait Engine {
    /// Everything that carries the label of the lab `project`, and those of `images` that are there.
    async fn observe(&self, project: &str, images: &BTreeSet<String>) -> Result<Observed, EngineError>;

    /// Carries out one operation and tells `progress` how far it is. Doing what is done already is no error.
    async fn perform(
        &self,
        desired: &Desired,
        operation: &Operation,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(), EngineError>;

    /// The last `lines` lines a container printed, oldest first; empty where there are none.
    async fn last_lines(&self, container: &str, lines: usize) -> Vec<String>;

    /// The lines of one container, in the order it printed them; they end with it.
    fn logs(&self, container: &str, request: LogRequest) -> LogStream<'_>;
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress<'a> {
    pub(crate) done: u64,
    /// 0 where it is not known.
    pub(crate) total: u64,
    pub(crate) unit: Unit,
    /// What it does right now; may be empty.
    pub(crate) message: &'a str,
}

/// What [`Progress`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Steps,
}

/// News of a plan that is carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event<'a> {
    Started(&'a Step),
    Progressed(&'a Step, Progress<'a>),
    Finished(&'a Step),
    Failed(&'a Step),
}
