//! Scenarios on a lab in containers.

use crate::docker::lab::Lab;
use crate::local::experiments::measure_cores;
use crate::local::scenarios::play;
use crate::local::settings_changed::change_and_come_back;

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

#[test]
fn an_experiment_measures_containers_and_what_they_take_of_the_processor() {
    let Some(lab) = Lab::new() else { return };
    measure_cores(&lab);
}

#[test]
fn settings_change_in_a_container_that_runs_and_are_put_back() {
    let Some(lab) = Lab::new() else { return };
    change_and_come_back(&lab);
}
