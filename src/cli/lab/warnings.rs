//! What a user should know about a lab that is up and yet may not do what they expect. Stops nothing.

use std::time::Duration;

use crate::collector::{Target, scrape};
use crate::engine::{self, Endpoint, Role};
use crate::uwsgi;

use super::super::settings::UpSettings;

const PATIENCE: Duration = Duration::from_secs(2);

/// Settings that uWSGI takes and that do not work together.
pub(super) fn of_settings(settings: &UpSettings) -> Vec<String> {
    let mut warnings = Vec::new();
    let has = |name: &str| settings.uwsgi.options.iter().any(|(key, _)| key == name);
    if has("harakiri") && settings.uwsgi.threads > 1 {
        // One timer a worker, which any other thread's finished request clears (seen with uWSGI 2.0.31).
        warnings.push(format!(
            "harakiri hardly ever strikes with {} threads a worker; add --threads 1",
            settings.uwsgi.threads
        ));
    }
    warnings
}

/// An app that answers nothing, and a watched uWSGI that cannot be read.
pub(super) async fn of_services(settings: &UpSettings, endpoints: &[Endpoint]) -> Vec<String> {
    let app = endpoints.iter().find(|endpoint| endpoint.role == Role::App);
    let (app, watched) = futures_util::future::join(of_app(settings, app), of_watched(settings)).await;
    app.into_iter().chain(watched).collect()
}

async fn of_app(settings: &UpSettings, app: Option<&Endpoint>) -> Option<String> {
    let app = app?;
    let path = settings.load.as_ref().map_or("/", |load| load.path.as_str());
    let what = match engine::ask(app, path, PATIENCE).await {
        Ok(status) if status < 500 => return None,
        Ok(status) => format!("answers {status}"),
        Err(reason) => format!("does not answer ({reason})"),
    };
    let (address, service) = (app.address(), &app.service);
    Some(format!(
        "the app at http://{address}{path} {what}; see `uwsgi-lab logs {service}`"
    ))
}

async fn of_watched(settings: &UpSettings) -> Option<String> {
    let address = settings.watch.clone()?;
    let source = address.default_source(&uwsgi::hostname());
    let place = address.to_string();
    let scraped = scrape(&Target { address, source }, PATIENCE).await;
    let error = scraped.outcome.err()?;
    let mut text = format!("the statistics at {place} cannot be read: {error}");
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Some(text)
}
