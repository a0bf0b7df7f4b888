//! What a scenario does to the server while the load runs, and how that is undone; decides no times.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::compose::ConfigFile;
use crate::engine::{Engine as _, Role, Signal};
use crate::experiment::Deed;
use crate::state::{ChangedServices, EngineKind};
use crate::uwsgi::{self, Document, StatsAddress, UwsgiConfig};

use super::super::settings::UpSettings;
use super::bring_up::Up;
use super::desired;

/// For asking the server which processes it has.
const STATS_DEADLINE: Duration = Duration::from_secs(5);
/// uWSGI waits a minute for requests that are under way before it reloads.
const RELOAD_LIMIT: Duration = Duration::from_secs(75);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The server of a lab, which a scenario may change.
pub(super) struct Deeds<'a> {
    up: &'a Up,
    settings: &'a UpSettings,
    stats: StatsAddress,
    /// uWSGI's configuration as it was written last.
    running: RefCell<UwsgiConfig>,
}

impl<'a> Deeds<'a> {
    pub(super) fn new(up: &'a Up, settings: &'a UpSettings, stats: StatsAddress) -> Self {
        Self {
            up,
            settings,
            stats,
            running: RefCell::new(settings.uwsgi.clone()),
        }
    }

    /// Does to the server what the scenario says, by the pids that its statistics tell; says why it could not.
    pub(super) async fn perform(&self, deed: Deed) -> Result<(), String> {
        let document = self.document().await?;
        match deed {
            Deed::Reload => self.signal(document.pid, Signal::Hangup).await,
            Deed::KillWorker => {
                let mut running = document.workers.iter();
                let worker = running.find(|worker| worker.pid > 0 && worker.status != "cheap");
                let worker = worker.ok_or_else(|| "no worker runs that could be killed".to_owned())?;
                self.signal(worker.pid, Signal::Kill).await
            }
            Deed::Set(settings) => {
                let wanted = self.running.borrow().with(&settings);
                self.distrust()?;
                self.write(&wanted).await?;
                self.running.replace(wanted);
                self.signal(document.pid, Signal::Hangup).await
            }
        }
    }

    /// Whether uWSGI's configuration is another than the lab's.
    pub(super) fn has_changed(&self) -> bool {
        *self.running.borrow() != self.settings.uwsgi
    }

    /// Puts the lab's configuration back and waits until the server has it. Where that cannot be, the next `up` makes the
    /// service anew.
    pub(super) async fn undo(&self) -> Result<(), String> {
        self.write(&self.settings.uwsgi).await?;
        let before = self.document().await?;
        self.signal(before.pid, Signal::Hangup).await?;
        self.reloaded(&before).await?;
        ChangedServices::remove(&self.settings.lab.directory).map_err(|error| said(&error))
    }

    /// Returns once no worker is left of those in `before`.
    async fn reloaded(&self, before: &Document) -> Result<(), String> {
        let pids = |document: &Document| -> BTreeSet<u64> {
            let pids = document.workers.iter().map(|worker| worker.pid);
            pids.filter(|pid| *pid > 0).collect()
        };
        let old = pids(before);
        let limit = Instant::now() + RELOAD_LIMIT;
        loop {
            sleep(LOOK_EVERY).await;
            let now = self.look().await;
            match now.map(|document| pids(&document)) {
                Ok(new) if !new.is_empty() && new.is_disjoint(&old) => return Ok(()),
                Err(error) if Instant::now() > limit => return Err(error),
                _ if Instant::now() > limit => return Err("uWSGI does not end its workers".to_owned()),
                _ => {}
            }
        }
    }

    /// With patience: a server that reloads does not answer for a moment.
    async fn document(&self) -> Result<Document, String> {
        let limit = Instant::now() + STATS_DEADLINE;
        loop {
            match self.look().await {
                Err(_) if Instant::now() < limit => sleep(LOOK_EVERY).await,
                looked => return looked,
            }
        }
    }

    async fn look(&self) -> Result<Document, String> {
        let bytes = uwsgi::fetch(&self.stats, STATS_DEADLINE).await;
        uwsgi::parse(&bytes.map_err(|error| said(&error))?).map_err(|error| said(&error))
    }

    /// From here on the lab does not count on the service to be as it was made.
    fn distrust(&self) -> Result<(), String> {
        let changed = ChangedServices(BTreeSet::from([self.service().to_owned()]));
        changed
            .save(&self.settings.lab.directory)
            .map_err(|error| said(&error))
    }

    /// Writes what of the service's files is another with `config`.
    async fn write(&self, config: &UwsgiConfig) -> Result<(), String> {
        let old = self.files(&self.running.borrow())?;
        let container = self.container().await?;
        for file in self.files(config)?.iter().filter(|file| !old.contains(file)) {
            let written = self.up.engine.rewrite(self.service(), &container, file).await;
            written.map_err(|error| said(&error))?;
        }
        Ok(())
    }

    fn files(&self, config: &UwsgiConfig) -> Result<Vec<ConfigFile>, String> {
        let settings = UpSettings {
            uwsgi: config.clone(),
            ..self.settings.clone()
        };
        let kind = match &self.up.engine {
            crate::engine::AnyEngine::Docker(_) => EngineKind::Docker,
            crate::engine::AnyEngine::Local(_) => EngineKind::Local,
        };
        let project = desired::project(&settings, &self.up.credentials, kind);
        let mut project = project.map_err(|failure| failure.message)?;
        let service = project.services.remove(self.service());
        Ok(service.map(|service| service.configs).unwrap_or_default())
    }

    async fn signal(&self, pid: u64, signal: Signal) -> Result<(), String> {
        let container = self.container().await?;
        let sent = self.up.engine.send_signal(&container, pid, signal).await;
        sent.map_err(|error| said(&error))
    }

    fn service(&self) -> &str {
        let mut endpoints = self.up.endpoints.iter();
        let stats = endpoints.find(|endpoint| endpoint.role == Role::Stats);
        stats.map_or("", |endpoint| &endpoint.service)
    }

    async fn container(&self) -> Result<String, String> {
        let name = &self.settings.lab.name;
        let observed = self.up.engine.observe(name, &BTreeSet::new()).await;
        let observed = observed.map_err(|error| said(&error))?;
        let container = observed.container(self.service());
        container
            .map(|container| container.name.clone())
            .ok_or_else(|| format!("service {} does not run", self.service()))
    }
}

fn said(what: &dyn Display) -> String {
    what.to_string()
}
