//! However a lab ends, its processes end with it; and it comes back.

use std::fs;
use std::process::Command;

use crate::environment::{Process, eventually};
use crate::local::lab::{Lab, kill};

fn states(lab: &Lab) -> Vec<String> {
    lab.services().into_values().collect()
}

#[test]
fn ctrl_c_ends_services_in_order() {
    let Some(lab) = Lab::new() else { return };
    let (mut process, _stdout, stderr) = lab.attend(&[]);
    lab.leave_mark();
    process.interrupt();
    assert_eq!(process.exit_code(), Some(0));
    stderr.until("Stopping: load, collector, services. Ctrl-C again stops at once.");
    let mut stopped: Vec<String> = stderr
        .rest()
        .into_iter()
        .filter(|line| line.starts_with("service "))
        .collect();
    stopped.sort();
    assert_eq!(
        stopped,
        [
            "service grafana: stopped",
            "service influxdb: stopped",
            "service uwsgi: stopped"
        ]
    );
    assert_eq!(
        (states(&lab), lab.processes()),
        (vec!["exited".to_owned(); 3], Vec::new())
    );
    let codes = ["grafana", "influxdb", "uwsgi"].map(|service| lab.record(service)["code"].as_i64());
    assert_eq!(codes, [Some(0); 3]);
    lab.up(&[]);
    assert!(lab.has_mark());
}

#[test]
fn services_end_when_their_lab_is_killed_in_the_background_or_in_a_terminal() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    lab.leave_mark();
    kill(lab.pid().unwrap());
    lab.ends();
    assert_eq!(states(&lab), ["exited", "exited", "exited"]);

    let (process, _stdout, _stderr) = lab.attend(&[]);
    assert!(lab.has_mark());
    assert_eq!(lab.status()["running"]["detached"], false);
    // Process ends its process with SIGKILL.
    drop(process);
    lab.ends();
}

#[test]
fn nothing_of_uwsgi_outlives_its_service_s_own_process() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    let before = lab.pids();
    kill(before["uwsgi"]);
    eventually("uWSGI has ended", || lab.processes().len() == 2);
    let services = lab.status()["services"].clone();
    let uwsgi = services
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "uwsgi")
        .unwrap();
    assert_eq!(
        (&uwsgi["state"], &uwsgi["exit_code"]),
        (&"exited".into(), &137.into())
    );
    let up = lab.up(&[]);
    assert!(up.stderr.contains("service uwsgi: started\n"), "{}", up.stderr);
    assert_eq!(states(&lab), ["running", "running", "running"]);
}

#[test]
fn workers_of_a_master_that_was_killed_end_with_it_and_the_service_is_seen_dead() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    kill(lab.record("uwsgi")["group"].as_u64().unwrap());
    eventually("uWSGI has ended", || lab.processes().len() == 2);
    eventually("its end is written down", || lab.record("uwsgi")["code"] == 137);
    lab.down(&[]);
    assert_eq!(lab.processes(), Vec::<String>::new());
}

#[test]
fn a_process_that_came_to_the_number_of_a_dead_one_is_left_alone() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    kill(lab.pid().unwrap());
    lab.ends();
    let mut bystander = Process::start(Command::new("sleep").arg("600"));
    for service in ["grafana", "influxdb", "uwsgi"] {
        let record = format!("{{\"pid\": {0}, \"group\": {0}, \"code\": null}}", bystander.id());
        fs::write(
            lab.state().join("services").join(service).join("process.json"),
            record,
        )
        .unwrap();
    }
    assert_eq!(states(&lab), ["exited", "exited", "exited"]);
    lab.up(&[]);
    lab.down(&["--volumes"]);
    assert!(bystander.is_running());
}

#[test]
fn a_lab_is_reset_from_damaged_records_and_from_none() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    let services = lab.state().join("services");
    fs::write(services.join("uwsgi/service.json"), "{").unwrap();
    fs::remove_file(services.join("grafana/process.json")).unwrap();
    let reset = lab.run_with_ports(&["reset", "--detach"]);
    assert_eq!(reset.code, Some(0), "{reset:?}");
    assert_eq!(states(&lab), ["running", "running", "running"]);

    // The lab goes on for a moment without its directory.
    fs::remove_dir_all(lab.state()).unwrap();
    lab.ends();
    let reset = lab.run_with_ports(&["reset", "--detach"]);
    assert_eq!(reset.code, Some(0), "{reset:?}");
}
