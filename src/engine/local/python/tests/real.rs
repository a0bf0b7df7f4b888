//! The real thing: PyPI's wheel, made by this machine's Python, under a real uWSGI that is reloaded.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::{Environment, PythonProblem, Wanted, inherited, make, present};

const PATIENCE: Duration = Duration::from_secs(60);
const APP: &str = "
import os, edited, flask_like
def application(environ, start_response):
    start_response('200 OK', [])
    return [f'{flask_like.NAME} {edited.NAME} {os.getpid()}'.encode()]
";

#[tokio::test]
async fn a_real_uwsgi_answers_with_the_packages_of_the_app_also_after_a_reload() {
    let root = tempfile::tempdir().unwrap();
    let site = root.path().join("site");
    write_site(&site);
    let variables = surroundings();
    let (directory, requirements) = (root.path().join("python"), site.join("requirements.txt"));
    let wanted = Wanted {
        wheels: None,
        directory: &directory,
        requirements: Some(&requirements),
        variables: &variables,
    };
    let Some(environment) = made(&wanted).await else {
        return;
    };
    assert_eq!(present(&wanted).as_ref(), Some(&environment));
    let port = free_port();
    let server = start(&environment, &variables, &site, port);
    let first = worker(port);
    let master = server.0.id().to_string();
    let hung_up = Command::new("kill").args(["-HUP", &master]).status();
    assert!(hung_up.unwrap().success());
    let began = Instant::now();
    while worker(port) == first {
        assert!(began.elapsed() < PATIENCE, "no worker of another pid");
    }
}

/// The environment; `None` where the index cannot be reached, which is told by name.
async fn made(wanted: &Wanted<'_>) -> Option<Environment> {
    match make(wanted, &|_| ()).await {
        Ok(environment) => Some(environment),
        Err(error @ (PythonProblem::Offline { .. } | PythonProblem::Untrusted { .. })) => {
            eprintln!("SKIPPED: no package index: {error}");
            None
        }
        Err(error @ (PythonProblem::NoPython | PythonProblem::NoPip { .. })) => {
            eprintln!("SKIPPED: no Python: {error}");
            None
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// An app, and packages that it requires, one of them where it is edited, which need no compiler.
fn write_site(site: &Path) {
    write_package(&site.join("package"), "flask_like", "required");
    write_package(&site.join("work"), "edited", "where it is edited");
    fs::write(site.join("wsgi.py"), APP).unwrap();
    fs::write(site.join("requirements.txt"), "./package\n-e ./work\n").unwrap();
}

fn write_package(directory: &Path, module: &str, name: &str) {
    fs::create_dir_all(directory).unwrap();
    fs::write(
        directory.join(format!("{module}.py")),
        format!("NAME = '{name}'\n"),
    )
    .unwrap();
    let build = format!(
        "[project]\nname = '{module}'\nversion = '1'\n[tool.setuptools]\npy-modules = ['{module}']\n"
    );
    fs::write(directory.join("pyproject.toml"), build).unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment of the tests, not of the tool"
)]
fn surroundings() -> BTreeMap<String, String> {
    env::vars().collect()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn start(environment: &Environment, variables: &BTreeMap<String, String>, site: &Path, port: u16) -> Server {
    let mut command = Command::new(&environment.program);
    command
        .env_clear()
        .envs(inherited(variables))
        .envs(environment.variables.iter().cloned());
    command.args(&environment.arguments).args([
        "--strict",
        "--master",
        "--no-orphans",
        "--die-on-term",
        "--need-app",
    ]);
    command
        .arg("--chdir")
        .arg(site)
        .args(["--module", "wsgi:application"]);
    command.arg("--http-socket").arg(format!("127.0.0.1:{port}"));
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Server(command.spawn().unwrap())
}

/// The pid of the worker that answers, once one does.
fn worker(port: u16) -> String {
    let began = Instant::now();
    loop {
        let answer = ask(port).unwrap_or_default();
        if let Some((_, pid)) = answer.split_once("required where it is edited ") {
            return pid.to_owned();
        }
        assert!(began.elapsed() < PATIENCE, "no answer: {answer:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ask(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
