//! Readings for tests.

use serde_json::json;

use crate::uwsgi;

use super::reading::{Reading, Seen};

/// A server of one core a worker; workers are (pid, status, requests), each request took 250 ms.
pub(super) fn reading(at_s: f64, workers: &[(u64, &str, u64)]) -> Reading {
    let list: Vec<_> = workers
        .iter()
        .enumerate()
        .map(|(index, (pid, status, requests))| {
            let is_busy = u64::from(*status == "busy");
            let started = if is_busy == 1 {
                json!({"request_start": at_s as u64 - 3})
            } else {
                json!({})
            };
            let vars = if is_busy == 1 {
                json!(["REQUEST_METHOD=GET", "REQUEST_URI=/slow?x=1", "HTTP_HOST=app", ""])
            } else {
                json!([])
            };
            json!({
                "id": index + 1, "pid": pid, "status": status, "requests": requests,
                "delta_requests": requests, "running_time": requests * 250_000, "avg_rt": 251_310,
                "tx": requests * 2_000, "rss": 26_400_000, "vsz": 103_000_000, "respawn_count": 1,
                "last_spawn": 1_795_948_600_u64, "accepting": 1,
                "cores": [{"id": 0, "requests": requests, "in_request": is_busy, "vars": vars, "req_info": started}],
            })
        })
        .collect();
    let document = json!({
        "version": "2.0.31", "pid": 4711, "uid": 33, "gid": 33, "cwd": "/srv/app",
        "sockets": [{"name": "127.0.0.1:9090", "proto": "http", "queue": 3, "max_queue": 100}],
        "listen_queue": 3, "workers": list,
    });
    of_document(at_s, document.to_string().as_bytes())
}

pub(super) fn of_document(at_s: f64, bytes: &[u8]) -> Reading {
    Reading {
        at_us: (at_s * 1e6).round() as u64,
        took_us: 412,
        outcome: Ok(Seen {
            statistics: uwsgi::read(bytes).unwrap(),
            in_flight: uwsgi::in_flight(bytes),
        }),
    }
}

pub(super) fn failure(at_s: f64, why: &str) -> Reading {
    Reading {
        at_us: (at_s * 1e6).round() as u64,
        took_us: 412,
        outcome: Err(why.to_owned()),
    }
}
