//! `uwsgi-lab up`.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use crate::engine::Engine as _;
use crate::plan::{self, Keep, Observed};
use crate::report::lab as report;
use crate::state::{Credentials, EngineKind, LabDirectory, Recipe};

use super::super::error::{Code, Failure};
use super::super::output;
use super::super::settings::{UpArguments, UpSettings};
use super::agents::state_failure;
use super::attend::attend;
use super::bring_up::{Draft, Runs, Up, bring_up, draft};
use super::connect::failure;
use super::interrupts::Interrupts;
use super::{bundled, engines, runtime};

const ADVICE: &str =
    "`uwsgi-lab up` with the same options goes on from here, `uwsgi-lab down` takes it all away";

pub(crate) fn run(arguments: &UpArguments) -> Result<(), Failure> {
    let settings = UpSettings::new(arguments)?;
    let outcome = runtime()?.block_on(async {
        if arguments.dry_run {
            let mut interrupts = Interrupts::listen()?;
            return interrupts.or_end_of(dry_run(&settings), ADVICE).await;
        }
        up(&settings, arguments.detach, Interrupts::listen()?).await
    });
    outcome.map_err(|failure| failure.of_lab(&settings.lab.name))
}

/// Prints the plan.
async fn dry_run(settings: &UpSettings) -> Result<(), Failure> {
    engines::refuse_other(settings).await?;
    let draft = drafted(settings).await?;
    if draft.kind == EngineKind::Local {
        output::note(&draft.why);
    }
    output::data(&report::plan_text(&draft.plan))
}

/// Prints the plan of `reset`: everything goes, then everything but the images is new.
pub(super) async fn dry_reset(settings: &UpSettings) -> Result<(), Failure> {
    let draft = drafted(settings).await?;
    let engine = engines::of_lab(&settings.lab).await?;
    let observed = engine.observe(&settings.lab.name, &BTreeSet::new()).await;
    let observed = observed.map_err(|error| failure(&error))?;
    let mut plan = plan::down(&observed, Keep::Images, "reset");
    let left = Observed {
        images: draft.observed.images,
        ..Observed::default()
    };
    plan.stages.extend(plan::up(&draft.desired, &left).stages);
    output::data(&report::plan_text(&plan))
}

/// A failure where the lab could not be brought up from its settings and files.
pub(super) async fn check(settings: &UpSettings) -> Result<(), Failure> {
    drafted(settings).await.map(drop)
}

/// A draft alone: a lab that was not there leaves nothing behind.
async fn drafted(settings: &UpSettings) -> Result<Draft, Failure> {
    let directory = &settings.lab.directory;
    let is_new = !directory.path().exists();
    let drafted = async {
        settings.bundle.as_ref().map(bundled::lay_down).transpose()?;
        draft(settings).await
    };
    let drafted = drafted.await;
    // Another command may have made the lab meanwhile.
    if is_new && let Ok(_lock) = directory.lock() {
        remove_unused(directory)?;
    }
    drafted
}

/// Removes the directory of a lab that has not been made.
fn remove_unused(directory: &LabDirectory) -> Result<(), Failure> {
    match Credentials::load(directory) {
        Ok(None) => directory.remove().map_err(|error| state_failure(&error)),
        _ => Ok(()),
    }
}

/// Brings the lab up, says where it is, and stays with it or leaves it to the background.
pub(super) async fn up(
    settings: &UpSettings,
    detach: bool,
    mut interrupts: Interrupts,
) -> Result<(), Failure> {
    let directory = &settings.lab.directory;
    let is_new = !directory.path().exists();
    let lock = directory.lock().map_err(|error| state_failure(&error))?;
    let risen = rise(settings, detach, &mut interrupts).await;
    if is_new && risen.is_err() {
        // Why there is no lab matters more than what cannot be removed.
        remove_unused(directory).ok();
    }
    let up = risen?;
    remember(settings, &up.recipe)?;
    drop(lock);
    tell(settings, &up)?;
    match up.runs {
        Runs::Here(agent) => attend(*agent, &up.engine, &settings.lab, interrupts).await,
        Runs::Elsewhere { .. } => Ok(()),
    }
}

/// Brings the lab up in the background and returns, for a command that goes on to do something with it.
pub(super) async fn raised(settings: &UpSettings, interrupts: &mut Interrupts) -> Result<Up, Failure> {
    let directory = &settings.lab.directory;
    let is_new = !directory.path().exists();
    let occupied = directory.occupy().map_err(|error| state_failure(&error))?;
    let occupied = occupied.ok_or_else(|| measured_on(&settings.lab.name))?;
    let _lock = directory.lock().map_err(|error| state_failure(&error))?;
    let risen = rise(settings, true, interrupts).await;
    if is_new && risen.is_err() {
        remove_unused(directory).ok();
    }
    let mut up = risen?;
    up.occupied = Some(occupied);
    let before = Recipe::load(directory).map_err(|error| state_failure(&error))?;
    remember(settings, &up.recipe.clone().with_server_of(before.as_ref()))?;
    Ok(up)
}

fn measured_on(lab: &str) -> Failure {
    let message = format!("something is measured on the lab '{lab}' right now");
    Failure::new(Code::Usage, message)
        .hint("wait for the run, experiment or tuning in the other terminal, or end it there with Ctrl-C")
        .hint("or measure on another lab: --name NAME, with ports of its own")
}

/// Keeps what the lab was made of, and of bundles the one alone that it was made from.
fn remember(settings: &UpSettings, recipe: &Recipe) -> Result<(), Failure> {
    if let Some(bundled) = &settings.bundle {
        bundled::forget_others(bundled);
    }
    let saved = recipe.save(&settings.lab.directory);
    saved.map_err(|error| state_failure(&error))
}

async fn rise(settings: &UpSettings, detach: bool, interrupts: &mut Interrupts) -> Result<Up, Failure> {
    let drafting = async {
        engines::refuse_other(settings).await?;
        bundled::arrive(settings)?;
        draft(settings).await
    };
    let draft = interrupts.or_end_of(drafting, ADVICE).await?;
    let cancel = CancellationToken::new();
    let work = bring_up(settings, draft, detach, &cancel);
    interrupts.or_wind_down(work, &cancel, ADVICE).await
}

fn tell(settings: &UpSettings, up: &Up) -> Result<(), Failure> {
    let welcome = report::Welcome {
        name: &settings.lab.name,
        endpoints: &up.endpoints,
        settings: &up.settings,
        user: &up.credentials.user,
        // On a terminal somebody wants to log in now; what goes to a file stays there.
        password: output::is_terminal().then_some(up.credentials.grafana_password.as_str()),
        panels: up.shown.as_ref().map(|shown| shown.queries),
        runs: match &up.runs {
            Runs::Here(_) => report::Runs::Here,
            Runs::Elsewhere { record, .. } => report::Runs::Elsewhere {
                pid: record.pid,
                detached: record.detached,
            },
        },
        unchanged: up.unchanged,
    };
    output::data(&report::welcome_text(&welcome))
}
