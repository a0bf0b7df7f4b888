//! The lab's own environment: which Python it takes, when it is made again, and what is told where it cannot be made.

use std::fs;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::super::{Environment, PythonProblem};
use super::fake::{Machine, PIP_INSTALLS};

const OFFLINE: &str = r#"
echo "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<x>: [Errno 111] Connection refused')': /simple/" >&2
echo "ERROR: No matching distribution found for pyuwsgi==2.0.30.post1" >&2
exit 1
"#;

/// The error, and what it has to tell besides.
async fn failure(machine: &Machine) -> (String, Vec<String>) {
    let error = machine.make().await.unwrap_err();
    assert_eq!(machine.present(), None);
    let text = error.to_string();
    match error {
        PythonProblem::NoAnswer { refused }
        | PythonProblem::NoWheel { refused, .. }
        | PythonProblem::NoPip { refused, .. } => (text, refused),
        PythonProblem::Offline { log, .. } | PythonProblem::Requirements { log, .. } => (text, log),
        _ => (text, Vec::new()),
    }
}

#[tokio::test]
async fn an_environment_is_found_again_without_starting_anything() {
    let machine = Machine::with_pip(PIP_INSTALLS);
    assert_eq!(machine.present(), None);
    let made = machine.make().await.unwrap();
    let home = machine.environments().join(&machine.made()[0]);
    let variable = |name: &str, value: String| (name.to_owned(), value);
    let expected = Environment {
        program: machine.bin().join("python3"),
        arguments: vec!["-c".to_owned(), "import pyuwsgi; pyuwsgi.run()".to_owned()],
        variables: vec![
            variable("PYTHONPATH", home.join("uwsgi").display().to_string()),
            variable("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ],
        description: "uWSGI 2.0.30 for Python 3.11.7, of a wheel".to_owned(),
    };
    assert_eq!(made, expected);
    let starts = machine.starts();
    assert_eq!(machine.present(), Some(expected.clone()));
    assert_eq!(machine.make().await.unwrap(), expected);
    assert_eq!(machine.starts(), starts);
}

#[tokio::test]
async fn what_the_app_requires_lies_beside_uwsgi_and_a_change_of_any_of_its_files_is_seen() {
    let mut machine = Machine::with_pip(PIP_INSTALLS);
    let base = machine.path("base.txt");
    fs::write(&base, "jinja2\n").unwrap();
    machine.require("flask\n-r base.txt\n");
    let made = machine.make().await.unwrap();
    let home = machine.environments().join(&machine.made()[0]);
    let (uwsgi, app) = (home.join("uwsgi"), home.join("app"));
    let path = format!("{}:{}", uwsgi.display(), app.display());
    assert_eq!(made.variables[0], ("PYTHONPATH".to_owned(), path));
    assert_eq!(machine.present(), Some(made.clone()));
    fs::write(&base, "jinja2==3\n").unwrap();
    assert_eq!(machine.present(), None);
    assert_ne!(machine.make().await.unwrap(), made);
    fs::write(&base, "jinja2\n").unwrap();
    assert_eq!(machine.present(), Some(made));
}

#[tokio::test]
async fn a_change_of_a_package_beside_the_requirements_is_seen() {
    let mut machine = Machine::with_pip(PIP_INSTALLS);
    let module = machine.path("mylib/mylib.py");
    fs::create_dir(module.parent().unwrap()).unwrap();
    fs::write(&module, "VALUE = 1\n").unwrap();
    fs::write(machine.path("base.txt"), "-e ./mylib\n").unwrap();
    for names_it in ["flask\n./mylib\n", "flask\n-r base.txt\n"] {
        machine.require(names_it);
        let made = machine.make().await.unwrap();
        assert_eq!(machine.present(), Some(made.clone()), "{names_it}");
        fs::write(&module, "VALUE = 2\n").unwrap();
        assert_eq!(machine.present(), None, "{names_it}");
        fs::write(&module, "VALUE = 1\n").unwrap();
        assert_eq!(machine.present(), Some(made), "{names_it}");
    }
}

#[tokio::test]
async fn an_environment_is_made_again_when_its_python_or_its_uwsgi_is_another() {
    let machine = Machine::with_pip(PIP_INSTALLS);
    let made = machine.make().await.unwrap();
    let home = machine.environments().join(&machine.made()[0]);
    fs::remove_file(home.join("uwsgi/pyuwsgi.abi3.so")).unwrap();
    assert_eq!(machine.present(), None);
    assert_ne!(machine.make().await.unwrap(), made);
    machine.program("python3", "# upgraded\nexit 1");
    assert_eq!(machine.present(), None);
    fs::remove_file(machine.bin().join("python3")).unwrap();
    assert_eq!(machine.present(), None);
}

#[tokio::test]
async fn an_environment_never_takes_the_name_of_another() {
    let machine = Machine::with_pip(PIP_INSTALLS);
    let made = machine.make().await.unwrap();
    let first = machine.made();
    // Whoever saw it may remove it after the next one is made.
    fs::remove_file(
        machine
            .environments()
            .join(&first[0])
            .join("uwsgi/pyuwsgi.abi3.so"),
    )
    .unwrap();
    assert_ne!(machine.make().await.unwrap(), made);
    fs::remove_dir_all(machine.environments().join(&first[0])).unwrap();
    assert!(machine.present().is_some());
}

#[tokio::test]
async fn what_is_interrupted_is_killed_and_made_whole_the_next_time() {
    let machine = Machine::with_pip("echo $$ > \"$here/pid\"; /bin/mkdir -p \"$5\"; /bin/sleep 600");
    let pid = machine.bin().join("pid");
    let making = machine.make();
    let begun = async {
        while fs::read_to_string(&pid).unwrap_or_default().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = making => unreachable!("pip sleeps"),
        begun = timeout(Duration::from_secs(30), begun) => begun.unwrap(),
    }
    let pid = fs::read_to_string(pid).unwrap();
    let state = || fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    let began = Instant::now();
    while state().is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(began.elapsed() < Duration::from_secs(30), "pip still runs");
        tokio::task::yield_now().await;
    }
    assert_eq!(machine.present(), None);
    let left = machine.made();
    machine.pip(PIP_INSTALLS);
    let made = machine.make().await.unwrap();
    assert_eq!(machine.present(), Some(made));
    assert!(!machine.made().contains(&left[0]));
}

#[tokio::test]
async fn a_python_without_pip_gets_one_in_a_virtual_environment() {
    let machine = Machine::new();
    machine.python("python3", "[3, 12, 1]", false, true);
    machine.pip(PIP_INSTALLS);
    let made = machine.make().await.unwrap();
    assert_eq!(made.program, machine.bin().join("python3"));
    let home = machine.environments().join(&machine.made()[0]);
    assert!(!home.join("pip").exists());
}

#[tokio::test]
async fn a_machine_without_python_is_told_so() {
    let machine = Machine::new();
    assert_eq!(
        failure(&machine).await,
        ("there is no Python on PATH".to_owned(), vec![])
    );
}

#[tokio::test]
async fn pythons_that_no_wheel_is_for_are_named_and_a_newer_one_is_taken() {
    let machine = Machine::new();
    let old = machine.python("python3", "[3, 6, 9]", true, true);
    let ancient = machine.python("python", "[2, 7, 18]", true, true);
    let text = "there is no pyuwsgi==2.0.30.post1 for Python 3.6.9".to_owned();
    let wheels = "and pyuwsgi==2.0.30.post1 has wheels for Python 3.8 to 3.14";
    let refused = vec![
        format!("{}: Python 3.6.9, {wheels}", old.display()),
        format!("{}: Python 2.7.18, {wheels}", ancient.display()),
    ];
    assert_eq!(failure(&machine).await, (text, refused));
    let newer = machine.python("python3.12", "[3, 12, 1]", true, true);
    machine.pip(PIP_INSTALLS);
    assert_eq!(machine.make().await.unwrap().program, newer);
}

#[tokio::test]
async fn a_python_without_pip_and_venv_is_named() {
    let machine = Machine::new();
    let python = machine.python("python3", "[3, 11, 2]", false, false);
    let line = format!(
        "{}: Python 3.11.2 has neither pip nor ensurepip",
        python.display()
    );
    assert_eq!(
        failure(&machine).await,
        ("Python 3.11.2 has no pip".to_owned(), vec![line])
    );
}

#[tokio::test]
async fn pythons_that_hang_fail_or_lie_are_named() {
    let machine = Machine::new();
    let hanging = machine.program("python3", "/bin/sleep 600");
    let failing = machine.program(
        "python3.12",
        "echo 'pyenv: python3.12: command not found' >&2; exit 127",
    );
    let lying = machine.program("python", "echo hello");
    let text = "no Python on PATH says what it is".to_owned();
    let refused = vec![
        format!("{}: does not answer within 3 s", hanging.display()),
        format!("{}: pyenv: python3.12: command not found", failing.display()),
        format!("{}: is no Python: it says 'hello'", lying.display()),
    ];
    assert_eq!(failure(&machine).await, (text, refused));
}

#[tokio::test]
async fn an_index_that_is_not_reached_is_told_with_what_pip_said() {
    let machine = Machine::with_pip(OFFLINE);
    let (text, log) = failure(&machine).await;
    assert_eq!(
        text,
        "pip cannot reach the package index: [Errno 111] Connection refused"
    );
    assert_eq!(log.len(), 2);
}

#[tokio::test]
async fn requirements_that_do_not_resolve_are_told_apart_from_uwsgi() {
    let mut machine = Machine::with_pip(&format!(
        "case \"$*\" in *--requirement*) echo \"ERROR: Invalid requirement: 'fl ask'\"; exit 1 ;; esac\n{PIP_INSTALLS}"
    ));
    machine.require("fl ask");
    let file = machine.path("requirements.txt");
    let text = format!(
        "pip cannot install {}: Invalid requirement: 'fl ask'",
        file.display()
    );
    let log = vec!["ERROR: Invalid requirement: 'fl ask'".to_owned()];
    assert_eq!(failure(&machine).await, (text, log));
    fs::remove_file(&file).unwrap();
    let text = format!("cannot read {}", file.display());
    assert_eq!(failure(&machine).await, (text, vec![]));
}

#[tokio::test]
async fn an_installed_uwsgi_that_does_not_run_is_told() {
    let machine = Machine::with_pip(PIP_INSTALLS);
    machine.program(
        "python3",
        "case \"$*\" in *'pyuwsgi.run()'*) echo 'ImportError: GLIBC_2.28 not found'; exit 1 ;; esac\n\
         case \"$1\" in -c) /bin/cat \"$0.says\" ;; esac",
    );
    let text = "the uWSGI that pip installed does not run: ImportError: GLIBC_2.28 not found";
    assert_eq!(failure(&machine).await, (text.to_owned(), vec![]));
}
