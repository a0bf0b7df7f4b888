//! The requests in flight of one worker: sends, receives, retries on stale connections, times out; does not know
//! when requests are due.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::client::{Client, Response as _};
use super::connection::{Flight, Phase, Turn};
use super::fault::Fault;
use super::pool::Pool;
use super::readiness::Readiness;
use super::recorder::Recorder;

/// Read at once. Responses are not kept, so one buffer serves all connections of a worker.
const BUFFER: usize = 64 * 1024;
/// An idle connection is closed after this: on uWSGI's http11-socket it occupies a core, and requests on further
/// connections starve for as long as it stands.
const IDLE: Duration = Duration::from_secs(1);

pub(crate) struct Exchanges<C: Client> {
    client: C,
    pub(crate) pool: Pool<C::Response>,
    addresses: Vec<SocketAddr>,
    /// The address that answered, or the one to try next.
    preferred: usize,
    timeout: Duration,
    buffer: Box<[u8]>,
    /// Connections with more to read than one turn took.
    pub(crate) unfinished: Vec<usize>,
}

impl<C: Client> Exchanges<C> {
    pub(crate) fn new(client: C, addresses: Vec<SocketAddr>, limit: usize, timeout: Duration) -> Self {
        Self {
            client,
            pool: Pool::new(limit),
            addresses,
            preferred: 0,
            timeout,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            unfinished: Vec::new(),
        }
    }

    /// Sends a request, on an idle connection if there is one. There must be room in the pool.
    pub(crate) fn send(&mut self, flight: Flight, readiness: &Readiness, recorder: &mut Recorder) {
        recorder.counts().sent += 1;
        let slot = self.pool.take(flight);
        let outcome = self.dispatch(slot, readiness, recorder);
        self.settle(slot, outcome, readiness, recorder);
    }

    /// Goes on with a connection that is ready.
    pub(crate) fn advance(&mut self, slot: usize, readiness: &Readiness, recorder: &mut Recorder) {
        let outcome = match self.pool[slot].phase {
            Phase::Closed => return,
            Phase::Idle => return self.advance_idle(slot, recorder),
            Phase::Sending(_) => self.dispatch(slot, readiness, recorder),
            Phase::Receiving => Ok(()),
        };
        let outcome = outcome.and_then(|()| self.receive(slot, recorder));
        self.settle(slot, outcome, readiness, recorder);
    }

    /// When the oldest request in flight times out.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let oldest = self.pool.oldest()?;
        Some(self.pool[oldest].flight.started + self.timeout)
    }

    /// Gives up on the requests whose time is over, and on connections that nobody has needed for a while.
    pub(crate) fn expire(&mut self, now: Instant, recorder: &mut Recorder) {
        while let Some(slot) = self.pool.oldest() {
            let flight = self.pool[slot].flight;
            if now < flight.started + self.timeout {
                break;
            }
            recorder.failed(flight, now, &Fault::Timeout);
            self.pool.close(slot);
        }
        if let Some(limit) = now.checked_sub(IDLE) {
            self.pool.close_idle_since(limit);
        }
    }

    fn advance_idle(&mut self, slot: usize, recorder: &mut Recorder) {
        if !self.pool[slot].stands() {
            recorder.counts().closed_by_server += 1;
            self.pool.close_idle(slot);
        }
    }

    /// Connects if need be and writes as much as is taken.
    fn dispatch(&mut self, slot: usize, readiness: &Readiness, recorder: &mut Recorder) -> Result<(), Fault> {
        let connection = &mut self.pool[slot];
        if !connection.is_open() {
            connection.address = self.preferred;
            connection.attempts += 1;
            connection.open(self.addresses[self.preferred], readiness, slot)?;
        }
        if connection.write(self.client.request())? && connection.served == 0 {
            recorder.counts().connected += 1;
        }
        Ok(())
    }

    fn receive(&mut self, slot: usize, recorder: &mut Recorder) -> Result<(), Fault> {
        let connection = &mut self.pool[slot];
        if connection.phase != Phase::Receiving {
            return Ok(());
        }
        let bytes = &mut recorder.current.counts.bytes;
        match connection.read(&mut self.buffer, bytes)? {
            Turn::Waiting => {}
            Turn::Unfinished => self.unfinished.push(slot),
            Turn::Complete { reusable } => self.complete(slot, reusable, recorder),
        }
        Ok(())
    }

    fn complete(&mut self, slot: usize, reusable: bool, recorder: &mut Recorder) {
        let connection = &mut self.pool[slot];
        let now = Instant::now();
        recorder.answered(connection.flight, now, connection.response.status());
        connection.served += 1;
        // A server that closes after each response without saying so (uWSGI's http-socket) has often closed by
        // now, and its end came with the edge that is used up; one that was seen to keep connections has not.
        if reusable && (connection.served > 1 || connection.stands()) {
            self.pool.keep(slot, now);
        } else {
            recorder.counts().closed_by_server += 1;
            self.pool.close(slot);
        }
    }

    /// Ends a request that went wrong, unless it can be sent once more.
    fn settle(
        &mut self,
        slot: usize,
        outcome: Result<(), Fault>,
        readiness: &Readiness,
        recorder: &mut Recorder,
    ) {
        let mut outcome = outcome;
        while let Err(fault) = outcome {
            if !self.may_retry(slot, &fault, recorder) {
                recorder.failed(self.pool[slot].flight, Instant::now(), &fault);
                self.pool.close(slot);
                return;
            }
            self.pool[slot].close();
            self.pool[slot].restart();
            outcome = self.dispatch(slot, readiness, recorder);
        }
    }

    /// A stale connection is replaced; a name's next address is tried once each. A request may only be tried
    /// once on each, so this ends.
    fn may_retry(&mut self, slot: usize, fault: &Fault, recorder: &mut Recorder) -> bool {
        let connection = &mut self.pool[slot];
        if connection.is_stale(fault) {
            recorder.counts().retried += 1;
            recorder.counts().closed_by_server += 1;
            connection.attempts = 0;
            return true;
        }
        if !matches!(fault, Fault::Connect(_)) || connection.attempts >= self.addresses.len() {
            return false;
        }
        self.preferred = (connection.address + 1) % self.addresses.len();
        true
    }
}
