//! What is known of one target from scrape to scrape: its state, its counters, what happened to it; scrapes nothing.

use std::sync::Arc;

use crate::point::Point;
use crate::uwsgi::{Statistics, Summary};

use super::events::{Event, EventKind, between};
use super::scrape::{Found, Scraped, Target, in_one_line};

/// What is known of a target now, for whoever shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// None before the first scrape has ended.
    pub(crate) up: Option<bool>,
    /// When the latest scrape began, in milliseconds since the Unix epoch.
    pub(crate) timestamp_ms: i64,
    /// How long the latest scrape took.
    pub(crate) duration_us: u64,
    /// Since the target was added.
    pub(crate) scrapes: u64,
    pub(crate) failures: u64,
    /// From the latest scrape; None while the target is down.
    pub(crate) statistics: Option<Arc<Statistics>>,
    /// None while the target is down, and for an Emperor or a router.
    pub(crate) summary: Option<Summary>,
    /// Why the target is down, or was when it last was.
    pub(crate) last_error: Option<String>,
}

/// A target and what its scrapes have shown so far.
#[derive(Debug)]
pub(super) struct Watch {
    /// As it was given.
    asked: Target,
    /// Where it was found; as it was given after a failure, because a server may come back with another kind of port.
    current: Target,
    /// The latest document, also while the target is down: a server may reload meanwhile.
    latest: Option<Arc<Statistics>>,
    down_since_ms: Option<i64>,
    snapshot: Snapshot,
}

impl Watch {
    pub(super) fn new(target: Target) -> Self {
        Self {
            current: target.clone(),
            asked: target,
            latest: None,
            down_since_ms: None,
            snapshot: Snapshot::default(),
        }
    }

    /// What to scrape next.
    pub(super) fn next(&self) -> &Target {
        &self.current
    }

    pub(super) fn source(&self) -> &str {
        &self.asked.source
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Takes a scrape in. Returns its points, those of events included, and the events.
    pub(super) fn take(&mut self, scraped: Scraped) -> (Vec<Point>, Vec<Event>) {
        let Scraped {
            mut points,
            timestamp_ms,
            duration_us,
            outcome,
        } = scraped;
        self.snapshot.timestamp_ms = timestamp_ms;
        self.snapshot.duration_us = duration_us;
        self.snapshot.scrapes += 1;
        let events = match outcome {
            Ok(found) => self.found(found, timestamp_ms),
            Err(error) => self.failed(&in_one_line(&error), timestamp_ms),
        };
        let of_events = events
            .iter()
            .map(|event| event.point(self.source(), timestamp_ms));
        points.extend(of_events);
        (points, events)
    }

    fn found(&mut self, found: Found, now_ms: i64) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(since) = self.down_since_ms.take() {
            let seconds = (now_ms - since).max(0) as f64 / 1e3;
            events.push(Event::of_server(
                EventKind::Up,
                format!("answers again after {seconds:.1} s"),
            ));
        }
        if let Some(before) = &self.latest {
            events.extend(between(before, &found.statistics));
        }
        let statistics = Arc::new(found.statistics);
        self.current.address = found.address;
        self.latest = Some(Arc::clone(&statistics));
        self.snapshot.up = Some(true);
        self.snapshot.statistics = Some(statistics);
        self.snapshot.summary = found.summary;
        events
    }

    /// A server that has never answered does not go down: it may be starting.
    fn failed(&mut self, error: &str, now_ms: i64) -> Vec<Event> {
        let goes_down = self.snapshot.up == Some(true);
        self.current.address = self.asked.address.clone();
        self.snapshot.up = Some(false);
        self.snapshot.failures += 1;
        self.snapshot.statistics = None;
        self.snapshot.summary = None;
        self.snapshot.last_error = Some(error.to_owned());
        if !goes_down {
            return Vec::new();
        }
        self.down_since_ms = Some(now_ms);
        vec![Event::of_server(
            EventKind::Down,
            format!("does not answer: {error}"),
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::super::scrape::ScrapeError;
    use super::*;
    use crate::uwsgi::{self, DocumentError};

    fn target() -> Target {
        Target {
            address: "127.0.0.1:9191".parse().unwrap(),
            source: "lab".to_owned(),
        }
    }

    fn answer(timestamp_ms: i64, requests: u64) -> Scraped {
        let document =
            format!(r#"{{"pid":7,"workers":[{{"id":1,"pid":9,"requests":{requests},"respawn_count":1}}]}}"#);
        let found = Found {
            statistics: uwsgi::read(document.as_bytes()).unwrap(),
            summary: Some(Summary::default()),
            address: "tcp://127.0.0.1:9191".parse().unwrap(),
        };
        scraped(timestamp_ms, Ok(found))
    }

    fn scraped(timestamp_ms: i64, outcome: Result<Found, ScrapeError>) -> Scraped {
        Scraped {
            points: Vec::new(),
            timestamp_ms,
            duration_us: 400,
            outcome,
        }
    }

    fn silence(timestamp_ms: i64) -> Scraped {
        scraped(timestamp_ms, Err(DocumentError::Empty.into()))
    }

    fn texts(events: &[Event]) -> Vec<&str> {
        events.iter().map(|event| event.text.as_str()).collect()
    }

    #[test]
    fn a_server_that_goes_away_and_comes_back_reloaded_is_told_as_down_up_and_reload() {
        let mut watch = Watch::new(target());
        assert_eq!(watch.take(answer(1_000, 50)).1, []);
        let (points, events) = watch.take(silence(2_000));
        assert!(
            texts(&events)[0].starts_with("does not answer: the server closed"),
            "{events:?}"
        );
        assert_eq!(points.len(), 1, "the event is a point");
        assert_eq!(watch.take(silence(3_000)).1, [], "told once");
        let (points, events) = watch.take(answer(5_500, 3));
        assert_eq!(
            texts(&events),
            [
                "answers again after 3.5 s",
                "reloaded: counters begin at 0, master 7 as before"
            ]
        );
        assert_eq!(points.len(), 2);
    }

    #[test]
    fn a_server_that_never_answered_has_no_events() {
        let mut watch = Watch::new(target());
        assert_eq!(watch.take(silence(1_000)).1, []);
        assert_eq!(watch.take(answer(2_000, 0)).1, []);
        let snapshot = watch.snapshot();
        assert_eq!(
            (snapshot.scrapes, snapshot.failures, snapshot.up),
            (2, 1, Some(true))
        );
    }

    #[test]
    fn a_port_is_probed_anew_after_a_failure() {
        let mut watch = Watch::new(target());
        watch.take(answer(1_000, 0));
        assert_eq!(watch.next().address.to_string(), "tcp://127.0.0.1:9191");
        watch.take(silence(2_000));
        assert_eq!(watch.next(), &target());
    }
}
