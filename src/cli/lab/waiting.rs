//! Waits for what a lab is made of: endpoints that answer, the database.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};

use crate::agent::AgentSettings;
use crate::engine::{self, AnyEngine, Endpoint, EngineError, Role, Waiting};
use crate::influx::{self, Client, InfluxError};
use crate::state::Credentials;

use super::super::error::{Code, Failure};
use super::connect::failure;
use super::progress::Display;

/// InfluxDB answers pings a moment before it lets anybody in.
const LOGIN_LIMIT: Duration = Duration::from_secs(10);

/// Waits for endpoints.
pub(super) struct Waiter<'a> {
    pub(super) engine: &'a AnyEngine,
    pub(super) project: &'a str,
    pub(super) limit: Duration,
    pub(super) display: &'a Display,
}

impl Waiter<'_> {
    /// An app whose statistics are there is not waited for: they say that it was loaded, and a request that was not
    /// scheduled would be in the figures.
    pub(super) async fn ready<'e>(
        &self,
        endpoints: impl Iterator<Item = &'e Endpoint>,
    ) -> Result<(), Failure> {
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
            let tell = |waiting: Waiting<'_>| self.display.waiting(waiting);
            engine::await_ready(self.engine, self.project, endpoint, self.limit, &tell).await?;
            self.display.ready(endpoint);
            Ok(())
        });
        let outcomes: Result<Vec<()>, EngineError> = join_all(waits).await.into_iter().collect();
        outcomes.map(drop).map_err(|error| failure(&error))
    }
}

/// The image makes the database itself, on an empty volume and where it knows how; asking again does no harm.
pub(super) async fn ensure_database(
    settings: &AgentSettings,
    credentials: &Credentials,
    limit: Duration,
) -> Result<(), Failure> {
    let client = client(settings, credentials)?;
    let end = Instant::now() + limit.min(LOGIN_LIMIT);
    loop {
        match client.create_database().await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_retryable() && Instant::now() < end => {}
            Err(error) => return Err(refused(&error)),
        }
        sleep(Duration::from_millis(100)).await;
    }
}

pub(in crate::cli) fn client(settings: &AgentSettings, credentials: &Credentials) -> Result<Client, Failure> {
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
    let database = settings.influxdb.database.clone();
    Client::new(
        endpoint.url,
        database,
        Some(influx::Authorization::Password(login)),
    )
    .map_err(|error| unexpected(&error))
}

fn refused(error: &InfluxError) -> Failure {
    Failure::from_error(Code::NotReady, error).hint(
        "an old volume keeps its old password: `uwsgi-lab reset` begins again with an empty one; the data goes",
    )
}
