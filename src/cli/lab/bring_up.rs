//! The way up: desired, observed, plan, apply, wait, provision, collect. Each step says what it does.

use std::collections::BTreeMap;

use futures_util::future::try_join3;
use tokio_util::sync::CancellationToken;

use crate::agent::{Agent, AgentSettings, Mode};
use crate::engine::{self, AnyEngine, Endpoint, Engine as _, EngineError, Local, Role};
use crate::plan::{self, Desired, Observed, Plan};
use crate::state::{
    AgentRecord, AgentSeat, ChangedServices, Credentials, EngineKind, ImageLock, LabDirectory, Occupied,
    Recipe, WantedServices,
};

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{StackSource, UpSettings};
use super::agents::{agent_failure, find, make_room, refuse_attended, state_failure, stop};
use super::carry::Carrier;
use super::connect::failure;
use super::desired::{self, references};
use super::engines::{self, Choice};
use super::orders::{DATABASE, orders};
use super::pinned::{load_lock, remember_images};
use super::ports::{refuse_taken, refuse_taken_metrics};
use super::progress::Display;
use super::provisioning::{Show, Shown, grafana_of, show};
use super::waiting::{Waiter, ensure_database};
use super::{background, bundled, local, recipe, stack, warnings};

/// A lab that is up.
pub(super) struct Up {
    pub(super) engine: AnyEngine,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) credentials: Credentials,
    pub(super) settings: AgentSettings,
    pub(super) runs: Runs,
    /// By service: its image, with the digest where it has one.
    pub(super) images: BTreeMap<String, String>,
    /// None where the stack has no Grafana.
    pub(super) shown: Option<Shown>,
    /// What it was made of.
    pub(super) recipe: Recipe,
    /// True where neither a container nor a dashboard had to be touched.
    pub(super) unchanged: bool,
    /// Held while something is measured on it.
    pub(super) occupied: Option<Occupied>,
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
    pub(super) kind: EngineKind,
    engine: AnyEngine,
    /// Which engine it is and why.
    pub(super) why: String,
    pub(super) desired: Desired,
    pub(super) observed: Observed,
    pub(super) plan: Plan,
    credentials: Credentials,
    /// Where the passwords were made just now.
    is_new: bool,
    lock: ImageLock,
}

/// Reads, chooses the engine, observes, plans. Of what is on this machine it changes the lab's directory alone.
pub(super) async fn draft(settings: &UpSettings) -> Result<Draft, Failure> {
    let draft = draft_on(settings, engines::choose(settings).await?).await?;
    match engines::without_images(settings, &draft.engine, &draft.observed, &draft.plan).await? {
        Some(other) => draft_on(settings, other).await,
        None => Ok(draft),
    }
}

async fn draft_on(settings: &UpSettings, choice: Choice) -> Result<Draft, Failure> {
    let directory = &settings.lab.directory;
    let known = Credentials::load(directory).map_err(|error| state_failure(&error))?;
    let is_new = known.is_none();
    let credentials = known.map_or_else(|| new_credentials(settings), Ok)?;
    let kind = choice.kind();
    let mut project = desired::project(settings, &credentials, kind)?;
    if settings.stack == StackSource::Own {
        stack::lay_down(directory).map_err(|error| state_failure(&error))?;
    }
    let lock = if settings.pull {
        ImageLock::default()
    } else {
        load_lock(directory)?
    };
    let (engine, images) = match choice.docker {
        Some(docker) => {
            let (docker, known) = match &settings.bundle {
                Some(bundled) => {
                    bundled::provide(bundled, settings.app.as_ref(), docker, &mut project).await?
                }
                None => (docker, BTreeMap::new()),
            };
            let images = desired::images(&project, &lock, &known)?;
            (AnyEngine::Docker(docker), images)
        }
        None => {
            local::note_sources(&mut project)?;
            let variables = settings.lab.environment.variables().clone();
            let of = |bundled| bundled::wheels(bundled, settings.app.as_ref());
            let wheels = settings.bundle.as_ref().and_then(of);
            settings.bundle.as_ref().map(bundled::tell_unused_images);
            let local = Local::of(directory.path().to_owned(), variables, &project).with_wheels(wheels);
            local.check_wheels().await.map_err(|error| failure(&error))?;
            let images = local.images(&project).map_err(|error| failure(&error))?;
            (AnyEngine::Local(local), images)
        }
    };
    let desired = Desired { project, images };
    let mut observed = observe(&engine, &desired).await?;
    distrust_changed(directory, &mut observed)?;
    let mut plan = plan::up(&desired, &observed);
    if settings.pull {
        plan = plan::with_pulls(plan, &desired);
    }
    if let (Some(bundled), AnyEngine::Docker(docker)) = (&settings.bundle, &engine) {
        bundled::check_images(bundled, docker, &plan).await?;
    }
    Ok(Draft {
        kind,
        engine,
        why: choice.why,
        desired,
        observed,
        plan,
        credentials,
        is_new,
        lock,
    })
}

fn new_credentials(settings: &UpSettings) -> Result<Credentials, Failure> {
    let user = settings.lab.environment.get("UWSGI_LAB_USER").unwrap_or("lab");
    Credentials::random(user).map_err(|error| state_failure(&error))
}

/// New passwords would not open the old data: the services ask for them only when a volume is empty.
fn lost_passwords(directory: &LabDirectory) -> Failure {
    let message = "the lab's data is there, but the passwords that open it are lost";
    let mut failure = Failure::new(Code::Unavailable, message);
    failure
        .causes
        .push(format!("{} has no credentials.json", directory.path().display()));
    failure
        .hint("where the lab was made with another UWSGI_LAB_STATE_DIR, set it again")
        .hint("`uwsgi-lab reset` begins again with empty data")
}

/// A run that was killed may have left another configuration than the service was made with.
fn distrust_changed(directory: &LabDirectory, observed: &mut Observed) -> Result<(), Failure> {
    let ChangedServices(changed) = ChangedServices::load(directory).map_err(|error| state_failure(&error))?;
    let containers = observed.containers.iter_mut();
    for container in containers.filter(|container| changed.contains(&container.service)) {
        container.settings = container.settings.replace("configs=", "configs=changed ");
    }
    Ok(())
}

async fn observe(engine: &AnyEngine, desired: &Desired) -> Result<Observed, Failure> {
    let observed = engine.observe(&desired.project.name, &references(desired)).await;
    observed.map_err(|error| failure(&error))
}

/// Carries the draft out, waits, provisions, and starts collecting. Once `cancel` is cancelled it ends soon, with an
/// error, and nothing is made behind its back.
pub(super) async fn bring_up(
    settings: &UpSettings,
    draft: Draft,
    detach: bool,
    cancel: &CancellationToken,
) -> Result<Up, Failure> {
    let Draft {
        kind,
        engine,
        why,
        desired,
        observed,
        plan,
        credentials,
        is_new,
        mut lock,
    } = draft;
    let directory = &settings.lab.directory;
    output::note(&why);
    if is_new && !observed.volumes.is_empty() {
        return Err(lost_passwords(directory));
    }
    refuse_taken(&engine, &desired.project, &observed).await?;
    if find(directory)?.is_none() {
        refuse_taken_metrics(settings.metrics.as_ref())?;
    }
    let expected = engine::endpoints(&desired.project, &observed);
    refuse_attended(directory, &orders(settings, &expected, &credentials.user)?)?;

    let display = Display::new();
    kind.save(directory).map_err(|error| state_failure(&error))?;
    credentials
        .save(directory)
        .map_err(|error| state_failure(&error))?;
    WantedServices(desired.project.services.keys().cloned().collect())
        .save(directory)
        .map_err(|error| state_failure(&error))?;
    let carrier = Carrier {
        engine: &engine,
        desired: &desired,
        display: &display,
        cancel,
    };
    let observed = carry_out(&carrier, observed, &plan, settings.pull).await?;
    ChangedServices::remove(directory).map_err(|error| state_failure(&error))?;
    remember_images(&desired, &observed, &mut lock, directory)?;
    let endpoints = engine::endpoints(&desired.project, &observed);
    let attended = find(directory)?.is_some();
    let images = desired.images.iter();
    let images = images.map(|(service, source)| (service.clone(), source.reference().to_owned()));
    let rise = Rise {
        recipe: recipe::of(settings, &desired),
        images: images.collect(),
        settings,
        engine,
        display,
        endpoints,
        credentials,
        detach,
        was_idle: plan.is_empty(),
    };
    let outcome = cancel.run_until_cancelled(rise.start()).await;
    let outcome = outcome.unwrap_or_else(|| Err(failure(&EngineError::Interrupted)));
    if outcome.is_err() && detach && !attended {
        // What was started for a lab that is not up would go on behind an error.
        stop(directory).await?;
    }
    outcome
}

/// A lab whose containers run.
struct Rise<'a> {
    settings: &'a UpSettings,
    engine: AnyEngine,
    display: Display,
    endpoints: Vec<Endpoint>,
    credentials: Credentials,
    detach: bool,
    /// True where no container had to be touched.
    was_idle: bool,
    images: BTreeMap<String, String>,
    recipe: Recipe,
}

impl Rise<'_> {
    /// Waits for the services; collects as soon as there is what to collect and where to put it; then provisions.
    async fn start(self) -> Result<Up, Failure> {
        let (settings, endpoints) = (self.settings, &self.endpoints);
        let orders = orders(settings, endpoints, &self.credentials.user)?;
        let waiter = Waiter {
            engine: &self.engine,
            project: &settings.lab.name,
            limit: settings.wait,
            display: &self.display,
        };
        let is_server = |one: &&Endpoint| matches!(one.role, Role::App | Role::Stats);
        let is_grafana = |one: &&Endpoint| one.role == Role::Grafana;
        // Each goes on as soon as what it needs is there.
        let (serves, stores) = (CancellationToken::new(), CancellationToken::new());
        let server = async {
            waiter.ready(endpoints.iter().filter(is_server)).await?;
            serves.cancel();
            Ok(warnings::of_services(settings, endpoints).await)
        };
        let collecting = async {
            let rest = endpoints.iter().filter(|one| !is_server(one) && !is_grafana(one));
            waiter.ready(rest).await?;
            ensure_database(&orders, &self.credentials, settings.wait).await?;
            stores.cancel();
            serves.cancelled().await;
            start_agent(&settings.lab.directory, &orders, &self.credentials, self.detach).await
        };
        let showing = async {
            waiter.ready(endpoints.iter().filter(is_grafana)).await?;
            stores.cancelled().await;
            provision(settings, endpoints, &self.credentials, &self.display).await
        };
        let (found, runs, shown) = try_join3(server, collecting, showing).await?;
        for warning in warnings::of_settings(settings).into_iter().chain(found) {
            self.display.line(&format!("warning: {warning}"));
        }
        let untouched = shown.as_ref().is_none_or(|shown| !shown.changed);
        let started = matches!(runs, Runs::Here(_) | Runs::Elsewhere { new: true, .. });
        Ok(Up {
            recipe: self.recipe,
            images: self.images,
            unchanged: self.was_idle && untouched && !started,
            occupied: None,
            engine: self.engine,
            endpoints: self.endpoints,
            credentials: self.credentials,
            settings: orders,
            runs,
            shown,
        })
    }
}

/// Applies the plan. After pulling anew, what runs is compared once more with what the tags mean now.
async fn carry_out(
    carrier: &Carrier<'_>,
    observed: Observed,
    plan: &Plan,
    pull: bool,
) -> Result<Observed, Failure> {
    if plan.is_empty() {
        return Ok(observed);
    }
    let (engine, desired) = (carrier.engine, carrier.desired);
    carrier.carry_out(plan).await?;
    let mut observed = observe(engine, desired).await?;
    if pull {
        carrier.carry_out(&plan::up(desired, &observed)).await?;
        observed = observe(engine, desired).await?;
    }
    Ok(observed)
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
    if detach {
        let record = background::start(directory, settings, credentials).await?;
        return Ok(Runs::Elsewhere { record, new: true });
    }
    let seat = AgentSeat::take(directory).map_err(|error| state_failure(&error))?;
    let agent = Agent::start(settings, credentials, seat, Mode::Foreground).await;
    Ok(Runs::Here(Box::new(
        agent.map_err(|error| agent_failure(&error))?,
    )))
}

async fn provision(
    settings: &UpSettings,
    endpoints: &[Endpoint],
    credentials: &Credentials,
    display: &Display,
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
        wait: settings.wait,
        credentials,
    };
    let mut shown = show(&wanted).await?;
    if let Some(bundled) = &settings.bundle {
        let (news, changed) = bundled::dashboards(bundled, &grafana_of(&wanted)?).await?;
        news.iter().for_each(|line| display.line(line));
        shown.changed |= changed;
    }
    Ok(Some(shown))
}
