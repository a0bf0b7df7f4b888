//! Settings of `up` and `reset`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::agent::MetricsSettings;
use crate::uwsgi::{StatsAddress, UwsgiConfig};

use super::super::error::{Code, Failure};
use super::bundled::BundleSettings;
use super::environment::Environment;
use super::lab::{LabArguments, LabSettings};
use super::picked::Picked;
use super::project_file::ProjectFile;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineChoice {
    Auto,
    Docker,
    Local,
}

/// The end of `up --help`.
pub(crate) const UP_EXAMPLES: &str = "\
Examples:
  uwsgi-lab up --detach --rate 100
  uwsgi-lab up --app ./site --module wsgi:application --requirements requirements.txt
  uwsgi-lab up --stats tcp://127.0.0.1:1717
  uwsgi-lab up --bundle uwsgi-lab-bundle.tar

A file uwsgi-lab.yaml in the working directory may hold the same settings; the README shows one.";

#[derive(Debug, Clone, Args)]
pub(crate) struct UpArguments {
    /// Leave the lab running in the background
    #[arg(short, long)]
    pub(crate) detach: bool,
    /// Show what would be done, do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How long each service may take to become ready [env: UWSGI_LAB_WAIT] [default: 120s]
    #[arg(long, value_name = "DURATION")]
    pub(super) wait: Option<String>,
    #[command(flatten)]
    pub(crate) lab: LabArguments,
    /// All from one file that `uwsgi-lab bundle` made, without any network; it takes the place of the project file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "project", "pull"], help_heading = "Stack")]
    bundle: Option<PathBuf>,
    /// A Compose file in place of the lab's own stack [env: UWSGI_LAB_FILE]
    #[arg(short, long, value_name = "FILE", help_heading = "Stack")]
    pub(super) file: Option<PathBuf>,
    /// What the services run on; auto takes Docker where it can, else local [env: UWSGI_LAB_ENGINE] [default: auto]
    #[arg(long, help_heading = "Stack")]
    pub(super) engine: Option<EngineChoice>,
    /// Take the newest images of their tags instead of the ones locked at the first `up`
    #[arg(long, help_heading = "Stack")]
    pull: bool,
    /// Port of the app on 127.0.0.1 [env: UWSGI_LAB_APP_PORT] [default: 9090]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    pub(super) app_port: Option<u16>,
    /// Port of uWSGI's statistics [env: UWSGI_LAB_STATS_PORT] [default: 9191]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    pub(super) stats_port: Option<u16>,
    /// Port of InfluxDB [env: UWSGI_LAB_INFLUXDB_PORT] [default: 8086]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    pub(super) influxdb_port: Option<u16>,
    /// Port of Grafana [env: UWSGI_LAB_GRAFANA_PORT] [default: 3000]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    pub(super) grafana_port: Option<u16>,
    /// Port of /metrics for Prometheus; 0 serves none [env: UWSGI_LAB_METRICS_PORT] [default: 9117, if it is free]
    #[arg(long, value_name = "PORT", help_heading = "Ports")]
    pub(super) metrics_port: Option<String>,
    /// uWSGI's worker processes [env: UWSGI_LAB_PROCESSES] [default: 4]
    #[arg(long, value_name = "N", help_heading = "uWSGI", allow_negative_numbers = true)]
    pub(super) processes: Option<String>,
    /// Threads of each worker [env: UWSGI_LAB_THREADS] [default: 2]
    #[arg(long, value_name = "N", help_heading = "uWSGI", allow_negative_numbers = true)]
    pub(super) threads: Option<String>,
    /// Any other uWSGI option, as in `--uwsgi max-requests=1000`; may be repeated
    #[arg(long = "uwsgi", value_name = "KEY[=VALUE]", help_heading = "uWSGI")]
    pub(super) options: Vec<String>,
    /// Directory of your own app [env: UWSGI_LAB_APP]
    #[arg(long, value_name = "DIR", requires = "module", help_heading = "uWSGI")]
    pub(super) app: Option<PathBuf>,
    /// Its callable, as in wsgi:application [env: UWSGI_LAB_MODULE]
    #[arg(
        long,
        value_name = "MODULE:CALLABLE",
        requires = "app",
        help_heading = "uWSGI"
    )]
    pub(super) module: Option<String>,
    /// Its requirements file [env: UWSGI_LAB_REQUIREMENTS]
    #[arg(long, value_name = "FILE", requires = "app", help_heading = "uWSGI")]
    pub(super) requirements: Option<PathBuf>,
    /// Watch the statistics of an existing uWSGI instead of running one; no load is sent [env: UWSGI_LAB_STATS]
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["app", "processes", "threads", "options", "rate"], help_heading = "uWSGI")]
    pub(super) stats: Option<String>,
    /// Time between two scrapes of the statistics [env: UWSGI_LAB_INTERVAL] [default: 1s]
    #[arg(long, value_name = "DURATION", help_heading = "Collector")]
    pub(super) interval: Option<String>,
    /// Requests a second; 0 sends none [env: UWSGI_LAB_RATE] [default: 16]
    #[arg(
        long,
        value_name = "RATE",
        help_heading = "Load",
        allow_negative_numbers = true
    )]
    pub(super) rate: Option<String>,
    /// The most connections at a time [env: UWSGI_LAB_CONNECTIONS] [default: as many as are needed]
    #[arg(long, value_name = "N", help_heading = "Load", allow_negative_numbers = true)]
    pub(super) connections: Option<String>,
    /// Threads that send [env: UWSGI_LAB_LOAD_THREADS] [default: 1]
    #[arg(long, value_name = "N", help_heading = "Load", allow_negative_numbers = true)]
    pub(super) load_threads: Option<String>,
    /// What is asked for [env: UWSGI_LAB_PATH] [default: /]
    #[arg(long, value_name = "PATH", help_heading = "Load")]
    pub(super) path: Option<String>,
}

/// Which of the flags that have defaults were typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    pub(crate) rate: bool,
    pub(crate) processes: bool,
    pub(crate) threads: bool,
}

/// What `up` works from.
#[derive(Debug, Clone)]
pub(crate) struct UpSettings {
    pub(crate) lab: LabSettings,
    pub(crate) stack: StackSource,
    pub(crate) engine: EngineChoice,
    /// For the Compose file: the environment, and what flags and the project file say about ports.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) wait: Duration,
    pub(crate) uwsgi: UwsgiConfig,
    pub(crate) app: Option<AppSettings>,
    pub(crate) watch: Option<StatsAddress>,
    pub(crate) interval: Duration,
    pub(crate) load: Option<LoadChoice>,
    pub(crate) metrics: Option<MetricsSettings>,
    /// Where the user set something about uWSGI itself.
    pub(crate) uwsgi_is_set: bool,
    /// Take what the tags mean now.
    pub(crate) pull: bool,
    pub(crate) bundle: Option<BundleSettings>,
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

impl UpArguments {
    pub(crate) fn given(&self) -> Given {
        Given {
            rate: self.rate.is_some(),
            processes: self.processes.is_some(),
            threads: self.threads.is_some(),
        }
    }

    /// Whether the rate that was typed is none.
    pub(crate) fn sends_nothing(&self) -> bool {
        let rate = self.rate.as_deref().and_then(|rate| rate.parse::<f64>().ok());
        rate == Some(0.0)
    }

    /// The same with a rate, whatever the environment and the project file say: path and connections go with it.
    pub(crate) fn sending(&self) -> Self {
        let rate = self.rate.clone().unwrap_or_else(|| "1".to_owned());
        Self {
            rate: Some(rate),
            ..self.clone()
        }
    }

    /// # Errors
    /// A flag that a tuning has no use for.
    pub(crate) fn refuse_for_tuning(&self) -> Result<(), Failure> {
        let given = [
            (self.stats.is_some(), "--stats"),
            (self.load_threads.is_some(), "--load-threads"),
            (self.detach, "--detach"),
            (self.dry_run, "--dry-run"),
        ];
        match given.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, flag)) => Err(Failure::new(Code::Usage, format!("{flag} is for `uwsgi-lab up`"))
                .hint("a tuning makes the server anew for each measurement")),
            None => Ok(()),
        }
    }

    /// # Errors
    /// A flag about what a scenario says itself.
    pub(crate) fn refuse_for_scenario(&self) -> Result<(), Failure> {
        let given = [
            (self.rate.is_some(), "--rate"),
            (self.path.is_some(), "--path"),
            (self.connections.is_some(), "--connections"),
            (self.load_threads.is_some(), "--load-threads"),
            (self.processes.is_some(), "--processes"),
            (self.threads.is_some(), "--threads"),
            (!self.options.is_empty(), "--uwsgi"),
            (self.stats.is_some(), "--stats"),
            (self.detach, "--detach"),
            (self.dry_run, "--dry-run"),
        ];
        match given.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, flag)) => Err(Failure::new(Code::Usage, format!("{flag} is for `uwsgi-lab up`"))
                .hint("the file says itself how uWSGI is set up and what load it gets")),
            None => Ok(()),
        }
    }
}

impl UpArguments {
    /// True where stack or app are named, or there is a project file, and a bundle that the lab was made from counts no more.
    fn say_what_runs(&self, environment: &Environment, project: &ProjectFile) -> bool {
        let variables = ["UWSGI_LAB_FILE", "UWSGI_LAB_APP"];
        let flags = [&self.file, &self.app];
        flags.iter().any(|flag| flag.is_some())
            || self.pull
            || !project.is_absent
            || variables.iter().any(|name| environment.get(name).is_some())
    }

    /// # Errors
    /// A flag about the app, for a scenario that has its own.
    pub(crate) fn refuse_app(&self) -> Result<(), Failure> {
        let given = [
            (self.app.is_some(), "--app"),
            (self.module.is_some(), "--module"),
            (self.requirements.is_some(), "--requirements"),
        ];
        match given.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, flag)) => {
                let message = format!("{flag} contradicts the scenario, which names an app of its own");
                Err(Failure::new(Code::Usage, message).hint("leave one of the two out"))
            }
            None => Ok(()),
        }
    }
}

impl UpSettings {
    /// # Errors
    /// A uWSGI that is not the lab's own, which nobody may make anew.
    pub(crate) fn refuse_watched(&self) -> Result<(), Failure> {
        match &self.watch {
            Some(address) => Err(Failure::new(
                Code::Usage,
                format!("the settings name the uWSGI at {address}, and this needs one of the lab's own"),
            )
            .hint("unset UWSGI_LAB_STATS, or leave `stats` out of the project file")),
            None => Ok(()),
        }
    }

    pub(crate) fn new(arguments: &UpArguments) -> Result<Self, Failure> {
        if let Some(file) = &arguments.bundle {
            let (bundle, lab, project) = BundleSettings::read(file, &arguments.lab)?;
            return Self::bundled(arguments, lab, &project, bundle);
        }
        let (lab, project) = LabSettings::read(&arguments.lab)?;
        if !arguments.say_what_runs(&lab.environment, &project)
            && let Some((bundle, project)) = BundleSettings::remembered(&lab)?
        {
            return Self::bundled(arguments, lab, &project, bundle);
        }
        Self::picked(arguments, lab, &project)
    }

    fn bundled(
        arguments: &UpArguments,
        lab: LabSettings,
        project: &ProjectFile,
        bundle: BundleSettings,
    ) -> Result<Self, Failure> {
        let settings = Self::picked(arguments, lab, project)?;
        Ok(Self {
            bundle: Some(bundle),
            ..settings
        })
    }

    fn picked(arguments: &UpArguments, lab: LabSettings, project: &ProjectFile) -> Result<Self, Failure> {
        let picked = Picked {
            arguments,
            environment: &lab.environment,
            project,
        };
        let engine = picked.engine()?;
        let app = picked.app()?;
        let watch = picked.watch()?;
        Ok(Self {
            stack: picked.stack(),
            engine,
            variables: picked.variables(),
            wait: picked.wait()?,
            uwsgi: picked.uwsgi(app.as_ref().map(|app| app.module.clone()))?,
            uwsgi_is_set: picked.sets_uwsgi(),
            app: app.map(|app| AppSettings {
                directory: app.directory,
                requirements: app.requirements,
            }),
            interval: picked.interval()?,
            metrics: picked.metrics()?,
            load: if watch.is_some() { None } else { picked.load()? },
            watch,
            pull: arguments.pull,
            bundle: None,
            lab,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::super::super::error::Code;
    use super::super::environment::Environment;
    use super::*;
    use crate::state::LabDirectory;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: UpArguments,
    }

    const FILE: &str = "
ports: {app: 1001, stats: 1002}
uwsgi: {processes: 2, threads: 3, options: {harakiri: 30, lazy-apps: true}}
collector: {interval: 5s}
load: {rate: 7, connections: 9, path: /file}
wait: 30s
";

    fn settings(line: &[&str], variables: &[(&str, &str)], file: &str) -> Result<UpSettings, Failure> {
        let line = Line::try_parse_from(["up"].iter().chain(line)).unwrap();
        let lab = LabSettings {
            name: "lab".to_owned(),
            directory: LabDirectory::at("/nowhere".into()),
            environment: Environment::of(variables),
        };
        let project = ProjectFile::parse(file, Path::new("uwsgi-lab.yaml")).unwrap();
        UpSettings::picked(&line.arguments, lab, &project)
    }

    fn refusal(line: &[&str], variables: &[(&str, &str)], file: &str) -> (Code, String) {
        let failure = settings(line, variables, file).unwrap_err();
        (failure.code, failure.message)
    }

    /// Processes, threads, app port, stats port, interval, rate, connections, path, wait.
    fn picked(settings: &UpSettings) -> String {
        let load = settings.load.as_ref().unwrap();
        let port = |name: &str| settings.variables.get(name).map_or("none", String::as_str);
        format!(
            "{} {} {} {} {:?} {} {:?} {} {:?}",
            settings.uwsgi.processes,
            settings.uwsgi.threads,
            port("UWSGI_LAB_APP_PORT"),
            port("UWSGI_LAB_STATS_PORT"),
            settings.interval,
            load.rate,
            load.connections,
            load.path,
            settings.wait,
        )
    }

    #[test]
    fn flags_win_over_the_environment_that_over_the_file_and_that_over_the_defaults() {
        let defaults = settings(&[], &[], "").unwrap();
        assert_eq!(picked(&defaults), "4 2 none none 1s 16 None / 120s");
        assert!(!defaults.uwsgi_is_set);
        let of_file = settings(&[], &[], FILE).unwrap();
        assert_eq!(picked(&of_file), "2 3 1001 1002 5s 7 Some(9) /file 30s");
        let variables = [
            ("UWSGI_LAB_PROCESSES", "5"),
            ("UWSGI_LAB_APP_PORT", "2001"),
            ("UWSGI_LAB_STATS_PORT", ""),
            ("UWSGI_LAB_INTERVAL", "500ms"),
            ("UWSGI_LAB_RATE", "40"),
            ("UWSGI_LAB_WAIT", "1m"),
        ];
        let of_environment = settings(&[], &variables, FILE).unwrap();
        assert_eq!(
            picked(&of_environment),
            "5 3 2001 1002 500ms 40 Some(9) /file 60s"
        );
        let line = [
            "--processes=6",
            "--app-port=3001",
            "--interval=2s",
            "--rate=1k",
            "--path=/flag",
        ];
        let of_flags = settings(&line, &variables, FILE).unwrap();
        assert_eq!(picked(&of_flags), "6 3 3001 1002 2s 1000 Some(9) /flag 60s");
    }

    #[test]
    fn an_option_of_the_command_line_takes_the_place_of_the_one_in_the_file() {
        let settings = settings(&["--uwsgi", "harakiri=5", "--uwsgi=env=A=1"], &[], FILE).unwrap();
        let options: Vec<_> = settings
            .uwsgi
            .options
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            options,
            [("lazy-apps", "true"), ("harakiri", "5"), ("env", "A=1")]
        );
    }

    #[test]
    fn an_app_comes_whole_from_one_place() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().to_str().unwrap();
        let file = format!("app: {{directory: {place}, module: 'file:app'}}");
        let variables = [("UWSGI_LAB_APP", place), ("UWSGI_LAB_MODULE", "variable:app")];
        let module = |line: &[&str], variables: &[(&str, &str)]| {
            let settings = settings(line, variables, &file).unwrap();
            (settings.uwsgi.module, settings.app.unwrap().directory)
        };
        let whole = |module: &str| (module.to_owned(), PathBuf::from(place));
        assert_eq!(module(&[], &[]), whole("file:app"));
        assert_eq!(module(&[], &variables), whole("variable:app"));
        let line = ["--app", place, "--module=flag:app"];
        assert_eq!(module(&line, &variables), whole("flag:app"));
        assert_eq!(
            refusal(&[], &[("UWSGI_LAB_APP", place)], ""),
            (
                Code::Usage,
                "UWSGI_LAB_APP and UWSGI_LAB_MODULE go together".to_owned()
            )
        );
    }

    #[test]
    fn what_cannot_be_is_refused_where_it_stands_before_anything_is_done() {
        let usage = |message: &str| (Code::Usage, message.to_owned());
        assert_eq!(
            refusal(&["--processes=0"], &[], ""),
            usage("--processes cannot be '0'")
        );
        assert_eq!(
            refusal(&["--connections=0"], &[], ""),
            usage("--connections cannot be '0'")
        );
        assert_eq!(
            refusal(&[], &[("UWSGI_LAB_LOAD_THREADS", "0")], ""),
            usage("UWSGI_LAB_LOAD_THREADS cannot be '0'")
        );
        assert_eq!(
            refusal(&[], &[("UWSGI_LAB_ENGINE", "podman")], ""),
            usage("UWSGI_LAB_ENGINE cannot be 'podman'")
        );
        let file = |message: &str| (Code::InvalidFile, message.to_owned());
        assert_eq!(
            refusal(&[], &[], "wait: soon"),
            file("wait of the project file cannot be 'soon'")
        );
        assert_eq!(
            refusal(&[], &[], "load: {path: x}"),
            file("load.path of the project file cannot be 'x'")
        );
        assert_eq!(
            refusal(&[], &[], "app: {directory: /does/not/exist, module: a}"),
            file("/does/not/exist is no directory with an app in it")
        );
    }

    #[test]
    fn a_watched_uwsgi_takes_no_load_and_no_settings_for_ours() {
        let variables = [("UWSGI_LAB_STATS", "tcp://127.0.0.1:1717")];
        let watching = settings(&[], &variables, FILE).unwrap();
        assert_eq!(watching.watch.unwrap().to_string(), "tcp://127.0.0.1:1717");
        assert_eq!(watching.load, None);
        let message = "--rate is for a uWSGI of the lab's own, and UWSGI_LAB_STATS names another";
        assert_eq!(
            refusal(&["--rate=5"], &variables, ""),
            (Code::Usage, message.to_owned())
        );
    }

    #[test]
    fn a_rate_below_0_is_refused_however_it_is_typed() {
        let failure = settings(&["--rate", "-3"], &[], "").unwrap_err();
        assert_eq!(
            failure.to_string(),
            "error: --rate cannot be '-3'\n  hint: the rate must be 0 or more"
        );
    }

    #[test]
    fn a_rate_of_0_sends_nothing() {
        assert_eq!(settings(&["--rate=0"], &[], FILE).unwrap().load, None);
        assert_eq!(settings(&[], &[], "load: {rate: 0}").unwrap().load, None);
    }
}
