//! One watched server as readings make it: its last document, rates, history, events. Pure: it asks nobody.

use std::collections::VecDeque;
use std::time::Duration;

use crate::collector::{Event, EventKind, events_between};
use crate::report::number;
use crate::uwsgi::{Document, Summary};

use super::history::{Entry, History};
use super::rates::{Counters, Rates};
use super::reading::{Reading, Seen};

/// uWSGI's master adds a worker's requests up once a second, so that rates over less would jump.
const RATE_WINDOW_US: u64 = 950_000;
const EVENTS_KEPT: usize = 500;

/// Whether a server answers, and since when (µs since the Unix epoch).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Not one answer yet, and no failure either.
    Unknown,
    Up {
        since_us: u64,
    },
    Down {
        since_us: u64,
        why: String,
    },
}

/// The last document of a server, and how it was had.
#[derive(Debug, Clone)]
pub(crate) struct Latest {
    pub(crate) at_us: u64,
    pub(crate) took_us: u64,
    pub(crate) seen: Seen,
    /// None for an Emperor or a router.
    pub(crate) summary: Option<Summary>,
}

impl Latest {
    pub(crate) fn document(&self) -> Option<&Document> {
        self.seen.statistics.server()
    }
}

/// A server that is watched.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// As in the `source` tag of points.
    pub(crate) source: String,
    pub(crate) address: String,
    pub(crate) condition: Condition,
    /// Kept while the server is down.
    pub(crate) latest: Option<Latest>,
    /// None before the second document in a row.
    pub(crate) rates: Option<Rates>,
    pub(crate) history: History,
    /// Oldest first, with their times in µs since the Unix epoch.
    pub(crate) events: VecDeque<(u64, Event)>,
    /// Counters that rates may begin from, oldest first.
    window: VecDeque<(u64, Counters)>,
    /// Readings so far, failed ones too.
    pub(crate) readings: u64,
}

impl Server {
    pub(crate) fn new(source: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            address: address.into(),
            condition: Condition::Unknown,
            latest: None,
            rates: None,
            history: History::default(),
            events: VecDeque::new(),
            window: VecDeque::new(),
            readings: 0,
        }
    }

    pub(crate) fn is_down(&self) -> bool {
        matches!(self.condition, Condition::Down { .. })
    }

    /// None for a server that is not known to be down.
    pub(crate) fn why_down(&self) -> Option<&str> {
        match &self.condition {
            Condition::Down { why, .. } => Some(why),
            _ => None,
        }
    }

    pub(crate) fn document(&self) -> Option<&Document> {
        self.latest.as_ref()?.document()
    }

    pub(crate) fn summary(&self) -> Option<&Summary> {
        self.latest.as_ref()?.summary.as_ref()
    }

    /// Takes in what a look at the server brought.
    pub(crate) fn take(&mut self, reading: Reading) {
        self.readings += 1;
        match reading.outcome {
            Ok(seen) => self.answered(reading.at_us, reading.took_us, seen),
            Err(why) => self.failed(reading.at_us, why),
        }
    }

    fn answered(&mut self, at_us: u64, took_us: u64, seen: Seen) {
        match self.condition {
            Condition::Up { .. } => {}
            Condition::Down { since_us, .. } => {
                let after = Duration::from_secs(at_us.saturating_sub(since_us) / 1_000_000);
                let text = format!("answers again after {}", number::duration(after));
                self.happened(at_us, Event::of_server(EventKind::Up, text));
                self.condition = Condition::Up { since_us: at_us };
            }
            Condition::Unknown => self.condition = Condition::Up { since_us: at_us },
        }
        let summary = seen
            .statistics
            .server()
            .map(|document| Summary::of(document, at_us / 1_000_000));
        let before = self.latest.as_ref().map(|latest| &latest.seen.statistics);
        let events = before.map(|before| events_between(before, &seen.statistics));
        for event in events.unwrap_or_default() {
            self.happened(at_us, event);
        }
        if let Some(document) = seen.statistics.server() {
            self.measure(at_us, Counters::of(document));
        }
        self.history.push(entry(summary.as_ref(), self.rates.as_ref()));
        self.latest = Some(Latest {
            at_us,
            took_us,
            seen,
            summary,
        });
    }

    fn failed(&mut self, at_us: u64, why: String) {
        let since_us = match &self.condition {
            Condition::Down { since_us, .. } => *since_us,
            _ => {
                let text = format!("does not answer: {why}");
                self.happened(at_us, Event::of_server(EventKind::Down, text));
                at_us
            }
        };
        self.condition = Condition::Down { since_us, why };
        self.rates = None;
        self.window.clear();
        self.history.push(Entry::default());
    }

    /// Rates since the youngest document that is old enough, else since the oldest there is.
    fn measure(&mut self, at_us: u64, counters: Counters) {
        let is_old_enough = |(then, _): &(u64, Counters)| at_us.saturating_sub(*then) >= RATE_WINDOW_US;
        while self.window.len() > 1 && self.window.get(1).is_some_and(is_old_enough) {
            self.window.pop_front();
        }
        self.rates = self.window.front().and_then(|(then, before)| {
            let passed = at_us.saturating_sub(*then);
            (passed > 0).then(|| Rates::between(before, &counters, passed as f64 / 1e6))
        });
        self.window.push_back((at_us, counters));
    }

    fn happened(&mut self, at_us: u64, event: Event) {
        if self.events.len() == EVENTS_KEPT {
            self.events.pop_front();
        }
        self.events.push_back((at_us, event));
    }
}

fn entry(summary: Option<&Summary>, rates: Option<&Rates>) -> Entry {
    let busy = summary.map(|summary| summary.in_request.unwrap_or(summary.busy));
    Entry {
        requests_s: rates.and_then(|rates| Some(rates.total?.requests_s)),
        busy: busy.map(|count| count as f64),
        queue: summary
            .and_then(|summary| summary.queue)
            .map(|count| count as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{failure, reading};
    use super::*;

    #[test]
    fn rates_come_with_the_second_document_and_go_when_the_server_is_down() {
        let mut server = Server::new("a:1", "tcp://a:1");
        server.take(reading(10.0, &[(11, "idle", 100)]));
        assert_eq!(server.rates, None);
        server.take(reading(12.0, &[(11, "idle", 150)]));
        let rate = |server: &Server| Some(server.rates.as_ref()?.total?.requests_s);
        assert_eq!(rate(&server), Some(25.0));
        server.take(failure(13.0, "cannot connect"));
        assert_eq!(rate(&server), None);
        server.take(reading(15.0, &[(11, "idle", 170)]));
        assert_eq!(rate(&server), None, "what came before it was down is no base");
        let queue_and_rate = server.history.last(9, |entry| entry.requests_s);
        assert_eq!(queue_and_rate, [None, Some(25.0), None, None]);
    }

    #[test]
    fn rates_span_a_second_however_often_is_read() {
        let mut server = Server::new("a:1", "tcp://a:1");
        for tenth in 0..30_u64 {
            // The master adds up once a second.
            let requests = tenth / 10 * 40;
            server.take(reading(tenth as f64 / 10.0, &[(11, "idle", requests)]));
        }
        let rates = server.history.last(15, |entry| entry.requests_s);
        assert!(
            rates.iter().flatten().all(|rate| (39.0..41.0).contains(rate)),
            "{rates:?}"
        );
        assert_eq!(rates.len(), 15);
    }

    #[test]
    fn down_and_up_are_events_with_their_cause_and_duration() {
        let mut server = Server::new("a:1", "tcp://a:1");
        server.take(failure(1.0, "cannot connect"));
        server.take(failure(2.0, "cannot connect"));
        server.take(reading(4.0, &[(11, "idle", 0)]));
        let events: Vec<_> = server
            .events
            .iter()
            .map(|(at_us, event)| (*at_us, event.text.as_str()))
            .collect();
        assert_eq!(
            events,
            [
                (1_000_000, "does not answer: cannot connect"),
                (4_000_000, "answers again after 3s")
            ]
        );
        assert_eq!(server.condition, Condition::Up { since_us: 4_000_000 });
    }

    #[test]
    fn what_happened_while_a_server_was_down_is_told_when_it_answers_again() {
        let mut server = Server::new("a:1", "tcp://a:1");
        server.take(reading(1.0, &[(11, "idle", 10)]));
        server.take(failure(2.0, "cannot connect"));
        server.take(reading(3.0, &[(12, "idle", 0)]));
        let kinds: Vec<_> = server.events.iter().map(|(_, event)| event.kind.name()).collect();
        assert_eq!(kinds, ["down", "up", "reload"]);
    }
}
