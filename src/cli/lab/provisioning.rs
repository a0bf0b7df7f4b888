//! Makes Grafana show the lab and proves that every panel answers.

use std::time::Duration;

use crate::provision::{self, Change, Dashboard, DataSource, Folder, Grafana, ProvisionError};
use crate::state::Credentials;

use super::super::error::{Code, Failure};

/// What Grafana is to show.
pub(super) struct Show<'a> {
    /// From this machine.
    pub(super) grafana_url: String,
    /// From Grafana's container.
    pub(super) influxdb_url: String,
    pub(super) database: String,
    pub(super) interval: Duration,
    /// For Grafana's InfluxDB plugin, and for the data source to answer.
    pub(super) wait: Duration,
    pub(super) credentials: &'a Credentials,
}

/// What provisioning did.
pub(super) struct Shown {
    /// False where Grafana showed everything already.
    pub(super) changed: bool,
    /// How many panel queries answered.
    pub(super) queries: usize,
}

pub(super) async fn show(show: &Show<'_>) -> Result<Shown, Failure> {
    let outcome = apply_and_verify(show).await;
    outcome.map_err(|error| failure(&error))
}

/// The Grafana that is to show it.
pub(super) fn grafana_of(show: &Show<'_>) -> Result<Grafana, Failure> {
    log_in(show).map_err(|error| failure(&error))
}

fn log_in(show: &Show<'_>) -> Result<Grafana, ProvisionError> {
    let credentials = show.credentials;
    let grafana = Grafana::new(
        &show.grafana_url,
        &credentials.user,
        &credentials.grafana_password,
    )?;
    Ok(grafana.waiting_at_most(show.wait))
}

async fn apply_and_verify(show: &Show<'_>) -> Result<Shown, ProvisionError> {
    let credentials = show.credentials;
    let grafana = log_in(show)?;
    let desired = provision::Desired {
        datasource: DataSource {
            url: show.influxdb_url.clone(),
            database: show.database.clone(),
            user: credentials.user.clone(),
            password: credentials.influxdb_password.clone(),
            interval: show.interval,
        },
        folder: Folder::default(),
        dashboards: Dashboard::shipped()?,
    };
    let report = provision::apply(&grafana, &desired).await?;
    let mut queries = 0;
    for dashboard in &desired.dashboards {
        queries += provision::verify(&grafana, &dashboard.uid).await?.len();
    }
    let dashboards = report.dashboards.iter().map(|(_, change)| change);
    let mut changes = dashboards.chain([&report.datasource, &report.folder]);
    Ok(Shown {
        changed: changes.any(|change| *change != Change::Unchanged),
        queries,
    })
}

fn failure(error: &ProvisionError) -> Failure {
    let failure = Failure::from_error(Code::NotReady, error);
    match error {
        ProvisionError::Credentials { .. } => failure
            .hint("its volume was made with another password, which is asked for only when the volume is new")
            .hint("`uwsgi-lab reset` begins again with an empty one; the data goes"),
        ProvisionError::DashboardRefused { .. } | ProvisionError::ReadOnlyDataSource { .. } => {
            failure.hint("`uwsgi-lab reset` begins again with an empty Grafana; the data goes")
        }
        ProvisionError::PluginMissing { .. } => failure.hint(
            "Grafana installs it at its start and may need the network for it: `uwsgi-lab logs grafana`",
        ),
        _ => failure.hint("what Grafana says: `uwsgi-lab logs grafana`"),
    }
}
