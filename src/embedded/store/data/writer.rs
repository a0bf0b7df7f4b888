//! The thread that alone writes a database: one transaction for all bodies that wait, then the answers.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};

use rusqlite::Connection;

use super::super::column::TimeRange;
use super::accept::{Accepted, accept};
use super::catalogue::{Catalogue, Creation};
use super::database::Shared;
use super::error::{StorageError, WriteError};
use super::file::FileError;
use super::load::{Loaded, store};
use super::orders::{Answered, Body, Limits, Order, collect};
use super::removal::{self, Removal};
use super::seal::seal;
use super::view::View;

/// After so many bytes in SQLite's log, about, they are moved to where they belong.
const LOG_BYTES: usize = 4_000_000;
/// What a commit adds to the log besides what is stored: changed pages of 4,096 bytes.
const COMMIT_BYTES: usize = 3 * 4_096;

#[derive(Debug)]
pub(super) struct Writer {
    connection: Connection,
    catalogue: Catalogue,
    head_bytes: usize,
    journal_bytes: usize,
    log_bytes: usize,
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
            log_bytes: 0,
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
                if let Some((_, reply)) = group.first() {
                    reply.send(Err(self.refusal(error))).ok();
                }
            }
            // One body that does not fit fails alone.
            Err(_) => group.into_iter().for_each(|alone| self.write(vec![alone])),
        }
        if self.is_over(1) {
            // A head that cannot be sealed now is still in the journal; the next write tries again.
            self.seal().ok();
        }
        if self.log_bytes > LOG_BYTES {
            // What queries still read stays in the log for the next time.
            self.carry_out("PRAGMA wal_checkpoint(PASSIVE)").ok();
            self.log_bytes = 0;
        }
    }

    fn carry_out(&self, pragma: &str) -> Result<(), FileError> {
        let mut statement = self.connection.prepare(pragma)?;
        let mut steps = statement.query(())?;
        while steps.next()?.is_some() {}
        Ok(())
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
        let accepted: Vec<_> = bodies
            .map(|body| accept(body, &mut self.catalogue, self.limits))
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
        transaction.commit()?;
        let rows: usize = accepted.iter().map(|body| body.record.bytes.len()).sum();
        self.journal_bytes += rows;
        self.log_bytes += rows + COMMIT_BYTES;
        Ok(())
    }

    /// Shows queries what is stored.
    fn show(&mut self, created: &[Creation], accepted: &[Accepted]) -> Result<(), FileError> {
        let mut view = self.shared.view.write().unwrap_or_else(PoisonError::into_inner);
        view.add(created);
        for body in accepted {
            self.head_bytes += view.apply(&body.record.bytes)?;
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
        self.log_bytes += self.journal_bytes;
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
        self.give_back_space()
    }

    /// Shortens the file and its log by what is free. Snapshots that are still read keep the log as it is.
    fn give_back_space(&self) -> Result<(), FileError> {
        self.carry_out("PRAGMA incremental_vacuum")?;
        self.carry_out("PRAGMA wal_checkpoint(TRUNCATE)")
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
