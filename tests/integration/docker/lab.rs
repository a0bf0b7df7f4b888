//! A lab in containers. Whatever happens, it is taken away at the end.
#![expect(clippy::unwrap_used, reason = "a test helper may panic")]

use std::collections::BTreeMap;
use std::env;
use std::ops::Deref;
use std::process::Command;

use crate::lab;

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
pub(super) struct Lab(lab::Lab);

impl Deref for Lab {
    type Target = lab::Lab;

    fn deref(&self) -> &lab::Lab {
        &self.0
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
        let lab = Self(lab::Lab::new(handed_on()));
        // A run that was killed may have left something under this name.
        lab.sweep();
        Some(lab)
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

    /// Removes everything of this name, made by whom and however far.
    fn sweep(&self) {
        self.kill_agent();
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
pub(crate) fn handed_on() -> Vec<(&'static str, String)> {
    let known = HANDED_ON.into_iter();
    known
        .filter_map(|name| Some((name, env::var(name).ok()?)))
        .collect()
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
