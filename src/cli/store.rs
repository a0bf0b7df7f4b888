//! `uwsgi-lab store`: serves the embedded InfluxDB-compatible store in the foreground until a signal.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;
use tokio::runtime::Runtime;

use crate::embedded::{StoreError, StoreOptions, StoreServer};

use super::error::{Code, Failure};
use super::{files, output, signals, values};

/// Serve the lab's own time-series database: InfluxDB's 1.x HTTP API on SQLite
#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// Address and port to listen on, as in 127.0.0.1:8086, localhost:8086 or :8086; port 0 takes any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8086", value_parser = values::listen)]
    listen: SocketAddr,
    /// Directory that keeps the databases; made where it is missing
    #[arg(long, value_name = "DIRECTORY")]
    data: PathBuf,
    /// Database to create at the start if it is missing
    #[arg(long, value_name = "NAME", env = "INFLUXDB_DB")]
    database: Option<String>,
    /// Name under which the server may be called, besides localhost and IP addresses; may be repeated
    #[arg(long = "allow-host", value_name = "NAME", default_value = "influxdb")]
    allowed_hosts: Vec<String>,
    /// Whether to ask for the login and the password; without this they are asked for where a password is given
    #[arg(
        long,
        value_name = "true|false",
        env = "INFLUXDB_HTTP_AUTH_ENABLED",
        value_parser = BoolishValueParser::new()
    )]
    auth: Option<bool>,
    /// Login of the one user, who may do everything
    #[arg(
        long,
        value_name = "LOGIN",
        env = "INFLUXDB_ADMIN_USER",
        default_value = "admin",
        hide_env_values = true
    )]
    admin_user: String,
    /// Password of that login; give it in the environment, because a command line shows in the process list
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "INFLUXDB_ADMIN_PASSWORD",
        hide_env_values = true
    )]
    admin_password: Option<String>,
}

/// Runs the server until SIGTERM or Ctrl-C.
pub(crate) fn run(arguments: StoreArguments) -> Result<(), Failure> {
    let options = arguments.into_options()?;
    let runtime = Runtime::new().map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    runtime.block_on(serve(options))
}

impl StoreArguments {
    fn into_options(self) -> Result<StoreOptions, Failure> {
        let password = self.admin_password.filter(|password| !password.is_empty());
        let credentials = match (self.auth, password) {
            (Some(false), _) | (None, None) => None,
            (_, Some(password)) => Some((self.admin_user, password)),
            (Some(true), None) => return Err(no_password()),
        };
        Ok(StoreOptions {
            listen: self.listen,
            data: self.data,
            database: self.database.filter(|name| !name.is_empty()),
            credentials,
            allowed_hosts: self.allowed_hosts,
        })
    }
}

fn no_password() -> Failure {
    Failure::new(
        Code::Usage,
        "the store is to ask for a password, but is given none",
    )
    .hint("set INFLUXDB_ADMIN_PASSWORD in the environment, or INFLUXDB_HTTP_AUTH_ENABLED=false")
}

async fn serve(options: StoreOptions) -> Result<(), Failure> {
    let stop = signals::stop().map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    let asks = options.credentials.is_some();
    let server = StoreServer::bind(options)
        .await
        .map_err(|error| failure(&error))?;
    let access = if asks {
        ""
    } else {
        ", open to everybody who can reach it"
    };
    output::note(&format!("store listens on http://{}{access}", server.address()));
    server.run(stop).await.map_err(|error| failure(&error))
}

fn failure(error: &StoreError) -> Failure {
    match error {
        StoreError::Listen { address, source } if source.kind() == io::ErrorKind::AddrInUse => {
            let message = format!("port {} of {} is in use", address.port(), address.ip());
            Failure::new(Code::Unavailable, message)
                .hint("stop the program that holds it, or take any free port: --listen :0")
        }
        StoreError::Listen { .. } => {
            Failure::from_error(Code::Unavailable, error).hint("choose another address with --listen ADDRESS")
        }
        StoreError::InUse(_) => Failure::from_error(Code::Unavailable, error)
            .hint("stop the other store, or choose another directory with --data DIRECTORY"),
        error => match advice(error) {
            Some(advice) => Failure::from_error(Code::Unavailable, error)
                .hint(advice)
                .hint("or choose another directory with --data DIRECTORY"),
            None => Failure::from_error(Code::Unexpected, error),
        },
    }
}

/// What to do where a store cannot use its directory.
pub(super) fn advice(error: &StoreError) -> Option<String> {
    match error {
        StoreError::Full(path) => Some(files::advice(io::ErrorKind::StorageFull, path)),
        StoreError::Data { path, .. } => {
            let kind = files::kind(error).unwrap_or(io::ErrorKind::Other);
            Some(files::advice(kind, path))
        }
        StoreError::Damaged { path, .. } => {
            let path = path.display();
            Some(format!("start afresh by removing it: `rm -r {path}`"))
        }
        _ => None,
    }
}
