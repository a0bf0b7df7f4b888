//! The commands about a lab as a whole: up, down, reset, status, logs, open, and the hidden one in the background.

mod agents;
mod attend;
pub(super) mod background;
mod bring_up;
pub(super) mod bundle;
mod bundled;
mod carry;
mod connect;
mod deeds;
mod desired;
mod engines;
mod excerpt;
pub(super) mod experiment;
mod follow;
pub(super) mod grafana;
mod interrupts;
mod kept;
mod local;
pub(super) mod logs;
mod made;
mod notebook;
pub(super) mod open;
mod orders;
mod outlets;
mod pinned;
pub(super) mod play;
mod ports;
mod progress;
mod provisioning;
mod python;
mod recipe;
mod renew;
pub(super) mod replay;
mod rest;
mod rig;
pub(super) mod service;
mod stack;
mod stage;
pub(super) mod status;
pub(super) mod teardown;
mod teller;
pub(super) mod tune;
pub(super) mod up;
mod vigil;
mod waiting;
mod warnings;

pub(super) use agents::state_failure;
use tokio::runtime::{Builder, Runtime};
pub(super) use waiting::client as influx_client;

use super::error::{Code, Failure};

pub(super) fn runtime() -> Result<Runtime, Failure> {
    // Two workers are plenty for a collector; the load has threads of its own.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| Failure::from_error(Code::Unexpected, &error))
}
