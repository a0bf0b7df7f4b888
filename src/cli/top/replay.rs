//! `uwsgi-lab top --replay`: the view over what the running lab has stored.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use crate::state::Credentials;
use crate::top::{self, Film, Recording, ReplayError, Server, State, Theme};

use super::super::error::{Code, Failure};
use super::super::lab::{influx_client, state_failure};
use super::super::settings::LabSettings;
use super::super::values::duration;

/// Where a replay begins, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Ago(Duration),
    At(Timestamp),
    /// By the clock on the wall.
    Local(DateTime),
}

/// `10m`, `2026-11-29T11:00:00Z` or `2026-11-29T11:00`.
pub(super) fn from(text: &str) -> Result<From, String> {
    let ago = duration(text).ok().map(From::Ago);
    let at = || text.parse().ok().map(From::At);
    let local = || text.parse().ok().map(From::Local);
    ago.or_else(at).or_else(local).ok_or_else(|| {
        "a replay begins so long ago (10m, 2h) or at a time (2026-11-29T11:00, 2026-11-29T11:00:00Z)"
            .to_owned()
    })
}

impl From {
    /// µs since the Unix epoch.
    fn micros(self, now_us: u64, zone: &TimeZone) -> u64 {
        let at = match self {
            Self::Ago(ago) => {
                let ago_us = u64::try_from(ago.as_micros()).unwrap_or(u64::MAX);
                return now_us.saturating_sub(ago_us);
            }
            Self::At(at) => at,
            Self::Local(local) => zone
                .to_ambiguous_timestamp(local)
                .compatible()
                .unwrap_or(Timestamp::MIN),
        };
        u64::try_from(at.as_microsecond()).unwrap_or(0)
    }
}

/// Shows the readings from `from` until now.
pub(super) async fn run(
    mut state: State,
    lab: &LabSettings,
    from: From,
    speed: f64,
    theme: Theme,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let until_us = state.calendar().now_us;
    let from_us = from.micros(until_us, &state.zone);
    let recording = recording(lab, &mut state)?;
    let first_us = recording
        .first(from_us)
        .await
        .map_err(|error| failure(&error.into()))?;
    let Some(first_us) = first_us.filter(|first_us| *first_us < until_us) else {
        let message = format!("the lab '{}' has stored nothing since then", lab.name);
        return Err(Failure::new(Code::Unavailable, message).hint(
            "begin earlier, as in `uwsgi-lab top --replay 2h`; without --replay it shows what happens now",
        ));
    };
    state.film = Some(Film {
        speed,
        stopped: false,
        ended: false,
    });
    let shown = top::replay(state, recording, (first_us, until_us), theme, stop).await;
    shown.map_err(|error| failure(&error))
}

/// That of the running lab, whose servers become those of the state.
fn recording(lab: &LabSettings, state: &mut State) -> Result<Recording, Failure> {
    let credentials = Credentials::load(&lab.directory).map_err(|error| state_failure(&error))?;
    let Some((settings, credentials)) = super::running(lab)?.zip(credentials) else {
        let message = format!(
            "the lab '{}' does not run, and its InfluxDB has what it stored",
            lab.name
        );
        return Err(Failure::new(Code::Unavailable, message).hint("`uwsgi-lab up` brings it up"));
    };
    let client = influx_client(&settings, &credentials)?;
    let servers = settings.watch.iter();
    state.watch(
        servers
            .map(|watch| Server::new(&watch.source, &watch.address))
            .collect(),
    );
    let sources = settings.watch.into_iter().map(|watch| watch.source);
    Ok(Recording::new(client, sources.collect()))
}

fn failure(error: &ReplayError) -> Failure {
    Failure::from_error(Code::Unavailable, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_begins_so_long_ago_or_at_a_time() {
        let now_us = 1_795_950_153_000_000;
        let at = |text: &str| from(text).map(|from| from.micros(now_us, &TimeZone::UTC));
        assert_eq!(at("10m"), Ok(now_us - 600_000_000));
        assert_eq!(at("2026-11-29T11:00:00Z"), Ok(1_795_950_000_000_000));
        assert_eq!(at("2026-11-29T12:00:00+01:00"), Ok(1_795_950_000_000_000));
        assert_eq!(at("2026-11-29T11:00"), Ok(1_795_950_000_000_000));
        assert!(at("yesterday").is_err());
    }
}
