//! The process of a service, from the inside: its lock, its record, its log, its end. Knows no server.

use std::fs::File;
use std::io;
use std::path::Path;

use super::journal::Journal;
use super::orders::ServiceOrders;
use super::place::Place;
use super::record::Process;

/// Held by the process that runs a service, for as long as it lives.
pub(crate) struct ServiceSeat {
    place: Place,
    process: Process,
    journal: Journal,
    _lock: File,
}

impl ServiceSeat {
    /// Takes the service's lock, sends all that is printed to its log, and lets others know.
    pub(crate) fn take(orders: &ServiceOrders) -> io::Result<Self> {
        let place = orders.place();
        let lock = place.lock()?;
        let journal = Journal::begin(&place)?;
        let process = Process {
            pid: std::process::id(),
            ..Process::default()
        };
        place.record(&process)?;
        Ok(Self {
            place,
            process,
            journal,
            _lock: lock,
        })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.place.directory
    }

    /// Lets others know of the process group of the program that is looked after.
    pub(super) fn note_group(&mut self, group: u32) -> io::Result<()> {
        self.process.group = Some(group);
        self.place.record(&self.process)
    }

    /// How to tell whether others still know of this process: not where its directory was taken away.
    pub(crate) fn knowledge(&self) -> impl Fn() -> bool + Send + use<> {
        let (place, pid) = (self.place.clone(), self.process.pid);
        move || match place.process() {
            Ok(found) => found.is_some_and(|process| process.pid == pid),
            // What cannot be read right now says nothing.
            Err(_) => true,
        }
    }

    /// How to let others know that the service is about to end.
    pub(crate) fn farewell(&self) -> impl Fn() + Clone + Send + use<> {
        let place = self.place.clone();
        move || {
            // Where it cannot be written, others see the end when it comes.
            place.mark_ending().ok();
        }
    }

    /// Writes down how the service ended; the lock goes with the process.
    pub(crate) fn leave(mut self, code: i64) -> io::Result<()> {
        // The number of a group that has ended may be another's soon, and the lines that wait can take a moment.
        if self.process.group.take().is_some() && self.place.directory.exists() {
            self.place.record(&self.process)?;
        }
        self.journal.end()?;
        self.process.code = Some(code);
        if self.place.directory.exists() {
            self.place.record(&self.process)?;
        }
        Ok(())
    }
}
