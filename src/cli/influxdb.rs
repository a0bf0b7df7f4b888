//! The InfluxDB that a command writes to: flags to a client, with no password in any message.

use crate::influx::{Client, Credentials, Endpoint, InfluxError, Secret};

use super::error::{Code, Failure};
use super::output;

#[derive(Debug, clap::Args)]
pub(crate) struct InfluxArguments {
    /// Write to this InfluxDB (http://USER@HOST:8086) instead of line protocol to stdout
    #[arg(long, value_name = "URL")]
    influxdb: Option<Secret>,
    /// Password for --influxdb
    #[arg(
        long,
        env = "UWSGI_LAB_INFLUXDB_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    influxdb_password: Option<Secret>,
    /// Database, created if it is not there
    #[arg(long, value_name = "NAME", default_value = "uWSGI")]
    database: String,
}

impl InfluxArguments {
    /// A client whose database exists; None without --influxdb. An InfluxDB that is away is an error unless it may come
    /// `later`; one that refuses us will not change its mind.
    pub(crate) async fn client(&self, later: bool) -> Result<Option<Client>, Failure> {
        let Some(url) = &self.influxdb else {
            return Ok(None);
        };
        let endpoint: Endpoint = url.reveal().parse().map_err(|error| {
            Failure::from_error(Code::Usage, &error).hint("see --influxdb in `uwsgi-lab collect --help`")
        })?;
        let credentials = self.credentials(&endpoint)?;
        let unavailable = |error| Failure::from_error(Code::Unavailable, &error);
        let client = Client::new(endpoint.url, &self.database, credentials).map_err(unavailable)?;
        match client.create_database().await {
            Err(error) if error.is_retryable() && later => {
                output::note(&format!("{error}; points wait until it can be"));
            }
            Err(error) => return Err(refused(&error)),
            Ok(()) => {}
        }
        Ok(Some(client))
    }

    fn credentials(&self, endpoint: &Endpoint) -> Result<Option<Credentials>, Failure> {
        let Some(user) = endpoint.user.clone() else {
            return Ok(None);
        };
        let password = endpoint.password.as_ref().or(self.influxdb_password.as_ref());
        match password.cloned() {
            Some(password) => Ok(Some(Credentials { user, password })),
            None => Err(Failure::new(
                Code::Usage,
                format!("there is no password for InfluxDB's user `{user}`"),
            )
            .hint("set UWSGI_LAB_INFLUXDB_PASSWORD")),
        }
    }
}

fn refused(error: &InfluxError) -> Failure {
    let failure = Failure::from_error(Code::Unavailable, error);
    match error {
        InfluxError::Unauthorized { .. } => {
            failure.hint("the user is part of --influxdb, the password is in UWSGI_LAB_INFLUXDB_PASSWORD")
        }
        _ => failure,
    }
}
