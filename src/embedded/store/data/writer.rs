//! The thread that alone writes a database: one transaction for all bodies that wait, then the answers.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, PoisonError};

use rusqlite::Connection;

use super::super::column::TimeRange;
use super::super::line::Precision;
use super::accept::{Accepted, accept};
use super::catalogue::{Catalogue, Creation};
use super::database::Shared;
use super::error::{StorageError, WriteError};
use super::file::FileError;
use super::load::{Loaded, store};
use super::removal::{self, Removal};
use super::seal::seal;
use super::view::View;

/// Bodies that wait are stored together up to this size, in bytes.
const GROUP_BYTES: usize = 4_000_000;

/// How much a database may take; tests have less.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) series: usize,
    /// Memory for rows that are not in blocks yet, in bytes.
    pub(super) head_bytes: usize,
    /// The same rows in the journal.
    pub(super) journal_bytes: usize,
    /// The size of the file in pages of 4,096 bytes; `None` for as much as the disk has.
    pub(super) pages: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            series: 1_000_000,
            head_bytes: 16_000_000,
            journal_bytes: 16_000_000,
            pages: None,
        }
    }
}

/// What the writer is asked for.
#[derive(Debug)]
pub(super) enum Order {
    Write {
        body: Body,
        reply: SyncSender<Result<(), WriteError>>,
    },
    Remove {
        measurement: String,
        removal: Removal,
        reply: SyncSender<Result<(), StorageError>>,
    },
}

/// Line protocol as it came.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) text: Vec<u8>,
    pub(super) precision: Precision,
    /// The time of lines without one, in nanoseconds since 1970.
    pub(super) now: i64,
}

type Answered = (Body, SyncSender<Result<(), WriteError>>);

#[derive(Debug)]
pub(super) struct Writer {
    connection: Connection,
    catalogue: Catalogue,
    head_bytes: usize,
    journal_bytes: usize,
    limits: Limits,
    shared: Arc<Shared>,
}

impl Writer {
    pub(super) fn new(connection: Connection, loaded: Loaded, limits: Limits, shared: Arc<Shared>) -> Self {
        Self {
            connection,
            catalogue: loaded.catalogue,
            head_bytes: loaded.head_bytes,
            journal_bytes: loaded.journal_bytes,
            limits,
            shared,
        }
    }

    /// Carries out orders until nobody is left to give any.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        let mut next = orders.recv().ok();
        while let Some(order) = next {
            next = match order {
                Order::Write { body, reply } => {
                    let (group, behind) = collect((body, reply), orders);
                    self.write(group);
                    behind
                }
                Order::Remove {
                    measurement,
                    removal,
                    reply,
                } => {
                    let done = self.remove(&measurement, &removal);
                    // Who asked may be gone.
                    reply.send(done.map_err(|error| error.at(&self.shared.path))).ok();
                    None
                }
            }
            .or_else(|| orders.recv().ok());
        }
        self.close();
    }

    fn write(&mut self, group: Vec<Answered>) {
        match self.store(group.iter().map(|(body, _)| body)) {
            Ok(verdicts) => {
                for ((_, reply), verdict) in group.iter().zip(verdicts) {
                    reply.send(verdict).ok();
                }
            }
            Err(error) if group.len() == 1 => {
                let mut error = Some(self.refusal(error));
                for (_, reply) in &group {
                    reply.send(error.take().map_or(Ok(()), Err)).ok();
                }
            }
            // One body that does not fit fails alone.
            Err(_) => group.into_iter().for_each(|alone| self.write(vec![alone])),
        }
        if self.is_over(1) {
            // A head that cannot be sealed now is still in the journal; the next write tries again.
            self.seal().ok();
        }
    }

    fn refusal(&self, error: FileError) -> WriteError {
        match error.at(&self.shared.path) {
            StorageError::Full(_) => WriteError::Full,
            error => WriteError::Storage(error),
        }
    }

    fn is_over(&self, times: usize) -> bool {
        self.head_bytes > self.limits.head_bytes * times
            || self.journal_bytes > self.limits.journal_bytes * times
    }

    fn store<'b>(
        &mut self,
        bodies: impl Iterator<Item = &'b Body>,
    ) -> Result<Vec<Result<(), WriteError>>, FileError> {
        if self.is_over(2) {
            self.seal()?;
        }
        let series = self.limits.series;
        let accepted: Vec<_> = bodies
            .map(|body| accept(&body.text, body.precision, body.now, &mut self.catalogue, series))
            .collect();
        let created = self.catalogue.take_created();
        if let Err(error) = self.commit(&created, &accepted) {
            self.catalogue.undo(created);
            return Err(error);
        }
        self.show(&created, &accepted)?;
        Ok(accepted.into_iter().map(|body| body.refusals.verdict()).collect())
    }

    fn commit(&mut self, created: &[Creation], accepted: &[Accepted]) -> Result<(), FileError> {
        let transaction = self.connection.transaction()?;
        store(&transaction, created)?;
        let mut insert = transaction.prepare_cached("INSERT INTO journal (rows) VALUES (?1)")?;
        for rows in accepted.iter().map(|body| &body.record.bytes) {
            if !rows.is_empty() {
                insert.execute([rows])?;
            }
        }
        drop(insert);
        Ok(transaction.commit()?)
    }

    /// Shows queries what is stored.
    fn show(&mut self, created: &[Creation], accepted: &[Accepted]) -> Result<(), FileError> {
        let mut view = self.shared.view.write().unwrap_or_else(PoisonError::into_inner);
        view.add(created);
        for body in accepted {
            self.head_bytes += view.apply(&body.record.bytes)?;
            self.journal_bytes += body.record.bytes.len();
        }
        Ok(())
    }

    /// Moves the heads into blocks. Queries see the rows in one place or in the other, never in none or both.
    fn seal(&mut self) -> Result<(), FileError> {
        let view = self.view();
        if view.heads.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        seal(&transaction, &self.catalogue, &view.heads)?;
        let mut shown = self.shared.view.write().unwrap_or_else(PoisonError::into_inner);
        transaction.commit()?;
        shown.heads = Arc::default();
        (self.head_bytes, self.journal_bytes) = (0, 0);
        Ok(())
    }

    fn view(&self) -> View {
        let view = self.shared.view.read().unwrap_or_else(PoisonError::into_inner);
        view.clone()
    }

    fn remove(&mut self, measurement: &str, removal: &Removal) -> Result<(), FileError> {
        self.seal()?;
        match removal {
            Removal::All => self.remove_measurement(measurement)?,
            Removal::Series(series) => self.remove_series(measurement, series, None)?,
            Removal::Points(series, range) => self.remove_series(measurement, series, Some(*range))?,
        }
        let mut vacuum = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut pages = vacuum.query(())?;
        while pages.next()?.is_some() {}
        Ok(())
    }

    fn remove_measurement(&mut self, name: &str) -> Result<(), FileError> {
        let Some((id, entry)) = self.catalogue.named(name) else {
            return Ok(());
        };
        let transaction = self.connection.transaction()?;
        removal::remove_measurement(&transaction, id, entry)?;
        removal::keep_last_ids(&transaction, &self.catalogue)?;
        let mut shown = self.shared.view.write().unwrap_or_else(PoisonError::into_inner);
        transaction.commit()?;
        shown.remove(name);
        self.catalogue.forget(id);
        Ok(())
    }

    fn remove_series(
        &mut self,
        name: &str,
        series: &[u64],
        range: Option<TimeRange>,
    ) -> Result<(), FileError> {
        let Some((id, entry)) = self.catalogue.named(name) else {
            return Ok(());
        };
        let transaction = self.connection.transaction()?;
        let gone = removal::remove_series(&transaction, id, entry, series, range)?;
        let emptied = removal::has_no_series(&transaction, id)?;
        if emptied {
            removal::remove_measurement(&transaction, id, entry)?;
        }
        removal::keep_last_ids(&transaction, &self.catalogue)?;
        let mut shown = self.shared.view.write().unwrap_or_else(PoisonError::into_inner);
        transaction.commit()?;
        let ids: HashSet<u64> = gone.iter().map(|(id, _)| *id).collect();
        shown.remove_series(name, |id| ids.contains(&id));
        drop(shown);
        for (_, key) in &gone {
            self.catalogue.forget_series(key);
        }
        if emptied {
            self.catalogue.forget(id);
        }
        Ok(())
    }

    fn close(mut self) {
        if !self.shared.dropped.load(Ordering::Relaxed) {
            // What could not be sealed is in the journal, and read from there at the next start.
            self.seal().ok();
        }
        self.shared.close_readers();
    }
}

/// The writes that wait behind the first one, up to some size; and the order behind them.
fn collect(first: Answered, orders: &Receiver<Order>) -> (Vec<Answered>, Option<Order>) {
    let mut size = first.0.text.len();
    let mut group = vec![first];
    while size < GROUP_BYTES {
        match orders.try_recv() {
            Ok(Order::Write { body, reply }) => {
                size += body.text.len();
                group.push((body, reply));
            }
            Ok(behind) => return (group, Some(behind)),
            Err(_) => break,
        }
    }
    (group, None)
}
