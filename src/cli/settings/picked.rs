//! The settings of `up`, each picked from the places it may stand in and made into what runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum as _;

use crate::agent::MetricsSettings;
use crate::uwsgi::{StatsAddress, UwsgiConfig};

use super::super::error::{Code, Failure};
use super::super::values;
use super::environment::Environment;
use super::given::{Given, Names};
use super::project_file::{App, ProjectFile, Scalar};
use super::up::{EngineChoice, LoadChoice, StackSource, UpArguments};

/// The tutorial's load: half of what 4 workers of 2 threads can take of requests of 250 ms.
const DEFAULT_RATE: f64 = 16.0;
/// That of uwsgi_exporter, which it stands in for.
const DEFAULT_METRICS_PORT: u16 = 9117;
const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);
const DEFAULT_WAIT: Duration = Duration::from_secs(120);

const fn names(flag: &'static str, variable: &'static str, key: &'static str) -> Names {
    Names { flag, variable, key }
}

const APP: Names = names("--app", "UWSGI_LAB_APP", "app.directory");
const MODULE: Names = names("--module", "UWSGI_LAB_MODULE", "app.module");
const REQUIREMENTS: Names = names("--requirements", "UWSGI_LAB_REQUIREMENTS", "app.requirements");
const CONNECTIONS: Names = names("--connections", "UWSGI_LAB_CONNECTIONS", "load.connections");
const ENGINE: Names = names("--engine", "UWSGI_LAB_ENGINE", "engine");
const FILE: Names = names("--file", "UWSGI_LAB_FILE", "file");
const INTERVAL: Names = names("--interval", "UWSGI_LAB_INTERVAL", "collector.interval");
const LOAD_THREADS: Names = names("--load-threads", "UWSGI_LAB_LOAD_THREADS", "load.threads");
const METRICS_PORT: Names = names("--metrics-port", "UWSGI_LAB_METRICS_PORT", "ports.metrics");
const PATH: Names = names("--path", "UWSGI_LAB_PATH", "load.path");
const PROCESSES: Names = names("--processes", "UWSGI_LAB_PROCESSES", "uwsgi.processes");
const RATE: Names = names("--rate", "UWSGI_LAB_RATE", "load.rate");
const STATS: Names = names("--stats", "UWSGI_LAB_STATS", "stats");
const THREADS: Names = names("--threads", "UWSGI_LAB_THREADS", "uwsgi.threads");
const WAIT: Names = names("--wait", "UWSGI_LAB_WAIT", "wait");

/// The three places a setting may stand in.
pub(super) struct Picked<'a> {
    pub(super) arguments: &'a UpArguments,
    pub(super) environment: &'a Environment,
    pub(super) project: &'a ProjectFile,
}

impl Picked<'_> {
    fn given(&self, names: Names, flag: Option<&String>, file: Option<String>) -> Option<Given> {
        names.given(flag.cloned(), self.environment, file)
    }

    fn path(&self, names: Names, flag: Option<&PathBuf>, file: Option<&PathBuf>) -> Option<PathBuf> {
        let variable = || self.environment.get(names.variable).map(PathBuf::from);
        flag.cloned().or_else(variable).or_else(|| file.cloned())
    }

    /// What stands after the flag was checked when it was read.
    pub(super) fn engine(&self) -> Result<EngineChoice, Failure> {
        if let Some(engine) = self.arguments.engine {
            return Ok(engine);
        }
        let Some(given) = self.given(ENGINE, None, self.project.engine.clone()) else {
            return Ok(EngineChoice::Auto);
        };
        EngineChoice::from_str(&given.text, false).map_err(|_unknown| {
            let message = format!("{} cannot be '{}'", given.place, given.text);
            Failure::new(given.code, message).hint("engines are auto, docker and local")
        })
    }

    pub(super) fn stack(&self) -> StackSource {
        let file = self.path(FILE, self.arguments.file.as_ref(), self.project.file.as_ref());
        file.map_or(StackSource::Own, StackSource::File)
    }

    pub(super) fn wait(&self) -> Result<Duration, Failure> {
        let given = self.given(
            WAIT,
            self.arguments.wait.as_ref(),
            typed(self.project.wait.as_ref()),
        );
        given.map_or(Ok(DEFAULT_WAIT), |given| given.parse(values::duration))
    }

    pub(super) fn interval(&self) -> Result<Duration, Failure> {
        let file = typed(self.project.collector.interval.as_ref());
        let given = self.given(INTERVAL, self.arguments.interval.as_ref(), file);
        given.map_or(Ok(DEFAULT_INTERVAL), |given| given.parse(values::duration))
    }

    /// None for port 0. The default port may be another lab's; one that was asked for must be ours.
    pub(super) fn metrics(&self) -> Result<Option<MetricsSettings>, Failure> {
        let file = self.project.ports.metrics.map(|port| port.to_string());
        let given = self.given(METRICS_PORT, self.arguments.metrics_port.as_ref(), file);
        let Some(given) = given else {
            return Ok(Some(MetricsSettings {
                port: DEFAULT_METRICS_PORT,
                required: false,
            }));
        };
        let port = given.parse(values::port)?;
        Ok((port > 0).then_some(MetricsSettings { port, required: true }))
    }

    /// Ports reach the Compose file as the variables it names.
    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        let (arguments, ports) = (self.arguments, &self.project.ports);
        let mut variables = self.environment.variables().clone();
        for (variable, flag, file) in [
            ("UWSGI_LAB_APP_PORT", arguments.app_port, ports.app),
            ("UWSGI_LAB_STATS_PORT", arguments.stats_port, ports.stats),
            ("UWSGI_LAB_INFLUXDB_PORT", arguments.influxdb_port, ports.influxdb),
            ("UWSGI_LAB_GRAFANA_PORT", arguments.grafana_port, ports.grafana),
        ] {
            let file = file.filter(|_| self.environment.get(variable).is_none());
            if let Some(port) = flag.or(file) {
                variables.insert(variable.to_owned(), port.to_string());
            }
        }
        variables
    }

    /// True where anything is said about the uWSGI that the lab itself runs.
    pub(super) fn sets_uwsgi(&self) -> bool {
        let (arguments, file) = (self.arguments, &self.project.uwsgi);
        let variables = [PROCESSES, THREADS, APP].map(|names| names.variable);
        let flags = [&arguments.processes, &arguments.threads];
        flags.iter().any(|flag| flag.is_some())
            || arguments.app.is_some()
            || !arguments.options.is_empty()
            || variables.iter().any(|name| self.environment.get(name).is_some())
            || file.processes.or(file.threads).is_some()
            || !file.options.is_empty()
            || self.project.app.is_some()
    }

    pub(super) fn uwsgi(&self, module: Option<String>) -> Result<UwsgiConfig, Failure> {
        let (arguments, file) = (self.arguments, &self.project.uwsgi);
        let defaults = UwsgiConfig::default();
        let number = |names, flag: Option<&String>, file: Option<u32>| {
            let given = self.given(names, flag, file.map(|number| number.to_string()));
            given.map(|given| given.parse(values::count)).transpose()
        };
        let config = UwsgiConfig {
            processes: number(PROCESSES, arguments.processes.as_ref(), file.processes)?
                .unwrap_or(defaults.processes),
            threads: number(THREADS, arguments.threads.as_ref(), file.threads)?.unwrap_or(defaults.threads),
            module: module.unwrap_or(defaults.module),
            options: self.uwsgi_options()?,
            ..UwsgiConfig::default()
        };
        config
            .render()
            .map_err(|error| Failure::from_error(Code::Usage, &error))?;
        Ok(config)
    }

    /// Those of the file, then those of the command line; a name given on the command line takes the file's place.
    fn uwsgi_options(&self) -> Result<Vec<(String, String)>, Failure> {
        let typed = self.arguments.options.iter().map(|text| {
            UwsgiConfig::option(text).map_err(|error| {
                Failure::from_error(Code::Usage, &error).hint("type it as in --uwsgi max-requests=1000")
            })
        });
        let typed = typed.collect::<Result<Vec<_>, _>>()?;
        let mut options = Vec::new();
        for (key, values) in &self.project.uwsgi.options {
            if !typed.iter().any(|(name, _)| name == key) {
                options.extend(values.typed().into_iter().map(|value| (key.clone(), value)));
            }
        }
        options.extend(typed);
        Ok(options)
    }

    /// Directory, module and requirements come from one place: the command line, else the environment, else the file.
    pub(super) fn app(&self) -> Result<Option<App>, Failure> {
        let Some(app) = self
            .app_of_flags()
            .map_or_else(|| self.app_of_environment(), |app| Ok(Some(app)))?
        else {
            let file = self.project.app.as_ref();
            if self.project.is_bundled {
                return Ok(file.cloned());
            }
            return file.map(|app| exists(app, Code::InvalidFile)).transpose();
        };
        exists(&app, Code::Usage).map(Some)
    }

    /// Neither flag comes without the other.
    fn app_of_flags(&self) -> Option<App> {
        let arguments = self.arguments;
        Some(App {
            directory: arguments.app.clone()?,
            module: arguments.module.clone()?,
            requirements: arguments.requirements.clone(),
        })
    }

    fn app_of_environment(&self) -> Result<Option<App>, Failure> {
        let value = |names: Names| self.environment.get(names.variable);
        match (value(APP), value(MODULE)) {
            (Some(directory), Some(module)) => Ok(Some(App {
                directory: directory.into(),
                module: module.to_owned(),
                requirements: value(REQUIREMENTS).map(PathBuf::from),
            })),
            (None, None) => Ok(None),
            _ => {
                let message = format!("{} and {} go together", APP.variable, MODULE.variable);
                Err(Failure::new(Code::Usage, message).hint("set both, or neither"))
            }
        }
    }

    pub(super) fn watch(&self) -> Result<Option<StatsAddress>, Failure> {
        let given = self.given(STATS, self.arguments.stats.as_ref(), self.project.stats.clone());
        let Some(given) = given else { return Ok(None) };
        let arguments = self.arguments;
        let about_ours = [
            (arguments.app.is_some(), APP.flag),
            (arguments.processes.is_some(), PROCESSES.flag),
            (arguments.threads.is_some(), THREADS.flag),
            (!arguments.options.is_empty(), "--uwsgi"),
            (arguments.rate.is_some(), RATE.flag),
        ];
        if let Some((_, flag)) = about_ours.iter().find(|(is_set, _)| *is_set) {
            let message = format!(
                "{flag} is for a uWSGI of the lab's own, and {} names another",
                given.place
            );
            return Err(Failure::new(Code::Usage, message).hint("leave one of the two out"));
        }
        given.parse(str::parse::<StatsAddress>).map(Some)
    }

    /// None where the rate is 0.
    pub(super) fn load(&self) -> Result<Option<LoadChoice>, Failure> {
        let (arguments, file) = (self.arguments, &self.project.load);
        let rate = match self.given(RATE, arguments.rate.as_ref(), typed(file.rate.as_ref())) {
            None => Some(DEFAULT_RATE),
            Some(given) => given.parse(values::rate_or_none)?,
        };
        let Some(rate) = rate else { return Ok(None) };
        let number = |names, flag: Option<&String>, file: Option<usize>| {
            let given = self.given(names, flag, file.map(|number| number.to_string()));
            given.map(|given| given.parse(values::count)).transpose()
        };
        let path = self.given(PATH, arguments.path.as_ref(), file.path.clone());
        Ok(Some(LoadChoice {
            rate,
            connections: number(CONNECTIONS, arguments.connections.as_ref(), file.connections)?,
            threads: number(LOAD_THREADS, arguments.load_threads.as_ref(), file.threads)?.unwrap_or(1),
            path: path.map_or(Ok("/".to_owned()), |given| given.parse(values::path))?,
        }))
    }
}

fn typed(value: Option<&Scalar>) -> Option<String> {
    value.map(Scalar::typed)
}

/// The app where its directory and requirements file are there.
fn exists(app: &App, code: Code) -> Result<App, Failure> {
    let refuse = |path: &Path, why: &str| Err(Failure::new(code, format!("{} {why}", path.display())));
    if !app.directory.is_dir() {
        return refuse(&app.directory, "is no directory with an app in it");
    }
    match &app.requirements {
        Some(file) if !file.is_file() => refuse(file, "is no requirements file"),
        _ => Ok(app.clone()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command};

    use super::*;

    #[test]
    fn the_help_of_each_flag_names_its_variable() {
        let command = UpArguments::augment_args(Command::new("up"));
        let with_names = [
            APP,
            MODULE,
            REQUIREMENTS,
            CONNECTIONS,
            ENGINE,
            FILE,
            INTERVAL,
            LOAD_THREADS,
            METRICS_PORT,
            PATH,
            PROCESSES,
            RATE,
            STATS,
            THREADS,
            WAIT,
        ];
        for names in with_names {
            let flag = names.flag.trim_start_matches("--");
            let argument = command.get_arguments().find(|one| one.get_long() == Some(flag));
            let help = argument.and_then(clap::Arg::get_help).unwrap().to_string();
            assert!(help.contains(&format!("[env: {}]", names.variable)), "{help}");
        }
        for (flag, variable) in [
            ("app-port", "UWSGI_LAB_APP_PORT"),
            ("stats-port", "UWSGI_LAB_STATS_PORT"),
            ("influxdb-port", "UWSGI_LAB_INFLUXDB_PORT"),
            ("grafana-port", "UWSGI_LAB_GRAFANA_PORT"),
            ("name", "UWSGI_LAB_NAME"),
        ] {
            let argument = command.get_arguments().find(|one| one.get_long() == Some(flag));
            let help = argument.and_then(clap::Arg::get_help).unwrap().to_string();
            assert!(help.contains(&format!("[env: {variable}]")), "{help}");
        }
    }
}
