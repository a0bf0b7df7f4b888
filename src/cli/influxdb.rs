//! The InfluxDBs that a command writes to: flags to clients, with no password and no token in any message.

use std::fs;
use std::path::{Path, PathBuf};

use crate::influx::{Authorization, Client, Credentials, Endpoint, InfluxError, Secret};

use super::error::{Code, Failure};
use super::files;
use super::output;
use super::settings::Environment;

const TOKEN: &str = "UWSGI_LAB_INFLUXDB_TOKEN";

#[derive(Debug, clap::Args)]
pub(crate) struct InfluxArguments {
    /// Write to this InfluxDB (http://USER@HOST:8086, with a token http://HOST:8086) instead of line protocol to stdout; may be
    /// repeated
    #[arg(long, value_name = "URL")]
    influxdb: Vec<Secret>,
    /// Password for --influxdb
    #[arg(
        long,
        env = "UWSGI_LAB_INFLUXDB_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    influxdb_password: Option<Secret>,
    /// File with the token of an InfluxDB 2.x or 3 [env: UWSGI_LAB_INFLUXDB_TOKEN has the token itself]
    #[arg(long, value_name = "FILE", requires = "influxdb")]
    influxdb_token_file: Option<PathBuf>,
    /// Database, created if it is not there; the name of a bucket in InfluxDB 2.x
    #[arg(long, value_name = "NAME", default_value = "uWSGI")]
    database: String,
}

impl InfluxArguments {
    /// Clients whose databases exist. An InfluxDB that is away is an error unless it may come `later`; one that refuses us will
    /// not change its mind.
    pub(crate) async fn clients(&self, later: bool) -> Result<Vec<Client>, Failure> {
        let token = match self.influxdb.is_empty() {
            true => None,
            false => self.token()?,
        };
        let mut clients = Vec::new();
        for url in &self.influxdb {
            let client = self.client(url, token.as_ref())?;
            match client.prepare().await {
                Err(error) if error.is_retryable() && later => {
                    output::note(&format!("{error}; points wait until it can be"));
                }
                Err(error) => return Err(refused(&error)),
                Ok(()) => {}
            }
            clients.push(client);
        }
        Ok(clients)
    }

    fn client(&self, url: &Secret, token: Option<&Secret>) -> Result<Client, Failure> {
        let endpoint: Endpoint = url.reveal().parse().map_err(|error| {
            Failure::from_error(Code::Usage, &error).hint("see --influxdb in `uwsgi-lab collect --help`")
        })?;
        let authorization = match self.credentials(&endpoint)? {
            Some(credentials) => Some(Authorization::Password(credentials)),
            None => token.cloned().map(Authorization::Token),
        };
        Client::new(endpoint.url, &self.database, authorization)
            .map_err(|error| Failure::from_error(Code::Unavailable, &error))
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

    fn token(&self) -> Result<Option<Secret>, Failure> {
        match &self.influxdb_token_file {
            Some(path) => token_in(path).map(Some),
            None => Ok(Environment::capture().get(TOKEN).map(Secret::new)),
        }
    }
}

fn token_in(path: &Path) -> Result<Secret, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        let mut failure = Failure::new(
            Code::Usage,
            format!("cannot read the token in {}", path.display()),
        );
        failure.causes.push(error.to_string());
        failure.hint(files::advice(error.kind(), path))
    })?;
    match text.trim() {
        "" => Err(
            Failure::new(Code::Usage, format!("there is no token in {}", path.display()))
                .hint("`influx auth create` makes one in InfluxDB 2.x, `influxdb3 create token` in 3"),
        ),
        token => Ok(Secret::new(token)),
    }
}

fn refused(error: &InfluxError) -> Failure {
    let failure = Failure::from_error(Code::Unavailable, error);
    match error {
        InfluxError::Unauthorized { proof: "token", .. } => failure.hint(format!(
            "the token is in the file of --influxdb-token-file, or in {TOKEN}; it must be allowed to write"
        )),
        InfluxError::Unauthorized { .. } => failure
            .hint("the user is part of --influxdb, the password is in UWSGI_LAB_INFLUXDB_PASSWORD")
            .hint(format!("for a token leave the user out; it is in {TOKEN}, or in the file of --influxdb-token-file")),
        InfluxError::BucketMissing { database, .. } => failure
            .hint(format!("make one of that name: `influx bucket create --name {database}`"))
            .hint(format!(
                "or map one: `influx v1 dbrp create --db {database} --rp autogen --default --bucket-id ID`, with the ID \
                 from `influx bucket list`"
            )),
        _ => failure,
    }
}
