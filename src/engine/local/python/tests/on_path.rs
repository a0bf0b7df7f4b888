//! Which uWSGI of PATH is taken, and how it is run.

use std::fs;

use super::super::Environment;
use super::fake::{Machine, PIP_INSTALLS, write_program};

const NO_PYTHON: &str = "echo \"uwsgi: unrecognized option '--python-version'\"; exit 1";

/// A machine with a uWSGI on PATH, and a Python for the case that it is not taken.
fn with_uwsgi(script: &str) -> Machine {
    let machine = Machine::with_pip(PIP_INSTALLS);
    machine.program("uwsgi", script);
    machine
}

fn environment(machine: &Machine, arguments: &[&str], description: &str) -> Environment {
    let program = machine.bin().join("uwsgi");
    let arguments = arguments.iter().map(|&argument| argument.to_owned());
    Environment {
        arguments: arguments.collect(),
        variables: vec![("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned())],
        description: format!("{description}, {}", program.display()),
        program,
    }
}

#[tokio::test]
async fn a_uwsgi_with_python_built_in_is_taken_as_it_is_until_another_takes_its_place() {
    let machine = with_uwsgi("case $* in --version) echo 2.0.28 ;; --python-version) echo 3.12.3 ;; esac");
    let expected = environment(&machine, &[], "uWSGI 2.0.28 for Python 3.12.3");
    assert_eq!(machine.make().await.unwrap(), expected);
    assert_eq!(machine.present(), Some(expected));
    assert_eq!(machine.starts(), 0);
    machine.program("uwsgi", "exit 1");
    assert_eq!(machine.present(), None);
}

#[tokio::test]
async fn debians_uwsgi_gets_its_plugin() {
    let machine = with_uwsgi(&format!(
        "case $* in --version) echo 2.0.21-debian ;; '--plugin python3 --python-version') echo 3.11.2 ;; *) {NO_PYTHON} ;; esac"
    ));
    let expected = environment(
        &machine,
        &["--plugin", "python3"],
        "uWSGI 2.0.21-debian for Python 3.11.2",
    );
    assert_eq!(machine.make().await.unwrap(), expected);
}

#[tokio::test]
async fn a_uwsgi_that_cannot_run_the_app_gives_way_to_the_labs_own() {
    for script in [
        "echo 1.9.21",
        "echo 'usage: uwsgi [-h]'",
        "exit 1",
        "/bin/sleep 600",
        &format!("case $* in --version) echo 2.0.21 ;; *) {NO_PYTHON} ;; esac"),
        "case $* in --version) echo 2.0.21 ;; *) echo 2.7.18 ;; esac",
        // A plugin that is not there is told, and then the rest is done.
        "case $* in --version) echo 2.0.21 ;; *) echo 'UNABLE to load uWSGI plugin' ;; esac",
    ] {
        let machine = with_uwsgi(script);
        let made = machine.make().await.unwrap();
        assert_eq!(made.program, machine.bin().join("python3"), "{script}");
    }
}

#[tokio::test]
async fn with_requirements_the_uwsgi_on_path_is_not_looked_at() {
    let mut machine = with_uwsgi("echo $* > \"${0%/*}/asked\"; echo 2.0.28");
    machine.require("flask");
    let made = machine.make().await.unwrap();
    assert_eq!(made.program, machine.bin().join("python3"));
    assert!(!machine.bin().join("asked").exists());
}

#[tokio::test]
async fn a_uwsgi_that_pip_wrote_is_run_by_the_real_path_of_its_python() {
    let machine = Machine::new();
    fs::create_dir(machine.path("venv")).unwrap();
    let base = machine.python("base", "[3, 11, 7]", true, true);
    let python = machine.path("venv/python3");
    let says = format!(
        r#"{{"version": [3, 11, 7], "kind": "CPython", "program": "{}", "base": "{}", "pip": true, "venv": true, "pyuwsgi": "/venv/site"}}"#,
        python.display(),
        base.display()
    );
    write_program(&python, &format!("#!/bin/sh\necho '{says}'"));
    for script in [
        format!("#!{}\nimport sys\n", python.display()),
        format!(
            "#!/bin/sh\n'''exec' \"{}\" \"$0\" \"$@\"\n' '''\n",
            python.display()
        ),
    ] {
        write_program(&machine.bin().join("uwsgi"), &script);
        let made = machine.make().await.unwrap();
        assert_eq!(
            (made.program, made.variables[0].1.as_str()),
            (base.clone(), "/venv/site")
        );
        assert_eq!(made.description, "uWSGI 2.0.30 for Python 3.11.7, of a wheel");
    }
}
