//! Scenarios on a lab in containers.

use crate::docker::lab::Lab;
use crate::local::scenarios::play;

#[test]
fn demos_run_in_containers_a_reload_and_a_kill_included() {
    let Some(lab) = Lab::new() else { return };
    play(&lab, "reload", "0.6");
}

#[test]
fn a_demo_that_kills_workers_runs_in_containers() {
    let Some(lab) = Lab::new() else { return };
    play(&lab, "harakiri", "0.5");
}
