//! The process that runs a lab, seen from another command: found, compared, replaced, stopped.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::agent::{self, AgentError, AgentSettings};
use crate::state::{AgentRecord, LabDirectory, StateError};

use super::super::error::{Code, Failure};
use super::super::files;

/// Longer than an orderly end can take: requests in flight and points that wait have five seconds each.
const PATIENCE: Duration = Duration::from_secs(15);

pub(in crate::cli) fn state_failure(error: &StateError) -> Failure {
    match error {
        StateError::Busy => Failure::from_error(Code::Unavailable, error)
            .hint("wait until it has ended, then run the command again"),
        StateError::Attended => {
            Failure::from_error(Code::Unavailable, error).hint("see it with `uwsgi-lab status`")
        }
        StateError::Damaged { path, .. } => Failure::from_error(Code::Unexpected, error).hint(format!(
            "remove it (`rm {}`), then `uwsgi-lab reset`",
            path.display()
        )),
        StateError::Io { path, source, .. } => Failure::from_error(Code::Unavailable, error)
            .hint(files::advice(source.kind(), path))
            .hint(files::FREE_PLACE),
        StateError::Random(_) => Failure::from_error(Code::Unexpected, error),
    }
}

pub(super) fn agent_failure(error: &AgentError) -> Failure {
    match error {
        AgentError::State(state) => state_failure(state),
        AgentError::Address { .. } | AgentError::Target { .. } => Failure::from_error(Code::Usage, error),
        AgentError::Metrics { .. } => Failure::from_error(Code::Unavailable, error).hint(
            "end what holds it, choose another with --metrics-port, or serve none with --metrics-port 0",
        ),
        AgentError::Load(_) => Failure::from_error(Code::Unavailable, error),
        AgentError::Silent { .. } => Failure::from_error(Code::Unexpected, error)
            .hint("`uwsgi-lab down` ends it, by force if need be; `uwsgi-lab up` starts it anew"),
        _ => Failure::from_error(Code::Unexpected, error),
    }
}

/// The process that runs the lab already, where it does just what is wanted. One in the background that does
/// something else is stopped.
pub(super) async fn make_room(
    directory: &LabDirectory,
    wanted: &AgentSettings,
) -> Result<Option<AgentRecord>, Failure> {
    let Some(record) = find(directory)? else {
        return Ok(None);
    };
    if is_wanted(&record, wanted) {
        return Ok(Some(record));
    }
    if !record.detached {
        return Err(attended(&record));
    }
    stop(directory).await?;
    Ok(None)
}

/// Refuses a lab that runs in another terminal and does something else than is wanted: nobody else may stop it.
pub(super) fn refuse_attended(directory: &LabDirectory, wanted: &AgentSettings) -> Result<(), Failure> {
    match find(directory)? {
        Some(record) if !record.detached && !is_wanted(&record, wanted) => Err(attended(&record)),
        _ => Ok(()),
    }
}

fn is_wanted(record: &AgentRecord, wanted: &AgentSettings) -> bool {
    serde_json::to_value(wanted).is_ok_and(|wanted| wanted == record.settings)
}

fn attended(record: &AgentRecord) -> Failure {
    let message = format!(
        "this lab runs in another terminal (pid {}) with other settings",
        record.pid
    );
    Failure::new(Code::Unavailable, message)
        .hint("end it there with Ctrl-C, or from here with `uwsgi-lab down`, then run `uwsgi-lab up` again")
}

pub(super) fn find(directory: &LabDirectory) -> Result<Option<AgentRecord>, Failure> {
    AgentRecord::find(directory).map_err(|error| state_failure(&error))
}

/// Stops the process that runs the lab, in order where it answers, else by force. True where there was one.
pub(super) async fn stop(directory: &LabDirectory) -> Result<bool, Failure> {
    let Some(record) = find(directory)? else {
        return Ok(false);
    };
    let asked = agent::ask_stop(&record).await.is_ok();
    if !(asked && is_gone_within(directory, PATIENCE).await?) {
        kill(&record)?;
        is_gone_within(directory, PATIENCE).await?;
    }
    Ok(true)
}

/// The lock that made us find the record shows that the process still lives, so its pid is its own.
fn kill(record: &AgentRecord) -> Result<(), Failure> {
    let pid = i32::try_from(record.pid).ok().and_then(Pid::from_raw);
    let Some(pid) = pid else { return Ok(()) };
    match kill_process(pid, Signal::KILL) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(Failure::from_error(Code::Unexpected, &error).hint(format!(
            "end the process {} by hand, then run the command again",
            record.pid
        ))),
    }
}

async fn is_gone_within(directory: &LabDirectory, patience: Duration) -> Result<bool, Failure> {
    let limit = Instant::now() + patience;
    while find(directory)?.is_some() {
        if Instant::now() > limit {
            return Ok(false);
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(true)
}
