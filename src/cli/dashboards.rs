//! `uwsgi-lab dashboards`: the dashboards of a running lab, to files and from files.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::provision::{self, Change, Dashboard, ProvisionError, Refused};
use crate::report::dashboards as report;

use super::error::{Code, Failure};
use super::lab::grafana::{self, RunningGrafana};
use super::settings::{LabArguments, LabSettings};
use super::{files, lab, output};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct DashboardsArguments {
    #[command(flatten)]
    lab: LabArguments,
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    output: Format,
    #[command(subcommand)]
    command: DashboardsCommand,
}

#[derive(Debug, Subcommand)]
enum DashboardsCommand {
    /// Show which dashboards the lab's Grafana has
    List,
    /// Show dashboards that were exported from a Grafana, of any release from 5 on
    ///
    /// Data sources become the lab's InfluxDB. What has the same uid, or none and the same title, is replaced.
    Import {
        /// Files as Grafana exports them, "share externally" or not; - is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Write dashboards to files that change only where the dashboard does
    Export {
        /// The dashboards, by uid; one without --to goes to stdout
        #[arg(required_unless_present = "all", value_name = "UID")]
        uids: Vec<String>,
        /// All that the lab's Grafana has
        #[arg(long, conflicts_with = "uids", requires = "to")]
        all: bool,
        /// Directory of the files: UID.json, or the file there that holds this dashboard already
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
}

pub(crate) fn run(arguments: &DashboardsArguments) -> Result<(), Failure> {
    let lab = LabSettings::new(&arguments.lab)?;
    lab::runtime()?
        .block_on(carry_out(&lab, arguments))
        .map_err(|failure| failure.of_lab(&lab.name))
}

async fn carry_out(lab: &LabSettings, arguments: &DashboardsArguments) -> Result<(), Failure> {
    let format = arguments.output;
    match &arguments.command {
        DashboardsCommand::List => list(&grafana::of_lab(lab).await?, format).await,
        DashboardsCommand::Import { files } => import(lab, files, format).await,
        DashboardsCommand::Export { uids, to, .. } => {
            let grafana = grafana::of_lab(lab).await?;
            match to {
                Some(directory) => export(&grafana, uids, directory, format).await,
                None => print(&grafana, uids).await,
            }
        }
    }
}

async fn list(grafana: &RunningGrafana, format: Format) -> Result<(), Failure> {
    let listed = provision::list(&grafana.api)
        .await
        .map_err(|error| failure(&error))?;
    let shown: Vec<_> = listed
        .into_iter()
        .map(|listed| report::Shown::new(listed, &grafana.url))
        .collect();
    match format {
        Format::Text => output::data(&report::list_text(&shown)),
        Format::Json => json(shown),
    }
}

/// Reads all files before anything is changed.
async fn import(lab: &LabSettings, files: &[PathBuf], format: Format) -> Result<(), Failure> {
    let read: Vec<_> = files.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
    let grafana = grafana::of_lab(lab).await?;
    let mut imported = Vec::new();
    for (file, dashboard) in files.iter().zip(&read) {
        let one = put(&grafana, &file.display().to_string(), dashboard).await?;
        if format == Format::Text {
            output::data(&report::imported_text(&one))?;
        }
        for failure in &one.failures {
            output::note(&format!("  {}", report::failure_text(failure)));
        }
        imported.push(one);
    }
    match format {
        Format::Text => warn_of_shipped(&imported),
        Format::Json => json(imported),
    }
}

/// The dashboard in the file.
fn read(file: &Path) -> Result<Dashboard, Failure> {
    let (name, text) = if file == Path::new("-") {
        let mut text = String::new();
        let read = io::stdin().read_to_string(&mut text);
        ("standard input".to_owned(), read.map(|_| text))
    } else {
        (file.display().to_string(), fs::read_to_string(file))
    };
    let text = text.map_err(|error| {
        let mut failure = Failure::new(Code::InvalidFile, format!("cannot read {name}"));
        failure.causes.push(error.to_string());
        failure
    })?;
    Dashboard::adopt(&name, &text).map_err(|error| failure(&error))
}

async fn put(
    grafana: &RunningGrafana,
    file: &str,
    dashboard: &Dashboard,
) -> Result<report::Imported, Failure> {
    let change = provision::put(&grafana.api, dashboard)
        .await
        .map_err(|error| failure(&error))?;
    let asked = match provision::verify(&grafana.api, &dashboard.uid).await {
        Ok(checks) => Ok(checks.len()),
        Err(ProvisionError::PanelsFailed { failures }) => Err(failures),
        Err(error) => return Err(failure(&error)),
    };
    let named = (dashboard.uid.as_str(), dashboard.title.as_str());
    Ok(report::Imported::new(file, named, &grafana.url, change, asked))
}

fn warn_of_shipped(imported: &[report::Imported]) -> Result<(), Failure> {
    let shipped = provision::shipped().map_err(|error| failure(&error))?;
    let changed = imported.iter().filter(|one| one.has_changed());
    for uid in changed.map(|one| &one.uid).filter(|uid| shipped.contains(*uid)) {
        output::note(&format!(
            "'{uid}' is the lab's own: the next `up` puts it back as it was; give yours another uid to keep it"
        ));
    }
    Ok(())
}

/// One dashboard to stdout.
async fn print(grafana: &RunningGrafana, uids: &[String]) -> Result<(), Failure> {
    let [uid] = uids else {
        return Err(
            Failure::new(Code::Usage, "several dashboards do not fit into one output")
                .hint("name a directory for them: --to DIR"),
        );
    };
    let dashboard = fetch(grafana, uid).await?;
    output::data(&dashboard.file_text(None))
}

/// Without uids all there are.
async fn export(
    grafana: &RunningGrafana,
    uids: &[String],
    directory: &Path,
    format: Format,
) -> Result<(), Failure> {
    let uids = if uids.is_empty() {
        let listed = provision::list(&grafana.api)
            .await
            .map_err(|error| failure(&error))?;
        listed.into_iter().map(|listed| listed.uid).collect()
    } else {
        uids.to_vec()
    };
    fs::create_dir_all(directory).map_err(|error| unusable(directory, &error))?;
    let mut exported = Vec::new();
    for uid in &uids {
        let one = write(&fetch(grafana, uid).await?, directory)?;
        if format == Format::Text {
            output::data(&report::exported_text(&one))?;
        }
        exported.push(one);
    }
    match format {
        Format::Text => Ok(()),
        Format::Json => json(exported),
    }
}

async fn fetch(grafana: &RunningGrafana, uid: &str) -> Result<Dashboard, Failure> {
    let fetched = provision::fetch(&grafana.api, uid).await;
    fetched.map_err(|error| failure(&error))
}

fn write(dashboard: &Dashboard, directory: &Path) -> Result<report::Exported, Failure> {
    let path = file_of(&dashboard.uid, directory).map_err(|error| unusable(directory, &error))?;
    let before = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unusable(&path, &error)),
    };
    let text = dashboard.file_text(before.as_deref());
    let change = match before {
        Some(before) if before == text => Change::Unchanged,
        Some(_) => Change::Updated,
        None => Change::Created,
    };
    if change != Change::Unchanged {
        fs::write(&path, text).map_err(|error| unusable(&path, &error))?;
    }
    Ok(report::Exported {
        uid: dashboard.uid.clone(),
        title: dashboard.title.clone(),
        file: path.display().to_string(),
        change,
    })
}

/// The file of the directory that holds the dashboard, or the one that shall.
fn file_of(uid: &str, directory: &Path) -> io::Result<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        paths.push(entry?.path());
    }
    paths.sort();
    let holds = |path: &&PathBuf| {
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let text = is_json.then(|| fs::read_to_string(path).ok()).flatten();
        let model: Option<serde_json::Value> = text.and_then(|text| serde_json::from_str(&text).ok());
        model.is_some_and(|model| model["uid"] == uid)
    };
    let found = paths.iter().find(holds);
    Ok(found
        .cloned()
        .unwrap_or_else(|| directory.join(format!("{uid}.json"))))
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::new(Code::Unavailable, format!("cannot write to {}", path.display()));
    failure.causes.push(error.to_string());
    failure.hint(files::advice(error.kind(), path))
}

fn json<T: Serialize>(dashboards: Vec<T>) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(&report::Dashboards::from(dashboards))
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    output::data(&format!("{json}\n"))
}

fn failure(error: &ProvisionError) -> Failure {
    let failure = |code| Failure::from_error(code, error);
    match error {
        ProvisionError::NotJson { .. } | ProvisionError::Incomplete { .. } => {
            failure(Code::InvalidFile).hint("in Grafana, a dashboard's JSON is under Share or Export")
        }
        ProvisionError::NewSchema { .. } => {
            failure(Code::InvalidFile).hint("choose the model \"Classic\" where Grafana exports it")
        }
        ProvisionError::OtherDataSource { .. } => failure(Code::InvalidFile)
            .hint("take the panel out, or let it ask an InfluxDB with InfluxQL, then export again"),
        ProvisionError::LibraryPanelMissing { .. } => {
            failure(Code::InvalidFile).hint("unlink it in Grafana, or export \"for sharing externally\"")
        }
        ProvisionError::DashboardMissing { .. } => {
            failure(Code::Usage).hint("`uwsgi-lab dashboards list` shows which there are")
        }
        ProvisionError::DashboardRefused {
            reason: Refused::NameExists,
            ..
        } => failure(Code::Unavailable).hint(
            "another dashboard of this title is there: give the file its uid to replace it, or another title",
        ),
        ProvisionError::Credentials { .. } => failure(Code::Unavailable)
            .hint("`uwsgi-lab reset` begins again with an empty Grafana; the data goes"),
        ProvisionError::Unreachable { .. } => {
            failure(Code::Unavailable).hint("`uwsgi-lab status` says what runs; `uwsgi-lab up` heals it")
        }
        _ => failure(Code::Unexpected).hint("what Grafana says: `uwsgi-lab logs grafana`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboard_stays_in_the_file_that_holds_it() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        fs::write(place.join("mine.json"), r#"{"uid": "u"}"#).unwrap();
        fs::write(place.join("other.json"), "{").unwrap();
        fs::write(place.join("notes.txt"), r#"{"uid": "v"}"#).unwrap();
        assert_eq!(file_of("u", place).unwrap(), place.join("mine.json"));
        assert_eq!(file_of("v", place).unwrap(), place.join("v.json"));
    }
}
