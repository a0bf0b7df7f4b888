//! A lab in words: its plan, its welcome, its live line, its status.

use std::fmt::Write as _;

use serde::Serialize;

use crate::agent::{AgentSettings, Ending, LoadStatus, Status, TargetStatus};
use crate::engine::{Endpoint, Role};
use crate::plan::{Observed, Plan, State};
use crate::state::Credentials;

use super::number;

/// The uid of the dashboard that the lab shows.
const DASHBOARD: &str = "uwsgi-lab";

/// The steps of a plan, numbered by stage.
pub(crate) fn plan_text(plan: &Plan) -> String {
    if plan.is_empty() {
        return "Nothing to do: everything is as it should be.\n".to_owned();
    }
    let mut text = String::new();
    for (number, stage) in plan.stages.iter().enumerate() {
        for step in stage {
            line(&mut text, format_args!("{}. {step}", number + 1));
        }
    }
    text
}

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
        let address = match endpoint.role {
            Role::Grafana => dashboard_address(&endpoint.address()),
            Role::Other => endpoint.address(),
            _ => format!("http://{}/", endpoint.address()),
        };
        line(&mut text, format_args!("  {:10} {address}", title(endpoint.role)));
    }
    let password = welcome.password.map_or(
        "shown by `uwsgi-lab status --show-passwords`".to_owned(),
        |password| format!("{password} (Grafana; all: `uwsgi-lab status --show-passwords`)"),
    );
    line(&mut text, format_args!("  {:10} {}", "User", welcome.user));
    line(&mut text, format_args!("  {:10} {password}\n", "Password"));
    for watched in &welcome.settings.watch {
        let interval = number::duration(welcome.settings.interval);
        line(
            &mut text,
            format_args!("  Collecting every {interval} from {}.", watched.address),
        );
    }
    if let Some(load) = &welcome.settings.load {
        line(
            &mut text,
            format_args!(
                "  Sending {} requests/s to {}.",
                number::rate(load.rate),
                load.url
            ),
        );
    }
    if let Some(panels) = welcome.panels {
        line(
            &mut text,
            format_args!("  Each of the dashboard's {panels} queries answers."),
        );
    }
    line(&mut text, format_args!("  {}\n", runs_text(welcome.runs)));
    text
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

fn dashboard_address(address: &str) -> String {
    format!("http://{address}/d/{DASHBOARD}")
}

/// `16/16 req/s · p50 250.90ms p99 252.10ms · busy 4 of 4 workers · queue 0 of 100 · 1234 points written`.
pub(crate) fn live_line(status: &Status) -> String {
    let mut parts = Vec::new();
    parts.extend(status.load.as_ref().map(load_text));
    parts.extend(status.targets.iter().map(target_text));
    let writer = &status.writer;
    parts.push(format!(
        "{} written",
        number::counted(writer.points_written, "point")
    ));
    if let Some(error) = &writer.error {
        parts.push(format!("{} waiting: {error}", writer.points_waiting));
    }
    if writer.points_dropped > 0 {
        parts.push(format!("{} dropped", writer.points_dropped));
    }
    parts.join(" · ")
}

fn load_text(load: &LoadStatus) -> String {
    let Some(achieved) = load.achieved_rate else {
        return format!("load of {} req/s starts", number::rate(load.asked_rate));
    };
    let mut text = format!(
        "{}/{} req/s",
        number::rate(achieved),
        number::rate(load.asked_rate)
    );
    match load.latency_p50.zip(load.latency_p99) {
        Some((p50, p99)) => write!(
            text,
            " · p50 {} p99 {}",
            number::latency(p50 as f64),
            number::latency(p99 as f64)
        )
        .ok(),
        None => write!(text, " · no answers").ok(),
    };
    if load.errors > 0 {
        write!(text, " · {}", number::counted(load.errors, "error")).ok();
    }
    text
}

fn target_text(target: &TargetStatus) -> String {
    match target.up {
        None => return format!("{}: not read yet", target.source),
        Some(false) => return format!("{}: {}", target.source, target.error.as_deref().unwrap_or("down")),
        Some(true) => {}
    }
    let known = |value: Option<u64>| value.map_or("?".to_owned(), |value| value.to_string());
    let mut text = format!("busy {} of {} workers", known(target.busy), known(target.workers));
    if let Some((queue, most)) = target.queue.zip(target.max_queue) {
        write!(text, " · queue {queue} of {most}").ok();
    }
    text
}

/// What a lab that was stopped had done.
pub(crate) fn farewell_text(ending: &Ending) -> String {
    let mut parts = Vec::new();
    if let Some(load) = &ending.load {
        let errors = load.counts.errors.total();
        parts.push(format!(
            "{} sent, {} answered, {errors} failed",
            load.counts.sent, load.counts.answered
        ));
    }
    if let Some(writer) = &ending.writer {
        parts.push(format!(
            "{} written",
            number::counted(writer.points_written, "point")
        ));
        if writer.points_waiting + writer.points_dropped > 0 {
            parts.push(format!("{} lost", writer.points_waiting + writer.points_dropped));
        }
    }
    format!("load and collector: stopped ({})", parts.join("; "))
}

/// A lab as `status` shows it; the JSON shape is only ever added to.
#[derive(Debug, Serialize)]
pub(crate) struct LabReport {
    version: u32,
    name: String,
    services: Vec<ServiceReport>,
    endpoints: Vec<EndpointReport>,
    /// None where the lab has no passwords yet.
    pub(crate) login: Option<LoginReport>,
    /// Collector and load; null where nothing runs them.
    running: Option<Status>,
}

#[derive(Debug, Serialize)]
struct ServiceReport {
    name: String,
    container: String,
    /// `running`, `healthy`, `exited` …
    state: &'static str,
    exit_code: Option<i64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct EndpointReport {
    role: &'static str,
    service: String,
    address: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct LoginReport {
    pub(crate) user: String,
    /// Null unless asked for.
    pub(crate) grafana_password: Option<String>,
    influxdb_password: Option<String>,
}

impl LabReport {
    pub(crate) fn new(
        name: &str,
        observed: &Observed,
        running: Option<Status>,
        credentials: Option<&Credentials>,
        show_passwords: bool,
    ) -> Self {
        let services = observed.containers.iter().map(|container| ServiceReport {
            name: container.service.clone(),
            container: container.name.clone(),
            state: state_text(container.state),
            exit_code: match container.state {
                State::Exited(code) => Some(code),
                _ => None,
            },
        });
        let endpoints = observed.containers.iter().flat_map(|container| {
            Role::NAMED.into_iter().filter_map(|role| {
                let target = container.labels.get(&role.label())?.parse().ok()?;
                let port = container.ports.get(&target)?;
                Some(EndpointReport {
                    role: role.name(),
                    service: container.service.clone(),
                    address: format!("127.0.0.1:{port}"),
                })
            })
        });
        let login = credentials.map(|credentials| LoginReport {
            user: credentials.user.clone(),
            grafana_password: show_passwords.then(|| credentials.grafana_password.clone()),
            influxdb_password: show_passwords.then(|| credentials.influxdb_password.clone()),
        });
        Self {
            version: 1,
            name: name.to_owned(),
            services: services.collect(),
            endpoints: endpoints.collect(),
            login,
            running,
        }
    }

    pub(crate) fn endpoint(&self, role: Role) -> Option<&EndpointReport> {
        self.endpoints
            .iter()
            .find(|endpoint| endpoint.role == role.name())
    }
}

/// Where the lab's dashboard is.
pub(crate) fn dashboard_url(grafana: &EndpointReport) -> String {
    dashboard_address(&grafana.address)
}

fn state_text(state: State) -> &'static str {
    match state {
        State::Created => "created",
        State::Running => "running",
        State::Healthy => "healthy",
        State::Unhealthy => "unhealthy",
        State::Paused => "paused",
        State::Restarting => "restarting",
        State::Exited(_) => "exited",
        State::Dead => "dead",
    }
}

pub(crate) fn status_text(report: &LabReport) -> String {
    let mut text = String::new();
    if report.services.is_empty() {
        line(
            &mut text,
            format_args!("{}: no services; `uwsgi-lab up` brings them up.", report.name),
        );
    } else {
        line(&mut text, format_args!("{}\n", report.name));
    }
    let width = report
        .services
        .iter()
        .map(|service| service.name.len())
        .max()
        .unwrap_or(0)
        .max(8);
    for service in &report.services {
        let code = service
            .exit_code
            .map(|code| format!(" (code {code})"))
            .unwrap_or_default();
        let endpoints = report
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.service == service.name);
        let endpoints: Vec<String> = endpoints
            .map(|endpoint| format!("{} {}", endpoint.role, endpoint.address))
            .collect();
        let state = format!("{}{code}", service.state);
        let row = format!("  {:width$}  {state:16}  {}", service.name, endpoints.join("  "));
        line(&mut text, format_args!("{}", row.trim_end()));
    }
    if let Some(login) = &report.login {
        line(&mut text, format_args!("\n  user {}", login.user));
        if let Some((grafana, influxdb)) = login
            .grafana_password
            .as_ref()
            .zip(login.influxdb_password.as_ref())
        {
            line(
                &mut text,
                format_args!("  password of Grafana {grafana}, of InfluxDB {influxdb}"),
            );
        }
    }
    text.push_str(&running_text(report.running.as_ref()));
    text
}

fn running_text(running: Option<&Status>) -> String {
    let mut text = String::new();
    let Some(status) = running else {
        line(&mut text, format_args!("\n  Nothing collects and no load runs."));
        return text;
    };
    let place = if status.detached {
        "in the background"
    } else {
        "in a terminal"
    };
    line(
        &mut text,
        format_args!("\n  collecting {place} (pid {})", status.pid),
    );
    for target in &status.targets {
        line(
            &mut text,
            format_args!("  {}: {}", target.address, target_text(target)),
        );
    }
    if let Some(load) = &status.load {
        line(
            &mut text,
            format_args!("  load on {}: {}", load.target, load_text(load)),
        );
    }
    let writer = &status.writer;
    let points = number::counted(writer.points_written, "point");
    line(
        &mut text,
        format_args!(
            "  {points} written, {} waiting, {} dropped",
            writer.points_waiting, writer.points_dropped
        ),
    );
    if let Some(error) = &writer.error {
        line(&mut text, format_args!("  last error: {error}"));
    }
    text
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    writeln!(text, "{arguments}").ok();
}

#[cfg(test)]
mod tests;
