//! The view as one JSON document, for programs. Keys are only ever added; what changes its meaning changes `version`.
//!
//! Keys that uWSGI has are called as uWSGI calls them. Unknown is null, never 0. Times are in the unit that the key ends
//! with; rates are a second.

use serde_json::{Value, json};

use crate::uwsgi::{Core, Document, Emperor, InFlight, Router, Statistics, Worker};

use super::rates::{Flow, WorkerFlow};
use super::server::{Condition, Latest, Server};
use super::state::State;
use super::tables;

const VERSION: u64 = 1;

/// All servers; of each the events after `since_us` (µs since the Unix epoch).
pub(crate) fn document(state: &State, since_us: u64) -> Value {
    let now_us = state.calendar().now_us;
    let servers = state.servers().iter();
    let servers: Vec<_> = servers
        .map(|server| of_server(server, now_us, since_us))
        .collect();
    json!({"version": VERSION, "time_ms": now_us / 1_000, "servers": servers})
}

fn of_server(server: &Server, now_us: u64, since_us: u64) -> Value {
    let (up, error) = match &server.condition {
        Condition::Unknown => (None, None),
        Condition::Up { .. } => (Some(true), None),
        Condition::Down { why, .. } => (Some(false), Some(why)),
    };
    let events = server.events.iter().filter(|(at_us, _)| *at_us > since_us);
    let events: Vec<_> = events
        .map(|(at_us, event)| {
            json!({
                "time_ms": at_us / 1_000, "kind": event.kind.name(), "worker_id": event.worker, "count": event.count,
                "text": event.text,
            })
        })
        .collect();
    let mut value = json!({
        "source": server.source, "address": server.address, "up": up, "error": error, "events": events,
    });
    // A server that is down has nothing to say about now.
    let latest = server.latest.as_ref().filter(|_| up == Some(true));
    if let (Some(latest), Some(fields)) = (latest, value.as_object_mut()) {
        let said = match &latest.seen.statistics {
            Statistics::Server(document) => of_document(server, latest, document, now_us),
            Statistics::Emperor(emperor) => of_emperor(emperor),
            Statistics::Router(router) => of_router(router),
        };
        fields.insert("read_ms".to_owned(), json!(latest.at_us / 1_000));
        fields.insert("scrape_us".to_owned(), json!(latest.took_us));
        fields.extend(said.as_object().cloned().unwrap_or_default());
    }
    value
}

fn of_document(server: &Server, latest: &Latest, document: &Document, now_us: u64) -> Value {
    let rates = server.rates.as_ref();
    let workers = document.workers.iter().enumerate();
    let workers: Vec<_> = workers
        .map(|(index, worker)| of_worker(index, worker, rates.and_then(|rates| rates.worker(index))))
        .collect();
    let requests = latest.seen.in_flight.iter();
    let requests: Vec<_> = requests.map(|request| of_request(request, now_us)).collect();
    let summary = latest.summary.clone().unwrap_or_default();
    let sum = |count: fn(&Worker) -> u64| {
        let counts = document.workers.iter().map(count);
        counts.fold(0, u64::saturating_add)
    };
    let mut value = json!({
        "kind": "server", "uwsgi_version": document.version, "pid": document.pid, "uid": document.uid,
        "gid": document.gid, "cwd": document.cwd,
        "requests": sum(|worker| worker.requests), "tx": sum(|worker| worker.tx),
        "exceptions": sum(|worker| worker.exceptions), "harakiri_count": sum(|worker| worker.harakiri_count),
        "rates_over_s": rates.map(|rates| rates.seconds),
        "running": summary.running, "busy": summary.busy, "idle": summary.idle, "cheap": summary.cheap,
        "pause": summary.pause, "sig": summary.sig, "cores": summary.cores, "in_request": summary.in_request,
        "oldest_request_s": summary.oldest_request_s, "queue": summary.queue, "max_queue": summary.max_queue,
        "rss": summary.rss, "vsz": summary.vsz, "locks_held": summary.locks_held,
    });
    let flow = rates.and_then(|rates| rates.total);
    add(&mut value, &of_flow(flow));
    add(&mut value, &json!({"workers": workers, "in_flight": requests}));
    add(&mut value, &beyond(document));
    value
}

fn add(value: &mut Value, more: &Value) {
    if let (Some(fields), Some(more)) = (value.as_object_mut(), more.as_object()) {
        fields.extend(more.clone());
    }
}

fn of_flow(flow: Option<Flow>) -> Value {
    json!({
        "requests_s": flow.map(|flow| flow.requests_s), "tx_s": flow.map(|flow| flow.tx_s),
        "mean_us": flow.and_then(|flow| flow.mean_us), "busy_cores": flow.map(|flow| flow.busy_cores),
    })
}

fn of_worker(index: usize, worker: &Worker, flow: Option<&WorkerFlow>) -> Value {
    let cores = worker.cores.as_ref().map(|cores| {
        let cores = cores.iter().enumerate();
        let rate = |index: usize| flow.and_then(|worker| worker.cores.get(index).copied().flatten());
        let cores: Vec<_> = cores.map(|(index, core)| of_core(core, rate(index))).collect();
        cores
    });
    let known = |bytes: u64| (bytes > 0).then_some(bytes);
    let mut value = json!({
        "worker_id": index + 1, "pid": worker.pid, "status": worker.status, "accepting": worker.accepting,
        "requests": worker.requests, "delta_requests": worker.delta_requests, "exceptions": worker.exceptions,
        "harakiri_count": worker.harakiri_count, "signals": worker.signals, "signal_queue": worker.signal_queue,
        "rss": known(worker.rss), "vsz": known(worker.vsz), "running_time": worker.running_time,
        "last_spawn": worker.last_spawn, "respawn_count": worker.respawn_count, "tx": worker.tx,
        "avg_rt": worker.avg_rt,
    });
    add(&mut value, &of_flow(flow.map(|worker| worker.flow)));
    add(&mut value, &json!({"cores": cores}));
    value
}

fn of_core(core: &Core, rate: Option<f64>) -> Value {
    json!({
        "core_id": core.id, "requests": core.requests, "requests_s": rate, "in_request": core.in_request,
        "static_requests": core.static_requests, "routed_requests": core.routed_requests,
        "offloaded_requests": core.offloaded_requests, "write_errors": core.write_errors,
        "read_errors": core.read_errors,
    })
}

fn of_request(request: &InFlight, now_us: u64) -> Value {
    json!({
        "worker_id": request.worker_id, "core_id": request.core_id, "request_start": request.started_s,
        "age_s": tables::age_s(request, now_us), "method": request.method, "host": request.host,
        "uri": request.uri, "remote_address": request.remote_address,
    })
}

fn beyond(document: &Document) -> Value {
    let list = |values: &mut dyn Iterator<Item = Value>| -> Vec<Value> { values.collect() };
    json!({
        "sockets": list(&mut document.sockets.iter().map(|socket| json!({
            "name": socket.name, "proto": socket.proto,
            "queue": (socket.max_queue > 0).then_some(socket.queue),
            "max_queue": (socket.max_queue > 0).then_some(socket.max_queue),
        }))),
        "caches": list(&mut document.caches.iter().map(|cache| json!({
            "name": cache.name, "items": cache.items, "max_items": cache.max_items, "hits": cache.hits,
            "miss": cache.miss, "full": cache.full,
        }))),
        "spoolers": list(&mut document.spoolers.iter().map(|spooler| json!({
            "dir": spooler.dir, "pid": spooler.pid, "tasks": spooler.tasks, "respawns": spooler.respawns,
            "running": spooler.running,
        }))),
        "crons": list(&mut document.crons.iter().map(|cron| json!({
            "command": cron.command, "pid": (cron.pid > 0).then_some(cron.pid), "started_at": cron.started_at,
        }))),
        "daemons": list(&mut document.daemons.iter().map(|daemon| json!({
            "cmd": daemon.cmd, "pid": (daemon.pid > 0).then_some(daemon.pid),
        }))),
        "metrics": document.metrics.iter().map(|(name, metric)| {
            (name.clone(), json!({"type": metric.kind_name(), "value": metric.value}))
        }).collect::<serde_json::Map<_, _>>(),
    })
}

fn of_emperor(emperor: &Emperor) -> Value {
    let vassals = emperor.vassals.iter();
    let vassals: Vec<_> = vassals
        .map(|vassal| {
            json!({
                "id": vassal.id, "pid": (vassal.pid > 0).then_some(vassal.pid), "ready": vassal.ready,
                "accepting": vassal.accepting, "loyal": vassal.loyal, "cursed": vassal.cursed,
                "respawns": vassal.respawns, "born": vassal.born, "last_heartbeat": vassal.last_heartbeat,
            })
        })
        .collect();
    json!({
        "kind": "emperor", "uwsgi_version": emperor.version, "pid": emperor.pid,
        "throttle_level": emperor.throttle_level, "blacklisted": emperor.blacklist.len(), "vassals": vassals,
    })
}

fn of_router(router: &Router) -> Value {
    let subscriptions = router.subscriptions.iter().flatten();
    let subscriptions: Vec<_> = subscriptions
        .map(|subscription| {
            let nodes = subscription.nodes.iter();
            let nodes: Vec<_> = nodes
                .map(|node| {
                    json!({
                        "name": node.name, "requests": node.requests, "tx": node.tx, "cores": node.cores,
                        "load": node.load, "weight": node.weight, "ref": node.references,
                        "failcnt": node.failcnt, "death_mark": node.death_mark,
                    })
                })
                .collect();
            json!({"key": subscription.key, "hits": subscription.hits, "nodes": nodes})
        })
        .collect();
    let fixed = router.static_nodes.iter();
    let fixed: Vec<_> = fixed
        .map(|node| json!({"name": node.name, "hits": node.hits, "grace": node.grace}))
        .collect();
    json!({
        "kind": "router", "uwsgi_version": router.version, "pid": router.pid,
        "active_sessions": router.active_sessions, "cheap": router.cheap,
        "subscriptions": subscriptions, "static_nodes": fixed,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;

    use super::super::samples::{failure, of_document, reading};
    use super::super::state::Message;
    use super::*;

    fn of_readings(readings: Vec<super::super::reading::Reading>) -> Value {
        let mut state = State::new(
            vec![Server::new("a:1", "tcp://a:1")],
            Duration::from_secs(1),
            TimeZone::UTC,
            String::new(),
            0,
        );
        for reading in readings {
            let reading = Box::new(reading);
            state.update(Message::Looked { server: 0, reading });
        }
        document(&state, 0)
    }

    #[test]
    fn a_server_has_everything_under_uwsgis_names_and_rates_in_plain_units() {
        let value = of_readings(vec![
            reading(1_000.0, &[(11, "idle", 10)]),
            reading(1_002.0, &[(11, "busy", 14)]),
        ]);
        let core = json!({
            "core_id": 0, "requests": 14, "requests_s": 2.0, "in_request": 1, "static_requests": 0,
            "routed_requests": 0, "offloaded_requests": 0, "write_errors": 0, "read_errors": 0,
        });
        let worker = json!({
            "worker_id": 1, "pid": 11, "status": "busy", "accepting": 1, "requests": 14, "delta_requests": 14,
            "exceptions": 0, "harakiri_count": 0, "signals": 0, "signal_queue": 0, "rss": 26_400_000,
            "vsz": 103_000_000, "running_time": 3_500_000, "last_spawn": 1_795_948_600, "respawn_count": 1,
            "tx": 28_000, "avg_rt": 251_310, "requests_s": 2.0, "tx_s": 4_000.0, "mean_us": 250_000.0,
            "busy_cores": 0.5, "cores": [core],
        });
        let request = json!({
            "worker_id": 1, "core_id": 0, "request_start": 999, "age_s": 3, "method": "GET", "host": "app",
            "uri": "/slow?x=1", "remote_address": "",
        });
        let socket = json!({"name": "127.0.0.1:9090", "proto": "http", "queue": 3, "max_queue": 100});
        let mut server = json!({
            "source": "a:1", "address": "tcp://a:1", "up": true, "error": null, "events": [],
            "read_ms": 1_002_000, "scrape_us": 412, "kind": "server", "uwsgi_version": "2.0.31", "pid": 4711,
            "uid": 33, "gid": 33, "cwd": "/srv/app", "requests": 14, "tx": 28_000, "exceptions": 0,
            "harakiri_count": 0, "rates_over_s": 2.0,
        });
        let more = json!({
            "running": 1, "busy": 1, "idle": 0, "cheap": 0, "pause": 0,
            "sig": 0, "cores": 1, "in_request": 1, "oldest_request_s": 3, "queue": 3, "max_queue": 100,
            "rss": 26_400_000, "vsz": 103_000_000, "locks_held": 0, "requests_s": 2.0, "tx_s": 4_000.0,
            "mean_us": 250_000.0, "busy_cores": 0.5, "workers": [worker], "in_flight": [request],
            "sockets": [socket], "caches": [], "spoolers": [], "crons": [], "daemons": [], "metrics": {},
        });
        add(&mut server, &more);
        assert_eq!(
            value,
            json!({"version": 1, "time_ms": 1_002_000, "servers": [server]})
        );
    }

    #[test]
    fn a_server_that_is_down_says_why_and_nothing_of_before() {
        let value = of_readings(vec![
            reading(1.0, &[(11, "idle", 10)]),
            failure(2.0, "cannot connect"),
        ]);
        let event = json!({
            "time_ms": 2_000, "kind": "down", "worker_id": null, "count": 1,
            "text": "does not answer: cannot connect",
        });
        let server = json!({
            "source": "a:1", "address": "tcp://a:1", "up": false, "error": "cannot connect", "events": [event],
        });
        assert_eq!(value["servers"], json!([server]));
    }

    #[test]
    fn emperors_and_routers_have_their_vassals_and_nodes() {
        let emperor = br#"{"version":"2.0.31","vassals":[{"id":"one.ini","pid":7,"accepting":1},{"id":"two.ini","pid":-1}]}"#;
        let emperor = of_readings(vec![of_document(1.0, emperor)])["servers"][0].clone();
        assert_eq!(
            (
                &emperor["kind"],
                &emperor["vassals"][0]["pid"],
                &emperor["vassals"][1]["pid"]
            ),
            (&json!("emperor"), &json!(7), &Value::Null)
        );
        let router = br#"{"version":"2.0.31","active_sessions":2,
            "subscriptions":[{"key":"app.local","hits":5,"nodes":[{"name":"127.0.0.1:1","ref":1}]}]}"#;
        let router = of_readings(vec![of_document(1.0, router)])["servers"][0].clone();
        assert_eq!(
            (&router["kind"], &router["subscriptions"][0]["nodes"][0]["ref"]),
            (&json!("router"), &json!(1))
        );
    }
}
