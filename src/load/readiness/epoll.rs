//! Waiting with epoll: one system call a wait, none to go on watching, timeouts in nanoseconds.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{EventfdFlags, epoll, eventfd};
use socket2::Socket;

use crate::load::kernel::{self, NO_EVENT, ReadyEvent};

/// Events taken in one wait; more come with the next.
const EVENTS: usize = 256;
/// The key of the waker's descriptor, which no socket has.
const WAKE: u64 = u64::MAX;

/// The waiting side of one worker.
pub(crate) struct Readiness {
    epoll: OwnedFd,
    wake: Arc<OwnedFd>,
    events: Box<[ReadyEvent; EVENTS]>,
}

/// Wakes a worker from another thread.
#[derive(Clone)]
pub(crate) struct Waker(Arc<OwnedFd>);

impl Waker {
    /// A worker that cannot be woken looks at its stop flag within a second anyway.
    pub(crate) fn wake(&self) {
        rustix::io::write(&self.0, &1_u64.to_ne_bytes()).ok();
    }
}

/// A socket that reports its readiness, both ways and on edges only, until it is dropped.
pub(crate) struct Watched(Socket);

impl Watched {
    pub(crate) fn socket(&self) -> &Socket {
        &self.0
    }
}

impl Readiness {
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &wake, epoll::EventData::new_u64(WAKE), flags)?;
        Ok(Self {
            epoll,
            wake: Arc::new(wake),
            events: Box::new([NO_EVENT; EVENTS]),
        })
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.wake))
    }

    /// Watches a socket from now on; `key` names it in what [`Self::wait`] reports. Closing the socket ends it.
    pub(crate) fn watch(&self, socket: Socket, key: usize) -> io::Result<Watched> {
        let flags =
            epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET;
        epoll::add(&self.epoll, &socket, epoll::EventData::new_u64(key as u64), flags)?;
        Ok(Watched(socket))
    }

    /// Waits for sockets, at most until `deadline`; the keys of those that are ready go into `ready`.
    pub(crate) fn wait(&mut self, deadline: Instant, ready: &mut Vec<usize>) -> io::Result<()> {
        let timeout = deadline.saturating_duration_since(Instant::now());
        let count = match kernel::wait(self.epoll.as_fd(), &mut self.events[..], timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            outcome => outcome?,
        };
        let keys = self.events[..count].iter().map(|event| event.u64);
        ready.extend(keys.filter(|key| *key != WAKE).map(|key| key as usize));
        Ok(())
    }
}
