//! Bad input: one error that says what, why and what to type next; the documented exit code; nothing half-made.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::fs;
use std::net::TcpListener;

use crate::docker::lab::{Lab, docker};
use crate::lab::Ended;

/// The end of a command that printed nothing but an error.
fn error(code: i32, text: &str) -> Ended {
    Ended {
        code: Some(code),
        stdout: String::new(),
        stderr: text.to_owned(),
    }
}

/// `up --detach` with its output masked.
fn refused(lab: &Lab, more: &[&str]) -> Ended {
    let mut ended = lab.run_with_ports(&[&["up", "--detach"], more].concat());
    ended.stderr = lab.masked(&ended.stderr);
    ended
}

#[test]
fn without_a_daemon_the_hint_says_how_to_start_one() {
    let Some(lab) = Lab::new() else { return };
    let mut command = lab.command_with_ports(&["up", "--engine", "docker"]);
    let mut ended: Ended = command
        .env("DOCKER_HOST", "unix:///nowhere")
        .output()
        .unwrap()
        .into();
    ended.stderr = lab.masked(&ended.stderr);
    let expected = "error: no Docker daemon answers at unix:///nowhere: the socket does not exist\n  \
        hint: start Docker (`sudo systemctl start docker`, or Docker Desktop), then run the command again\n  \
        hint: where Docker listens elsewhere, set DOCKER_HOST or choose a context with DOCKER_CONTEXT\n  \
        hint: or do without Docker: `uwsgi-lab up --name NAME --engine local`\n";
    assert_eq!(ended, error(4, expected));
}

#[test]
fn a_port_in_use_is_named_with_its_holder_before_anything_is_created() {
    let Some(lab) = Lab::new() else { return };
    let _listener = TcpListener::bind(("127.0.0.1", lab.port("--grafana-port"))).unwrap();
    let ended = refused(&lab, &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(4), ""));
    let pid = std::process::id();
    let error = ended.stderr.split_once("error: ").unwrap().1;
    let (first, hint) = error.split_once('\n').unwrap();
    assert!(
        first.starts_with("port <grafana-port> of service grafana is taken by process "),
        "{first}"
    );
    assert!(first.ends_with(&format!(" (pid {pid})")), "{first}");
    let start = "  hint: end what holds it, or choose another: `uwsgi-lab up --name NAME --grafana-port ";
    assert!(hint.starts_with(start), "{hint}");
    assert_eq!(lab.remains(), Vec::<String>::new());
}

#[test]
fn an_image_that_cannot_be_pulled_ends_up_before_anything_is_created() {
    let Some(lab) = Lab::new() else { return };
    let mut command = lab.command_with_ports(&["up", "--engine", "docker"]);
    command.env("UWSGI_LAB_GRAFANA_IMAGE", "does-not-exist.invalid/x:1");
    let ended = Ended::from(command.output().unwrap());
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let error = ended.stderr.split_once("error: ").unwrap().1;
    assert!(
        error.starts_with("image does-not-exist.invalid/x:1 cannot be pulled: "),
        "{error}"
    );
    let hints: Vec<&str> = error.lines().skip(1).collect();
    let expected = [
        "  hint: check the network of the Docker daemon; images that are present are not pulled again",
        "  hint: or bring the image here by other means: `docker load`, then it is found as does-not-exist.invalid/x:1",
    ];
    assert_eq!(hints, expected);
    assert_eq!(lab.remains(), Vec::<String>::new());
}

#[test]
fn a_compose_key_that_is_not_supported_is_named_with_its_path() {
    let Some(lab) = Lab::new() else { return };
    let file = "services:\n  web:\n    image: a\n    deploy:\n      replicas: 2\n";
    fs::write(lab.scratch().join("mine.yaml"), file).unwrap();
    let expected = "error: SCRATCH/mine.yaml: services.web.deploy (line 4): not supported by uwsgi-lab; supported here: \
        build, cap_drop, command, configs, cpus, depends_on, entrypoint, environment, healthcheck, image, init, labels, \
        mem_limit, networks, ports, profiles, read_only, restart, security_opt, tmpfs, user, volumes\n";
    assert_eq!(refused(&lab, &["--file", "mine.yaml"]), error(3, expected));
    assert_eq!(lab.remains(), Vec::<String>::new());
}

#[test]
fn a_variable_that_must_be_set_says_what_the_file_says_of_it() {
    let Some(lab) = Lab::new() else { return };
    fs::write(
        lab.scratch().join("mine.yaml"),
        "services:\n  web:\n    image: ${WEB:?say which}\n",
    )
    .unwrap();
    let expected =
        "error: SCRATCH/mine.yaml: services.web.image (line 3): the variable WEB is required: say which\n";
    assert_eq!(refused(&lab, &["--file", "mine.yaml"]), error(3, expected));
}

#[test]
fn an_unknown_key_of_the_project_file_is_named_with_its_line() {
    let Some(lab) = Lab::new() else { return };
    fs::write(lab.scratch().join("uwsgi-lab.yaml"), "load:\n  rat: 3\n").unwrap();
    let expected = "error: uwsgi-lab.yaml line 2: load has no key 'rat'\n  hint: its keys are rate, connections, threads, path\n";
    assert_eq!(refused(&lab, &[]), error(3, expected));
}

#[test]
fn an_app_that_is_not_there_ends_with_the_words_of_uwsgi_and_the_right_one_mends_it() {
    let Some(lab) = Lab::new() else { return };
    let app =
        "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'mine']\n";
    fs::create_dir(lab.scratch().join("app")).unwrap();
    fs::write(lab.scratch().join("app/own.py"), app).unwrap();
    let ended = refused(&lab, &["--app", "app", "--module", "nope:app"]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let error = ended.stderr.split_once("error: ").unwrap().1;
    assert!(
        error.starts_with("service uwsgi ended with exit code 22\n  cause: its last lines:\n"),
        "{error}"
    );
    assert!(
        error.contains("\n    ModuleNotFoundError: No module named 'nope'\n"),
        "{error}"
    );
    assert!(
        error.ends_with("\n  hint: all it printed: `uwsgi-lab logs --name NAME uwsgi`\n"),
        "{error}"
    );

    lab.up(&["--app", "app", "--module", "own:application"]);
    let answer = crate::http::get(&lab.url("--app-port", "/"), None);
    assert_eq!(answer, Some((200, "mine".to_owned())));
}

#[test]
fn a_volume_with_an_old_password_ends_with_the_hint_to_reset() {
    let Some(lab) = Lab::new() else { return };
    lab.up(&[]);
    lab.down(&[]);
    let file = lab.state().join("credentials.json");
    let [_, influxdb, grafana] = lab.credentials();
    let good = fs::read_to_string(&file).unwrap();
    for (password, who) in [(&grafana, "grafana"), (&influxdb, "influxdb")] {
        fs::write(&file, good.replace(password, "0123456789abcdef")).unwrap();
        let ended = refused(&lab, &[]);
        assert_eq!(ended.code, Some(5), "{who}: {ended:?}");
        assert!(
            ended
                .stderr
                .contains("`uwsgi-lab reset --name NAME` begins again with an empty one; the data goes\n"),
            "{who}: {ended:?}"
        );
        lab.down(&[]);
    }
    fs::remove_file(&file).unwrap();
    let ended = refused(&lab, &[]);
    let expected = "the lab's data is there, but the passwords that open it are lost\n  \
        cause: SCRATCH/state/NAME has no credentials.json\n  \
        hint: where the lab was made with another UWSGI_LAB_STATE_DIR, set it again\n  \
        hint: `uwsgi-lab reset --name NAME` begins again with empty data\n";
    assert_eq!(
        (ended.code, ended.stderr.split_once("error: ").unwrap().1),
        (Some(4), expected)
    );
    let reset = lab.run_with_ports(&["reset", "--detach"]);
    assert_eq!(reset.code, Some(0), "{reset:?}");
}

#[test]
fn what_others_made_under_the_name_of_the_lab_is_left_alone() {
    let Some(lab) = Lab::new() else { return };
    let name = &lab.name;
    let image = "uwsgi-lab-test/base:bookworm";
    let container = format!("{name}-grafana-1");
    docker(&["create", "--name", &container, image, "true"]);
    refuses_foreign(&lab, "container", &container);
    docker(&["rm", &container]);
    let volume = format!("{name}_grafana-data");
    docker(&["volume", "create", &volume]);
    refuses_foreign(&lab, "volume", &volume);
    docker(&["volume", "rm", &volume]);
    let network = format!("{name}_default");
    docker(&["network", "create", &network]);
    refuses_foreign(&lab, "network", &network);
    docker(&["network", "rm", &network]);
}

fn refuses_foreign(lab: &Lab, kind: &str, thing: &str) {
    let id = docker(&[kind, "inspect", thing]);
    let ended = refused(lab, &[]);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let thing_masked = lab.masked(thing);
    let expected = format!(
        "{thing_masked} exists and was not made by uwsgi-lab\n  hint: look at it with `docker {kind} inspect {thing_masked}`; \
         remove it, or give the lab another name with --name\n"
    );
    assert_eq!(ended.stderr.split_once("error: ").unwrap().1, expected);
    lab.down(&["--volumes"]);
    assert_eq!(lab.remains(), Vec::<String>::new());
    assert_eq!(docker(&[kind, "inspect", thing]), id);
}
