//! What happened to a server between two scrapes, told from its counters; keeps no state.
//!
//! uWSGI announces none of this. A master that reloads keeps its pid and sets every counter to 0; a worker's respawn leaves
//! its counters alone and raises `respawn_count`, which also rises when the cheaper subsystem wakes a worker (seen with
//! uWSGI 2.0.31).

use crate::point::Point;
use crate::uwsgi::{Document, Emperor, Statistics, Worker};

/// The `kind` tag of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum EventKind {
    /// The master began anew, with the same pid or another: all counters start again.
    Reload,
    Respawn,
    Harakiri,
    /// A worker has no process any more, and cheaper did not stop it.
    Death,
    /// The server stopped to answer.
    Down,
    Up,
}

impl EventKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reload => "reload",
            Self::Respawn => "respawn",
            Self::Harakiri => "harakiri",
            Self::Death => "death",
            Self::Down => "down",
            Self::Up => "up",
        }
    }
}

/// Something that happened to one server before the scrape that showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    /// From 1 on; None where it happened to several workers, or to none in particular.
    pub(crate) worker: Option<u64>,
    /// How often.
    pub(crate) count: u64,
    /// For people, without the server's name.
    pub(crate) text: String,
}

impl Event {
    pub(crate) fn of_server(kind: EventKind, text: String) -> Self {
        Self {
            kind,
            worker: None,
            count: 1,
            text,
        }
    }

    /// A point of `uwsgi_events`. `timestamp_ms` is that of the scrape.
    pub(crate) fn point(&self, source: &str, timestamp_ms: i64) -> Point {
        let point = Point::new("uwsgi_events", timestamp_ms)
            .tag("source", source)
            .tag("kind", self.kind.name())
            .field("count", self.count)
            .field("text", self.text.as_str());
        match self.worker {
            Some(worker) => point.field("worker", worker),
            None => point,
        }
    }
}

/// What happened between two documents of one server, in the order of [`EventKind`]. Of documents of different kinds:
/// nothing.
pub(crate) fn between(before: &Statistics, after: &Statistics) -> Vec<Event> {
    match (before, after) {
        (Statistics::Server(before), Statistics::Server(after)) => of_servers(before, after),
        (Statistics::Emperor(before), Statistics::Emperor(after)) => of_emperors(before, after),
        _ => Vec::new(),
    }
}

fn of_servers(before: &Document, after: &Document) -> Vec<Event> {
    if before.pid != after.pid {
        let text = format!("started anew: master {} → {}", before.pid, after.pid);
        return vec![Event::of_server(EventKind::Reload, text)];
    }
    let pairs = || before.workers.iter().zip(&after.workers);
    if pairs().any(|(before, after)| began_anew(before, after)) {
        let text = format!("reloaded: counters begin at 0, master {} as before", after.pid);
        return vec![Event::of_server(EventKind::Reload, text)];
    }
    let of = |kind, grown: fn(&Worker, &Worker) -> u64| {
        let workers = pairs().enumerate();
        let counts = workers.map(|(index, (before, after))| (index as u64 + 1, grown(before, after)));
        of_workers(kind, &counts.filter(|(_, count)| *count > 0).collect::<Vec<_>>())
    };
    let events = [
        of(EventKind::Respawn, respawns),
        of(EventKind::Harakiri, |before, after| {
            after.harakiri_count - before.harakiri_count
        }),
        of(EventKind::Death, |before, after| u64::from(died(before, after))),
    ];
    events.into_iter().flatten().collect()
}

/// A counter that went down; or, where there was nothing to count, another process that nobody counted as a respawn.
fn began_anew(before: &Worker, after: &Worker) -> bool {
    let counters = |worker: &Worker| {
        [
            worker.requests,
            worker.exceptions,
            worker.harakiri_count,
            worker.respawn_count,
            worker.running_time,
            worker.tx,
        ]
    };
    let fell = counters(before)
        .into_iter()
        .zip(counters(after))
        .any(|(before, after)| after < before);
    let replaced = before.pid > 0 && after.pid > 0 && before.pid != after.pid;
    fell || (replaced && before.respawn_count == after.respawn_count)
}

/// A first spawn is none, nor is a worker that cheaper wakes.
fn respawns(before: &Worker, after: &Worker) -> u64 {
    if before.respawn_count == 0 || before.status == "cheap" {
        return 0;
    }
    after.respawn_count - before.respawn_count
}

fn died(before: &Worker, after: &Worker) -> bool {
    before.pid > 0 && after.pid == 0 && before.status != "cheap" && after.status != "cheap"
}

/// One event however many workers it happened to: a master that reloads ends them all.
fn of_workers(kind: EventKind, counts: &[(u64, u64)]) -> Option<Event> {
    let count = counts.iter().map(|(_, count)| count).sum();
    let happened = match kind {
        EventKind::Harakiri => "killed by harakiri",
        EventKind::Death => "died",
        _ => "respawned",
    };
    let (worker, text) = match counts {
        [] => return None,
        [(worker, 1)] => (Some(*worker), format!("worker {worker} {happened}")),
        [(worker, count)] => (Some(*worker), format!("worker {worker} {happened} {count} times")),
        several => (None, format!("{} workers {happened}", several.len())),
    };
    Some(Event {
        kind,
        worker,
        count,
        text,
    })
}

fn of_emperors(before: &Emperor, after: &Emperor) -> Vec<Event> {
    if before.pid != after.pid {
        let text = format!("the Emperor started anew: {} → {}", before.pid, after.pid);
        return vec![Event::of_server(EventKind::Reload, text)];
    }
    let respawned = after.vassals.iter().filter_map(|vassal| {
        let earlier = before.vassals.iter().find(|earlier| earlier.id == vassal.id)?;
        let count = vassal
            .respawns
            .checked_sub(earlier.respawns)
            .filter(|count| *count > 0)?;
        Some(Event {
            count,
            ..Event::of_server(EventKind::Respawn, format!("vassal {} respawned", vassal.id))
        })
    });
    respawned.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::uwsgi;

    /// Two workers that have worked.
    fn document() -> Value {
        let worker = |id: u64| {
            json!({"id": id, "pid": 10 + id, "status": "idle", "requests": 100, "exceptions": 1, "harakiri_count": 1,
                "respawn_count": 2, "running_time": 5000, "tx": 900})
        };
        json!({"pid": 7, "workers": [worker(1), worker(2)]})
    }

    fn read(document: &Value) -> Statistics {
        uwsgi::read(document.to_string().as_bytes()).unwrap()
    }

    /// What is told when `change` is made to the document.
    fn told(change: impl Fn(&mut Value)) -> Vec<(EventKind, Option<u64>, u64, String)> {
        let mut after = document();
        change(&mut after);
        let events = between(&read(&document()), &read(&after));
        let parts = events
            .into_iter()
            .map(|event| (event.kind, event.worker, event.count, event.text));
        parts.collect()
    }

    #[test]
    fn growing_counters_are_no_event() {
        let same = told(|document| {
            document["workers"][0]["requests"] = json!(170);
            document["workers"][0]["exceptions"] = json!(5);
            document["workers"][0]["status"] = json!("busy");
        });
        assert_eq!(same, []);
    }

    #[test]
    fn a_master_that_reloads_keeps_its_pid_and_is_told_by_its_counters() {
        let text = "reloaded: counters begin at 0, master 7 as before".to_owned();
        let event = vec![(EventKind::Reload, None, 1, text)];
        let zero = |document: &mut Value| {
            for worker in [0, 1] {
                for key in ["requests", "exceptions", "harakiri_count", "running_time", "tx"] {
                    document["workers"][worker][key] = json!(0);
                }
                document["workers"][worker]["respawn_count"] = json!(1);
            }
        };
        assert_eq!(told(zero), event);
        // A server that had nothing to count: only its workers' pids are others.
        assert_eq!(told(|document| document["workers"][1]["pid"] = json!(99)), event);
    }

    #[test]
    fn another_master_is_told_with_both_pids() {
        let text = "started anew: master 7 → 8".to_owned();
        assert_eq!(
            told(|document| document["pid"] = json!(8)),
            [(EventKind::Reload, None, 1, text)]
        );
    }

    #[test]
    fn a_worker_killed_by_harakiri_and_respawned_is_told_as_both() {
        let happened = told(|document| {
            let worker = &mut document["workers"][1];
            worker["harakiri_count"] = json!(2);
            worker["respawn_count"] = json!(3);
            worker["pid"] = json!(40);
        });
        assert_eq!(
            happened,
            [
                (EventKind::Respawn, Some(2), 1, "worker 2 respawned".to_owned()),
                (
                    EventKind::Harakiri,
                    Some(2),
                    1,
                    "worker 2 killed by harakiri".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn what_happens_to_several_workers_is_one_event() {
        let happened = told(|document| {
            document["workers"][0]["respawn_count"] = json!(3);
            document["workers"][1]["respawn_count"] = json!(4);
        });
        assert_eq!(
            happened,
            [(EventKind::Respawn, None, 3, "2 workers respawned".to_owned())]
        );
    }

    #[test]
    fn a_worker_without_a_process_died_unless_cheaper_stopped_it() {
        let died = told(|document| document["workers"][0]["pid"] = json!(0));
        assert_eq!(died, [(EventKind::Death, Some(1), 1, "worker 1 died".to_owned())]);
        let cheaped = told(|document| {
            document["workers"][0]["pid"] = json!(0);
            document["workers"][0]["status"] = json!("cheap");
        });
        assert_eq!(cheaped, []);
    }

    #[test]
    fn a_first_spawn_and_a_worker_that_cheaper_wakes_are_no_respawns() {
        for (status, spawned) in [("idle", 0), ("cheap", 2)] {
            let mut before = document();
            before["workers"][0]["pid"] = json!(0);
            before["workers"][0]["status"] = json!(status);
            before["workers"][0]["respawn_count"] = json!(spawned);
            let mut after = before.clone();
            after["workers"][0]["pid"] = json!(50);
            after["workers"][0]["status"] = json!("idle");
            after["workers"][0]["respawn_count"] = json!(spawned + 1);
            assert_eq!(between(&read(&before), &read(&after)), [], "{status}");
        }
    }

    #[test]
    fn an_event_is_a_point_with_its_kind_as_a_tag() {
        let event = Event {
            kind: EventKind::Harakiri,
            worker: Some(2),
            count: 1,
            text: "worker 2 killed by harakiri".to_owned(),
        };
        let mut line = String::new();
        event.point("lab", 7).write_line(&mut line);
        assert_eq!(
            line,
            "uwsgi_events,kind=harakiri,source=lab count=1i,text=\"worker 2 killed by harakiri\",worker=2i 7\n"
        );
    }
}
