//! Where the Docker daemon is, by the docker command's own rules: `DOCKER_HOST`, then the context chosen by
//! `DOCKER_CONTEXT` or the configuration file, then the default socket. That is what makes rootless Docker,
//! colima and Docker Desktop work.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::Docker as Client;
use bollard::errors::Error;
use serde_json::Value;
use tokio::time::timeout;

use super::super::EngineError;

const DEFAULT: &str = "unix:///var/run/docker.sock";
/// A daemon that a socket unit starts needs some seconds for its first answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// What of the environment decides where the daemon is.
#[derive(Debug, Clone, Default)]
pub(crate) struct DockerEnvironment {
    /// `DOCKER_HOST`.
    pub(crate) host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub(crate) context: Option<String>,
    /// `DOCKER_CONFIG`, else `~/.docker`.
    pub(crate) config_directory: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`, under which a rootless daemon has its socket.
    pub(crate) runtime_directory: Option<PathBuf>,
}

/// A daemon's address and the rule that chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DockerAddress {
    pub(crate) host: String,
    pub(crate) rule: String,
}

impl DockerAddress {
    /// # Errors
    /// [`EngineError::BadAddress`] when a context is named that does not exist or cannot be read.
    pub(crate) fn resolve(environment: &DockerEnvironment) -> Result<Self, EngineError> {
        if let Some(host) = environment.host.as_ref().filter(|host| !host.is_empty()) {
            return Ok(Self {
                host: host.clone(),
                rule: "DOCKER_HOST".to_owned(),
            });
        }
        let directory = environment.config_directory.as_deref();
        let context = environment.context.clone().filter(|name| !name.is_empty());
        let context = context.or_else(|| current_context(directory?));
        if let Some(name) = context.filter(|name| name != "default") {
            let host = directory.and_then(|directory| host_of_context(directory, &name));
            let host = host.ok_or_else(|| EngineError::BadAddress {
                address: format!("Docker context {name}"),
                message: "no such context, or it has no Docker endpoint".to_owned(),
            })?;
            return Ok(Self {
                host,
                rule: format!("Docker context {name}"),
            });
        }
        Ok(Self::default_socket(environment))
    }

    fn default_socket(environment: &DockerEnvironment) -> Self {
        let rootless = environment
            .runtime_directory
            .as_ref()
            .map(|directory| directory.join("docker.sock"));
        match rootless {
            Some(socket) if !Path::new("/var/run/docker.sock").exists() && socket.exists() => Self {
                host: format!("unix://{}", socket.display()),
                rule: "rootless socket".to_owned(),
            },
            _ => Self {
                host: DEFAULT.to_owned(),
                rule: "default socket".to_owned(),
            },
        }
    }

    /// The other machine's name, where the daemon does not run on this one: its published ports are on that
    /// machine's loopback, not ours.
    pub(crate) fn remote_machine(&self) -> Option<&str> {
        let (scheme, rest) = self.host.split_once("://")?;
        if matches!(scheme, "unix" | "npipe") {
            return None;
        }
        let authority = rest.split('/').next().unwrap_or(rest);
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let host = host.rsplit_once(':').map_or(host, |(name, _port)| name);
        (!matches!(host, "localhost" | "127.0.0.1" | "[::1]" | "")).then_some(host)
    }
}

fn current_context(directory: &Path) -> Option<String> {
    let text = fs::read_to_string(directory.join("config.json")).ok()?;
    let config: Value = serde_json::from_str(&text).ok()?;
    config
        .get("currentContext")?
        .as_str()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

fn host_of_context(directory: &Path, name: &str) -> Option<String> {
    let metas = fs::read_dir(directory.join("contexts/meta")).ok()?;
    let mut contexts = metas.flatten().filter_map(|entry| {
        let text = fs::read_to_string(entry.path().join("meta.json")).ok()?;
        serde_json::from_str::<Value>(&text).ok()
    });
    let context = contexts.find(|context| context.get("Name").and_then(Value::as_str) == Some(name))?;
    context
        .pointer("/Endpoints/docker/Host")?
        .as_str()
        .map(str::to_owned)
}

/// Connects, agrees on an API version, and makes sure that a daemon answers.
pub(super) async fn connect(address: &DockerAddress) -> Result<Client, EngineError> {
    let bad = |error: &Error| EngineError::BadAddress {
        address: address.host.clone(),
        message: error.to_string(),
    };
    let client = Client::connect_with_host(&address.host).map_err(|error| match error {
        Error::UnsupportedURISchemeError { .. } => EngineError::BadAddress {
            address: address.host.clone(),
            message: "only unix:// and tcp:// are supported".to_owned(),
        },
        Error::SocketNotFoundError(_) => EngineError::Unreachable {
            address: address.host.clone(),
            message: "the socket does not exist".to_owned(),
        },
        other => bad(&other),
    })?;
    match timeout(ANSWERS_WITHIN, client.negotiate_version()).await {
        Ok(agreed) => agreed.map_err(|error| unreachable(address, &error)),
        Err(_elapsed) => Err(EngineError::Unreachable {
            address: address.host.clone(),
            message: format!("no answer within {} s", ANSWERS_WITHIN.as_secs()),
        }),
    }
}

fn unreachable(address: &DockerAddress, error: &Error) -> EngineError {
    let message = super::fault::message(error);
    let address = address.host.clone();
    if message.contains("Permission denied") {
        return EngineError::Forbidden { address };
    }
    let message = if message.contains("No such file") || message.contains("not found") {
        "the socket does not exist".to_owned()
    } else if message.contains("Connection refused") {
        "connection refused".to_owned()
    } else {
        message
    };
    EngineError::Unreachable { address, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_host_wins_then_the_context_then_the_socket() {
        let directory = tempfile::tempdir().unwrap();
        let meta = directory.path().join("contexts/meta/abc");
        fs::create_dir_all(&meta).unwrap();
        let context = r#"{"Name":"colima","Endpoints":{"docker":{"Host":"unix:///home/me/colima.sock"}}}"#;
        fs::write(meta.join("meta.json"), context).unwrap();
        fs::write(
            directory.path().join("config.json"),
            r#"{"currentContext":"colima"}"#,
        )
        .unwrap();
        let mut environment = DockerEnvironment {
            host: Some("tcp://127.0.0.1:2375".to_owned()),
            config_directory: Some(directory.path().to_owned()),
            ..DockerEnvironment::default()
        };
        let resolve = |environment: &DockerEnvironment| DockerAddress::resolve(environment).unwrap();
        assert_eq!(resolve(&environment).host, "tcp://127.0.0.1:2375");
        environment.host = None;
        assert_eq!(resolve(&environment).host, "unix:///home/me/colima.sock");
        environment.context = Some("default".to_owned());
        assert_eq!(resolve(&environment).host, DEFAULT);
        environment.context = Some("gone".to_owned());
        let error = DockerAddress::resolve(&environment).unwrap_err().to_string();
        assert!(error.contains("Docker context gone"), "{error}");
    }

    #[test]
    fn a_daemon_on_another_machine_is_recognised() {
        let machine = |host: &str| {
            let address = DockerAddress {
                host: host.to_owned(),
                rule: String::new(),
            };
            address.remote_machine().map(str::to_owned)
        };
        assert_eq!(machine("unix:///var/run/docker.sock"), None);
        assert_eq!(machine("tcp://127.0.0.1:2375"), None);
        assert_eq!(
            machine("tcp://build.example:2375"),
            Some("build.example".to_owned())
        );
        assert_eq!(
            machine("ssh://me@build.example"),
            Some("build.example".to_owned())
        );
    }
}
