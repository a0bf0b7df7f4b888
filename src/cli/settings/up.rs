//! Settings of `up` and `reset`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::uwsgi::{StatsAddress, UwsgiConfig};

use super::super::error::{Code, Failure};
use super::super::values;
use super::lab::{LabArguments, LabSettings};
use super::project_file::{App, ProjectFile};

/// The tutorial's load: half of what 4 workers of 2 threads can take of requests of 250 ms.
const DEFAULT_RATE: f64 = 16.0;
const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);
const DEFAULT_WAIT: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineChoice {
    Auto,
    Docker,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub(crate) lab: LabArguments,
    /// A Compose file in place of the lab's own stack
    #[arg(short, long, value_name = "FILE", help_heading = "Stack")]
    file: Option<PathBuf>,
    /// What the services run on; auto takes Docker [default: auto]
    #[arg(long, help_heading = "Stack")]
    engine: Option<EngineChoice>,
    /// Show what would be done, do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Leave the lab running in the background
    #[arg(short, long)]
    pub(crate) detach: bool,
    /// How long each service may take to become ready [default: 120s]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    wait: Option<Duration>,
    /// Take the newest images of their tags instead of the ones locked at the first `up`
    #[arg(long, help_heading = "Stack")]
    pull: bool,
    /// Port of the app on 127.0.0.1 [default: 9090]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    app_port: Option<u16>,
    /// Port of uWSGI's statistics [default: 9191]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    stats_port: Option<u16>,
    /// Port of InfluxDB [default: 8086]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    influxdb_port: Option<u16>,
    /// Port of Grafana [default: 3000]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    grafana_port: Option<u16>,
    /// uWSGI's worker processes [default: 4]
    #[arg(long, value_name = "N", help_heading = "uWSGI")]
    processes: Option<u32>,
    /// Threads of each worker [default: 2]
    #[arg(long, value_name = "N", help_heading = "uWSGI")]
    threads: Option<u32>,
    /// Any other uWSGI option, as in `--uwsgi harakiri=30`; may be repeated
    #[arg(long = "uwsgi", value_name = "KEY[=VALUE]", help_heading = "uWSGI")]
    options: Vec<String>,
    /// Directory of your own app
    #[arg(long, value_name = "DIR", requires = "module", help_heading = "uWSGI")]
    app: Option<PathBuf>,
    /// Its callable, as in wsgi:application
    #[arg(
        long,
        value_name = "MODULE:CALLABLE",
        requires = "app",
        help_heading = "uWSGI"
    )]
    module: Option<String>,
    /// Its requirements file
    #[arg(long, value_name = "FILE", requires = "app", help_heading = "uWSGI")]
    requirements: Option<PathBuf>,
    /// Watch the statistics of an existing uWSGI instead of running one; no load is sent
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["app", "processes", "threads", "options", "rate"], help_heading = "uWSGI")]
    stats: Option<String>,
    /// Time between two scrapes of the statistics [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = values::duration, help_heading = "Collector")]
    interval: Option<Duration>,
    /// Requests a second; 0 sends none [default: 16]
    #[arg(long, value_name = "RATE", help_heading = "Load")]
    rate: Option<String>,
    /// The most connections at a time [default: as many as are needed]
    #[arg(long, value_name = "N", help_heading = "Load")]
    connections: Option<usize>,
    /// Threads that send [default: 1]
    #[arg(long, value_name = "N", help_heading = "Load")]
    load_threads: Option<usize>,
    /// What is asked for [default: /]
    #[arg(long, value_name = "PATH", help_heading = "Load")]
    path: Option<String>,
}

/// What `up` works from.
#[derive(Debug)]
pub(crate) struct UpSettings {
    pub(crate) lab: LabSettings,
    pub(crate) stack: StackSource,
    /// For the Compose file: the environment, and what flags and the project file say about ports.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) wait: Duration,
    pub(crate) uwsgi: UwsgiConfig,
    pub(crate) app: Option<AppSettings>,
    pub(crate) watch: Option<StatsAddress>,
    pub(crate) interval: Duration,
    pub(crate) load: Option<LoadChoice>,
    /// Where the user set something about uWSGI itself.
    pub(crate) uwsgi_is_set: bool,
    /// Take what the tags mean now.
    pub(crate) pull: bool,
}

/// Where the desired state comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StackSource {
    /// The one in the binary.
    Own,
    File(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppSettings {
    pub(crate) directory: PathBuf,
    pub(crate) requirements: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LoadChoice {
    pub(crate) rate: f64,
    pub(crate) connections: Option<usize>,
    pub(crate) threads: usize,
    pub(crate) path: String,
}

impl UpSettings {
    pub(crate) fn new(arguments: &UpArguments) -> Result<Self, Failure> {
        let (lab, project) = LabSettings::read(&arguments.lab)?;
        check_engine(arguments, &lab, &project)?;
        let picked = Picked {
            arguments,
            lab: &lab,
            project: &project,
        };
        let stack = picked.path(arguments.file.as_ref(), "UWSGI_LAB_FILE", project.file.as_ref());
        let app = picked.app()?;
        let watch = picked.watch()?;
        Ok(Self {
            stack: stack.map_or(StackSource::Own, StackSource::File),
            variables: picked.variables(),
            wait: picked.duration(
                arguments.wait,
                "UWSGI_LAB_WAIT",
                project.wait.as_ref(),
                DEFAULT_WAIT,
            )?,
            uwsgi: picked.uwsgi(app.as_ref().map(|app| app.module.clone()))?,
            app: app.map(|app| AppSettings {
                directory: app.directory,
                requirements: app.requirements,
            }),
            interval: picked.duration(
                arguments.interval,
                "UWSGI_LAB_INTERVAL",
                project.collector.interval.as_ref(),
                DEFAULT_INTERVAL,
            )?,
            load: if watch.is_some() { None } else { picked.load()? },
            watch,
            uwsgi_is_set: picked.sets_uwsgi(),
            pull: arguments.pull,
            lab,
        })
    }
}

/// Docker is the only engine there is yet.
fn check_engine(arguments: &UpArguments, lab: &LabSettings, project: &ProjectFile) -> Result<(), Failure> {
    let named = lab
        .environment
        .get("UWSGI_LAB_ENGINE")
        .or(project.engine.as_deref());
    match named.filter(|_| arguments.engine.is_none()) {
        None | Some("auto" | "docker") => Ok(()),
        Some(other) => Err(Failure::new(Code::Usage, format!("there is no engine '{other}'"))
            .hint("engines are auto and docker")),
    }
}

/// The four places a setting may come from.
struct Picked<'a> {
    arguments: &'a UpArguments,
    lab: &'a LabSettings,
    project: &'a ProjectFile,
}

impl Picked<'_> {
    fn text(&self, flag: Option<&String>, variable: &str, file: Option<String>) -> Option<String> {
        flag.cloned()
            .or_else(|| self.lab.environment.get(variable).map(str::to_owned))
            .or(file)
    }

    fn path(&self, flag: Option<&PathBuf>, variable: &str, file: Option<&PathBuf>) -> Option<PathBuf> {
        flag.cloned()
            .or_else(|| self.lab.environment.get(variable).map(PathBuf::from))
            .or_else(|| file.cloned())
    }

    /// A number in a variable that is none is an error, not a default.
    fn number<T: std::str::FromStr + Copy>(
        &self,
        flag: Option<T>,
        variable: &str,
        file: Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.lab.environment.get(variable).filter(|_| flag.is_none()) else {
            return Ok(flag.or(file));
        };
        let parsed = text.parse().ok();
        parsed.map(Some).ok_or_else(|| {
            Failure::new(
                Code::Usage,
                format!("{variable} is '{text}', which is no number that fits"),
            )
        })
    }

    fn duration(
        &self,
        flag: Option<Duration>,
        variable: &str,
        file: Option<&super::project_file::Scalar>,
        default: Duration,
    ) -> Result<Duration, Failure> {
        if let Some(duration) = flag {
            return Ok(duration);
        }
        let Some(text) = self.text(None, variable, file.map(super::project_file::Scalar::typed)) else {
            return Ok(default);
        };
        values::duration(&text).map_err(|error| {
            Failure::new(
                Code::Usage,
                format!("'{text}' for {variable} or its key in the project file"),
            )
            .hint(error.to_string())
        })
    }

    /// Ports reach the Compose file as the variables it names.
    fn variables(&self) -> BTreeMap<String, String> {
        let (arguments, ports) = (self.arguments, &self.project.ports);
        let mut variables = self.lab.environment.variables().clone();
        for (variable, flag, file) in [
            ("UWSGI_LAB_APP_PORT", arguments.app_port, ports.app),
            ("UWSGI_LAB_STATS_PORT", arguments.stats_port, ports.stats),
            ("UWSGI_LAB_INFLUXDB_PORT", arguments.influxdb_port, ports.influxdb),
            ("UWSGI_LAB_GRAFANA_PORT", arguments.grafana_port, ports.grafana),
        ] {
            if let Some(port) = flag {
                variables.insert(variable.to_owned(), port.to_string());
            } else if let Some(port) = file {
                variables
                    .entry(variable.to_owned())
                    .or_insert_with(|| port.to_string());
            }
        }
        variables
    }

    fn sets_uwsgi(&self) -> bool {
        let (arguments, file) = (self.arguments, &self.project.uwsgi);
        let environment = ["UWSGI_LAB_PROCESSES", "UWSGI_LAB_THREADS"];
        arguments
            .processes
            .or(arguments.threads)
            .or(file.processes)
            .or(file.threads)
            .is_some()
            || environment
                .iter()
                .any(|name| self.lab.environment.get(name).is_some())
            || !arguments.options.is_empty()
            || !file.options.is_empty()
            || arguments.app.is_some()
            || self.project.app.is_some()
    }

    fn uwsgi(&self, module: Option<String>) -> Result<UwsgiConfig, Failure> {
        let (arguments, file) = (self.arguments, &self.project.uwsgi);
        let defaults = UwsgiConfig::default();
        let processes = self.number(arguments.processes, "UWSGI_LAB_PROCESSES", file.processes)?;
        let threads = self.number(arguments.threads, "UWSGI_LAB_THREADS", file.threads)?;
        let config = UwsgiConfig {
            processes: at_least_one("processes", processes.unwrap_or(defaults.processes))?,
            threads: at_least_one("threads", threads.unwrap_or(defaults.threads))?,
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
                Failure::from_error(Code::Usage, &error).hint("type it as in --uwsgi harakiri=30")
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

    fn app(&self) -> Result<Option<App>, Failure> {
        let arguments = self.arguments;
        let app = match (&arguments.app, &arguments.module, &self.project.app) {
            (Some(directory), Some(module), _) => App {
                directory: directory.clone(),
                module: module.clone(),
                requirements: arguments.requirements.clone(),
            },
            (_, _, Some(app)) => App {
                directory: app.directory.clone(),
                module: app.module.clone(),
                requirements: app.requirements.clone(),
            },
            _ => return Ok(None),
        };
        exists(&app.directory, Path::is_dir, "is no directory with an app in it")?;
        if let Some(requirements) = &app.requirements {
            exists(requirements, Path::is_file, "is no requirements file")?;
        }
        Ok(Some(app))
    }

    fn watch(&self) -> Result<Option<StatsAddress>, Failure> {
        let text = self.text(
            self.arguments.stats.as_ref(),
            "UWSGI_LAB_STATS",
            self.project.stats.clone(),
        );
        let parsed = text.map(|text| text.parse::<StatsAddress>()).transpose();
        parsed.map_err(|error| Failure::from_error(Code::Usage, &error))
    }

    fn load(&self) -> Result<Option<LoadChoice>, Failure> {
        let (arguments, file) = (self.arguments, &self.project.load);
        let rate = self.text(
            arguments.rate.as_ref(),
            "UWSGI_LAB_RATE",
            file.rate.as_ref().map(|rate| rate.typed()),
        );
        let rate = match rate.as_deref() {
            None => DEFAULT_RATE,
            Some("0") => return Ok(None),
            Some(text) => values::rate(text).map_err(|error| {
                Failure::new(Code::Usage, format!("rate '{text}'")).hint(error.to_string())
            })?,
        };
        let path = self.text(arguments.path.as_ref(), "UWSGI_LAB_PATH", file.path.clone());
        let path = path.unwrap_or_else(|| "/".to_owned());
        if !path.starts_with('/') {
            return Err(Failure::new(
                Code::Usage,
                format!("the path '{path}' does not begin with '/'"),
            ));
        }
        Ok(Some(LoadChoice {
            rate,
            connections: self.number(arguments.connections, "UWSGI_LAB_CONNECTIONS", file.connections)?,
            threads: self
                .number(arguments.load_threads, "UWSGI_LAB_LOAD_THREADS", file.threads)?
                .unwrap_or(1),
            path,
        }))
    }
}

fn at_least_one(name: &str, number: u32) -> Result<u32, Failure> {
    match number {
        0 => Err(Failure::new(
            Code::Usage,
            format!("uWSGI needs at least one of its {name}"),
        )),
        number => Ok(number),
    }
}

fn exists(path: &Path, is: fn(&Path) -> bool, otherwise: &str) -> Result<(), Failure> {
    if is(path) {
        return Ok(());
    }
    Err(Failure::new(
        Code::Usage,
        format!("{} {otherwise}", path.display()),
    ))
}
