//! One scrape of one target: fetch, read, points; keeps no time and no state.

use std::error::Error;
use std::time::{Duration, Instant};

use crate::point::Point;
use crate::uwsgi::{self, DocumentError, FetchError, Scrape, Statistics, StatsAddress, Summary};

use super::schedule::now;
use super::unix_queues;

/// A stats server, and the `source` tag its points carry. Two targets must not share a source: their points would
/// overwrite each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) address: StatsAddress,
    pub(crate) source: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ScrapeError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// What one scrape brought: points in any case, a document if the server was up.
#[derive(Debug)]
pub(crate) struct Scraped {
    pub(crate) points: Vec<Point>,
    /// When the scrape began, in milliseconds since the Unix epoch: the time of all its points.
    pub(crate) timestamp_ms: i64,
    pub(crate) duration_us: u64,
    pub(crate) outcome: Result<Found, ScrapeError>,
}

/// What a server that is up said.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) statistics: Statistics,
    /// None for an Emperor or a router.
    pub(crate) summary: Option<Summary>,
    /// Where it was found: the address typed, or one with a scheme if that had none.
    pub(crate) address: StatsAddress,
}

/// Reads `target` once. Takes no longer than `deadline`.
pub(crate) async fn scrape(target: &Target, deadline: Duration) -> Scraped {
    let began = now();
    let clock = Instant::now();
    let read = read(&target.address, deadline).await;
    let scrape = Scrape {
        source: &target.source,
        timestamp_ms: i64::try_from(began.as_millis()).unwrap_or(i64::MAX),
        duration_us: u64::try_from(clock.elapsed().as_micros()).unwrap_or(u64::MAX),
    };
    let (points, outcome) = match read {
        Ok((statistics, address)) => {
            let summary = statistics
                .server()
                .map(|document| Summary::of(document, began.as_secs()));
            let points = uwsgi::statistics_points(&statistics, summary.as_ref(), &scrape);
            let found = Found {
                statistics,
                summary,
                address,
            };
            (points, Ok(found))
        }
        Err(error) => (uwsgi::failure_points(&scrape), Err(error)),
    };
    Scraped {
        points,
        timestamp_ms: scrape.timestamp_ms,
        duration_us: scrape.duration_us,
        outcome,
    }
}

async fn read(address: &StatsAddress, deadline: Duration) -> Result<(Statistics, StatsAddress), ScrapeError> {
    let (bytes, found) = uwsgi::fetch_as(address, deadline).await?;
    let mut statistics = uwsgi::read(&bytes)?;
    if let Statistics::Server(document) = &mut statistics
        && address.is_local()
    {
        unix_queues::fill_in(document);
    }
    Ok((statistics, found))
}

/// An error and what caused it, on one line.
pub(crate) fn in_one_line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
