//! Settings as a project file would have them, so that a lab can be made again from them elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::up::{StackSource, UpSettings};

impl UpSettings {
    /// What makes the lab what it is; not what belongs to this machine: name, ports, engine, patience. Paths are absolute.
    pub(crate) fn recipe(&self) -> Value {
        let mut project = Map::new();
        let mut set = |key: &str, value: Value| project.insert(key.to_owned(), value);
        if let StackSource::File(file) = &self.stack {
            set("file", absolute(file));
        }
        let mut options: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, value) in &self.uwsgi.options {
            options.entry(key).or_default().push(value);
        }
        let (processes, threads) = (self.uwsgi.processes, self.uwsgi.threads);
        if let Some(watch) = &self.watch {
            set("stats", watch.to_string().into());
        } else if self.uwsgi_is_set || self.stack == StackSource::Own {
            // A Compose file of one's own need not run a uWSGI that takes settings.
            set(
                "uwsgi",
                json!({"processes": processes, "threads": threads, "options": options}),
            );
        }
        if let Some(app) = &self.app {
            let mut value = json!({"directory": absolute(&app.directory), "module": self.uwsgi.module});
            if let Some(requirements) = &app.requirements {
                value["requirements"] = absolute(requirements);
            }
            set("app", value);
        }
        let interval = format!("{}ms", self.interval.as_millis());
        set("collector", json!({"interval": interval}));
        let load = match &self.load {
            Some(load) => {
                let mut value = json!({"rate": load.rate, "threads": load.threads, "path": load.path});
                if let Some(connections) = load.connections {
                    value["connections"] = connections.into();
                }
                value
            }
            None => json!({"rate": 0}),
        };
        set("load", load);
        Value::Object(project)
    }
}

fn absolute(path: &Path) -> Value {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    absolute.display().to_string().into()
}
