//! A lab as `status` shows it, to people and to programs.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::agent::{LoadStatus, MetricsStatus, Status, TargetStatus};
use crate::engine::Role;
use crate::plan::{Observed, State};
use crate::state::Credentials;

use super::super::{command, number};
use super::live::{errors_text, kinds, kinds_text, load_parts, plain, target_parts};
use super::{line, url};

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
    /// The process that runs collector and load where it does not answer.
    silent_pid: Option<u32>,
    /// `docker` or `local`; null where there is no such lab.
    engine: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct ServiceReport {
    name: String,
    /// Null where it is missing.
    container: Option<String>,
    /// `running`, `healthy`, `exited` … and `missing` where the last `up` made a container that is gone.
    state: &'static str,
    exit_code: Option<i64>,
}

impl ServiceReport {
    /// What has ended beside a lab that `runs` has done so against its will, unless it was done.
    fn needs_healing(&self, runs: bool) -> bool {
        self.state == MISSING || runs && self.exit_code.is_some_and(|code| code != 0)
    }
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

/// What a report is made of.
pub(crate) struct Seen<'a> {
    pub(crate) name: &'a str,
    /// As it is typed after `--engine`; `None` where there is no such lab.
    pub(crate) engine: Option<&'static str>,
    pub(crate) observed: &'a Observed,
    /// The services that the last `up` wanted.
    pub(crate) wanted: &'a BTreeSet<String>,
    pub(crate) running: Option<Status>,
    pub(crate) silent_pid: Option<u32>,
    pub(crate) credentials: Option<&'a Credentials>,
    pub(crate) show_passwords: bool,
}

impl LabReport {
    pub(crate) fn new(seen: Seen<'_>) -> Self {
        let show = seen.show_passwords;
        let login = seen.credentials.map(|credentials| LoginReport {
            user: credentials.user.clone(),
            grafana_password: show.then(|| credentials.grafana_password.clone()),
            influxdb_password: show.then(|| credentials.influxdb_password.clone()),
        });
        Self {
            version: 1,
            name: seen.name.to_owned(),
            services: services(seen.observed, seen.wanted),
            endpoints: endpoints(seen.observed),
            login,
            running: seen.running,
            silent_pid: seen.silent_pid,
            engine: seen.engine,
        }
    }

    pub(crate) fn endpoint(&self, role: Role) -> Option<&EndpointReport> {
        self.endpoints
            .iter()
            .find(|endpoint| endpoint.role == role.name())
    }
}

/// Those that are there, then those that should be.
fn services(observed: &Observed, wanted: &BTreeSet<String>) -> Vec<ServiceReport> {
    let present = observed.containers.iter().map(|container| ServiceReport {
        name: container.service.clone(),
        container: Some(container.name.clone()),
        state: state_text(container.state),
        exit_code: match container.state {
            State::Exited(code) => Some(code),
            _ => None,
        },
    });
    let missing = wanted
        .iter()
        .filter(|name| observed.container(name).is_none())
        .map(|name| ServiceReport {
            name: name.clone(),
            container: None,
            state: MISSING,
            exit_code: None,
        });
    present.chain(missing).collect()
}

fn endpoints(observed: &Observed) -> Vec<EndpointReport> {
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
    endpoints.collect()
}

impl EndpointReport {
    /// `http://host:port`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Where the lab's dashboard is.
pub(crate) fn dashboard_url(grafana: &EndpointReport) -> String {
    url(grafana.role, &grafana.address)
}

const MISSING: &str = "missing";

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

/// `now_ms` in milliseconds since the Unix epoch.
pub(crate) fn status_text(report: &LabReport, now_ms: u64) -> String {
    let mut text = String::new();
    let engine = report.engine.map(|engine| format!(" (engine {engine})"));
    let name = format!("{}{}", report.name, engine.unwrap_or_default());
    if report.services.is_empty() {
        line(
            &mut text,
            format_args!("{name}: no services; `uwsgi-lab up` brings them up."),
        );
    } else {
        line(&mut text, format_args!("{name}\n"));
    }
    services_text(report, &mut text);
    login_text(report, &mut text);
    match (&report.running, report.silent_pid) {
        (Some(status), _) => running_text(status, now_ms, &mut text),
        (None, Some(pid)) => line(
            &mut text,
            format_args!(
                "\n  The process that collects and sends (pid {pid}) does not answer; `kill {pid}` ends it."
            ),
        ),
        (None, None) if report.services.iter().any(|service| service.state != MISSING) => line(
            &mut text,
            format_args!(
                "\n  Nothing collects and no load runs; `uwsgi-lab up` with the same options goes on."
            ),
        ),
        (None, None) => line(&mut text, format_args!("\n  Nothing collects and no load runs.")),
    }
    let runs = report.running.is_some() || report.silent_pid.is_some();
    if report.services.iter().any(|service| service.needs_healing(runs)) {
        line(
            &mut text,
            format_args!("\n  `uwsgi-lab up` with the same options heals it."),
        );
    }
    command::of_lab(&text, &report.name)
}

fn services_text(report: &LabReport, text: &mut String) {
    let widths = report.services.iter().map(|service| service.name.len());
    let width = widths.max().unwrap_or(0).max(8);
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
            .map(|endpoint| format!("{} {}", endpoint.role, url(endpoint.role, &endpoint.address)))
            .collect();
        let state = format!("{}{code}", service.state);
        let row = format!("  {:width$}  {state:17}  {}", service.name, endpoints.join("  "));
        line(text, format_args!("{}", row.trim_end()));
    }
}

fn login_text(report: &LabReport, text: &mut String) {
    let Some(login) = &report.login else { return };
    line(text, format_args!("\n  user {}", login.user));
    let passwords = login.grafana_password.as_ref();
    if let Some((grafana, influxdb)) = passwords.zip(login.influxdb_password.as_ref()) {
        line(
            text,
            format_args!("  password of Grafana {grafana}, of InfluxDB {influxdb}"),
        );
    }
}

fn running_text(status: &Status, now_ms: u64, text: &mut String) {
    let place = if status.detached {
        "in the background"
    } else {
        "in a terminal"
    };
    let seconds = now_ms.saturating_sub(status.started_ms) / 1_000;
    let uptime = number::duration(std::time::Duration::from_secs(seconds));
    line(
        text,
        format_args!("\n  collecting {place} (pid {}) for {uptime}", status.pid),
    );
    for target in &status.targets {
        line(
            text,
            format_args!("  {}: {}", target.address, target_text(target)),
        );
    }
    status.load.iter().for_each(|load| load_text(load, text));
    let writer = &status.writer;
    let points = number::counted(writer.points_written, "point");
    let on_disk = match writer.points_on_disk {
        0 => String::new(),
        on_disk => format!(" ({on_disk} on disk)"),
    };
    line(
        text,
        format_args!(
            "  {points} written, {} waiting{on_disk}, {} dropped",
            writer.points_waiting, writer.points_dropped
        ),
    );
    if let Some(error) = &writer.disk_error {
        line(
            text,
            format_args!("  points that wait are in memory alone: {}", plain(error)),
        );
    }
    if let Some(error) = &writer.error {
        line(text, format_args!("  last error: {}", plain(error)));
    }
    match &status.metrics {
        Some(MetricsStatus { url, error: None }) => line(text, format_args!("  Prometheus can read {url}")),
        Some(MetricsStatus {
            url,
            error: Some(error),
        }) => line(
            text,
            format_args!(
                "  Prometheus cannot read {url}: {error}; `uwsgi-lab up --metrics-port PORT` moves it"
            ),
        ),
        None => {}
    }
}

fn target_text(target: &TargetStatus) -> String {
    match target.up {
        None => "not read yet".to_owned(),
        Some(false) => format!("down: {}", plain(target.error.as_deref().unwrap_or("no answer"))),
        Some(true) => target_parts(target).join(" · "),
    }
}

fn load_text(load: &LoadStatus, text: &mut String) {
    let mut parts = load_parts(load);
    parts.extend(load.overloaded.then(|| "overloaded".to_owned()));
    line(
        text,
        format_args!("  load on {}: {}", load.target, parts.join(" · ")),
    );
    if load.errors > 0 {
        let last = match load.errors_last_second.total() {
            0 => "no errors".to_owned(),
            _ => errors_text(&load.errors_last_second),
        };
        let all = kinds_text(&kinds(&load.errors_by_kind));
        line(
            text,
            format_args!("  load errors: {last} in the last second; since the start {all}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::super::live::tests::{status, troubled};
    use super::*;
    use crate::plan::Container;

    fn container(service: &str, state: State, role: Role, port: u16) -> Container {
        Container {
            id: service.to_owned(),
            name: format!("lab-{service}-1"),
            service: service.to_owned(),
            settings: String::new(),
            image: String::new(),
            networks: BTreeSet::new(),
            ports: BTreeMap::from([(port, port)]),
            held_ports: BTreeSet::new(),
            labels: BTreeMap::from([(role.label(), port.to_string())]),
            state,
        }
    }

    fn observed() -> Observed {
        Observed {
            containers: vec![
                container("grafana", State::Healthy, Role::Grafana, 3000),
                container("influxdb", State::Exited(137), Role::Influxdb, 8086),
            ],
            ..Observed::default()
        }
    }

    fn report(name: &str, running: Option<Status>, silent_pid: Option<u32>, wanted: &[&str]) -> LabReport {
        LabReport::new(Seen {
            name,
            engine: Some("local"),
            observed: &observed(),
            wanted: &wanted.iter().map(|name| (*name).to_owned()).collect(),
            running,
            silent_pid,
            credentials: None,
            show_passwords: false,
        })
    }

    #[test]
    fn a_lab_that_runs_is_told_with_addresses_to_click_and_its_time() {
        let report = report("uwsgi-lab", Some(status()), None, &["grafana", "influxdb"]);
        let expected = "\
uwsgi-lab (engine local)

  grafana   healthy            grafana http://127.0.0.1:3000/d/uwsgi-lab
  influxdb  exited (code 137)  influxdb http://127.0.0.1:8086/

  collecting in the background (pid 7) for 2m 5s
  http://127.0.0.1:9191: busy 3/4 · queue 0/100
  load on http://127.0.0.1:9090/: 16/16 req/s · p50 251ms p99 254ms
  1824 points written, 0 waiting, 0 dropped

  `uwsgi-lab up` with the same options heals it.
";
        assert_eq!(status_text(&report, 126_400), expected);
    }

    #[test]
    fn what_is_missing_or_in_trouble_is_told_with_what_heals_it() {
        let report = report("mine", Some(troubled()), None, &["influxdb", "uwsgi"]);
        let expected = "\
mine (engine local)

  grafana   healthy            grafana http://127.0.0.1:3000/d/uwsgi-lab
  influxdb  exited (code 137)  influxdb http://127.0.0.1:8086/
  uwsgi     missing

  collecting in the background (pid 7) for 1s
  http://127.0.0.1:9191: down: cannot connect: Connection refused
  load on http://127.0.0.1:9090/: 16/16 req/s · p50 251ms p99 254ms · overloaded
  load errors: 3 connect errors in the last second; since the start 4 connect, 1 timeout
  1824 points written, 12 waiting (11 on disk), 0 dropped
  last error: InfluxDB at http://127.0.0.1:8086 cannot be reached: Connection refused

  `uwsgi-lab up --name mine` with the same options heals it.
";
        assert_eq!(status_text(&report, 2_000), expected);
    }

    #[test]
    fn a_process_that_does_not_answer_hides_no_service() {
        let expected = "\
uwsgi-lab (engine local)

  grafana   healthy            grafana http://127.0.0.1:3000/d/uwsgi-lab
  influxdb  exited (code 137)  influxdb http://127.0.0.1:8086/

  The process that collects and sends (pid 9) does not answer; `kill 9` ends it.

  `uwsgi-lab up` with the same options heals it.
";
        assert_eq!(status_text(&report("uwsgi-lab", None, Some(9), &[]), 0), expected);
    }

    #[test]
    fn a_lab_that_was_stopped_says_how_it_goes_on() {
        let text = status_text(&report("mine", None, None, &[]), 0);
        let end = "\n  Nothing collects and no load runs; `uwsgi-lab up --name mine` with the same options goes on.\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn a_lab_that_is_not_there_says_how_to_make_it() {
        let report = LabReport::new(Seen {
            name: "mine",
            engine: None,
            observed: &Observed::default(),
            wanted: &BTreeSet::new(),
            running: None,
            silent_pid: None,
            credentials: None,
            show_passwords: false,
        });
        assert_eq!(
            status_text(&report, 0),
            "mine: no services; `uwsgi-lab up --name mine` brings them up.\n\n  Nothing collects and no load runs.\n"
        );
    }

    fn with_passwords(show_passwords: bool) -> LabReport {
        let credentials = json!({"user": "me", "influxdb_password": "one", "grafana_password": "two"});
        let credentials: Credentials = serde_json::from_value(credentials).unwrap();
        LabReport::new(Seen {
            name: "lab",
            engine: None,
            observed: &Observed::default(),
            wanted: &BTreeSet::from(["uwsgi".to_owned()]),
            running: None,
            silent_pid: None,
            credentials: Some(&credentials),
            show_passwords,
        })
    }

    #[test]
    fn passwords_are_shown_on_request_alone() {
        let text = |show| status_text(&with_passwords(show), 0);
        assert!(text(true).contains("\n\n  user me\n  password of Grafana two, of InfluxDB one\n\n"));
        assert!(text(false).contains("\n\n  user me\n\n"));
    }

    #[test]
    fn the_json_has_every_key_even_where_nothing_runs() {
        assert_eq!(
            serde_json::to_value(with_passwords(true)).unwrap(),
            json!({
                "version": 1,
                "name": "lab",
                "services": [{"name": "uwsgi", "container": null, "state": "missing", "exit_code": null}],
                "endpoints": [],
                "login": {"user": "me", "grafana_password": "two", "influxdb_password": "one"},
                "running": null,
                "silent_pid": null,
                "engine": null
            })
        );
        let all = serde_json::to_value(report("lab", Some(status()), None, &[])).unwrap();
        assert_eq!(
            (&all["services"][1], &all["endpoints"][0]),
            (
                &json!({"name": "influxdb", "container": "lab-influxdb-1", "state": "exited", "exit_code": 137}),
                &json!({"role": "grafana", "service": "grafana", "address": "127.0.0.1:3000"})
            )
        );
        assert_eq!(all["engine"], "local");
        assert_eq!(all["running"], serde_json::to_value(status()).unwrap());
    }
}
