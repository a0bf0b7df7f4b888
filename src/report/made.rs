//! How a run was made, in Markdown: when, with what, where, and the command that repeats it.

use crate::experiment::Manifest;

pub(in crate::report) fn markdown(manifest: &Manifest) -> String {
    let processors = manifest.machine.processors;
    let app = manifest.app.as_ref().map_or(String::new(), |app| {
        let hash = app.sha256.as_deref().unwrap_or("unknown");
        format!("App: {} in {}, sha256 {hash}\n", app.module, app.directory)
    });
    format!(
        "Run of {} with uwsgi-lab {}, uWSGI {}, engine {}, seed {}, on {} ({} processors).\nAgain: `{}`\n{app}\n```ini\n{}\n```\n",
        manifest.began,
        manifest.tool,
        manifest.uwsgi.as_deref().unwrap_or("unknown"),
        manifest.engine,
        manifest.seed,
        manifest.machine.system,
        processors.map_or("unknown".to_owned(), |count| count.to_string()),
        manifest.command,
        manifest.uwsgi_ini.trim_end()
    )
}
