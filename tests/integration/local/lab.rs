//! A lab without containers. Whatever happens, none of its processes outlives its test.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::environment::{Lines, Peer, Process, eventually};
use crate::lab;

/// Where no Docker daemon answers.
pub(super) const NOWHERE: &str = "unix:///nowhere/docker.sock";

pub(super) struct Lab(lab::Lab);

impl Deref for Lab {
    type Target = lab::Lab;

    fn deref(&self) -> &lab::Lab {
        &self.0
    }
}

impl Lab {
    /// `None` where there is no uWSGI; it then says so. The tests need no package index.
    pub(super) fn new() -> Option<Self> {
        Self::with(Vec::new())
    }

    /// With more in the environment of its commands.
    pub(super) fn with(more: Vec<(&'static str, String)>) -> Option<Self> {
        let uwsgi = Peer::UWSGI.find()?;
        let path = format!("{}:/usr/bin:/bin", uwsgi.parent().unwrap().display());
        let mut environment = more;
        environment.extend([("PATH", path), ("DOCKER_HOST", NOWHERE.to_owned())]);
        Some(Self(lab::Lab::new(environment)))
    }

    /// `up` in the foreground with its stdout and stderr.
    pub(super) fn attend(&self, more: &[&str]) -> (Process, Lines, Lines) {
        let mut command = self.command_with_ports(&[&["up"], more].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(&mut command);
        let (stdout, stderr) = process.listen();
        stdout.until("  Ctrl-C stops it");
        (process, stdout, stderr)
    }

    /// What is written down about the process of a service.
    pub(super) fn record(&self, service: &str) -> Value {
        let path = self.state().join("services").join(service).join("process.json");
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// Services and the numbers of their processes.
    pub(super) fn pids(&self) -> BTreeMap<String, u64> {
        let services = self.services().into_keys();
        services
            .map(|service| {
                let pid = self.record(&service)["pid"].as_u64().unwrap();
                (service, pid)
            })
            .collect()
    }

    /// The command lines of all that runs for the lab: services by its name, uWSGI by where it works.
    pub(super) fn processes(&self) -> Vec<String> {
        let scratch = self.scratch().canonicalize().unwrap();
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let lines = entries.filter_map(|entry| {
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let works_here =
                fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&scratch));
            let is_service = line.contains(&format!("uwsgi-lab service {} ", self.name));
            // What has ended and was not taken note of yet has no command line.
            (!line.is_empty() && (works_here || is_service)).then_some(line)
        });
        lines.collect()
    }

    pub(super) fn ends(&self) {
        eventually("every process of the lab has ended", || {
            self.processes().is_empty()
        });
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        let path = self.scratch().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.kill_agent();
        let left = || self.processes();
        for _ in 0..100 {
            if left().is_empty() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        for service in ["influxdb", "grafana", "uwsgi"] {
            let path = self.state().join("services").join(service).join("process.json");
            let record: Value = fs::read(path)
                .ok()
                .and_then(|text| serde_json::from_slice(&text).ok())
                .unwrap_or_default();
            if let Some(pid) = record["pid"].as_u64().filter(|pid| is_service(*pid)) {
                kill(pid);
            }
        }
    }
}

/// A number in a file may be of a process that came later.
fn is_service(pid: u64) -> bool {
    let line = fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("uwsgi-lab\0service\0")
}

pub(super) fn kill(pid: u64) {
    let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    assert!(killed.unwrap().success(), "{pid}");
}
