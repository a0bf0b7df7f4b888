//! `uwsgi-lab bundle`: all that a lab needs in one file, for a machine without network.

mod contents;
mod images;
mod wheels;

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::bundle::{self, Bundle, BundledDashboard, Manifest, Packed, Writer};
use crate::provision::{self, Dashboard, ProvisionError};
use crate::report;
use crate::report::command;
use crate::state::{EngineKind, Recipe};

use super::super::error::{Code, Failure};
use super::super::files;
use super::super::output;
use super::super::settings::{LabArguments, LabSettings};
use super::agents::state_failure;
use super::interrupts::Interrupts;
use super::{grafana, runtime};
use contents::{Source, Stack};
use images::Images;
use wheels::Gathered;

const ADVICE: &str = "nothing was written; run the command again";

#[derive(Debug, Args)]
pub(crate) struct BundleArguments {
    /// Stored runs to take along: their directories, or their names in the labs' state directory
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// The file to write [default: NAME-bundle.tar]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over the file if it is there
    #[arg(long)]
    force: bool,
    /// Take along the Python packages too that a machine without Docker needs; without Docker that is always done
    #[arg(long)]
    wheels: bool,
    /// Show what is in a bundle; writes none
    #[arg(long, value_name = "FILE", conflicts_with_all = ["runs", "output", "force", "wheels"])]
    list: Option<PathBuf>,
    #[command(flatten)]
    lab: LabArguments,
}

/// # Errors
/// No lab to pack (4), an app or a run that cannot be read (3), no room (4), a file that is in the way (2), Ctrl-C (130).
pub(crate) fn run(arguments: &BundleArguments) -> Result<(), Failure> {
    if let Some(file) = &arguments.list {
        let bundle = Bundle::open(file).map_err(|error| files::bundle(&error))?;
        return output::data(&report::bundle::text(file, &bundle.manifest));
    }
    let lab = LabSettings::new(&arguments.lab)?;
    let path = arguments
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}-bundle.tar", lab.name)));
    let outcome = runtime()?.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let cancel = CancellationToken::new();
        let work = pack(&lab, arguments, &path, &cancel);
        interrupts.or_wind_down(work, &cancel, ADVICE).await
    });
    outcome.map_err(|failure| failure.of_lab(&lab.name))
}

async fn pack(
    lab: &LabSettings,
    arguments: &BundleArguments,
    path: &Path,
    cancel: &CancellationToken,
) -> Result<(), Failure> {
    let (recipe, kind) = known(lab)?;
    let _lock = lab.directory.lock().map_err(|error| state_failure(&error))?;
    refuse_existing(path, arguments.force)?;
    let runs = contents::runs(&arguments.runs, &lab.environment.state_root()?)?;
    let stack = Stack::of(&recipe)?;
    for place in &stack.left_out {
        output::note(&format!(
            "warning: {} is not below the Compose file, and so not in the bundle",
            place.display()
        ));
    }
    let dashboards = dashboards(lab).await?;
    let images = match kind {
        EngineKind::Docker => Some(Images::of(lab, &recipe).await?),
        EngineKind::Local => None,
    };
    let gathered = match kind == EngineKind::Local || arguments.wheels {
        true => wheels::gather(lab, &recipe, cancel).await?,
        false => None,
    };
    let manifest = Manifest {
        version: 1,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        made: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        lab: lab.name.clone(),
        engine: kind.name().to_owned(),
        own_stack: stack.is_own,
        project: stack.project.clone(),
        images: images.as_ref().map(Images::described).unwrap_or_default(),
        wheels: gathered.as_ref().map(|gathered| gathered.wheels.clone()),
        dashboards: dashboards.iter().map(named).collect(),
        runs: runs.iter().map(|(name, _)| name.clone()).collect(),
        parts: Vec::new(),
    };
    let all = All {
        stack,
        dashboards,
        runs,
        gathered,
        images,
    };
    all.write(path, arguments.force, manifest, cancel).await?;
    let bundle = Bundle::open(path).map_err(|error| files::bundle(&error))?;
    output::data(&report::bundle::text(path, &bundle.manifest))?;
    output::note(&format!(
        "On another machine, with or without network: uwsgi-lab up --bundle {}",
        path.file_name().unwrap_or_default().to_string_lossy()
    ));
    Ok(())
}

/// # Errors
/// There is no such lab, or none whose parts are known.
fn known(lab: &LabSettings) -> Result<(Recipe, EngineKind), Failure> {
    let recipe = Recipe::load(&lab.directory).map_err(|error| state_failure(&error))?;
    let kind = EngineKind::load(&lab.directory).map_err(|error| state_failure(&error))?;
    recipe.zip(kind).ok_or_else(|| {
        let message = format!("there is no lab '{}' to put into a bundle", lab.name);
        let hint = command::of_lab(
            "make it first, as it shall be elsewhere: `uwsgi-lab up`",
            &lab.name,
        );
        Failure::new(Code::Unavailable, message).hint(hint)
    })
}

/// Before anything takes time.
fn refuse_existing(path: &Path, force: bool) -> Result<(), Failure> {
    if path.is_dir() {
        let message = format!("{} is a directory", path.display());
        return Err(Failure::new(Code::Usage, message).hint("name a file in it"));
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
        let place = directory.display();
        let message = format!("there is no directory {place} for the bundle");
        return Err(Failure::new(Code::Usage, message).hint(format!("make it: `mkdir -p {place}`")));
    }
    if !force && path.symlink_metadata().is_ok() {
        return Err(files::bundle(&bundle::BundleError::Exists {
            path: path.to_owned(),
        }));
    }
    Ok(())
}

/// Those of the lab's Grafana, or, where that does not run, those of the program.
async fn dashboards(lab: &LabSettings) -> Result<Vec<Dashboard>, Failure> {
    let unexpected = |error: ProvisionError| Failure::from_error(Code::Unexpected, &error);
    let shown = match grafana::of_lab(lab).await {
        Ok(grafana) => fetch(&grafana.api).await,
        Err(_not_running) => Ok(None),
    };
    match shown {
        Ok(Some(shown)) => Ok(shown),
        Ok(None) => {
            output::note("Grafana does not run: of dashboards, only the lab's own is in the bundle.");
            Dashboard::shipped().map_err(unexpected)
        }
        Err(error) => Err(Failure::from_error(Code::Unavailable, &error)
            .hint("`uwsgi-lab down` ends Grafana; then the bundle has the lab's own dashboard")),
    }
}

/// None where nobody answers.
async fn fetch(grafana: &provision::Grafana) -> Result<Option<Vec<Dashboard>>, ProvisionError> {
    let listed = match provision::list(grafana).await {
        Err(ProvisionError::Unreachable { .. }) => return Ok(None),
        listed => listed?,
    };
    let mut dashboards = Vec::new();
    for one in listed {
        dashboards.push(provision::fetch(grafana, &one.uid).await?);
    }
    Ok(Some(dashboards))
}

fn named(dashboard: &Dashboard) -> BundledDashboard {
    BundledDashboard {
        uid: dashboard.uid.clone(),
        title: dashboard.title.clone(),
    }
}

/// The name of a part, and its entries.
type SmallPart = (&'static str, Vec<(String, Source)>);

/// All that goes into a bundle.
struct All {
    stack: Stack,
    dashboards: Vec<Dashboard>,
    runs: Vec<(String, PathBuf)>,
    gathered: Option<Gathered>,
    images: Option<Images>,
}

impl All {
    async fn write(
        &self,
        path: &Path,
        force: bool,
        manifest: Manifest,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let refused = |error: bundle::BundleError| files::bundle(&error);
        let small = self.small_parts()?;
        let mut parts: Vec<&str> = small.iter().map(|(name, _)| *name).collect();
        parts.extend(self.images.as_ref().map(|_| bundle::IMAGES));
        let mut writer = Writer::create(path, force, manifest, &parts).map_err(refused)?;
        for (name, sources) in &small {
            let mut packed = Packed::new(writer.part(name).map_err(refused)?);
            for (entry, source) in sources {
                let added = source.add(&mut packed, entry);
                added.map_err(|error| cannot_pack(path, entry, source, &error))?;
                stop_if_cancelled(cancel).await?;
            }
            packed.finish().map_err(refused)?;
        }
        if let Some(images) = &self.images {
            images.write(path, &mut writer, cancel).await?;
        }
        writer.finish(force).map_err(refused).map(drop)
    }

    /// Parts of files, by the names of the parts.
    fn small_parts(&self) -> Result<Vec<SmallPart>, Failure> {
        let dashboards = self.dashboards.iter().map(|dashboard| {
            let name = format!("{}.json", dashboard.uid);
            (name, Source::Text(dashboard.file_text(None)))
        });
        let mut parts = vec![
            (bundle::STACK, self.stack.files.clone()),
            (bundle::DASHBOARDS, dashboards.collect()),
        ];
        if !self.runs.is_empty() {
            let mut files = Vec::new();
            for (name, directory) in &self.runs {
                files.extend(contents::below(directory, name)?);
            }
            parts.push((bundle::RUNS, files));
        }
        if let Some(gathered) = &self.gathered {
            parts.push((bundle::WHEELS, contents::below(gathered.directory(), "")?));
        }
        Ok(parts)
    }
}

/// Lets an interruption be heard between two files.
async fn stop_if_cancelled(cancel: &CancellationToken) -> Result<(), Failure> {
    tokio::task::yield_now().await;
    match cancel.is_cancelled() {
        true => Err(interrupted()),
        false => Ok(()),
    }
}

fn interrupted() -> Failure {
    Failure::new(Code::Interrupted, "interrupted").hint(ADVICE)
}

/// The bundle's disk is full, or what is packed cannot be read.
fn cannot_pack(path: &Path, entry: &str, source: &Source, error: &io::Error) -> Failure {
    let full = [
        io::ErrorKind::StorageFull,
        io::ErrorKind::QuotaExceeded,
        io::ErrorKind::FileTooLarge,
    ];
    if full.contains(&error.kind()) {
        return no_room(path, error);
    }
    let name = source
        .path()
        .map_or(entry.to_owned(), |path| path.display().to_string());
    let mut failure = Failure::new(Code::InvalidFile, format!("cannot pack {name}"));
    failure.causes.push(error.to_string());
    failure
}

fn no_room(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::new(Code::Unavailable, format!("cannot write {}", path.display()));
    failure.causes.push(error.to_string());
    failure.hint("make room there, or write elsewhere: --output FILE")
}
