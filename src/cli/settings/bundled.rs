//! The settings of `up --bundle`: the bundle takes the place of the project file.

use std::error::Error;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use crate::bundle::Bundle;
use crate::state::{LabDirectory, Recipe};

use super::super::error::{Code, Failure};
use super::super::files;
use super::super::lab::state_failure;
use super::environment::Environment;
use super::lab::{LabArguments, LabSettings};
use super::project_file::ProjectFile;
use super::up::AppSettings;

/// In a lab's directory.
const DIRECTORY: &str = "bundle";
/// Beside what is unpacked.
const KEPT: &str = "bundle.json";
/// In what is unpacked.
pub(crate) const STACK: &str = "stack";

/// A bundle that a lab is made from.
#[derive(Debug, Clone)]
pub(crate) struct BundleSettings {
    pub(crate) bundle: Bundle,
    /// Where it is unpacked, once it is; another bundle has another.
    pub(crate) directory: PathBuf,
    /// Where the bundles of this lab are unpacked.
    pub(crate) all: PathBuf,
    /// True where it was not asked for: the lab was made from it.
    pub(crate) is_remembered: bool,
}

impl BundleSettings {
    /// # Errors
    /// A file that is no bundle, or not whole (3); settings in it that lead out of it.
    pub(super) fn read(
        file: &Path,
        arguments: &LabArguments,
    ) -> Result<(Self, LabSettings, ProjectFile), Failure> {
        let file =
            std::path::absolute(file).map_err(|error| Failure::from_error(Code::InvalidFile, &error))?;
        let bundle = Bundle::open(&file).map_err(|error| files::bundle(&error))?;
        let environment = Environment::capture();
        let name = arguments.name.clone();
        let name = name.or_else(|| environment.get("UWSGI_LAB_NAME").map(str::to_owned));
        let name = name.unwrap_or_else(|| bundle.manifest.lab.clone());
        let lab = LabSettings::named(name, environment)?;
        let (directory, all) = place(&lab.directory, &bundle.id);
        let project = project(&bundle, &directory.join(STACK))?;
        let settings = Self {
            bundle,
            directory,
            all,
            is_remembered: false,
        };
        Ok((settings, lab, project))
    }
}

impl BundleSettings {
    /// The bundle that a lab was made from, which later commands about it go on with.
    ///
    /// # Errors
    /// What is kept of it cannot be read.
    pub(super) fn remembered(lab: &LabSettings) -> Result<Option<(Self, ProjectFile)>, Failure> {
        let recipe = Recipe::load(&lab.directory).map_err(|error| state_failure(&error))?;
        let Some(directory) = recipe.and_then(|recipe| recipe.bundle) else {
            return Ok(None);
        };
        let file = directory.join(KEPT);
        let text = match fs::read(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| unreadable(&file, &error))?,
        };
        let bundle: Bundle = serde_json::from_slice(&text).map_err(|error| unreadable(&file, &error))?;
        let (_, all) = place(&lab.directory, &bundle.id);
        let project = project(&bundle, &directory.join(STACK))?;
        let settings = Self {
            bundle,
            directory,
            all,
            is_remembered: true,
        };
        Ok(Some((settings, project)))
    }

    /// True where `app` is the bundle's, and not one that a flag or a scenario names.
    pub(crate) fn has(&self, app: Option<&AppSettings>) -> bool {
        let project = &self.bundle.manifest.project;
        let own = project.pointer("/app/directory").and_then(|text| text.as_str());
        let own = own.map(|text| self.directory.join(STACK).join(text));
        own.as_ref() == app.map(|app| &app.directory)
    }

    /// Keeps in `directory` what [`BundleSettings::remembered`] needs.
    pub(crate) fn keep(&self, directory: &Path) -> io::Result<()> {
        fs::write(directory.join(KEPT), serde_json::to_vec_pretty(&self.bundle)?)
    }
}

fn unreadable(file: &Path, error: &dyn Error) -> Failure {
    let mut failure = Failure::new(Code::Unexpected, format!("{} cannot be read", file.display()));
    failure.causes.push(error.to_string());
    failure.hint("`uwsgi-lab up --bundle FILE` brings it anew")
}

fn place(lab: &LabDirectory, id: &str) -> (PathBuf, PathBuf) {
    let all = lab.path().join(DIRECTORY);
    let short: String = id.chars().take(16).collect();
    (all.join(short), all)
}

/// The bundle's settings, with the paths that its stack has once it is unpacked at `stack`.
fn project(bundle: &Bundle, stack: &Path) -> Result<ProjectFile, Failure> {
    let mut value = bundle.manifest.project.clone();
    let paths = ["/file", "/app/directory", "/app/requirements"];
    for path in paths.iter().filter_map(|place| value.pointer(place)?.as_str()) {
        let is_name = |component: Component<'_>| matches!(component, Component::Normal(_));
        if path.is_empty() || !Path::new(path).components().all(is_name) {
            let message = format!("{} leads out of itself: '{path}'", bundle.path().display());
            return Err(Failure::new(Code::InvalidFile, message));
        }
    }
    // The stack of this very program is found where a lab without a bundle has it.
    if bundle.manifest.own_stack
        && bundle.manifest.tool == env!("CARGO_PKG_VERSION")
        && let Some(project) = value.as_object_mut()
    {
        project.remove("file");
    }
    let mut project = ProjectFile::parse(&value.to_string(), bundle.path())?;
    project.is_bundled = true;
    project.resolve_paths(stack);
    Ok(project)
}
