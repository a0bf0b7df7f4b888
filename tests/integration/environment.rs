//! What tests stand on: the binary under test, and the real programs it talks to, which may be missing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper may panic")]

use std::env;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test calls it failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The command under test, in an environment without settings.
pub(crate) fn uwsgi_lab() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_uwsgi-lab"));
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null());
    command
}

/// A program that tests run against. It is found through its variable, then on PATH.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    name: &'static str,
    variable: &'static str,
}

impl Peer {
    pub(crate) const UWSGI: Self = Self {
        name: "uwsgi",
        variable: "UWSGI_LAB_TEST_UWSGI",
    };
    pub(crate) const INFLUXD: Self = Self {
        name: "influxd",
        variable: "UWSGI_LAB_TEST_INFLUXD",
    };
    pub(crate) const CHROMIUM: Self = Self {
        name: "chromium",
        variable: "UWSGI_LAB_TEST_CHROMIUM",
    };
    /// A Python that has HdrHistogram's port to it.
    pub(crate) const HDR_PYTHON: Self = Self {
        name: "python-with-hdrhistogram",
        variable: "UWSGI_LAB_TEST_HDR_PYTHON",
    };
    pub(crate) const CHROMEDRIVER: Self = Self {
        name: "chromedriver",
        variable: "UWSGI_LAB_TEST_CHROMEDRIVER",
    };
    /// The shell of InfluxDB 1.x.
    pub(crate) const INFLUX: Self = Self {
        name: "influx",
        variable: "UWSGI_LAB_TEST_INFLUX",
    };
    pub(crate) const PROMETHEUS: Self = Self {
        name: "prometheus",
        variable: "UWSGI_LAB_TEST_PROMETHEUS",
    };
    /// Version 1.29, as Debian has it.
    pub(crate) const DOCKER_COMPOSE: Self = Self {
        name: "docker-compose",
        variable: "UWSGI_LAB_TEST_DOCKER_COMPOSE",
    };

    /// Where the program is. Says by name when it is missing; the test then returns without having tested anything.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment of the tests, not of the tool"
    )]
    pub(crate) fn find(self) -> Option<PathBuf> {
        let named = env::var_os(self.variable).map(PathBuf::from);
        let path = env::var_os("PATH").unwrap_or_default();
        let mut on_path = env::split_paths(&path).map(|directory| directory.join(self.name));
        let found = named.or_else(|| on_path.find(|candidate| candidate.is_file()));
        if found.is_none() {
            eprintln!("SKIPPED: no {} on PATH; name one in {}", self.name, self.variable);
        }
        found
    }
}

/// A child process that ends with its test.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let kill = Command::new("kill")
            .args(["-INT", &self.0.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends the process with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Types `text`. Its command must have piped its input.
    pub(crate) fn type_in(&mut self, text: &str) {
        let input = self.0.stdin.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// What the process prints from now on. Its command must have piped both.
    pub(crate) fn listen(&mut self) -> (Lines, Lines) {
        let (stdout, stderr) = (self.0.stdout.take(), self.0.stderr.take());
        (Lines::of(stdout.unwrap()), Lines::of(stderr.unwrap()))
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// The exit code, once the process has ended.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let mut status = None;
        eventually("the process ends", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

/// A stream of a process, line by line.
pub(crate) struct Lines(Receiver<String>);

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                sender.send(line.unwrap()).ok();
            }
        });
        Self(lines)
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&self) -> Option<String> {
        match self.0.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("no line within {PATIENCE:?}"),
        }
    }

    /// Reads on to the line that begins with `start`, and returns what was read with it.
    pub(crate) fn until(&self, start: &str) -> Vec<String> {
        self.until_one(start, |line| line.starts_with(start))
    }

    /// Reads on to the line that has `text` in it, and returns what was read with it.
    pub(crate) fn until_containing(&self, text: &str) -> Vec<String> {
        self.until_one(text, |line| line.contains(text))
    }

    fn until_one(&self, text: &str, is_it: impl Fn(&str) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.next() {
            let found = is_it(&line);
            lines.push(line);
            if found {
                return lines;
            }
        }
        panic!("no line with '{text}': {lines:?}");
    }

    /// True where a line has come; it is gone then.
    pub(crate) fn has_next(&self) -> bool {
        self.0.try_recv().is_ok()
    }

    /// All that is still to come.
    pub(crate) fn rest(&self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A uWSGI server with the hello-world app in `directory`; it ends with its test.
pub(crate) fn start_uwsgi(uwsgi: &Path, directory: &Path, stats: &[&str]) -> Process {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("stack/uwsgi/app");
    let mut command = Command::new(uwsgi);
    // Process ends the master with SIGKILL; its workers then have to notice by themselves.
    command.args([
        "--master",
        "--no-orphans",
        "--die-on-term",
        "--processes",
        "2",
        "--threads",
        "2",
    ]);
    command
        .arg("--chdir")
        .arg(app)
        .args(["--module", "hello:application"]);
    command.args([
        "--http-socket",
        &format!("127.0.0.1:{}", free_port()),
        "--memory-report",
    ]);
    command.args(stats).current_dir(directory);
    if let Some(modules) = modules_beside(uwsgi) {
        // On a reload uWSGI executes the interpreter that its environment was made from, which does not know of it.
        command.env("PYTHONPATH", modules);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null());
    Process::start(&mut command)
}

/// The modules of the virtual environment that a program is in; nothing where it is in none.
fn modules_beside(program: &Path) -> Option<PathBuf> {
    let lib = program.parent()?.parent()?.join("lib");
    let versions = lib.read_dir().ok()?.flatten();
    let mut modules = versions.map(|version| version.path().join("site-packages"));
    modules.find(|modules| modules.is_dir())
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Waits until `condition` holds.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
