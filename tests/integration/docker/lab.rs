//! A lab of a test's own: name, ports, state directory and environment. Whatever happens, it is taken away at the end.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::docker::http::{self, Login};
use crate::docker::place::Place;
use crate::environment;

/// What the environment of a run may hand on: which images, which daemon, and how a build reaches the network.
const HANDED_ON: [&str; 16] = [
    "UWSGI_LAB_INFLUXDB_IMAGE",
    "UWSGI_LAB_GRAFANA_IMAGE",
    "UWSGI_LAB_UWSGI_BASE",
    "DOCKER_HOST",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
];
/// Flags and places of the lab's ports.
const PORTS: [(&str, u16); 4] = [
    ("--app-port", 0),
    ("--stats-port", 1),
    ("--influxdb-port", 2),
    ("--grafana-port", 3),
];

pub(super) struct Lab {
    place: Place,
    pub(super) name: String,
    directory: TempDir,
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Lab {
    /// `None` where the tests may not use Docker; the test then says so and returns.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment of the tests, not of the tool"
    )]
    pub(super) fn new() -> Option<Self> {
        if env::var_os("UWSGI_LAB_TEST_DOCKER").is_none_or(|value| value != "1") {
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            eprintln!("SKIPPED: {test}: no Docker with test images; tests/run.sh prepares them");
            return None;
        }
        let place = Place::take();
        let lab = Self {
            name: place.name(),
            place,
            directory: tempfile::tempdir().unwrap(),
        };
        // A run that was killed may have left something under this name.
        lab.sweep();
        Some(lab)
    }

    /// A directory for the test's own files.
    pub(super) fn scratch(&self) -> &Path {
        self.directory.path()
    }

    /// The lab's state directory.
    pub(super) fn state(&self) -> PathBuf {
        self.scratch().join("state").join(&self.name)
    }

    /// A port of the test's own that the lab does not use.
    pub(super) fn spare_port(&self) -> u16 {
        self.place.port(7)
    }

    pub(super) fn port(&self, flag: &str) -> u16 {
        let (_, index) = PORTS.into_iter().find(|(name, _)| *name == flag).unwrap();
        self.place.port(index)
    }

    pub(super) fn url(&self, flag: &str, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port(flag))
    }

    /// The tool, with nothing in its environment but this lab.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = environment::uwsgi_lab();
        command.args(arguments).envs(handed_on());
        command.env("HOME", self.scratch()).current_dir(self.scratch());
        command.env("UWSGI_LAB_NAME", &self.name);
        command.env("UWSGI_LAB_STATE_DIR", self.scratch().join("state"));
        command
    }

    /// The tool with the lab's ports.
    pub(super) fn command_with_ports(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        for (flag, index) in PORTS {
            command.arg(flag).arg(self.place.port(index).to_string());
        }
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// `up` or `reset` or their like, on the lab's ports.
    pub(super) fn run_with_ports(&self, arguments: &[&str]) -> Ended {
        self.command_with_ports(arguments).output().unwrap().into()
    }

    /// `up --detach`, which must work.
    pub(super) fn up(&self, more: &[&str]) -> Ended {
        let ended = self.run_with_ports(&[&["up", "--detach"], more].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }

    /// `down`, which must work.
    pub(super) fn down(&self, more: &[&str]) -> Ended {
        let ended = self.run(&[&["down"], more].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }

    pub(super) fn status(&self) -> Value {
        let ended = self.run(&["status", "--output", "json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// The process in the background; `None` where there is none.
    pub(super) fn pid(&self) -> Option<u64> {
        self.status()["running"]["pid"].as_u64()
    }

    /// Services and their states.
    pub(super) fn services(&self) -> BTreeMap<String, String> {
        let status = self.status();
        let services = status["services"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        services
            .map(|one| (text(&one["name"]), text(&one["state"])))
            .collect()
    }

    /// Services and the ids of their containers.
    pub(super) fn containers(&self) -> BTreeMap<String, String> {
        let format = "{{.Label \"dev.uwsgi-lab.service\"}} {{.ID}}";
        let lines = docker(&[
            "ps",
            "-a",
            "--no-trunc",
            "--filter",
            &self.label(),
            "--format",
            format,
        ]);
        let pairs = lines.lines().map(|line| line.split_once(' ').unwrap());
        pairs
            .map(|(service, id)| (service.to_owned(), id.to_owned()))
            .collect()
    }

    /// Everything that carries the lab's label.
    pub(super) fn remains(&self) -> Vec<String> {
        let label = self.label();
        let kinds: [&[&str]; 3] = [&["ps", "-aq"], &["network", "ls", "-q"], &["volume", "ls", "-q"]];
        let listed = kinds.map(|kind| docker(&[kind, &["--filter", &label]].concat()));
        listed
            .iter()
            .flat_map(|text| text.lines())
            .map(str::to_owned)
            .collect()
    }

    fn label(&self) -> String {
        format!("label=dev.uwsgi-lab.project={}", self.name)
    }

    /// User, password of InfluxDB, password of Grafana.
    pub(super) fn credentials(&self) -> [String; 3] {
        let text = fs::read_to_string(self.state().join("credentials.json")).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        ["user", "influxdb_password", "grafana_password"].map(|key| value[key].as_str().unwrap().to_owned())
    }

    /// The rows of an InfluxQL query, with times in milliseconds.
    pub(super) fn influxql(&self, query: &str) -> Vec<Vec<Value>> {
        let [user, password, _] = self.credentials();
        let url = self.url("--influxdb-port", "/query?db=uWSGI&epoch=ms");
        let request = http::client().post(url).form(&[("q", query)]);
        let (status, body) = http::send(request, Some((&user, &password))).unwrap();
        assert_eq!(status, 200, "{query}: {body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let series = answer["results"][0]["series"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let rows = series
            .iter()
            .flat_map(|one| one["values"].as_array().unwrap().clone());
        rows.map(|row| row.as_array().unwrap().clone()).collect()
    }

    /// Stores a point by which data is known again.
    pub(super) fn leave_mark(&self) {
        let [user, password, _] = self.credentials();
        let login: Login<'_> = Some((&user, &password));
        let url = self.url("--influxdb-port", "/write?db=uWSGI");
        assert_eq!(http::post(&url, login, "mark value=1".to_owned()).unwrap().0, 204);
    }

    pub(super) fn has_mark(&self) -> bool {
        !self.influxql("SELECT * FROM mark").is_empty()
    }

    /// `text` with what differs from run to run replaced by its name.
    pub(super) fn masked(&self, text: &str) -> String {
        let mut text = text.replace(self.scratch().to_str().unwrap(), "SCRATCH");
        text = text.replace(&self.name, "NAME");
        for (flag, index) in PORTS {
            text = text.replace(&self.place.port(index).to_string(), &format!("<{}>", &flag[2..]));
        }
        text
    }

    /// Removes everything of this name, made by whom and however far.
    fn sweep(&self) {
        let record = fs::read_to_string(self.state().join("agent.json")).unwrap_or_default();
        let record: Value = serde_json::from_str(&record).unwrap_or_default();
        if let Some(pid) = record["pid"].as_u64().filter(|pid| is_ours(*pid)) {
            quietly(&["kill", "-KILL", &pid.to_string()]);
        }
        for label in [
            self.label(),
            format!("label=com.docker.compose.project={}", self.name),
        ] {
            remove(&["ps", "-aq"], &label, &["rm", "--force", "--volumes"]);
            remove(&["network", "ls", "-q"], &label, &["network", "rm"]);
            remove(&["volume", "ls", "-q"], &label, &["volume", "rm"]);
        }
        // Without its parents, which are the cache of the next build.
        for image in [format!("{}-uwsgi", self.name), format!("{}_uwsgi", self.name)] {
            quietly(&["docker", "image", "rm", "--no-prune", &image]);
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.sweep();
    }
}

/// The docker command, which must work.
pub(super) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment of the tests, not of the tool"
)]
pub(super) fn handed_on() -> Vec<(&'static str, String)> {
    let known = HANDED_ON.into_iter();
    known
        .filter_map(|name| Some((name, env::var(name).ok()?)))
        .collect()
}

/// A pid in a file may be of a process that came later.
fn is_ours(pid: u64) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("uwsgi-lab\0agent\0")
}

fn remove(list: &[&str], label: &str, removal: &[&str]) {
    let listed = Command::new("docker")
        .args(list)
        .args(["--filter", label])
        .output();
    let listed = listed.map(|output| output.stdout).unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed);
    let names: Vec<&str> = listed.lines().collect();
    if !names.is_empty() {
        quietly(&[&["docker"], removal, &names].concat());
    }
}

fn quietly(words: &[&str]) {
    Command::new(words[0]).args(&words[1..]).output().ok();
}
