//! A lab in the background: a process of its own that gets its orders, password included, through a pipe, never
//! through its command line or environment.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::agent::{Agent, AgentSettings, Mode};
use crate::state::{AgentRecord, AgentSeat, Credentials, LabDirectory};

use super::super::error::{Code, Failure};
use super::super::files;
use super::agents::{agent_failure, find, state_failure};
use super::interrupts::Interrupts;
use super::runtime;

/// The hidden command.
pub(crate) const COMMAND: &str = "agent";
pub(super) const LOG: &str = "agent.log";
const START_LIMIT: Duration = Duration::from_secs(10);

/// What the process is told on its standard input.
#[derive(Serialize, Deserialize)]
struct Orders {
    directory: std::path::PathBuf,
    settings: AgentSettings,
    credentials: Credentials,
}

/// Starts a lab in the background and returns when it can be reached.
pub(super) async fn start(
    directory: &LabDirectory,
    settings: &AgentSettings,
    credentials: &Credentials,
) -> Result<AgentRecord, Failure> {
    let orders = Orders {
        directory: directory.path().to_owned(),
        settings: settings.clone(),
        credentials: credentials.clone(),
    };
    let mut child = spawn(directory, &orders)?;
    let limit = Instant::now() + START_LIMIT;
    loop {
        if let Some(record) = find(directory)? {
            return Ok(record);
        }
        let ended = child.try_wait().ok().flatten();
        if ended.is_some() || Instant::now() > limit {
            // One that comes late would run behind the back of a command that says there is none.
            child.kill().ok();
            return Err(did_not_start(directory, ended));
        }
        sleep(Duration::from_millis(10)).await;
    }
}

fn spawn(directory: &LabDirectory, orders: &Orders) -> Result<Child, Failure> {
    let path = directory.path().join(LOG);
    let log = open_log(&path).map_err(|error| {
        let mut failure = Failure::new(Code::Unavailable, format!("cannot write {}", path.display()));
        failure.causes.push(error.to_string());
        failure
            .hint(files::advice(error.kind(), &path))
            .hint(files::FREE_PLACE)
    })?;
    run_child(log, orders).map_err(|error| {
        Failure::from_error(Code::Unexpected, &error)
            .hint("or run the lab in the foreground, without --detach")
    })
}

fn open_log(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true).mode(0o600);
    options.open(path)
}

fn run_child(log: File, orders: &Orders) -> io::Result<Child> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg(COMMAND)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(&serde_json::to_vec(orders)?)?;
    }
    Ok(child)
}

/// With the exit code of a process that ended because of what it found.
fn did_not_start(directory: &LabDirectory, ended: Option<ExitStatus>) -> Failure {
    let path = directory.path().join(LOG);
    let is_unavailable = ended.and_then(|status| status.code()) == Some(Code::Unavailable as i32);
    let code = match is_unavailable {
        true => Code::Unavailable,
        false => Code::Unexpected,
    };
    let mut failure = Failure::new(code, "the lab's process in the background did not start");
    let said = std::fs::read_to_string(&path).unwrap_or_default();
    if !said.trim().is_empty() {
        failure.causes.push(said.trim().to_owned());
    }
    failure.hint("run it in the foreground, without --detach, to see more")
}

/// The hidden command itself: reads its orders, leaves the terminal, collects and sends until it is told to stop.
pub(crate) fn run() -> Result<(), Failure> {
    let mut text = Vec::new();
    std::io::stdin()
        .read_to_end(&mut text)
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    let orders: Orders = serde_json::from_slice(&text).map_err(|error| {
        Failure::from_error(Code::Usage, &error)
            .hint("this command is for uwsgi-lab itself; see `uwsgi-lab up --detach`")
    })?;
    // Fails where the process leads its group already, and then nothing is needed.
    rustix::process::setsid().ok();
    runtime()?.block_on(serve(orders))
}

async fn serve(orders: Orders) -> Result<(), Failure> {
    let directory = LabDirectory::at(orders.directory);
    let mut interrupts = Interrupts::listen()?;
    let seat = AgentSeat::take(&directory).map_err(|error| state_failure(&error))?;
    let agent = Agent::start(&orders.settings, &orders.credentials, seat, Mode::Detached).await;
    let agent = agent.map_err(|error| agent_failure(&error))?;
    tokio::select! {
        () = interrupts.next() => {}
        () = agent.stop_asked() => {}
        () = agent.forgotten() => {}
    }
    agent.finish().await;
    Ok(())
}
