//! Waits for sockets and for points in time at once; knows nothing of requests.
//!
//! The one file of the load generator that knows how the system reports readiness.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use polling::{Event, Events, PollMode, Poller};
use socket2::Socket;

/// A wake-up from a kernel timer comes 21 to 27 µs late at the median, 34 to 43 µs at p99 (measured on a 2-core
/// virtual machine, Linux 6.18), so the wait ends this much early and the rest is spun away.
const SPIN: std::time::Duration = std::time::Duration::from_micros(40);

/// The waiting side of one worker.
pub(crate) struct Readiness {
    poller: Arc<Poller>,
    events: Events,
}

/// Wakes a worker from another thread.
#[derive(Clone)]
pub(crate) struct Waker(Arc<Poller>);

impl Waker {
    /// A worker that cannot be woken looks at its stop flag within a second anyway.
    pub(crate) fn wake(&self) {
        self.0.notify().ok();
    }
}

/// A socket that reports its readiness, both ways and on edges only, until it is dropped.
pub(crate) struct Watched {
    socket: Socket,
    poller: Arc<Poller>,
}

impl Watched {
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Closing the socket takes it out of the set as well where this fails.
        self.poller.delete(&self.socket).ok();
    }
}

impl Readiness {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            poller: Arc::new(Poller::new()?),
            events: Events::new(),
        })
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.poller))
    }

    /// Watches a socket from now on; `key` names it in what [`Self::wait`] reports.
    #[expect(
        unsafe_code,
        reason = "the poller wants a promise that the socket is deleted before it is closed; Watched keeps it"
    )]
    pub(crate) fn watch(&self, socket: Socket, key: usize) -> io::Result<Watched> {
        // SAFETY: `Watched` owns the socket and deletes it from this poller before closing it.
        unsafe {
            self.poller
                .add_with_mode(&socket, Event::all(key), PollMode::Edge)?;
        }
        Ok(Watched {
            socket,
            poller: Arc::clone(&self.poller),
        })
    }

    /// Waits for sockets, at most until `deadline`. A `precise` deadline is met by returning early and at once
    /// from then on, so that the caller's loop spins for the last [`SPIN`]. The keys of ready sockets go into
    /// `ready`.
    pub(crate) fn wait(
        &mut self,
        deadline: Instant,
        precise: bool,
        ready: &mut Vec<usize>,
    ) -> io::Result<()> {
        let until = match precise {
            true => deadline.checked_sub(SPIN).unwrap_or(deadline),
            false => deadline,
        };
        self.events.clear();
        self.poller.wait_deadline(&mut self.events, until)?;
        ready.extend(self.events.iter().map(|event| event.key));
        Ok(())
    }
}
