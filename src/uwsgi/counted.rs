//! What a server counted between two of its statistics documents; fetches none.

use super::Document;

/// What all workers together counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Counted {
    pub(crate) requests: u64,
    /// Time in the app, in µs a request; nothing without a request.
    pub(crate) mean_us: Option<f64>,
    pub(crate) exceptions: u64,
    pub(crate) harakiri: u64,
}

/// Nothing where the counters began anew in between: the master was started again, or reloaded.
pub(crate) fn between(before: &Document, after: &Document) -> Option<Counted> {
    let grown = |count: fn(&super::document::Worker) -> u64| {
        let sum = |document: &Document| document.workers.iter().map(count).sum::<u64>();
        sum(after).checked_sub(sum(before))
    };
    if before.pid != after.pid {
        return None;
    }
    let requests = grown(|worker| worker.requests)?;
    let running = grown(|worker| worker.running_time)?;
    Some(Counted {
        requests,
        mean_us: (requests > 0).then(|| running as f64 / requests as f64),
        exceptions: grown(|worker| worker.exceptions)?,
        harakiri: grown(|worker| worker.harakiri_count)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(pid: u64, requests: u64) -> Document {
        let text = format!(
            r#"{{"version":"2.0.30","pid":{pid},"workers":[
                {{"id":1,"requests":{requests},"running_time":{},"exceptions":2,"harakiri_count":1}},
                {{"id":2,"requests":7,"running_time":0,"exceptions":0,"harakiri_count":0}}]}}"#,
            requests * 250
        );
        super::super::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn counters_are_compared_over_all_workers() {
        let counted = between(&document(5, 100), &document(5, 140)).unwrap();
        assert_eq!(
            counted,
            Counted {
                requests: 40,
                mean_us: Some(250.0),
                exceptions: 0,
                harakiri: 0
            }
        );
    }

    #[test]
    fn a_server_that_was_started_again_tells_nothing() {
        assert_eq!(between(&document(5, 100), &document(6, 140)), None);
        assert_eq!(between(&document(5, 100), &document(5, 40)), None);
    }
}
