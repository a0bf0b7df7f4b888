//! One document counted: how many workers are in which state, how full cores and queue are.

use super::document::{Core, Document, Worker};

/// What is unknown to uWSGI is None, never 0, so that each zero is a real one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// As configured, running or not.
    pub(crate) workers: u64,
    /// With a process, and not being cheaped.
    pub(crate) running: u64,
    /// At least one core in a request.
    pub(crate) busy: u64,
    pub(crate) idle: u64,
    pub(crate) cheap: u64,
    pub(crate) pause: u64,
    /// Handling a uWSGI signal.
    pub(crate) sig: u64,
    /// None with `stats-no-cores`, like the next two.
    pub(crate) cores: Option<u64>,
    pub(crate) in_request: Option<u64>,
    /// Age of the oldest request in flight in seconds; 0 when there is none.
    pub(crate) oldest_request_s: Option<u64>,
    /// Of the socket with the longest queue. None for Unix sockets, whose queue uWSGI cannot see.
    pub(crate) queue: Option<u64>,
    pub(crate) max_queue: Option<u64>,
    /// Bytes of all running workers together; None without `memory-report`, which leaves uWSGI ignorant.
    pub(crate) rss: Option<u64>,
    pub(crate) vsz: Option<u64>,
    /// Locks that a process holds now.
    pub(crate) locks_held: u64,
}

impl Summary {
    /// `now_s` is in Unix seconds, by the clock of the machine that scrapes.
    pub(crate) fn of(document: &Document, now_s: u64) -> Self {
        let mut summary = Self::default();
        summary.count_workers(document);
        summary.count_cores(document, now_s);
        summary.measure_queue(document);
        summary.rss = known_bytes(document, |worker| worker.rss);
        summary.vsz = known_bytes(document, |worker| worker.vsz);
        summary.locks_held = document.locks_held.0;
        summary
    }

    fn count_workers(&mut self, document: &Document) {
        for worker in &document.workers {
            let alive = worker.pid > 0;
            self.workers += 1;
            self.running += u64::from(alive && worker.status != "cheap");
            match worker.status.as_str() {
                "busy" => self.busy += 1,
                // A worker that died says `idle`, with pid 0, until it is respawned (seen with uWSGI 2.0.31).
                "idle" => self.idle += u64::from(alive),
                "cheap" => self.cheap += 1,
                "pause" => self.pause += 1,
                status => self.sig += u64::from(status.starts_with("sig")),
            }
        }
    }

    fn count_cores(&mut self, document: &Document, now_s: u64) {
        if document.workers.iter().all(|worker| worker.cores.is_none()) {
            return;
        }
        let cores = || {
            document
                .workers
                .iter()
                .flat_map(|worker| worker.cores.iter().flatten())
        };
        let in_flight = |core: &&Core| core.in_request > 0;
        let oldest_start = cores()
            .filter(in_flight)
            .filter_map(|core| core.req_info.request_start)
            .min();
        self.cores = Some(cores().count() as u64);
        self.in_request = Some(cores().filter(in_flight).count() as u64);
        self.oldest_request_s = Some(oldest_start.map_or(0, |start| now_s.saturating_sub(start)));
    }

    fn measure_queue(&mut self, document: &Document) {
        let visible = document.sockets.iter().filter(|socket| socket.max_queue > 0);
        let fullest = visible.max_by_key(|socket| (socket.queue, socket.max_queue));
        self.queue = fullest.map(|socket| socket.queue);
        self.max_queue = fullest.map(|socket| socket.max_queue);
    }
}

/// A worker that has not ended a request yet says 0, which adds nothing.
fn known_bytes(document: &Document, bytes: impl Fn(&Worker) -> u64) -> Option<u64> {
    let running = document.workers.iter().filter(|worker| worker.pid > 0);
    let total = running.map(bytes).fold(0, u64::saturating_add);
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::super::reading::parse;
    use super::*;

    #[test]
    fn workers_are_counted_by_state_and_the_dead_are_not_idle() {
        let document = parse(
            br#"{"workers":[
                {"id":1,"pid":11,"status":"busy"}, {"id":2,"pid":12,"status":"idle"},
                {"id":3,"pid":0,"status":"idle"}, {"id":0,"pid":0,"status":"cheap"},
                {"id":5,"pid":15,"status":"cheap"}, {"id":6,"pid":16,"status":"pause"},
                {"id":7,"pid":17,"status":"sig5"}]}"#,
        )
        .unwrap();
        let expected = Summary {
            workers: 7,
            running: 4,
            busy: 1,
            idle: 1,
            cheap: 2,
            pause: 1,
            sig: 1,
            ..Summary::default()
        };
        assert_eq!(Summary::of(&document, 0), expected);
    }

    #[test]
    fn cores_and_the_oldest_request_are_counted_over_all_workers() {
        let document = parse(
            br#"{"workers":[
                {"cores":[{"in_request":1,"req_info":{"request_start":1000}}, {"in_request":0,"req_info":{}}]},
                {"cores":[{"in_request":1,"req_info":{"request_start":990}}, {"in_request":1}]}]}"#,
        )
        .unwrap();
        let summary = Summary::of(&document, 1007);
        assert_eq!(
            (summary.cores, summary.in_request, summary.oldest_request_s),
            (Some(4), Some(3), Some(17))
        );
        assert_eq!(
            Summary::of(&document, 980).oldest_request_s,
            Some(0),
            "clocks differ"
        );
    }

    #[test]
    fn the_longest_queue_is_reported_with_its_own_limit_and_unix_sockets_have_none() {
        let document = parse(
            br#"{"workers":[],"sockets":[
                {"queue":3,"max_queue":100}, {"queue":7,"max_queue":64}, {"queue":0,"max_queue":0}]}"#,
        )
        .unwrap();
        let summary = Summary::of(&document, 0);
        assert_eq!((summary.queue, summary.max_queue), (Some(7), Some(64)));

        let unix = parse(br#"{"workers":[],"sockets":[{"queue":0,"max_queue":0}]}"#).unwrap();
        assert_eq!(Summary::of(&unix, 0).queue, None);
    }
}
