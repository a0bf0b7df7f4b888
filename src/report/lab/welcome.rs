//! What is to be said when a lab is up: where everything is, who runs it, how to end it.

use crate::agent::AgentSettings;
use crate::engine::{Endpoint, Role};

use super::super::{command, number};
use super::{line, url};

/// What is to be said when a lab is up.
pub(crate) struct Welcome<'a> {
    pub(crate) name: &'a str,
    pub(crate) endpoints: &'a [Endpoint],
    pub(crate) settings: &'a AgentSettings,
    pub(crate) user: &'a str,
    /// None where it must not be shown.
    pub(crate) password: Option<&'a str>,
    /// How many panel queries answered; None without Grafana.
    pub(crate) panels: Option<usize>,
    pub(crate) runs: Runs,
    pub(crate) unchanged: bool,
}

/// Who collects and sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runs {
    Here,
    Elsewhere { pid: u32, detached: bool },
}

pub(crate) fn welcome_text(welcome: &Welcome<'_>) -> String {
    let mut text = String::new();
    let news = if welcome.unchanged {
        "is up already; nothing was changed"
    } else {
        "is up"
    };
    line(&mut text, format_args!("\n{} {news}.\n", welcome.name));
    for endpoint in in_order(welcome.endpoints) {
        let address = url(endpoint.role.name(), &endpoint.address());
        line(&mut text, format_args!("  {:10} {address}", title(endpoint.role)));
    }
    let password = welcome.password.map_or(
        "shown by `uwsgi-lab status --show-passwords`".to_owned(),
        |password| format!("{password} (Grafana; all: `uwsgi-lab status --show-passwords`)"),
    );
    line(&mut text, format_args!("  {:10} {}", "User", welcome.user));
    line(&mut text, format_args!("  {:10} {password}\n", "Password"));
    work(welcome, &mut text);
    line(&mut text, format_args!("  {}\n", runs_text(welcome.runs)));
    command::of_lab(&text, welcome.name)
}

/// What is collected, sent and shown.
fn work(welcome: &Welcome<'_>, text: &mut String) {
    for watched in &welcome.settings.watch {
        let interval = number::duration(welcome.settings.interval);
        line(
            text,
            format_args!("  Collecting every {interval} from {}.", watched.address),
        );
    }
    if let Some(load) = &welcome.settings.load {
        let rate = number::rate(load.rate);
        line(text, format_args!("  Sending {rate} requests/s to {}.", load.url));
    }
    if let Some(panels) = welcome.panels {
        line(text, format_args!("  The dashboard's {panels} queries work."));
    }
}

/// The page to look at first, then what it shows.
fn in_order(endpoints: &[Endpoint]) -> Vec<&Endpoint> {
    let mut sorted: Vec<&Endpoint> = endpoints.iter().collect();
    let order = [Role::Grafana, Role::App, Role::Stats, Role::Influxdb, Role::Other];
    sorted.sort_by_key(|endpoint| order.iter().position(|role| *role == endpoint.role));
    sorted
}

fn runs_text(runs: Runs) -> String {
    match runs {
        Runs::Here => "Ctrl-C stops it; `uwsgi-lab down` takes it away.".to_owned(),
        Runs::Elsewhere { pid, detached: true } => format!(
            "It runs in the background (pid {pid}): `uwsgi-lab status` shows how, `uwsgi-lab down` takes it away."
        ),
        Runs::Elsewhere { pid, detached: false } => {
            format!("It runs in another terminal (pid {pid}): Ctrl-C there stops it.")
        }
    }
}

fn title(role: Role) -> &'static str {
    match role {
        Role::App => "App",
        Role::Stats => "Stats",
        Role::Influxdb => "InfluxDB",
        Role::Grafana => "Grafana",
        Role::Other => "Port",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::agent::{InfluxSettings, LoadSettings, WatchSettings};

    fn endpoint(role: Role, port: u16) -> Endpoint {
        Endpoint {
            role,
            service: "any".to_owned(),
            target: 1,
            port,
            inside: "any:1".to_owned(),
        }
    }

    fn settings() -> AgentSettings {
        AgentSettings {
            watch: vec![WatchSettings {
                address: "http://127.0.0.1:9191".to_owned(),
                source: "127.0.0.1:9191".to_owned(),
            }],
            interval: Duration::from_secs(1),
            influxdb: InfluxSettings {
                url: "http://127.0.0.1:8086".to_owned(),
                database: "uWSGI".to_owned(),
                user: "lab".to_owned(),
            },
            load: Some(LoadSettings {
                url: "http://127.0.0.1:9090/".to_owned(),
                rate: 16.0,
                threads: 1,
                connections: None,
                timeout: Duration::from_secs(30),
            }),
            metrics: None,
            grafana: None,
        }
    }

    #[test]
    fn a_lab_in_a_terminal_is_welcomed_with_its_password() {
        let welcome = Welcome {
            name: "uwsgi-lab",
            endpoints: &[
                endpoint(Role::App, 9090),
                endpoint(Role::Other, 7),
                endpoint(Role::Grafana, 3000),
            ],
            settings: &settings(),
            user: "lab",
            password: Some("secret"),
            panels: Some(24),
            runs: Runs::Here,
            unchanged: false,
        };
        let expected = "
uwsgi-lab is up.

  Grafana    http://127.0.0.1:3000/d/uwsgi-lab
  App        http://127.0.0.1:9090/
  Port       127.0.0.1:7
  User       lab
  Password   secret (Grafana; all: `uwsgi-lab status --show-passwords`)

  Collecting every 1s from http://127.0.0.1:9191.
  Sending 16 requests/s to http://127.0.0.1:9090/.
  The dashboard's 24 queries work.
  Ctrl-C stops it; `uwsgi-lab down` takes it away.

";
        assert_eq!(welcome_text(&welcome), expected);
    }

    #[test]
    fn commands_named_to_the_user_are_about_the_same_lab() {
        let settings = AgentSettings {
            watch: Vec::new(),
            load: None,
            ..settings()
        };
        let welcome = Welcome {
            name: "second",
            endpoints: &[],
            settings: &settings,
            user: "lab",
            password: None,
            panels: None,
            runs: Runs::Elsewhere {
                pid: 7,
                detached: true,
            },
            unchanged: true,
        };
        let expected = "
second is up already; nothing was changed.

  User       lab
  Password   shown by `uwsgi-lab status --name second --show-passwords`

  It runs in the background (pid 7): `uwsgi-lab status --name second` shows how, `uwsgi-lab down --name second` takes it away.

";
        assert_eq!(welcome_text(&welcome), expected);
    }
}
