//! Where a lab's server is loaded and watched, for those who measure it; loads nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::collector::Target;
use crate::engine::{Engine as _, Role};
use crate::experiment::Stage;
use crate::point::Point;
use crate::uwsgi;

use super::super::error::{Code, Failure};
use super::bring_up::Up;
use super::connect::failure;

/// Who takes the points of what is measured.
#[derive(Debug, Clone)]
pub(super) struct Takers {
    /// All of them.
    pub(super) all: mpsc::Sender<Vec<Point>>,
    /// Those that the lab's own collector does not write.
    pub(super) own: mpsc::Sender<Vec<Point>>,
}

/// # Errors
/// A stack without a uWSGI of its own.
pub(super) fn stage(
    up: &Up,
    interval: Duration,
    takers: Takers,
    stop: CancellationToken,
) -> Result<Stage, Failure> {
    let of = |role: Role| up.endpoints.iter().find(move |endpoint| endpoint.role == role);
    let (Some(app), Some(stats)) = (of(Role::App), of(Role::Stats)) else {
        let message = "the stack has no uWSGI to be loaded and watched";
        return Err(Failure::new(Code::Usage, message).hint("leave out --file and --stats"));
    };
    let address = format!("http://{}", stats.address());
    let address = address
        .parse()
        .map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    Ok(Stage {
        app: format!("http://{}", app.address()),
        stats: Target {
            address,
            source: stats.address(),
        },
        interval,
        points: takers.all,
        own_points: takers.own,
        stop,
    })
}

/// For asking the server which process it is.
const STATS_DEADLINE: Duration = Duration::from_secs(5);

/// A look at the server under test.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Of its master.
    pub(super) pid: u64,
    /// What it has taken of the processors so far; nothing where that cannot be known.
    pub(super) processor: Option<Duration>,
}

/// Nothing where the server does not answer.
pub(super) async fn look(up: &Up, lab: &str, stage: &Stage) -> Option<Look> {
    let bytes = uwsgi::fetch(&stage.stats.address, STATS_DEADLINE).await.ok()?;
    let pid = uwsgi::parse(&bytes).ok()?.pid;
    let processor = match container(up, lab).await {
        Ok(Some(container)) => up.engine.processor_time(&container, pid).await,
        _ => None,
    };
    Some(Look { pid, processor })
}

/// The last lines that the server printed, where it does not answer any more.
pub(super) async fn last_words(up: &Up, lab: &str, stage: &Stage) -> Option<Vec<String>> {
    const TOLD: usize = 6;
    const LOOKS: u32 = 10;
    // One that reloads is away for a moment.
    for _ in 0..LOOKS {
        if uwsgi::fetch(&stage.stats.address, STATS_DEADLINE).await.is_ok() {
            return None;
        }
        sleep(Duration::from_millis(300)).await;
    }
    match container(up, lab).await {
        Ok(Some(container)) => Some(up.engine.last_lines(&container, TOLD).await),
        _ => Some(Vec::new()),
    }
}

/// The id of the container that the server runs in.
async fn container(up: &Up, lab: &str) -> Result<Option<String>, Failure> {
    let stats = up.endpoints.iter().find(|endpoint| endpoint.role == Role::Stats);
    let Some(stats) = stats else { return Ok(None) };
    let observed = up.engine.observe(lab, &BTreeSet::new()).await;
    let observed = observed.map_err(|error| failure(&error))?;
    Ok(observed
        .container(&stats.service)
        .map(|container| container.id.clone()))
}
