//! The engine of a lab, whichever it is.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::compose::ConfigFile;
use crate::plan::{Desired, Observed, Operation};

use super::{Docker, Engine, EngineError, Local, LogRequest, LogStream, Progress, Signal, processor, signal};

pub(crate) enum AnyEngine {
    Docker(Docker),
    Local(Local),
}

impl AnyEngine {
    /// As it is typed after `--engine`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Docker(_) => "docker",
            Self::Local(_) => "local",
        }
    }

    /// The container that publishes a TCP port of this machine, and the lab it belongs to, in words.
    pub(crate) async fn publisher_of(&self, port: u16) -> Option<String> {
        match self {
            Self::Docker(docker) => docker.publisher_of(port).await,
            Self::Local(_) => None,
        }
    }

    /// To a process of a service, by the pid that the service itself knows it by.
    pub(crate) async fn send_signal(
        &self,
        container: &str,
        pid: u64,
        signal: Signal,
    ) -> Result<(), EngineError> {
        match self {
            Self::Docker(docker) => docker.send_signal(container, pid, signal).await,
            Self::Local(_) => signal::send(pid, signal),
        }
    }

    /// How many processors the services may use; nothing where that cannot be known.
    pub(crate) async fn processors(&self) -> Option<usize> {
        match self {
            Self::Docker(docker) => docker.processors().await,
            Self::Local(_) => std::thread::available_parallelism().ok().map(usize::from),
        }
    }

    /// What a server has taken of the processors since it began; nothing where that cannot be known. `master` is the pid that it
    /// knows itself by.
    pub(crate) async fn processor_time(&self, container: &str, master: u64) -> Option<Duration> {
        match self {
            Self::Docker(docker) => docker.processor_time(container).await,
            Self::Local(_) => processor::of_family(master),
        }
    }

    /// Replaces a file that a service was made with. The service may run.
    pub(crate) async fn rewrite(
        &self,
        service: &str,
        container: &str,
        file: &ConfigFile,
    ) -> Result<(), EngineError> {
        match self {
            Self::Docker(docker) => docker.rewrite(service, container, file).await,
            Self::Local(local) => local.rewrite(service, file),
        }
    }

    /// The machine on whose loopback the ports are, where it is another one.
    pub(crate) fn remote_machine(&self) -> Option<&str> {
        match self {
            Self::Docker(docker) => docker.address.remote_machine(),
            Self::Local(_) => None,
        }
    }
}

impl Engine for AnyEngine {
    async fn observe(&self, project: &str, images: &BTreeSet<String>) -> Result<Observed, EngineError> {
        match self {
            Self::Docker(docker) => docker.observe(project, images).await,
            Self::Local(local) => local.observe(project, images).await,
        }
    }

    async fn perform(
        &self,
        desired: &Desired,
        operation: &Operation,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<(), EngineError> {
        match self {
            Self::Docker(docker) => docker.perform(desired, operation, progress).await,
            Self::Local(local) => local.perform(desired, operation, progress).await,
        }
    }

    async fn last_lines(&self, container: &str, lines: usize) -> Vec<String> {
        match self {
            Self::Docker(docker) => docker.last_lines(container, lines).await,
            Self::Local(local) => local.last_lines(container, lines).await,
        }
    }

    fn logs(&self, container: &str, request: LogRequest) -> LogStream<'_> {
        match self {
            Self::Docker(docker) => docker.logs(container, request),
            Self::Local(local) => local.logs(container, request),
        }
    }
}
