//! Why a request got no answer, by kind; decides nothing.

use std::io;

use super::response::Malformed;

/// One failed request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("connect: {0}")]
    Connect(io::Error),
    #[error("connect: the listen queue of the unix socket is full")]
    QueueFull,
    #[error("timeout: no complete response in time")]
    Timeout,
    #[error("read: {0}")]
    Read(io::Error),
    #[error("read: connection closed before the response was complete")]
    ClosedEarly,
    #[error("write: {0}")]
    Write(io::Error),
    #[error("malformed response: {0}")]
    Malformed(#[from] Malformed),
}

/// Failed requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Errors {
    pub(crate) connect: u64,
    pub(crate) timeout: u64,
    /// Resets while reading, and connections closed before the response was complete.
    pub(crate) read: u64,
    pub(crate) write: u64,
    pub(crate) malformed: u64,
}

impl Errors {
    pub(crate) fn count(&mut self, fault: &Fault) {
        *match fault {
            Fault::Connect(_) | Fault::QueueFull => &mut self.connect,
            Fault::Timeout => &mut self.timeout,
            Fault::Read(_) | Fault::ClosedEarly => &mut self.read,
            Fault::Write(_) => &mut self.write,
            Fault::Malformed(_) => &mut self.malformed,
        } += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.connect += other.connect;
        self.timeout += other.timeout;
        self.read += other.read;
        self.write += other.write;
        self.malformed += other.malformed;
    }

    pub(crate) fn total(&self) -> u64 {
        self.connect + self.timeout + self.read + self.write + self.malformed
    }
}
