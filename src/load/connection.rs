//! One connection and the request on it: input and output without blocking; decides nothing about retries,
//! records nothing.

use std::io::{self, ErrorKind, Read as _};
use std::time::{Duration, Instant};

use socket2::{SockAddr, Socket, Type};

use super::client::Response;
use super::fault::Fault;
use super::jar::Jar;
use super::origin::Origin;
use super::readiness::{Readiness, Watched};
use super::stamps;
use super::tls::{Came, Session};

/// Reads in one turn, so that a body without end on one connection delays the sends of the others by
/// little (16 × 64 KiB).
const READS_PER_TURN: usize = 16;

/// One request's times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flight {
    pub(crate) intended: Instant,
    /// When connecting or, on a reused connection, sending began.
    pub(crate) started: Instant,
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No socket.
    Closed,
    /// Connected, without a request.
    Idle,
    /// Waits for a place in the listen queue of a unix socket, which has no connecting without one.
    Queued,
    /// Connecting or writing; bytes written.
    Sending(usize),
    Receiving,
}

/// How far a turn of input and output got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing more until the socket is ready again.
    Waiting,
    /// There may be more at once; the turn ended to let others go first.
    Unfinished,
    /// The response is complete.
    Complete {
        reusable: bool,
        /// When the kernel received its last byte, since the Unix epoch. Nothing where it does not tell, and where the end
        /// of the connection was the end of the response.
        arrival: Option<Duration>,
    },
}

pub(crate) struct Connection<R> {
    watched: Option<Watched>,
    tls: Option<Session>,
    /// Whether the kernel notes when data comes.
    stamped: bool,
    /// When connecting began.
    pub(crate) opened: Instant,
    pub(crate) phase: Phase,
    pub(crate) flight: Flight,
    /// Which entry of the mix it carries, and its bytes where they were written for it alone.
    pub(crate) entry: usize,
    pub(crate) composed: Vec<u8>,
    /// The cookies of the visitor whose connections these are, one after the other.
    pub(crate) jar: Jar,
    pub(crate) response: R,
    /// Responses this connection has served; a reused connection may turn out to be stale.
    pub(crate) served: u64,
    /// Which origin it is for, which of its addresses it was opened to, and how many this request has tried.
    pub(crate) origin: usize,
    pub(crate) address: usize,
    pub(crate) attempts: usize,
}

impl<R: Response> Connection<R> {
    pub(crate) fn new(flight: Flight) -> Self {
        Self {
            watched: None,
            tls: None,
            stamped: false,
            opened: flight.started,
            phase: Phase::Closed,
            flight,
            entry: 0,
            composed: Vec::new(),
            jar: Jar::default(),
            response: R::default(),
            served: 0,
            origin: 0,
            address: 0,
            attempts: 0,
        }
    }

    /// Starts connecting.
    ///
    /// # Errors
    /// No socket to be had, or refused at once (as on loopback); [`Fault::QueueFull`] where it is to be tried again.
    pub(crate) fn open(
        &mut self,
        origin: &Origin,
        stamp: bool,
        readiness: &Readiness,
        key: usize,
    ) -> Result<(), Fault> {
        self.opened = Instant::now();
        let address = &origin.addresses[self.address];
        let socket = match connect(address) {
            Err(error) if address.is_unix() && error.kind() == ErrorKind::WouldBlock => {
                return Err(Fault::QueueFull);
            }
            outcome => outcome.map_err(Fault::Connect)?,
        };
        self.tls = match &origin.tls {
            Some(tls) => Some(
                tls.session()
                    .map_err(|error| Fault::Tls(io::Error::other(error)))?,
            ),
            None => None,
        };
        self.stamped = stamp && stamps::note(&socket).is_ok();
        self.watched = Some(readiness.watch(socket, key).map_err(Fault::Connect)?);
        self.served = 0;
        Ok(())
    }

    /// Prepares for the request of `flight`.
    pub(crate) fn begin(&mut self, flight: Flight) {
        self.flight = flight;
        self.attempts = 0;
        self.restart();
    }

    /// Prepares for sending the same request once more.
    pub(crate) fn restart(&mut self) {
        self.phase = Phase::Sending(0);
        self.response.reset();
    }

    pub(crate) fn close(&mut self) {
        self.watched = None;
        self.tls = None;
        self.phase = Phase::Closed;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.watched.is_some()
    }

    /// Whether the connection is still being established, the handshake included.
    pub(crate) fn is_connecting(&self) -> bool {
        match (&self.tls, self.phase) {
            (_, Phase::Sending(_)) if self.served > 0 => false,
            (Some(tls), Phase::Sending(_)) => tls.is_handshaking(),
            (None, Phase::Sending(written)) => written == 0,
            _ => false,
        }
    }

    /// Whether a fault says no more than that the server had closed a kept connection already.
    pub(crate) fn is_stale(&self, fault: &Fault) -> bool {
        self.served > 0
            && !self.response.started()
            && matches!(fault, Fault::Read(_) | Fault::ClosedEarly | Fault::Write(_))
    }

    /// Writes what is left of the request; `true` once all of it is written. Also the way to learn that a
    /// connection is established: until then a write would block, after a failed connect it fails.
    pub(crate) fn write(&mut self, request: &[u8]) -> Result<bool, Fault> {
        if self.tls.is_some() {
            return self.write_secured(request);
        }
        let (Some(watched), Phase::Sending(mut written)) = (&self.watched, self.phase) else {
            return Ok(true);
        };
        while written < request.len() {
            match watched.socket().send(&request[written..]) {
                Ok(count) => written += count,
                Err(error) if is_not_yet(&error) => {
                    self.phase = Phase::Sending(written);
                    return Ok(false);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_of_writing(&error) || written > 0 || self.served > 0 => {
                    return Err(Fault::Write(error));
                }
                Err(error) => return Err(Fault::Connect(error)),
            }
        }
        self.phase = Phase::Receiving;
        Ok(true)
    }

    /// As [`Self::write`], with the handshake before the first request.
    fn write_secured(&mut self, request: &[u8]) -> Result<bool, Fault> {
        let (Some(watched), Some(tls), Phase::Sending(written)) = (&self.watched, &mut self.tls, self.phase)
        else {
            return Ok(true);
        };
        let failed = |error: io::Error, served| match error.kind() {
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Fault::Tls(error),
            _ if served > 0 || is_of_writing(&error) => Fault::Write(error),
            _ => Fault::Connect(error),
        };
        if written == 0 {
            tls.put(request).map_err(|error| failed(error, self.served))?;
            // The session has it all; what is left is up to the socket.
            self.phase = Phase::Sending(request.len());
        }
        match tls.push(&mut Retrying(watched.socket())) {
            Ok(true) => {
                self.phase = Phase::Receiving;
                Ok(true)
            }
            Ok(false) => Ok(false),
            Err(error) => Err(failed(error, self.served)),
        }
    }

    /// Reads what there is, for a bounded turn; adds what came to `received`.
    pub(crate) fn read(&mut self, buffer: &mut [u8], received: &mut u64) -> Result<Turn, Fault> {
        if self.tls.is_some() {
            return self.read_secured(buffer, received);
        }
        let Some(watched) = &self.watched else {
            return Ok(Turn::Waiting);
        };
        for _ in 0..READS_PER_TURN {
            let came = match self.stamped {
                true => stamps::receive(watched.socket(), buffer),
                false => watched.socket().read(buffer).map(|count| (count, None)),
            };
            match came {
                Ok((0, _)) if self.response.ends_with_close() => {
                    return Ok(Turn::Complete {
                        reusable: false,
                        arrival: None,
                    });
                }
                Ok((0, _)) => return Err(Fault::ClosedEarly),
                Ok((count, arrival)) => {
                    *received += count as u64;
                    if self.response.feed(&buffer[..count])? {
                        let reusable = self.response.reusable();
                        return Ok(Turn::Complete { reusable, arrival });
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Turn::Waiting),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Read(error)),
            }
        }
        Ok(Turn::Unfinished)
    }

    /// As [`Self::read`]. One half of the buffer is for what comes, the other for what it says.
    fn read_secured(&mut self, buffer: &mut [u8], received: &mut u64) -> Result<Turn, Fault> {
        let (Some(watched), Some(tls)) = (&self.watched, &mut self.tls) else {
            return Ok(Turn::Waiting);
        };
        let (sealed, plain) = buffer.split_at_mut(buffer.len() / 2);
        for _ in 0..READS_PER_TURN {
            let came = match self.stamped {
                true => stamps::receive(watched.socket(), sealed),
                false => watched.socket().read(sealed).map(|count| (count, None)),
            };
            let (count, arrival) = match came {
                Ok(came) => came,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Turn::Waiting),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::Read(error)),
            };
            *received += count as u64;
            let mut rest = &sealed[..count];
            // At its end a connection says so once more: then there is nothing to take.
            let mut ended = rest.is_empty();
            while !rest.is_empty() {
                let used = tls.take(rest).map_err(Fault::Read)?;
                rest = &rest[used..];
                loop {
                    match tls.plain(plain).map_err(Fault::Read)? {
                        Came::Plain(count) if self.response.feed(&plain[..count])? => {
                            let reusable = self.response.reusable() && rest.is_empty();
                            return Ok(Turn::Complete { reusable, arrival });
                        }
                        Came::Plain(_) => {}
                        Came::Nothing => break,
                        Came::End => {
                            ended = true;
                            break;
                        }
                    }
                }
                if used == 0 {
                    break;
                }
            }
            if ended && self.response.ends_with_close() {
                return Ok(Turn::Complete {
                    reusable: false,
                    arrival: None,
                });
            }
            if ended {
                return Err(Fault::ClosedEarly);
            }
        }
        Ok(Turn::Unfinished)
    }

    /// Whether an idle connection still stands: the server has neither closed it nor sent what nobody asked for.
    pub(crate) fn stands(&mut self) -> bool {
        let Some(watched) = &self.watched else {
            return false;
        };
        let mut socket = watched.socket();
        if let Some(tls) = &mut self.tls {
            // What comes to an idle connection may be the server's tickets, which are no data.
            let mut buffer = [0; 4096];
            return loop {
                match socket.read(&mut buffer) {
                    Ok(0) => break false,
                    Ok(count) if tls.take(&buffer[..count]).is_ok_and(|used| used == count) => {}
                    Ok(_) => break false,
                    Err(error) => {
                        let silent = matches!(tls.plain(&mut [0]), Ok(Came::Nothing));
                        break error.kind() == ErrorKind::WouldBlock && silent;
                    }
                }
            };
        }
        matches!(socket.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

/// A socket whose calls are made again when a signal interrupts them, and one that is not connected yet is not ready yet.
struct Retrying<'a>(&'a Socket);

impl io::Read for Retrying<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }
}

impl io::Write for Retrying<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.0.send(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_not_yet(&error) => return Err(ErrorKind::WouldBlock.into()),
                outcome => return outcome,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket that is connecting. It is blocking nowhere.
fn connect(address: &SockAddr) -> io::Result<Socket> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(address.domain(), kind, None)?;
    if !address.is_unix() {
        socket.set_tcp_nodelay(true)?;
    }
    match socket.connect(address) {
        Err(error) if address.is_unix() || !is_in_progress(&error) => Err(error),
        _ => Ok(socket),
    }
}

fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
        || error.kind() == ErrorKind::WouldBlock
}

/// Linux says `EAGAIN` while it connects, others `ENOTCONN`.
fn is_not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected)
}

fn is_of_writing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
