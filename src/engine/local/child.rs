//! A program that a service's process looks after: started so that it dies with it, stopped in order, its end told.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::orders::Child;
use super::seat::ServiceSeat;

/// The hidden command that becomes the program.
pub(crate) const CHILD_COMMAND: &str = "service-child";
/// Shorter than what the engine gives a service.
const GRACE: Duration = Duration::from_secs(8);
const WAKE_EVERY: Duration = Duration::from_millis(20);
/// uWSGI stops on it in order, whatever `die-on-term` says (seen with 2.0.30).
const STOP: Signal = Signal::INT;

/// Runs the program until it ends, or until it has been stopped once `stop` is cancelled. Its exit code; 128 and the signal
/// where one ended it. Call it from the main thread: the program dies with the thread that starts it.
pub(crate) async fn run_child(
    child: &Child,
    seat: &mut ServiceSeat,
    stop: &CancellationToken,
) -> io::Result<i64> {
    let started = Command::new(std::env::current_exe()?)
        .arg(CHILD_COMMAND)
        .arg(std::process::id().to_string())
        .arg(&child.program)
        .args(&child.arguments)
        .env_clear()
        .envs(&child.environment)
        .current_dir(seat.directory())
        .process_group(0)
        .stdin(Stdio::null())
        .spawn()?;
    seat.note_group(started.id())?;
    let pid = Pid::from_child(&started);
    let mut ended = watch(started, pid);
    tokio::select! {
        status = &mut ended => return code(status),
        () = stop.cancelled() => {}
    }
    kill_process(pid, STOP).ok();
    let limit = Instant::now() + GRACE;
    tokio::select! {
        _ = timeout_at(limit, wake(child.stats_port)) => {}
        status = &mut ended => return code(status),
    }
    kill_process_group(pid, Signal::KILL).ok();
    code(ended.await)
}

/// Waits for the end on a thread of its own; then nothing of the process group is left.
fn watch(mut child: std::process::Child, pid: Pid) -> oneshot::Receiver<io::Result<ExitStatus>> {
    let (sender, ended) = oneshot::channel();
    thread::spawn(move || {
        // Not yet reaped, the process keeps its number, so that the group is its own.
        waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).ok();
        kill_process_group(pid, Signal::KILL).ok();
        sender.send(child.wait()).ok();
    });
    ended
}

/// uWSGI's master looks once a second whether its workers are gone, and after each request to its stats server: with
/// one it ends after 40 ms in place of 1 s (seen with 2.0.30).
async fn wake(stats_port: Option<u16>) {
    let Some(port) = stats_port else {
        return std::future::pending().await;
    };
    loop {
        sleep(WAKE_EVERY).await;
        TcpStream::connect(("127.0.0.1", port)).await.map(drop).ok();
    }
}

fn code(ended: Result<io::Result<ExitStatus>, oneshot::error::RecvError>) -> io::Result<i64> {
    let status = ended.map_err(io::Error::other)??;
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    Ok(code.unwrap_or(1).into())
}

/// Becomes `program`, which is told to stop when the process `parent`, which started this one, dies. Returns only where
/// that fails.
pub(crate) fn become_program(parent: u32, program: &Path, arguments: &[std::ffi::OsString]) -> io::Error {
    if let Err(error) = die_with_parent() {
        return error;
    }
    // It may have died before it was asked for.
    let own = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().cast_unsigned());
    if own != Some(parent) {
        return io::Error::other("the process that started this one is gone");
    }
    Command::new(program).args(arguments).exec()
}

/// Kept over `exec`. Where the system has no such thing, a service whose own process is killed leaves its program behind;
/// when the lab is killed, that process still ends it.
#[cfg(target_os = "linux")]
fn die_with_parent() -> io::Result<()> {
    Ok(rustix::process::set_parent_process_death_signal(Some(STOP))?)
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent() -> io::Result<()> {
    Ok(())
}
