//! The requests that a server is working on, as its document tells them; counts nothing.
//!
//! Read apart from the rest, because the variables of requests can be most of a document, and a collector needs none.

use serde::Deserialize;

use super::repair::repair;

/// A request that a core is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct InFlight {
    /// From 1 on, as in points.
    pub(crate) worker_id: u64,
    pub(crate) core_id: u64,
    /// Unix seconds; None before uWSGI 2.0.14.
    pub(crate) started_s: Option<u64>,
    pub(crate) method: String,
    /// Host, path and query, as far as the request has them. What was not UTF-8 in it is replaced.
    pub(crate) host: String,
    pub(crate) uri: String,
    pub(crate) remote_address: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    workers: Vec<Worker>,
}

#[derive(Deserialize)]
struct Worker {
    #[serde(default)]
    cores: Vec<Core>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Core {
    id: u64,
    in_request: u64,
    vars: Vec<String>,
    req_info: super::document::RequestInfo,
}

/// The requests of a document in the order of their cores; none of a document that cannot be read.
pub(crate) fn in_flight(bytes: &[u8]) -> Vec<InFlight> {
    let document = serde_json::from_str::<Document>(&repair(bytes));
    let workers = document.map(|document| document.workers).unwrap_or_default();
    let cores = workers.iter().enumerate().flat_map(|(index, worker)| {
        let busy = worker.cores.iter().filter(|core| core.in_request > 0);
        busy.map(move |core| request(index as u64 + 1, core))
    });
    cores.collect()
}

fn request(worker_id: u64, core: &Core) -> InFlight {
    let variable = |name: &str| {
        let mut pairs = core.vars.iter().filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(key, _)| *key == name);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    InFlight {
        worker_id,
        core_id: core.id,
        started_s: core.req_info.request_start,
        method: variable("REQUEST_METHOD"),
        host: variable("HTTP_HOST"),
        uri: variable("REQUEST_URI"),
        remote_address: variable("REMOTE_ADDR"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_in_flight_are_told_with_what_was_asked_for() {
        let bytes = include_bytes!("../../tests/fixtures/uwsgi-stats/in-request-control-char.json");
        let requests = in_flight(bytes);
        assert!(!requests.is_empty());
        for request in &requests {
            assert_eq!(request.method, "GET", "{request:?}");
            assert!(request.uri.starts_with('/'), "{request:?}");
            assert!(request.started_s.is_some_and(|started| started > 1_600_000_000));
        }
        assert_eq!(in_flight(b"Hello World"), []);
        assert_eq!(
            in_flight(include_bytes!("../../tests/fixtures/uwsgi-stats/no-cores.json")),
            []
        );
    }
}
