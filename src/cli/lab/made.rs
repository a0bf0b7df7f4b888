//! How results were made, for their reports: program, engine, images, machine, app, configuration.

use jiff::Timestamp;

use crate::engine;
use crate::experiment::{AppRecord, Machine, Manifest};

use super::super::repeating::repeating;
use super::super::settings::UpSettings;
use super::bring_up::Up;

/// What only the results themselves tell.
pub(super) struct Made<'a> {
    pub(super) title: &'a str,
    pub(super) seed: u64,
    /// RFC 3339, UTC.
    pub(super) began: String,
    pub(super) uwsgi: Option<String>,
}

pub(super) fn manifest(made: Made<'_>, settings: &UpSettings, up: &Up) -> Manifest {
    Manifest {
        version: 1,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        command: repeating(),
        title: made.title.to_owned(),
        seed: made.seed,
        began: made.began,
        engine: up.engine.name().to_owned(),
        images: up.images.clone(),
        uwsgi: made.uwsgi,
        machine: Machine::here(),
        app: settings.app.as_ref().map(|app| AppRecord {
            directory: app.directory.display().to_string(),
            module: settings.uwsgi.module.clone(),
            sha256: engine::directory_hash(&app.directory).ok(),
        }),
        uwsgi_ini: settings.uwsgi.render().unwrap_or_default(),
    }
}

/// A moment in milliseconds since the Unix epoch, as RFC 3339 has it, to a second.
pub(super) fn stamp(unix_ms: i64) -> String {
    let moment = Timestamp::from_millisecond(unix_ms).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
