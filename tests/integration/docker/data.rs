//! How long data and passwords live: `down` keeps them, `reset` and `down --volumes` take them away.

use crate::docker::lab::{Lab, docker};
use crate::http;

#[test]
fn down_keeps_the_data_and_down_with_volumes_leaves_nothing_at_all() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    lab.leave_mark();
    let credentials = lab.credentials();
    let down = lab.down(&[]);
    assert!(
        lab.masked(&down.stderr)
            .ends_with("The data is kept; `uwsgi-lab down --name NAME --volumes` removes it too.\n")
    );
    let volumes = docker(&["volume", "ls", "-q", "--filter", &format!("name={}_", lab.name)]);
    let expected = ["grafana-data", "influxdb-data"].map(|volume| format!("{}_{volume}", lab.name));
    assert_eq!(
        (lab.remains(), volumes.lines().collect()),
        (
            expected.to_vec(),
            expected.iter().map(String::as_str).collect::<Vec<_>>()
        )
    );

    lab.up(&[]);
    assert!(lab.has_mark());
    assert_eq!(lab.credentials(), credentials);

    lab.down(&["--volumes"]);
    assert_eq!(lab.remains(), Vec::<String>::new());
    assert!(!lab.state().exists());
    let nothing = lab.down(&["--volumes"]);
    let expected = format!("There is no lab '{}' to take down.\n", lab.name);
    assert_eq!((nothing.stdout, nothing.stderr), (String::new(), expected));
    assert!(!lab.state().exists());
}

#[test]
fn reset_begins_again_from_nothing_from_half_a_lab_and_from_a_whole_one() {
    let Some(lab) = Lab::new() else { return };
    reset(&lab);
    lab.leave_mark();
    let first = lab.credentials();

    reset(&lab);
    let second = lab.credentials();
    assert!(!lab.has_mark());
    assert!(first[1] != second[1] && first[2] != second[2]);
    let old = http::get(
        &lab.url("--influxdb-port", "/query?q=SHOW+DATABASES"),
        Some((&first[0], &first[1])),
    );
    assert_eq!(old.unwrap().0, 401);

    lab.leave_mark();
    let containers = lab.containers();
    docker(&["rm", "--force", &containers["grafana"], &containers["uwsgi"]]);
    reset(&lab);
    assert!(!lab.has_mark());
    assert_eq!(lab.containers().len(), 3);
    assert!(lab.pid().is_some());
}

fn reset(lab: &Lab) {
    let ended = lab.run_with_ports(&["reset", "--detach"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
