//! Settings of uWSGI that change while it runs: which can, and which would end it.

use std::collections::BTreeMap;

use crate::uwsgi::UwsgiConfig;

use super::{Scalar, Server, Setting};

/// A reload keeps its sockets as they are, so what it says of them has no effect.
const SOCKETS: [&str; 9] = [
    "listen",
    "socket",
    "uwsgi-socket",
    "http-socket",
    "https-socket",
    "http",
    "https",
    "stats",
    "stats-server",
];
/// What the lab itself stands on.
const OF_THE_LAB: [&str; 8] = [
    "master",
    "strict",
    "need-app",
    "die-on-term",
    "no-orphans",
    "stats-http",
    "chdir",
    "daemonize",
];

/// `key`, `value`, in the order of their keys; a key with several values is there several times.
pub(super) fn pairs(settings: &BTreeMap<String, Setting>) -> Vec<(String, String)> {
    let pairs = settings.iter().flat_map(|(key, setting)| {
        let values = match setting {
            Setting::One(value) => vec![value.text()],
            Setting::Several(values) => values.iter().map(Scalar::text).collect(),
        };
        values.into_iter().map(move |value| (key.clone(), value))
    });
    pairs.collect()
}

/// Why a setting cannot be changed while uWSGI runs.
pub(super) fn refusal(key: &str, value: &str) -> Option<String> {
    if SOCKETS.contains(&key) {
        return Some(format!(
            "`{key}` cannot be changed while uWSGI runs: a reload keeps its sockets; set it under `uwsgi`"
        ));
    }
    if OF_THE_LAB.contains(&key) {
        return Some(format!(
            "`{key}` cannot be changed while uWSGI runs: the lab needs it as it is"
        ));
    }
    let counts = ["processes", "workers", "threads"];
    if counts.contains(&key) && !value.parse::<u32>().is_ok_and(|count| count > 0) {
        return Some(format!("{key} are whole numbers above 0"));
    }
    UwsgiConfig::check(key, value)
        .err()
        .map(|error| error.to_string())
}

/// Processes and cheaper as they are at a time of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Workers {
    processes: String,
    cheaper: Option<String>,
}

impl Workers {
    pub(super) fn at_first(server: &Server) -> Self {
        let processes = server.processes.unwrap_or(UwsgiConfig::default().processes);
        let mut workers = Self {
            processes: processes.to_string(),
            cheaper: None,
        };
        workers.change(&server.options());
        workers
    }

    pub(super) fn change(&mut self, settings: &[(String, String)]) {
        for (key, value) in settings {
            match key.as_str() {
                "processes" | "workers" => self.processes.clone_from(value),
                "cheaper" => self.cheaper = Some(value.clone()),
                _ => {}
            }
        }
    }

    /// uWSGI 2.0.30 ends when it starts or reloads like this: `invalid cheaper value: must be lower than processes`.
    pub(super) fn is_fatal(&self) -> bool {
        let number = |text: &str| text.parse::<u32>().ok();
        let cheaper = self.cheaper.as_deref().and_then(number);
        cheaper
            .zip(number(&self.processes))
            .is_some_and(|(cheaper, processes)| cheaper > 0 && cheaper >= processes)
    }
}
