//! What can go wrong with an engine, by kind, so that the command line can say what to do.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::PythonProblem;

/// An engine's failure. The texts complete "failed to …" or name the thing that is wrong.
#[derive(Debug, Error)]
pub(crate) enum EngineError {
    #[error("no Docker daemon answers at {address}: {message}")]
    Unreachable { address: String, message: String },
    #[error("no permission to use the Docker socket {address}")]
    Forbidden { address: String },
    #[error("{address} is not an address of a Docker daemon: {message}")]
    BadAddress { address: String, message: String },
    #[error("image {reference} cannot be pulled: {message}")]
    Pull {
        reference: String,
        message: String,
        problem: PullProblem,
    },
    #[error("image of service {service} cannot be built: {message}")]
    Build {
        service: String,
        message: String,
        log: Vec<String>,
    },
    #[error("build context of service {service} cannot be read: {message}")]
    Context { service: String, message: String },
    #[error("the images of the bundle cannot be loaded: {message}")]
    Load { message: String },
    #[error("service {service} cannot start: {message}")]
    PortTaken { service: String, message: String },
    #[error("{name} exists and was not made by uwsgi-lab")]
    Foreign { name: String, kind: &'static str },
    #[error("there is no {kind} {name}, which the Compose file calls external")]
    Missing { name: String, kind: &'static str },
    #[error("no space left on the disk of the Docker daemon: {message}")]
    DiskFull { message: String },
    #[error("service {service} ended with exit code {code}")]
    Ended {
        service: String,
        code: i64,
        log: Vec<String>,
    },
    #[error("service {service} has no health check, and another one waits until it is healthy")]
    NoHealthCheck { service: String },
    #[error("service {service} was not ready after {seconds} s: {last}")]
    NotReady {
        service: String,
        seconds: u64,
        last: String,
        log: Vec<String>,
    },
    #[error("process {pid} cannot be sent a signal: {message}")]
    Signal { pid: u64, message: String },
    #[error("service {service} cannot run without containers")]
    NeedsContainer { service: String },
    #[error(
        "service {service} leaves open on which port of this machine its port {port} is, or it is no TCP port"
    )]
    OpenPort { service: String, port: u16 },
    /// What the lab keeps on this machine.
    #[error("{what}: cannot use {path}", path = path.display())]
    Files {
        what: String,
        path: PathBuf,
        source: io::Error,
    },
    #[error(transparent)]
    Python(PythonProblem),
    #[error("interrupted")]
    Interrupted,
    #[error("{what}: {message}")]
    Other { what: String, message: String },
}

/// Why an image could not be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PullProblem {
    /// No such image, or none for this processor.
    NotFound,
    /// The registry could not be reached.
    Offline,
    /// The registry asks for a login.
    Denied,
    /// Too many pulls for now.
    RateLimited,
    Other,
}
