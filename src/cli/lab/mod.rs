//! The commands about a lab as a whole: up, down, reset, status, logs, open, and the hidden one in the background.

mod agents;
mod attend;
pub(super) mod background;
mod bring_up;
mod connect;
mod desired;
pub(super) mod logs;
pub(super) mod open;
mod orders;
mod ports;
mod progress;
mod provisioning;
mod stack;
pub(super) mod status;
pub(super) mod teardown;
pub(super) mod up;
mod waiting;
mod warnings;

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use super::error::{Code, Failure};

fn runtime() -> Result<Runtime, Failure> {
    // Two workers are plenty for a collector; the load has threads of its own.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| Failure::from_error(Code::Unexpected, &error))
}

/// Runs `work` until it ends or somebody interrupts it; then `advice` says how to go on.
async fn interruptible<T>(
    work: impl Future<Output = Result<T, Failure>>,
    advice: &str,
) -> Result<T, Failure> {
    tokio::select! {
        outcome = work => outcome,
        () = interrupted() => Err(Failure::new(Code::Interrupted, "interrupted").hint(advice)),
    }
}

/// Returns on Ctrl-C or SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    // Without a signal handler the signal ends the process, which is what was asked for.
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
