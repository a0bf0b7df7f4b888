//! The way up: desired, observed, plan, apply, wait, provision, collect. Each step says what it does.

use std::time::Duration;

use futures_util::future::{join_all, try_join};
use tokio::time::{Instant, sleep};

use crate::agent::{Agent, AgentSettings, InfluxSettings, LoadSettings, Mode, WatchSettings};
use crate::engine::{self, Docker, Endpoint, Engine as _, Role, TakenPort};
use crate::influx;
use crate::plan::{self, Desired, Observed, Plan};
use crate::state::{AgentRecord, AgentSeat, Credentials, ImageLock, LabDirectory};
use crate::uwsgi;

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{StackSource, UpSettings};
use super::agents::{agent_failure, make_room, state_failure};
use super::connect::{self, failure};
use super::desired::{self, references};
use super::progress::Display;
use super::provisioning::{Show, Shown, show};
use super::{background, stack};

/// The database of the tutorial, whose dashboards and queries name it.
const DATABASE: &str = "uWSGI";
/// Requests that take longer are given up; well above what a queue of 100 before 8 cores of 250 ms takes.
const LOAD_TIMEOUT: Duration = Duration::from_secs(30);

/// A lab that is up.
pub(super) struct Up {
    pub(super) docker: Docker,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) credentials: Credentials,
    pub(super) settings: AgentSettings,
    pub(super) runs: Runs,
    /// None where the stack has no Grafana.
    pub(super) shown: Option<Shown>,
    /// True where neither a container nor a dashboard had to be touched.
    pub(super) unchanged: bool,
}

/// Who collects and sends.
pub(super) enum Runs {
    /// This process.
    Here(Box<Agent>),
    /// A process in the background, or another terminal's, and whether it was started just now.
    Elsewhere { record: AgentRecord, new: bool },
}

/// What is known before anything is changed.
pub(super) struct Draft {
    pub(super) docker: Docker,
    pub(super) desired: Desired,
    pub(super) observed: Observed,
    pub(super) plan: Plan,
    credentials: Credentials,
    lock: ImageLock,
}

/// Reads, observes, plans. Of what is on this machine it changes the lab's directory alone.
pub(super) async fn draft(settings: &UpSettings) -> Result<Draft, Failure> {
    let directory = &settings.lab.directory;
    let credentials = match Credentials::load(directory).map_err(|error| state_failure(&error))? {
        Some(credentials) => credentials,
        None => {
            let user = settings.lab.environment.get("UWSGI_LAB_USER").unwrap_or("lab");
            Credentials::random(user).map_err(|error| state_failure(&error))?
        }
    };
    let project = desired::project(settings, &credentials)?;
    if settings.stack == StackSource::Own {
        stack::lay_down(directory).map_err(|error| state_failure(&error))?;
    }
    let lock = if settings.pull {
        ImageLock::default()
    } else {
        load_lock(directory)?
    };
    let desired = desired::with_images(project, &lock)?;
    let docker = connect::docker(&settings.lab.environment, desired::compose_file(settings)?).await?;
    let observed = observe(&docker, &desired).await?;
    let mut plan = plan::up(&desired, &observed);
    if settings.pull {
        plan = plan::with_pulls(plan, &desired);
    }
    Ok(Draft {
        docker,
        desired,
        observed,
        plan,
        credentials,
        lock,
    })
}

fn load_lock(directory: &LabDirectory) -> Result<ImageLock, Failure> {
    ImageLock::load(directory).map_err(|error| state_failure(&error))
}

async fn observe(docker: &Docker, desired: &Desired) -> Result<Observed, Failure> {
    let observed = docker.observe(&desired.project.name, &references(desired)).await;
    observed.map_err(|error| failure(&error))
}

/// Carries the draft out, waits, provisions, and starts collecting.
pub(super) async fn bring_up(settings: &UpSettings, draft: Draft, detach: bool) -> Result<Up, Failure> {
    let Draft {
        docker,
        desired,
        observed,
        plan,
        credentials,
        mut lock,
    } = draft;
    let directory = &settings.lab.directory;
    output::note(&format!(
        "Engine: Docker, which answers at {} ({}).",
        docker.address.host, docker.address.rule
    ));
    // Of another machine's ports this one knows nothing; those it forwards are held here, and rightly.
    if docker.address.remote_machine().is_none() {
        refuse_taken_ports(&engine::taken_ports(&desired.project, &observed))?;
    }
    let display = Display::new();
    credentials
        .save(directory)
        .map_err(|error| state_failure(&error))?;
    let observed = carry_out(&docker, &desired, observed, &plan, settings.pull, &display).await?;
    remember_images(&desired, &observed, &mut lock, directory)?;

    let endpoints = engine::endpoints(&desired.project, &observed);
    let agent_settings = agent_settings(settings, &endpoints, &credentials)?;
    let waiting = Waiter {
        docker: &docker,
        project: &desired.project.name,
        limit: settings.wait,
        display: &display,
    };
    let collecting = async {
        waiting
            .ready(endpoints.iter().filter(|one| one.role != Role::Grafana))
            .await?;
        ensure_database(&agent_settings, &credentials, settings.wait).await?;
        start_agent(directory, &agent_settings, &credentials, detach).await
    };
    let grafana = waiting.ready(endpoints.iter().filter(|one| one.role == Role::Grafana));
    let (runs, ()) = try_join(collecting, grafana).await?;
    let shown = provision(settings, &endpoints, &credentials).await?;
    let untouched = shown.as_ref().is_none_or(|shown| shown.changes.is_empty());
    let started = matches!(runs, Runs::Here(_) | Runs::Elsewhere { new: true, .. });
    let unchanged = plan.is_empty() && untouched && !started;
    Ok(Up {
        docker,
        endpoints,
        credentials,
        settings: agent_settings,
        runs,
        shown,
        unchanged,
    })
}

fn refuse_taken_ports(taken: &[TakenPort]) -> Result<(), Failure> {
    let Some(first) = taken.first() else { return Ok(()) };
    let words = taken.iter().map(|taken| {
        let holder = taken
            .holder
            .as_ref()
            .map(|holder| format!(" by {holder}"))
            .unwrap_or_default();
        format!(
            "port {} of service {} is taken{holder}",
            taken.port, taken.service
        )
    });
    let failure = Failure::new(Code::Unavailable, words.collect::<Vec<_>>().join("\n       "));
    let free = first.free.map_or("PORT".to_owned(), |port| port.to_string());
    Err(failure
        .hint(format!("end what holds it, or choose another: --app-port, --stats-port, --influxdb-port or --grafana-port {free}")))
}

/// Applies the plan. After pulling anew, what runs is compared once more with what the tags mean now.
async fn carry_out(
    docker: &Docker,
    desired: &Desired,
    observed: Observed,
    plan: &Plan,
    pull: bool,
    display: &Display,
) -> Result<Observed, Failure> {
    if plan.is_empty() {
        return Ok(observed);
    }
    let tell = |event: engine::Event<'_>| display.tell(event);
    engine::apply(docker, desired, plan, &tell)
        .await
        .map_err(|error| failure(&error))?;
    let mut observed = observe(docker, desired).await?;
    if pull {
        let rest = plan::up(desired, &observed);
        engine::apply(docker, desired, &rest, &tell)
            .await
            .map_err(|error| failure(&error))?;
        observed = observe(docker, desired).await?;
    }
    Ok(observed)
}

/// Locks the digests that tags stand for now.
fn remember_images(
    desired: &Desired,
    observed: &Observed,
    lock: &mut ImageLock,
    directory: &LabDirectory,
) -> Result<(), Failure> {
    let mut new = false;
    for (name, service) in desired
        .project
        .services
        .iter()
        .filter(|(_, service)| service.build.is_none())
    {
        let seen = desired
            .images
            .get(name)
            .and_then(|source| observed.images.get(source.reference()));
        if let (Some(tag), Some(image)) = (&service.image, seen) {
            new |= lock.lock(tag, &image.digests);
        }
    }
    if new {
        lock.save(directory).map_err(|error| state_failure(&error))
    } else {
        Ok(())
    }
}

fn agent_settings(
    settings: &UpSettings,
    endpoints: &[Endpoint],
    credentials: &Credentials,
) -> Result<AgentSettings, Failure> {
    let of = |role: Role| endpoints.iter().filter(move |endpoint| endpoint.role == role);
    let watch = match &settings.watch {
        Some(address) => {
            vec![WatchSettings {
                address: address.to_string(),
                source: address.default_source(&uwsgi::hostname()),
            }]
        }
        None => of(Role::Stats)
            .map(|stats| WatchSettings {
                address: format!("http://{}", stats.address()),
                source: stats.address(),
            })
            .collect(),
    };
    let influxdb = of(Role::Influxdb).next().ok_or_else(desired::no_influxdb)?;
    let load = settings
        .load
        .as_ref()
        .zip(of(Role::App).next())
        .map(|(load, app)| LoadSettings {
            url: format!("http://{}{}", app.address(), load.path),
            rate: load.rate,
            threads: load.threads,
            connections: load.connections,
            timeout: LOAD_TIMEOUT,
        });
    Ok(AgentSettings {
        watch,
        interval: settings.interval,
        influxdb: InfluxSettings {
            url: format!("http://{}", influxdb.address()),
            database: DATABASE.to_owned(),
            user: credentials.user.clone(),
        },
        load,
    })
}

/// Waits for endpoints.
struct Waiter<'a> {
    docker: &'a Docker,
    project: &'a str,
    limit: Duration,
    display: &'a Display,
}

impl Waiter<'_> {
    /// An app is not asked where its statistics are: a request that was not scheduled would be in the figures.
    async fn ready<'e>(&self, endpoints: impl Iterator<Item = &'e Endpoint>) -> Result<(), Failure> {
        let endpoints: Vec<&Endpoint> = endpoints.collect();
        let has_stats = |service: &str| {
            endpoints
                .iter()
                .any(|other| other.role == Role::Stats && other.service == service)
        };
        let asked = endpoints
            .iter()
            .filter(|endpoint| endpoint.role != Role::App || !has_stats(&endpoint.service));
        let waits = asked.map(async |endpoint| {
            let tell = |waiting: engine::Waiting<'_>| self.display.waiting(waiting);
            engine::await_ready(self.docker, self.project, endpoint, self.limit, &tell).await?;
            self.display.ready(endpoint);
            Ok(())
        });
        let outcomes: Result<Vec<()>, engine::EngineError> = join_all(waits).await.into_iter().collect();
        outcomes.map(drop).map_err(|error| failure(&error))
    }
}

/// The image makes the database itself, on an empty volume and where it knows how; asking again does no harm.
async fn ensure_database(
    settings: &AgentSettings,
    credentials: &Credentials,
    limit: Duration,
) -> Result<(), Failure> {
    let unexpected = |error: &dyn std::error::Error| Failure::from_error(Code::Unexpected, error);
    let endpoint: influx::Endpoint = settings
        .influxdb
        .url
        .parse()
        .map_err(|error| unexpected(&error))?;
    let login = influx::Credentials {
        user: credentials.user.clone(),
        password: influx::Secret::new(credentials.influxdb_password.clone()),
    };
    let client =
        influx::Client::new(endpoint.url, DATABASE, Some(login)).map_err(|error| unexpected(&error))?;
    let end = Instant::now() + limit.min(Duration::from_secs(10));
    loop {
        match client.create_database().await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_retryable() && Instant::now() < end => {}
            Err(error) => {
                return Err(Failure::from_error(Code::NotReady, &error)
                    .hint("an old volume keeps its old password: `uwsgi-lab reset` begins again with an empty one; the data goes"));
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn start_agent(
    directory: &LabDirectory,
    settings: &AgentSettings,
    credentials: &Credentials,
    detach: bool,
) -> Result<Runs, Failure> {
    if let Some(record) = make_room(directory, settings).await? {
        return Ok(Runs::Elsewhere { record, new: false });
    }
    let password = &credentials.influxdb_password;
    if detach {
        let record = background::start(directory, settings, password).await?;
        return Ok(Runs::Elsewhere { record, new: true });
    }
    let seat = AgentSeat::take(directory).map_err(|error| state_failure(&error))?;
    let agent = Agent::start(settings, password, seat, Mode::Foreground).await;
    Ok(Runs::Here(Box::new(
        agent.map_err(|error| agent_failure(&error))?,
    )))
}

async fn provision(
    settings: &UpSettings,
    endpoints: &[Endpoint],
    credentials: &Credentials,
) -> Result<Option<Shown>, Failure> {
    let of = |role: Role| endpoints.iter().find(|endpoint| endpoint.role == role);
    let (Some(grafana), Some(influxdb)) = (of(Role::Grafana), of(Role::Influxdb)) else {
        return Ok(None);
    };
    let wanted = Show {
        grafana_url: format!("http://{}", grafana.address()),
        influxdb_url: format!("http://{}", influxdb.inside),
        database: DATABASE.to_owned(),
        interval: settings.interval,
        credentials,
    };
    show(&wanted).await.map(Some)
}
