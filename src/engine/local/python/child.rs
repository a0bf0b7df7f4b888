//! Runs a program and reads what it prints, line by line. Nothing that it started outlives the call, however that ends.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use thiserror::Error;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a program may take to say what it is. The first start of a Python on a slow disk takes seconds.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 3 } else { 10 });
const LONGEST_LINE: usize = 4096;
const MOST_LINES: usize = 1000;

/// Why a program said nothing of use.
#[derive(Debug, Error)]
pub(super) enum NoAnswer {
    #[error("does not start: {0}")]
    Start(#[from] io::Error),
    #[error("does not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// The last line it printed.
    #[error("{0}")]
    Refused(String),
}

/// A command with these variables and no others, outside of the user's directories.
pub(super) fn command(program: &Path, variables: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(variables).current_dir("/");
    command
}

/// What a program prints, where it soon ends well.
pub(super) async fn answer(command: Command) -> Result<Vec<String>, NoAnswer> {
    let mut lines = Vec::new();
    let mut keep = |line: &str| {
        if lines.len() < MOST_LINES {
            lines.push(line.to_owned());
        }
    };
    let status = timeout(PATIENCE, run(command, &mut keep)).await;
    let status = status.map_err(|_elapsed| NoAnswer::Silent(PATIENCE))??;
    if status.success() {
        return Ok(lines);
    }
    let last = lines.into_iter().rfind(|line| !line.trim().is_empty());
    Err(NoAnswer::Refused(last.unwrap_or_else(|| status.to_string())))
}

/// Runs a command to its end. Both its streams go to `line`, in the order in which they were written.
pub(super) async fn run(mut command: Command, line: &mut (dyn FnMut(&str) + Send)) -> io::Result<ExitStatus> {
    let (reader, writer) = io::pipe()?;
    let mut reader = Receiver::from_owned_fd(reader.into())?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .kill_on_drop(true);
    let mut family = Family::of(command.spawn()?);
    // It holds the pipe's other end, which would never be at its end.
    drop(command);
    read_lines(&mut reader, line).await?;
    let status = family.child.wait().await?;
    family.group = None;
    Ok(status)
}

async fn read_lines(reader: &mut Receiver, line: &mut (dyn FnMut(&str) + Send)) -> io::Result<()> {
    let mut chunk = [0; LONGEST_LINE];
    let mut pending = Vec::new();
    loop {
        let count = reader.read(&mut chunk).await?;
        for byte in &chunk[..count] {
            match byte {
                b'\n' => {
                    line(&String::from_utf8_lossy(&pending));
                    pending.clear();
                }
                _ if pending.len() < LONGEST_LINE => pending.push(*byte),
                _ => {}
            }
        }
        if count == 0 {
            if !pending.is_empty() {
                line(&String::from_utf8_lossy(&pending));
            }
            return Ok(());
        }
    }
}

/// A process and those it started. They are killed when it is dropped before its end.
struct Family {
    group: Option<Pid>,
    child: Child,
}

impl Family {
    fn of(child: Child) -> Self {
        let leader = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            group: leader.and_then(Pid::from_raw),
            child,
        }
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        // The group's number is not given to others before its leader has been waited for.
        if let Some(group) = self.group
            && let Err(error) = kill_process_group(group, Signal::KILL)
        {
            tracing::debug!(%error, "process group not killed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn shell(script: &str) -> Command {
        let variables = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let mut command = command(Path::new("/bin/sh"), &variables);
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn both_streams_are_read_in_the_order_in_which_they_are_written() {
        let lines = answer(shell("echo one; echo two >&2; printf 'three\\377'")).await;
        assert_eq!(lines.unwrap(), ["one", "two", "three\u{fffd}"]);
    }

    #[tokio::test]
    async fn a_failure_is_told_by_the_last_line_printed() {
        let error = answer(shell("echo one; echo 'cannot do it'; echo; exit 3")).await;
        assert_eq!(error.unwrap_err().to_string(), "cannot do it");
        let error = answer(shell("exit 3")).await.unwrap_err();
        assert_eq!(error.to_string(), "exit status: 3");
        let missing = command(Path::new("/does/not/exist"), &BTreeMap::new());
        let error = answer(missing).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "does not start: No such file or directory (os error 2)"
        );
    }

    #[tokio::test]
    async fn a_line_without_end_is_cut_and_the_next_one_is_whole() {
        let lines = answer(shell("head -c 100000 /dev/zero | tr '\\0' x; echo; echo y"))
            .await
            .unwrap();
        let lengths: Vec<_> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [LONGEST_LINE, 1]);
    }

    #[tokio::test]
    async fn what_hangs_is_killed_with_all_that_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let pids = directory.path().join("pids");
        // The leader has ended; its child keeps the pipe open.
        let script = format!("sleep 600 & echo $! > {}", pids.display());
        let error = answer(shell(&script)).await.unwrap_err();
        assert_eq!(error.to_string(), "does not answer within 3 s");
        let pid = fs::read_to_string(pids).unwrap();
        let state = || fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        let began = std::time::Instant::now();
        while state().is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(began.elapsed() < Duration::from_secs(10), "sleep still runs");
            tokio::task::yield_now().await;
        }
    }
}
