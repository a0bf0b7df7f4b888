//! What a scenario does to the server while the load runs; decides no times.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::engine::{Engine as _, Role, Signal};
use crate::experiment::{Deed, Stage};
use crate::uwsgi;

use super::super::settings::UpSettings;
use super::bring_up::Up;

/// For asking the server which processes it has.
const STATS_DEADLINE: Duration = Duration::from_secs(5);

/// Does to the server what the scenario says, by the pids that its statistics tell.
pub(super) async fn do_deed(deed: Deed, up: &Up, settings: &UpSettings, stage: &Stage) -> Result<(), String> {
    let said = |what: &dyn std::fmt::Display| what.to_string();
    let bytes = uwsgi::fetch(&stage.stats.address, STATS_DEADLINE)
        .await
        .map_err(|error| said(&error))?;
    let document = uwsgi::parse(&bytes).map_err(|error| said(&error))?;
    let (pid, signal) = match deed {
        Deed::Reload => (document.pid, Signal::Hangup),
        Deed::KillWorker => {
            let running = document
                .workers
                .iter()
                .find(|worker| worker.pid > 0 && worker.status != "cheap");
            let worker = running.ok_or_else(|| "no worker runs that could be killed".to_owned())?;
            (worker.pid, Signal::Kill)
        }
    };
    let service = up.endpoints.iter().find(|endpoint| endpoint.role == Role::Stats);
    let service = service
        .map(|endpoint| endpoint.service.clone())
        .unwrap_or_default();
    let observed = up
        .engine
        .observe(&settings.lab.name, &BTreeSet::new())
        .await
        .map_err(|error| said(&error))?;
    let container = observed
        .container(&service)
        .map(|container| container.name.clone());
    let container = container.ok_or_else(|| format!("service {service} does not run"))?;
    up.engine
        .send_signal(&container, pid, signal)
        .await
        .map_err(|error| said(&error))
}
