//! `uwsgi-lab down` and `uwsgi-lab reset`.

use std::collections::BTreeSet;

use clap::Args;

use crate::engine::{self, AnyEngine, Engine as _};
use crate::plan::{self, Keep, Observed};
use crate::report::command;
use crate::state::{Credentials, EngineKind, LabLock, Recipe, WantedServices};

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{LabArguments, LabSettings, UpArguments, UpSettings};
use super::agents::{self, state_failure};
use super::carry::take_away;
use super::connect::failure;
use super::interrupts::Interrupts;
use super::{bundled, engines, runtime, up};

const ADVICE: &str = "run the command again: it goes on from here";

#[derive(Debug, Args)]
pub(crate) struct DownArguments {
    #[command(flatten)]
    lab: LabArguments,
    /// Remove the data too, and everything else the lab kept
    #[arg(long)]
    volumes: bool,
    /// Remove the image or environment that was built for the lab too; making it again takes the network
    #[arg(long, requires = "volumes")]
    images: bool,
}

pub(crate) fn down(arguments: &DownArguments) -> Result<(), Failure> {
    let lab = LabSettings::new(&arguments.lab)?;
    let keep = match (arguments.volumes, arguments.images) {
        (false, _) => Keep::Volumes,
        (true, false) => Keep::Images,
        (true, true) => Keep::Nothing,
    };
    let outcome = runtime()?.block_on(async {
        let teardown = async {
            let _lock = take_down(&lab, keep, "down").await?;
            if keep != Keep::Volumes {
                let kept = Some(engine::ENVIRONMENTS).filter(|_| keep == Keep::Images);
                let removed = lab.directory.remove_all_but(kept);
                removed.map_err(|error| state_failure(&error))?;
            }
            Ok(())
        };
        Interrupts::listen()?.or_end_of(teardown, ADVICE).await
    });
    outcome.map_err(|failure| failure.of_lab(&lab.name))
}

/// Works whatever of the lab runs: all of it, half of it, nothing.
pub(crate) fn reset(arguments: &UpArguments) -> Result<(), Failure> {
    let settings = UpSettings::new(arguments)?;
    let outcome = runtime()?.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        if arguments.dry_run {
            return interrupts.or_end_of(up::dry_reset(&settings), ADVICE).await;
        }
        let teardown = async {
            // Data does not go for the sake of a lab that cannot come up.
            up::check(&settings).await?;
            take_down(&settings.lab, Keep::Images, "reset").await.map(drop)
        };
        interrupts.or_end_of(teardown, ADVICE).await?;
        up::up(&settings, arguments.detach, interrupts).await
    });
    outcome.map_err(|failure| failure.of_lab(&settings.lab.name))
}

/// Removes what carries the lab's label, then looks whether anything is left. The lock is the caller's to keep
/// until it is done with the lab's directory.
async fn take_down(lab: &LabSettings, keep: Keep, cause: &str) -> Result<LabLock, Failure> {
    let engine = engines::of_lab(lab).await?;
    let is_known = lab.directory.path().exists();
    let lock = lab.directory.lock().map_err(|error| state_failure(&error))?;
    let ran = agents::stop(&lab.directory).await?;
    if ran {
        output::note("load and collector: stopped");
    }
    let observed = observe(&engine, &lab.name).await?;
    let plan = plan::down(&observed, keep, cause);
    take_away(&engine, &lab.name, &plan).await?;
    refuse_leftovers(&observe(&engine, &lab.name).await?, keep)?;
    if keep == Keep::Nothing {
        let recipe = Recipe::load(&lab.directory).map_err(|error| state_failure(&error))?;
        bundled::forget_images(&engine, recipe.as_ref()).await?;
    }
    WantedServices::remove(&lab.directory).map_err(|error| state_failure(&error))?;
    if keep != Keep::Volumes {
        // Passwords live as long as the data they open; then any engine may have the lab. Image digests stay, so that the
        // first day comes again.
        Credentials::remove(&lab.directory).map_err(|error| state_failure(&error))?;
        EngineKind::remove(&lab.directory).map_err(|error| state_failure(&error))?;
        let removed = lab.directory.remove_spool();
        removed.map_err(|error| state_failure(&error))?;
    }
    let was_there = ran || !plan.is_empty();
    output::note(&command::of_lab(
        &remainder(lab, &observed, keep, was_there),
        &lab.name,
    ));
    if !is_known {
        lab.directory.remove().map_err(|error| state_failure(&error))?;
    }
    Ok(lock)
}

/// What is left of the lab, in words.
fn remainder(lab: &LabSettings, observed: &Observed, keep: Keep, was_there: bool) -> String {
    let built = observed.built.iter();
    let image = built
        .filter_map(|image| Some(format!("{} {}", image.artifact, image.tag.as_ref()?)))
        .next();
    match (keep, image) {
        _ if !was_there => format!("There is no lab '{}' to take down.", lab.name),
        (Keep::Volumes, _) if !observed.volumes.is_empty() => {
            "The data is kept; `uwsgi-lab down --volumes` removes it too.".to_owned()
        }
        (Keep::Images, Some(image)) => {
            format!(
                "The {image} is kept for the next `up`; `uwsgi-lab down --volumes --images` removes it too."
            )
        }
        _ => format!("Nothing is left of the lab '{}'.", lab.name),
    }
}

async fn observe(engine: &AnyEngine, project: &str) -> Result<Observed, Failure> {
    engine
        .observe(project, &BTreeSet::new())
        .await
        .map_err(|error| failure(&error))
}

fn refuse_leftovers(observed: &Observed, keep: Keep) -> Result<(), Failure> {
    let containers = observed
        .containers
        .iter()
        .map(|one| format!("container {}", one.name));
    let networks = observed.networks.iter().map(|one| format!("network {}", one.key));
    let volumes = observed
        .volumes
        .iter()
        .filter(|_| keep != Keep::Volumes)
        .map(|one| format!("volume {}", one.id));
    let images = observed
        .built
        .iter()
        .filter(|_| keep == Keep::Nothing)
        .filter_map(|one| Some(format!("{} {}", one.artifact, one.tag.as_ref()?)));
    let left: Vec<String> = containers.chain(networks).chain(volumes).chain(images).collect();
    if left.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Code::Unexpected, format!("still there: {}", left.join(", "))).hint(ADVICE))
}
