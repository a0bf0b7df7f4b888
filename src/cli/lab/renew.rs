//! A fresh server for a lab that stays up; what else the lab has goes on.

use tokio_util::sync::CancellationToken;

use crate::engine::{self, Role};
use crate::plan;

use super::super::error::Failure;
use super::super::settings::UpSettings;
use super::agents::state_failure;
use super::bring_up::{Up, draft};
use super::connect::failure;

/// Makes the uWSGI of `up` anew, as `settings` have it, and waits until it answers. Once `cancel` is cancelled it ends soon,
/// with an error.
///
/// # Errors
/// As `up`: a uWSGI that does not start with these settings, for instance.
pub(super) async fn renew(settings: &UpSettings, up: &Up, cancel: &CancellationToken) -> Result<(), Failure> {
    let _lock = settings
        .lab
        .directory
        .lock()
        .map_err(|error| state_failure(&error))?;
    let Some(stats) = up.endpoints.iter().find(|endpoint| endpoint.role == Role::Stats) else {
        return Ok(());
    };
    let draft = draft(settings).await?;
    let plan = plan::renewed(&draft.desired, &draft.observed, &stats.service, "a fresh server");
    engine::apply(&up.engine, &draft.desired, &plan, &|_| {}, cancel)
        .await
        .map_err(|error| failure(&error))?;
    let ready = engine::await_ready(&up.engine, &settings.lab.name, stats, settings.wait, &|_| {});
    let interrupted = || Err(engine::EngineError::Interrupted);
    let ready = cancel
        .run_until_cancelled(ready)
        .await
        .unwrap_or_else(interrupted);
    ready.map_err(|error| failure(&error))
}
