//! The life of a service without containers: made with its files, started, stopped, removed.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child as Started, Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::time::{Instant, sleep};

use crate::compose::{ConfigFile, Service};
use crate::plan::{Desired, settings};

use super::super::{EngineError, Role};
use super::orders::{Child, Embedded, SERVICE_COMMAND, ServiceOrders, Work};
use super::place::{Place, make_directory, remove_directory};
use super::program::{Program, volume};
use super::record::Definition;
use super::{Local, failed, python};

const START_LIMIT: Duration = Duration::from_secs(10);
/// How long a service may take to end in order before it is killed.
const GRACE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(2);

pub(super) async fn create_and_start(
    local: &Local,
    desired: &Desired,
    service: &str,
) -> Result<(), EngineError> {
    let place = local.place.service(service);
    let removed = remove(&place, true).await;
    removed.map_err(of_service(service, &place))?;
    make(local, desired, service, &place).map_err(of_service(service, &place))?;
    start(local, desired, service).await
}

fn make(local: &Local, desired: &Desired, service: &str, place: &Place) -> io::Result<()> {
    let definition = &desired.project.services[service];
    make_directory(&place.directory)?;
    for file in &definition.configs {
        write_file(place, file)?;
    }
    let ports = definition.ports.iter();
    place.define(&Definition {
        id: format!("{service}.{:x}", since_epoch().as_nanos()),
        settings: settings(definition),
        image: local.image_id(desired, service)?,
        ports: ports
            .filter_map(|port| Some((port.target, port.published?)))
            .collect(),
        labels: definition.labels.clone(),
    })
}

/// Into the service's directory, whatever directory it would have in a container.
pub(super) fn write_file(place: &Place, file: &ConfigFile) -> io::Result<()> {
    let name = Path::new(&file.target).file_name().and_then(OsStr::to_str);
    place.write(name.unwrap_or(&file.target), file.content.as_bytes())
}

pub(super) async fn start(local: &Local, desired: &Desired, service: &str) -> Result<(), EngineError> {
    let place = local.place.service(service);
    let work = work(local, desired, service, &place)?;
    let orders = ServiceOrders {
        lab: local.place.root.clone(),
        directory: place.directory.clone(),
        work,
    };
    if place.is_alive().map_err(of_service(service, &place))? {
        return Ok(());
    }
    place.forget_process().map_err(of_service(service, &place))?;
    let started = spawn(&place, &desired.project.name, service, &orders);
    let mut started = started.map_err(of_service(service, &place))?;
    let outcome = has_begun(&place, &mut started).await;
    // Whoever starts a process has to take note of its end.
    thread::spawn(move || started.wait());
    outcome.map_err(of_service(service, &place))
}

fn of_service(service: &str, place: &Place) -> impl FnOnce(io::Error) -> EngineError {
    failed(format!("service {service}"), &place.directory)
}

/// Returns when the process has said that it runs the service.
async fn has_begun(place: &Place, started: &mut Started) -> io::Result<()> {
    let limit = Instant::now() + START_LIMIT;
    loop {
        if place
            .process()?
            .is_some_and(|process| process.pid == started.id())
        {
            return Ok(());
        }
        if started.try_wait()?.is_some() || Instant::now() > limit {
            started.kill().ok();
            // One that cannot write cannot say so in its log either.
            place.try_to_write()?;
            let log = super::logs::last_lines(place, 5).join("; ");
            return Err(io::Error::other(format!("its process did not start: {log}")));
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The names of lab and service are there for who reads the process list.
fn spawn(place: &Place, lab: &str, service: &str, orders: &ServiceOrders) -> io::Result<Started> {
    let mut options = OpenOptions::new();
    let log = options.create(true).append(true).mode(0o600).open(place.log())?;
    let mut child = Command::new(std::env::current_exe()?)
        .args([SERVICE_COMMAND, lab, service])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(&serde_json::to_vec(orders)?)?;
    }
    Ok(child)
}

fn work(local: &Local, desired: &Desired, service: &str, place: &Place) -> Result<Work, EngineError> {
    let definition = &desired.project.services[service];
    let needs_container = || EngineError::NeedsContainer {
        service: service.to_owned(),
    };
    let program = Program::of(definition).ok_or_else(needs_container)?;
    let embedded = || {
        let data =
            volume(definition).map_or_else(|| place.directory.join("data"), |key| local.place.volume(key));
        make_directory(&data).map_err(failed(format!("service {service}"), &data))?;
        Ok(Embedded {
            port: program.port(definition).ok_or_else(needs_container)?,
            data,
            environment: definition.environment.clone(),
        })
    };
    match program {
        Program::Store => Ok(Work::Store(embedded()?)),
        Program::Dashboard => Ok(Work::Dashboard(embedded()?)),
        Program::Uwsgi => uwsgi(local, desired, service).map(Work::Uwsgi),
    }
}

fn uwsgi(local: &Local, desired: &Desired, service: &str) -> Result<Child, EngineError> {
    let definition = &desired.project.services[service];
    let environment = local.environment(desired, service)?;
    let ini = definition.configs.first().map(|file| file.target.clone());
    let arguments = ini.into_iter().flat_map(|ini| ["--ini".to_owned(), ini]);
    Ok(Child {
        program: environment.program,
        arguments: environment.arguments.into_iter().chain(arguments).collect(),
        environment: variables(local, definition, environment.variables),
        stats_port: published(definition, Role::Stats),
    })
}

/// The user's own, but for what would lead uWSGI or Python astray; then the service's, then what uWSGI is run with.
fn variables(local: &Local, service: &Service, own: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut variables = python::inherited(&local.variables);
    variables.extend(service.environment.clone());
    variables.extend(own);
    variables
}

fn published(service: &Service, role: Role) -> Option<u16> {
    let target = service.labels.get(&role.label())?;
    let port = service
        .ports
        .iter()
        .find(|port| port.target.to_string() == *target)?;
    port.published
}

/// Lets the service end in order, or kills it with `force`. One that has ended is no error.
pub(super) async fn stop(place: &Place, force: bool) -> io::Result<()> {
    if !force && signal(place, Signal::TERM)? && ends_within(place, GRACE).await? {
        return Ok(());
    }
    // The process of a program that is gone follows it, and leaves nothing of it behind.
    let group = place.is_alive()?.then(|| place.process()).transpose()?.flatten();
    if let Some(group) = group.and_then(|process| pid(process.group?)) {
        kill_process_group(group, Signal::KILL).ok();
        if ends_within(place, GRACE).await? {
            return Ok(());
        }
    }
    signal(place, Signal::KILL)?;
    if ends_within(place, GRACE).await? {
        return Ok(());
    }
    Err(io::Error::other("its process does not end, even killed"))
}

/// Stops the service and removes all but its data.
pub(super) async fn remove(place: &Place, force: bool) -> io::Result<()> {
    stop(place, force).await?;
    remove_directory(&place.directory)
}

/// False where nothing runs. The lock shows that the process lives, so that its number is its own.
fn signal(place: &Place, signal: Signal) -> io::Result<bool> {
    let alive = place.is_alive()?;
    let process = place.process()?.filter(|_| alive);
    if let Some(pid) = process.and_then(|process| pid(process.pid)) {
        kill_process(pid, signal).ok();
    }
    Ok(alive)
}

fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}

/// Returns when a process that is about to end has done so, or takes too long.
pub(super) async fn let_end(place: &Place) -> io::Result<()> {
    let limit = Instant::now() + GRACE;
    while place.is_ending()? && Instant::now() < limit {
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

async fn ends_within(place: &Place, patience: Duration) -> io::Result<bool> {
    let limit = Instant::now() + patience;
    while place.is_alive()? {
        if Instant::now() > limit {
            return Ok(false);
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(true)
}

fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
}
