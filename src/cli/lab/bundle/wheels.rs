//! The Python packages of a lab as wheels, for machines without Docker.

use std::path::Path;

use indicatif::ProgressBar;
use tokio_util::sync::CancellationToken;

use crate::bundle::Wheels;
use crate::engine::{self, Progress, WheelPlatform};
use crate::state::Recipe;

use super::super::super::error::Failure;
use super::super::super::output;
use super::super::super::settings::LabSettings;
use super::super::bundled::Scratch;
use super::super::connect::failure;
use super::contents;
use super::interrupted;

/// Wheels in a directory that goes with it.
pub(super) struct Gathered {
    directory: Scratch,
    pub(super) wheels: Wheels,
}

impl Gathered {
    pub(super) fn directory(&self) -> &Path {
        &self.directory.0
    }
}

/// None where nothing runs uWSGI, or where the uWSGI of this machine does and no wheel is to be had, which is told.
///
/// # Errors
/// What the app requires cannot be had as wheels (4).
pub(super) async fn gather(
    lab: &LabSettings,
    recipe: &Recipe,
    cancel: &CancellationToken,
) -> Result<Option<Gathered>, Failure> {
    if recipe.apps.is_empty() {
        return Ok(None);
    }
    output::note("wheels: asking pip for them");
    let directory = Scratch::beside(&lab.directory.path().join("wheels"));
    let bar = ProgressBar::new_spinner();
    let tell = |progress: Progress<'_>| {
        bar.set_message(format!("wheels: {}", progress.message));
        bar.tick();
    };
    let variables = lab.environment.variables();
    let gathering = engine::gather_wheels(&recipe.apps, variables, &directory.0, &tell);
    let gathered = cancel.run_until_cancelled(gathering).await;
    bar.finish_and_clear();
    let gathered = gathered.ok_or_else(interrupted)?;
    match gathered.map_err(|error| failure(&error))? {
        Ok(platform) => {
            let wheels = described(platform, &directory.0)?;
            Ok(Some(Gathered { directory, wheels }))
        }
        Err(problem) => {
            output::note(&format!(
                "warning: the bundle has no uWSGI: {problem}; a machine without one on PATH cannot run the lab from it"
            ));
            Ok(None)
        }
    }
}

fn described(platform: WheelPlatform, directory: &Path) -> Result<Wheels, Failure> {
    let files = contents::below(directory, "")?.into_iter();
    let name = |(name, _): (String, _)| name.rsplit('/').next().unwrap_or_default().to_owned();
    let WheelPlatform { python, os, arch } = platform;
    Ok(Wheels {
        python,
        os,
        arch,
        files: files.map(name).collect(),
    })
}
