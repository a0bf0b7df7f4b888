//! `uwsgi-lab dashboard`: serves the embedded dashboard server in the foreground until a signal.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use tokio::runtime::Runtime;

use crate::embedded::{DashboardError, DashboardOptions, DashboardServer};

use super::error::{Code, Failure};
use super::{files, output, signals, values};

/// Serve the lab's own dashboard: a page, and the part of Grafana's HTTP API that a lab uses
#[derive(Debug, Args)]
pub(crate) struct DashboardArguments {
    /// Address and port to listen on, as in 127.0.0.1:3000, localhost:3000 or :3000; port 0 takes any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000", value_parser = values::listen)]
    listen: SocketAddr,
    /// Directory that keeps data sources, dashboards and annotations; in memory without it
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    /// Name under which the server may be called, besides localhost and IP addresses; may be repeated
    #[arg(long = "allow-host", value_name = "NAME", default_value = "grafana")]
    allowed_hosts: Vec<String>,
    /// Login, used on the first start with a data directory only, as in Grafana
    #[arg(
        long,
        value_name = "LOGIN",
        env = "GF_SECURITY_ADMIN_USER",
        default_value = "admin",
        hide_env_values = true
    )]
    admin_user: String,
    /// Password of that login, required; give it in the environment, because a command line shows in the process
    /// list
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "GF_SECURITY_ADMIN_PASSWORD",
        hide_env_values = true
    )]
    admin_password: Option<String>,
}

/// Runs the server until SIGTERM or Ctrl-C.
pub(crate) fn run(arguments: DashboardArguments) -> Result<(), Failure> {
    let options = arguments.into_options()?;
    let runtime = Runtime::new().map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    runtime.block_on(serve(options))
}

impl DashboardArguments {
    fn into_options(self) -> Result<DashboardOptions, Failure> {
        let password = self.admin_password.filter(|password| !password.is_empty());
        let admin_password = password.ok_or_else(|| {
            Failure::new(Code::Usage, "the dashboard server needs a password for its admin")
                .hint("set GF_SECURITY_ADMIN_PASSWORD in the environment")
        })?;
        Ok(DashboardOptions {
            listen: self.listen,
            data: self.data,
            admin_user: self.admin_user,
            admin_password,
            allowed_hosts: self.allowed_hosts,
        })
    }
}

async fn serve(options: DashboardOptions) -> Result<(), Failure> {
    let stop = signals::stop().map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    let server = DashboardServer::bind(options)
        .await
        .map_err(|error| failure(&error))?;
    output::note(&format!(
        "dashboard server listens on http://{}",
        server.address()
    ));
    server.run(stop).await.map_err(|error| failure(&error))
}

fn failure(error: &DashboardError) -> Failure {
    match error {
        DashboardError::Listen { address, source } if source.kind() == io::ErrorKind::AddrInUse => {
            let message = format!("port {} of {} is in use", address.port(), address.ip());
            Failure::new(Code::Unavailable, message)
                .hint("stop the program that holds it, or take any free port: --listen :0")
        }
        DashboardError::Listen { .. } => {
            Failure::from_error(Code::Unavailable, error).hint("choose another address with --listen ADDRESS")
        }
        DashboardError::State { source, .. } if source.kind() == io::ErrorKind::ResourceBusy => {
            Failure::from_error(Code::Unavailable, error)
                .hint("stop the other server, or choose another directory with --data DIRECTORY")
        }
        error => match advice(error) {
            Some(advice) => Failure::from_error(Code::Unavailable, error)
                .hint(advice)
                .hint("or choose another directory with --data DIRECTORY"),
            None => Failure::from_error(Code::Unexpected, error),
        },
    }
}

/// What to do where a server cannot use its directory.
pub(super) fn advice(error: &DashboardError) -> Option<String> {
    match error {
        DashboardError::State { path, source } if source.raw_os_error().is_some() => {
            Some(files::advice(source.kind(), path))
        }
        DashboardError::State { path, .. } => {
            let path = path.display();
            Some(format!("start afresh by removing it: `rm {path}`"))
        }
        _ => None,
    }
}
