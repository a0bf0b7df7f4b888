//! Waiting with whatever the system has, through the `polling` crate.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use polling::{Event, Events, PollMode, Poller};
use socket2::Socket;

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

    /// Waits for sockets, at most until `deadline`; the keys of those that are ready go into `ready`.
    pub(crate) fn wait(&mut self, deadline: Instant, ready: &mut Vec<usize>) -> io::Result<()> {
        self.events.clear();
        self.poller.wait_deadline(&mut self.events, deadline)?;
        ready.extend(self.events.iter().map(|event| event.key));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_socket_and_a_waker_end_a_wait_and_so_does_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut server = listener.accept().unwrap().0;
        client.set_nonblocking(true).unwrap();
        let mut readiness = Readiness::new().unwrap();
        let watched = readiness.watch(client.into(), 3).unwrap();
        let mut ready = Vec::new();
        readiness
            .wait(Instant::now() + Duration::from_secs(9), &mut ready)
            .unwrap();
        assert_eq!(std::mem::take(&mut ready), [3], "it can be written to");
        readiness
            .wait(Instant::now() + Duration::from_millis(1), &mut ready)
            .unwrap();
        assert!(ready.is_empty(), "an edge is told once");
        server.write_all(b"x").unwrap();
        readiness
            .wait(Instant::now() + Duration::from_secs(9), &mut ready)
            .unwrap();
        assert_eq!(std::mem::take(&mut ready), [3]);
        assert_eq!(
            watched
                .socket()
                .recv(&mut [std::mem::MaybeUninit::uninit()])
                .unwrap(),
            1
        );
        readiness.waker().wake();
        readiness
            .wait(Instant::now() + Duration::from_secs(9), &mut ready)
            .unwrap();
        assert!(ready.is_empty());
    }
}
