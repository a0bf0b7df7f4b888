//! The requests in flight of one worker: sends, receives, retries on stale connections, times out; does not know
//! when requests are due.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::client::{Client, Response as _};
use super::connection::{Flight, Phase, Turn};
use super::fault::Fault;
use super::moment::Moment;
use super::origin::Origin;
use super::pool::Pool;
use super::readiness::Readiness;
use super::recorder::Recorder;
use super::script::ScriptError;

/// Read at once. Responses are not kept, so one buffer serves all connections of a worker.
const BUFFER: usize = 64 * 1024;
/// An idle connection is closed after this: on uWSGI's http11-socket it occupies a core, and requests on further
/// connections starve for as long as it stands.
const IDLE: Duration = Duration::from_secs(1);
/// Until a full listen queue of a unix socket is tried again: nothing tells when it has room.
const RETRY: Duration = Duration::from_millis(1);
/// After an exchange that had to be attended to as it went, the worker looks at once at what comes for this long.
const ATTENTIVE: Duration = Duration::from_secs(1);

/// Requests that began this much later and were answered first have passed one over, whatever the order of a fair queue.
const PASSED_OVER: Duration = Duration::from_secs(1);

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For one whole request, from connecting to the last byte.
    pub(crate) whole: Duration,
    /// For establishing a connection; only the whole request's if none.
    pub(crate) connect: Option<Duration>,
}

pub(crate) struct Exchanges<C: Client> {
    client: C,
    pub(crate) pool: Pool<C::Response>,
    origins: Vec<Origin>,
    timeouts: Timeouts,
    /// Connections that were being established when last looked at, in the order in which connecting began.
    connecting: VecDeque<(usize, Instant)>,
    /// Whether the kernel is asked when responses come.
    stamp: bool,
    /// Whether responses may wait in their sockets for a while: they come in one piece, and the kernel tells when.
    patient: bool,
    attentive_until: Instant,
    /// When the last of the requests began that were answered on kept connections.
    kept: Option<Instant>,
    buffer: Box<[u8]>,
    /// Requests that wait for a place in the listen queue, and when to try again.
    queued: Vec<usize>,
    retry: Instant,
    /// Connections with more to read than one turn took.
    pub(crate) unfinished: Vec<usize>,
    /// What makes it impossible to go on.
    pub(crate) failure: Option<ScriptError>,
}

impl<C: Client> Exchanges<C> {
    pub(crate) fn new(
        client: C,
        origins: Vec<Origin>,
        limit: usize,
        timeouts: Timeouts,
        stamp: bool,
    ) -> Self {
        Self {
            client,
            pool: Pool::new(limit, origins.len()),
            origins,
            timeouts,
            connecting: VecDeque::new(),
            stamp,
            patient: false,
            attentive_until: Instant::now(),
            kept: None,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            queued: Vec::new(),
            retry: Instant::now(),
            unfinished: Vec::new(),
            failure: None,
        }
    }

    /// Sends the request with this number in the schedule, on an idle connection if there is one. There must be room in the pool.
    pub(crate) fn send(
        &mut self,
        number: u64,
        flight: Flight,
        readiness: &Readiness,
        recorder: &mut Recorder,
    ) {
        let entry = self.client.choose(number);
        let slot = self.pool.take(flight, self.client.origin(entry));
        let connection = &mut self.pool[slot];
        connection.entry = entry;
        let composed = &mut connection.composed;
        if let Err(error) = self
            .client
            .compose(entry, number, connection.jar.header(), composed)
        {
            self.failure.get_or_insert(error);
            return;
        }
        let outcome = self.dispatch(slot, readiness, recorder);
        self.settle(slot, outcome, readiness, recorder);
    }

    /// Whether nothing is lost when responses are read a little later than they come.
    pub(crate) fn is_patient(&self) -> bool {
        self.patient
    }

    /// Goes on with a connection that was ready at `moment`.
    pub(crate) fn advance(
        &mut self,
        slot: usize,
        moment: Moment,
        readiness: &Readiness,
        recorder: &mut Recorder,
    ) {
        let outcome = match self.pool[slot].phase {
            Phase::Closed | Phase::Queued => return,
            Phase::Idle => return self.advance_idle(slot, recorder),
            Phase::Sending(_) => self.dispatch(slot, readiness, recorder),
            Phase::Receiving => Ok(()),
        };
        let outcome = outcome.and_then(|()| self.receive(slot, moment, recorder));
        self.settle(slot, outcome, readiness, recorder);
    }

    /// When there is something to do though no socket is ready: a timeout, or a connect to try again.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        let oldest = self.pool.oldest()?;
        let whole = self.pool[oldest].flight.started + self.timeouts.whole;
        let connect = self.timeouts.connect.zip(self.connecting.front());
        let connect = connect.map(|(timeout, (_, opened))| *opened + timeout);
        let retry = (!self.queued.is_empty()).then_some(self.retry);
        [connect, retry]
            .into_iter()
            .flatten()
            .fold(whole, Instant::min)
            .into()
    }

    /// Tries again to connect the requests that found a listen queue full, the oldest first, until one does not come in.
    pub(crate) fn retry(&mut self, now: Instant, readiness: &Readiness, recorder: &mut Recorder) {
        if self.queued.is_empty() || now < self.retry {
            return;
        }
        let mut waiting = std::mem::take(&mut self.queued).into_iter();
        for slot in waiting.by_ref() {
            if self.pool[slot].phase != Phase::Queued {
                continue;
            }
            self.pool[slot].restart();
            let outcome = self.dispatch(slot, readiness, recorder);
            self.settle(slot, outcome, readiness, recorder);
            if !self.queued.is_empty() {
                break;
            }
        }
        self.queued.extend(waiting);
    }

    /// Gives up on the requests whose time is over, and on connections that nobody has needed for a while.
    pub(crate) fn expire(&mut self, now: Instant, recorder: &mut Recorder) {
        while let Some(slot) = self.pool.oldest() {
            let flight = self.pool[slot].flight;
            if now < flight.started + self.timeouts.whole {
                break;
            }
            recorder.failed(flight, now, &Fault::Timeout);
            recorder.counts(flight).starved += u64::from(self.is_starved(slot));
            self.pool.close(slot);
        }
        if let Some(timeout) = self.timeouts.connect {
            self.expire_connects(timeout, now, recorder);
        }
        if let Some(limit) = now.checked_sub(IDLE) {
            self.pool.close_idle_since(limit);
        }
    }

    /// Whether a request on a new connection was passed over for ones on kept connections: a server that ties each connection to
    /// a core (uWSGI's http11-socket) does not look at more connections than it has cores.
    pub(crate) fn is_starved(&self, slot: usize) -> bool {
        let connection = &self.pool[slot];
        let waits =
            connection.phase == Phase::Receiving && connection.served == 0 && !connection.response.started();
        waits
            && self
                .kept
                .is_some_and(|kept| kept > connection.flight.started + PASSED_OVER)
    }

    fn expire_connects(&mut self, timeout: Duration, now: Instant, recorder: &mut Recorder) {
        while let Some((slot, opened)) = self.connecting.front().copied() {
            let connection = &self.pool[slot];
            let goes_on = connection.is_connecting() && connection.opened == opened;
            if goes_on && now < opened + timeout {
                break;
            }
            if goes_on {
                recorder.failed(connection.flight, now, &Fault::ConnectTimeout);
                self.pool.close(slot);
            }
            self.connecting.pop_front();
        }
    }

    fn advance_idle(&mut self, slot: usize, recorder: &mut Recorder) {
        if !self.pool[slot].stands() {
            recorder.counts(self.pool[slot].flight).closed_by_server += 1;
            self.pool.close_idle(slot);
        }
    }

    /// Connects if need be and writes as much as is taken.
    fn dispatch(&mut self, slot: usize, readiness: &Readiness, recorder: &mut Recorder) -> Result<(), Fault> {
        let connection = &mut self.pool[slot];
        if !connection.is_open() {
            let origin = &self.origins[connection.origin];
            connection.address = origin.preferred;
            connection.attempts += 1;
            if self.client.looks_at_answers() {
                connection.response.keep();
            }
            connection.open(origin, self.stamp, readiness, slot)?;
            if self.timeouts.connect.is_some() {
                self.connecting.push_back((slot, connection.opened));
            }
        }
        let composed = std::mem::take(&mut connection.composed);
        let outcome = connection.write(self.client.request(connection.entry, &composed));
        connection.composed = composed;
        if !outcome? {
            self.attend();
        } else if connection.served == 0 {
            recorder.connected(connection.flight, connection.opened.elapsed());
        }
        Ok(())
    }

    fn receive(&mut self, slot: usize, moment: Moment, recorder: &mut Recorder) -> Result<(), Fault> {
        let connection = &mut self.pool[slot];
        if connection.phase != Phase::Receiving {
            return Ok(());
        }
        let bytes = &mut recorder.counts(connection.flight).bytes;
        match connection.read(&mut self.buffer, bytes)? {
            Turn::Waiting if connection.response.started() => self.attend(),
            Turn::Waiting => {}
            Turn::Unfinished => self.unfinished.push(slot),
            Turn::Complete { reusable, arrival } => {
                let began = connection.flight.started;
                let known = arrival.and_then(|arrival| moment.at(arrival, began));
                self.note_attention(known.is_some(), moment.clock);
                let now = known.unwrap_or_else(Instant::now);
                self.complete(slot, reusable, now, recorder);
            }
        }
        Ok(())
    }

    /// Sees to it that what comes is looked at as it comes.
    fn attend(&mut self) {
        self.patient = false;
        self.attentive_until = Instant::now() + ATTENTIVE;
    }

    fn note_attention(&mut self, known: bool, now: Instant) {
        if !known {
            self.attend();
        } else if !self.patient {
            self.patient = now >= self.attentive_until;
        }
    }

    fn complete(&mut self, slot: usize, reusable: bool, now: Instant, recorder: &mut Recorder) {
        let connection = &mut self.pool[slot];
        recorder.answered(connection.flight, now, connection.response.status());
        if let Err(error) = self.client.answered(&connection.response, &mut connection.jar) {
            self.failure.get_or_insert(error);
        }
        connection.served += 1;
        if connection.served > 1 {
            self.kept = self.kept.max(Some(connection.flight.started));
        }
        // A server that closes after each response without saying so (uWSGI's http-socket) has often closed by
        // now, and its end came with the edge that is used up; one that was seen to keep connections has not.
        let reusable = reusable && self.client.keeps_connections(connection.entry);
        if reusable && (connection.served > 1 || connection.stands()) {
            self.pool.keep(slot, now);
        } else {
            recorder.counts(connection.flight).closed_by_server += 1;
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
            if matches!(fault, Fault::QueueFull) {
                self.pool[slot].phase = Phase::Queued;
                self.retry = Instant::now() + RETRY;
                return self.queued.push(slot);
            }
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
            let counts = recorder.counts(connection.flight);
            counts.retried += 1;
            counts.closed_by_server += 1;
            connection.attempts = 0;
            return true;
        }
        let origin = &mut self.origins[connection.origin];
        if !matches!(fault, Fault::Connect(_)) || connection.attempts >= origin.addresses.len() {
            return false;
        }
        origin.preferred = (connection.address + 1) % origin.addresses.len();
        true
    }
}
