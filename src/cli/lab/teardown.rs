//! `uwsgi-lab down` and `uwsgi-lab reset`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use tokio_util::sync::CancellationToken;

use crate::compose::Project;
use crate::engine::{self, Docker, Engine as _};
use crate::plan::{self, Desired, Keep, Observed};
use crate::report::command;
use crate::state::{Credentials, LabLock, WantedServices};

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{LabArguments, LabSettings, UpArguments, UpSettings};
use super::agents::{self, state_failure};
use super::connect::{self, failure};
use super::interrupts::Interrupts;
use super::progress::Display;
use super::{runtime, stack, up};

const ADVICE: &str = "run the command again: it goes on from here";

#[derive(Debug, Args)]
pub(crate) struct DownArguments {
    #[command(flatten)]
    lab: LabArguments,
    /// Remove the data too, and everything else the lab kept
    #[arg(long)]
    volumes: bool,
    /// Remove the image that was built for the lab too; making it again takes the network
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
                lab.directory.remove().map_err(|error| state_failure(&error))?;
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
            let _lock = take_down(&settings.lab, Keep::Images, "reset").await?;
            // Passwords live as long as the data they open; image digests stay, so that the first day comes again.
            Credentials::remove(&settings.lab.directory).map_err(|error| state_failure(&error))
        };
        interrupts.or_end_of(teardown, ADVICE).await?;
        up::up(&settings, arguments.detach, interrupts).await
    });
    outcome.map_err(|failure| failure.of_lab(&settings.lab.name))
}

/// Removes what carries the lab's label, then looks whether anything is left. The lock is the caller's to keep
/// until it is done with the lab's directory.
async fn take_down(lab: &LabSettings, keep: Keep, cause: &str) -> Result<LabLock, Failure> {
    let docker = connect::docker(&lab.environment, stack::compose_file(&lab.directory)).await?;
    let is_known = lab.directory.path().exists();
    let lock = lab.directory.lock().map_err(|error| state_failure(&error))?;
    let ran = agents::stop(&lab.directory).await?;
    if ran {
        output::note("load and collector: stopped");
    }
    let observed = observe(&docker, &lab.name).await?;
    let plan = plan::down(&observed, keep, cause);
    let display = Display::new();
    let tell = |event: engine::Event<'_>| display.tell(event);
    let desired = nothing(&lab.name);
    engine::apply(&docker, &desired, &plan, &tell, &CancellationToken::new())
        .await
        .map_err(|error| failure(&error))?;
    refuse_leftovers(&observe(&docker, &lab.name).await?, keep)?;
    WantedServices::remove(&lab.directory).map_err(|error| state_failure(&error))?;
    if plan.is_empty() && !ran {
        output::note(&format!("There is no lab '{}' to take down.", lab.name));
    } else if keep == Keep::Volumes && !observed.volumes.is_empty() {
        let text = "The data is kept; `uwsgi-lab down --volumes` removes it too.";
        output::note(&command::of_lab(text, &lab.name));
    } else if keep == Keep::Images
        && let Some(tag) = observed.built.iter().find_map(|image| image.tag.as_ref())
    {
        output::note(&format!(
            "The image {tag} is kept for the next `up`; `--volumes --images` removes it too."
        ));
    }
    if !is_known {
        lab.directory.remove().map_err(|error| state_failure(&error))?;
    }
    Ok(lock)
}

async fn observe(docker: &Docker, project: &str) -> Result<Observed, Failure> {
    docker
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
        .filter_map(|one| Some(format!("image {}", one.tag.as_ref()?)));
    let left: Vec<String> = containers.chain(networks).chain(volumes).chain(images).collect();
    if left.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Code::Unexpected, format!("still there: {}", left.join(", "))).hint(ADVICE))
}

/// Stopping and removing need no desired state.
pub(super) fn nothing(project: &str) -> Desired {
    let project = Project {
        name: project.to_owned(),
        services: BTreeMap::new(),
        networks: BTreeMap::new(),
        volumes: BTreeMap::new(),
    };
    Desired {
        project,
        images: BTreeMap::new(),
    }
}
