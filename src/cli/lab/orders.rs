//! What the process that runs the lab is told to do, made from settings and endpoints.

use std::time::Duration;

use crate::agent::{AgentSettings, GrafanaSettings, InfluxSettings, LoadSettings, WatchSettings};
use crate::engine::{Endpoint, Role};
use crate::uwsgi;

use super::super::error::Failure;
use super::super::settings::UpSettings;
use super::desired;

/// The database of the tutorial, whose dashboards and queries name it.
pub(super) const DATABASE: &str = "uWSGI";
/// Requests that take longer are given up; well above what a queue of 100 before 8 cores of 250 ms takes.
const LOAD_TIMEOUT: Duration = Duration::from_secs(30);

/// # Errors
/// No endpoint is the lab's InfluxDB.
pub(super) fn orders(
    settings: &UpSettings,
    endpoints: &[Endpoint],
    user: &str,
) -> Result<AgentSettings, Failure> {
    let of = |role: Role| endpoints.iter().filter(move |endpoint| endpoint.role == role);
    let influxdb = of(Role::Influxdb).next().ok_or_else(desired::no_influxdb)?;
    let load = settings
        .load
        .as_ref()
        .zip(of(Role::App).next())
        .map(|(load, app)| LoadSettings {
            url: format!("http://{}{}", app.address(), load.path),
            rate: load.rate,
            threads: load.threads,
            connections: load.connections,
            timeout: LOAD_TIMEOUT,
        });
    Ok(AgentSettings {
        watch: watched(settings, of(Role::Stats)),
        interval: settings.interval,
        influxdb: InfluxSettings {
            url: format!("http://{}", influxdb.address()),
            database: DATABASE.to_owned(),
            user: user.to_owned(),
        },
        load,
        metrics: settings.metrics.clone(),
        grafana: of(Role::Grafana).next().map(|grafana| GrafanaSettings {
            url: format!("http://{}", grafana.address()),
            user: user.to_owned(),
        }),
    })
}

fn watched<'a>(settings: &UpSettings, stats: impl Iterator<Item = &'a Endpoint>) -> Vec<WatchSettings> {
    match &settings.watch {
        Some(address) => vec![WatchSettings {
            address: address.to_string(),
            source: address.default_source(&uwsgi::hostname()),
        }],
        None => stats
            .map(|stats| WatchSettings {
                address: format!("http://{}", stats.address()),
                source: stats.address(),
            })
            .collect(),
    }
}
