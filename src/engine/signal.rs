//! Signals to processes of a service, by the pids that the service itself knows them by.

use rustix::process::{Pid, kill_process};

use super::EngineError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// uWSGI's master reloads.
    Hangup,
    Kill,
}

impl Signal {
    /// As `kill -s` takes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hangup => "HUP",
            Self::Kill => "KILL",
        }
    }
}

/// To a process of this machine.
pub(super) fn send(pid: u64, signal: Signal) -> Result<(), EngineError> {
    let failed = |message: String| EngineError::Signal { pid, message };
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let process = process.ok_or_else(|| failed("no such process".to_owned()))?;
    let signal = match signal {
        Signal::Hangup => rustix::process::Signal::HUP,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    kill_process(process, signal).map_err(|error| failed(error.to_string()))
}
