//! What cannot run, and what is said about it.

use std::net::TcpListener;

use crate::local::lab::Lab;

#[test]
fn a_port_that_is_taken_is_found_before_anything_starts() {
    let Some(lab) = Lab::new() else { return };
    let port = lab.port("--influxdb-port");
    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let up = lab.run_with_ports(&["up", "--detach"]);
    assert_eq!(up.code, Some(4), "{up:?}");
    assert!(
        up.stderr.contains(&format!(
            "error: port {port} of service influxdb is taken by process "
        )),
        "{}",
        up.stderr
    );
    assert!(up.stderr.contains("`uwsgi-lab up --name "), "{}", up.stderr);
    assert_eq!((lab.processes(), lab.services().len()), (Vec::new(), 0));
    assert!(!lab.state().exists());
}

#[test]
fn an_app_that_does_not_import_ends_the_command_with_its_traceback() {
    let Some(lab) = Lab::new() else { return };
    lab.write("site/wsgi.py", "import no_such_module\n");
    let up = lab.run_with_ports(&["up", "--detach", "--app", "site", "--module", "wsgi"]);
    assert_eq!(up.code, Some(5), "{up:?}");
    let told = lab.masked(&up.stderr);
    assert!(told.contains("error: service uwsgi ended with exit code 22\n  cause: its last lines:\n    Traceback (most recent call last):\n"), "{told}");
    assert!(
        told.contains("    ModuleNotFoundError: No module named 'no_such_module'\n"),
        "{told}"
    );
    assert!(
        told.ends_with("  hint: all it printed: `uwsgi-lab logs --name NAME uwsgi`\n"),
        "{told}"
    );
    // Nobody is there for the lab any more.
    lab.ends();
}

#[test]
fn a_service_that_needs_a_container_is_refused_by_name() {
    let Some(lab) = Lab::new() else { return };
    lab.write("compose.yaml", "services:\n  redis:\n    image: redis:7\n  store:\n    image: influxdb:1.8\n    ports: [\"127.0.0.1:8086:8086\"]\n    labels:\n      dev.uwsgi-lab.endpoint.influxdb: \"8086\"\n");
    let up = lab.run(&["up", "--detach", "--file", "compose.yaml", "--engine", "local"]);
    assert_eq!(
        (up.code, up.stderr.as_str()),
        (
            Some(4),
            "error: service redis cannot run without containers\n  hint: start Docker and add `--engine docker`, or leave the service out of the Compose file\n"
        )
    );
}

#[test]
fn two_engines_never_have_one_lab() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&["--engine", "local"]);
    lab.down(&[]);
    let other = lab.run_with_ports(&["up", "--engine", "docker", "--detach"]);
    assert_eq!(
        (other.code, lab.masked(&other.stderr).as_str()),
        (
            Some(4),
            "error: the lab 'NAME' was made with the engine local\n  \
             hint: `uwsgi-lab up --name NAME` goes on with it\n  \
             hint: `uwsgi-lab reset --name NAME --engine docker` begins again with the other one; the data goes\n  \
             hint: or make another lab: `--name NAME`\n"
        )
    );
    // Without Docker it cannot come up, so that its data stays.
    let reset = lab.run_with_ports(&["reset", "--engine", "docker", "--detach"]);
    assert_eq!(reset.code, Some(4), "{reset:?}");
    assert!(lab.state().join("volumes/influxdb-data").exists());
    lab.up(&[]);
}

#[test]
fn docker_is_not_asked_about_labs_without_it() {
    let Some(lab) = Lab::new() else { return };
    for command in [&["status"][..], &["down"], &["down", "--volumes"]] {
        let ended = lab.run(command);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let open = lab.run(&["open", "--print"]);
    assert!(
        open.stderr.starts_with("error: Grafana does not run\n"),
        "{open:?}"
    );
    let docker = lab.run_with_ports(&["up", "--engine", "docker", "--detach"]);
    assert_eq!(docker.code, Some(4));
    assert!(
        docker.stderr.ends_with(&format!(
            "  hint: or do without Docker: `uwsgi-lab up --name {} --engine local`\n",
            lab.name
        )),
        "{}",
        docker.stderr
    );
}
