//! A lab of a test's own: name, ports, state directory and environment. Knows no engine.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::environment;
use crate::http::{self, Login};
use crate::place::Place;

/// Flags and places of the lab's ports.
const PORTS: [(&str, u16); 4] = [
    ("--app-port", 0),
    ("--stats-port", 1),
    ("--influxdb-port", 2),
    ("--grafana-port", 3),
];

pub(crate) struct Lab {
    place: Place,
    pub(crate) name: String,
    directory: TempDir,
    /// Of each command, besides what says which lab it is about.
    environment: Vec<(&'static str, String)>,
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
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
    pub(crate) fn new(environment: Vec<(&'static str, String)>) -> Self {
        let place = Place::take();
        Self {
            name: place.name(),
            place,
            directory: tempfile::tempdir().unwrap(),
            environment,
        }
    }

    /// A directory for the test's own files.
    pub(crate) fn scratch(&self) -> &Path {
        self.directory.path()
    }

    /// The lab's state directory.
    pub(crate) fn state(&self) -> PathBuf {
        self.scratch().join("state").join(&self.name)
    }

    /// A port of the test's own that the lab does not use.
    pub(crate) fn spare_port(&self) -> u16 {
        self.place.port(7)
    }

    pub(crate) fn port(&self, flag: &str) -> u16 {
        let (_, index) = PORTS.into_iter().find(|(name, _)| *name == flag).unwrap();
        self.place.port(index)
    }

    pub(crate) fn url(&self, flag: &str, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port(flag))
    }

    /// The tool, with nothing in its environment but this lab.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = environment::uwsgi_lab();
        command.args(arguments).envs(self.environment.iter().cloned());
        command.env("HOME", self.scratch()).current_dir(self.scratch());
        command.env("UWSGI_LAB_NAME", &self.name);
        // Labs of other tests run beside it, and only one of them could have the port.
        command.env("UWSGI_LAB_METRICS_PORT", "0");
        command.env("UWSGI_LAB_STATE_DIR", self.scratch().join("state"));
        command
    }

    /// The tool with the lab's ports.
    pub(crate) fn command_with_ports(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        for (flag, index) in PORTS {
            command.arg(flag).arg(self.place.port(index).to_string());
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// `up` or `reset` or their like, on the lab's ports.
    pub(crate) fn run_with_ports(&self, arguments: &[&str]) -> Ended {
        self.command_with_ports(arguments).output().unwrap().into()
    }

    /// `up --detach`, which must work.
    pub(crate) fn up(&self, more: &[&str]) -> Ended {
        let ended = self.run_with_ports(&[&["up", "--detach"], more].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }

    /// `down`, which must work.
    pub(crate) fn down(&self, more: &[&str]) -> Ended {
        let ended = self.run(&[&["down"], more].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }

    pub(crate) fn status(&self) -> Value {
        let ended = self.run(&["status", "--output", "json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// The process in the background; `None` where there is none.
    pub(crate) fn pid(&self) -> Option<u64> {
        self.status()["running"]["pid"].as_u64()
    }

    /// Services and their states.
    pub(crate) fn services(&self) -> BTreeMap<String, String> {
        let status = self.status();
        let services = status["services"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        services
            .map(|one| (text(&one["name"]), text(&one["state"])))
            .collect()
    }

    /// User, password of InfluxDB, password of Grafana.
    pub(crate) fn credentials(&self) -> [String; 3] {
        let text = fs::read_to_string(self.state().join("credentials.json")).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        ["user", "influxdb_password", "grafana_password"].map(|key| value[key].as_str().unwrap().to_owned())
    }

    /// The rows of an InfluxQL query, with times in milliseconds.
    pub(crate) fn influxql(&self, query: &str) -> Vec<Vec<Value>> {
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
    pub(crate) fn leave_mark(&self) {
        let [user, password, _] = self.credentials();
        let login: Login<'_> = Some((&user, &password));
        let url = self.url("--influxdb-port", "/write?db=uWSGI");
        assert_eq!(http::post(&url, login, "mark value=1".to_owned()).unwrap().0, 204);
    }

    pub(crate) fn has_mark(&self) -> bool {
        !self.influxql("SELECT * FROM mark").is_empty()
    }

    /// `text` with what differs from run to run replaced by its name.
    pub(crate) fn masked(&self, text: &str) -> String {
        let mut text = text.replace(self.scratch().to_str().unwrap(), "SCRATCH");
        text = text.replace(&self.name, "NAME");
        for (flag, index) in PORTS {
            text = text.replace(&self.place.port(index).to_string(), &format!("<{}>", &flag[2..]));
        }
        text
    }

    /// Kills the process in the background, if there is one.
    pub(crate) fn kill_agent(&self) {
        let record = fs::read_to_string(self.state().join("agent.json")).unwrap_or_default();
        let record: Value = serde_json::from_str(&record).unwrap_or_default();
        if let Some(pid) = record["pid"].as_u64().filter(|pid| is_ours(*pid)) {
            Command::new("kill")
                .args(["-KILL", &pid.to_string()])
                .output()
                .ok();
        }
    }
}

/// A pid in a file may be of a process that came later.
fn is_ours(pid: u64) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("uwsgi-lab\0agent\0")
}
