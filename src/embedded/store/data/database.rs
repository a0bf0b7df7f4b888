//! One open database: orders to its writer, snapshots for queries.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use super::directory;
use super::error::{StorageError, WriteError};
use super::file::{self, FileError};
use super::load::{Loaded, load};
use super::orders::{Body, Limits, Order};
use super::removal::Removal;
use super::snapshot::Snapshot;
use super::view::View;
use super::writer::Writer;

/// So many orders wait for the writer at most; who brings more waits.
const MOST_ORDERS: usize = 64;
/// So many connections are kept for queries to come.
const MOST_IDLE_READERS: usize = 4;

/// Dropping it seals what is not in blocks yet, and closes the file.
#[derive(Debug)]
pub(super) struct Database {
    orders: Option<SyncSender<Order>>,
    writer: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// What the writer and queries share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) view: RwLock<View>,
    readers: Mutex<Vec<Connection>>,
    /// Set when the database is dropped: nothing of it is worth writing any more.
    pub(super) dropped: AtomicBool,
}

impl Database {
    pub(super) fn create(path: PathBuf, name: &str, limits: Limits) -> Result<Self, StorageError> {
        let created = file::create(&path, name, limits.pages).and_then(|connection| {
            let loaded = load(&connection)?;
            Ok((connection, loaded))
        });
        match created {
            Ok((connection, loaded)) => Self::start(path, connection, loaded, limits),
            Err(error) => {
                // What is left is no database, and the next start removes it.
                directory::remove(&path).ok();
                Err(error.at(&path))
            }
        }
    }

    /// Opens a file and tells the name of its database; `None` where its making was cut short.
    pub(super) fn open(path: PathBuf, limits: Limits) -> Result<Option<(String, Self)>, StorageError> {
        let opened = file::open(&path, limits.pages).and_then(|opened| {
            opened
                .map(|(connection, name)| Ok((load(&connection)?, connection, name)))
                .transpose()
        });
        match opened.map_err(|error: FileError| error.at(&path))? {
            None => Ok(None),
            Some((loaded, connection, name)) => {
                Ok(Some((name, Self::start(path, connection, loaded, limits)?)))
            }
        }
    }

    fn start(
        path: PathBuf,
        connection: Connection,
        loaded: Loaded,
        limits: Limits,
    ) -> Result<Self, StorageError> {
        let shared = Arc::new(Shared {
            path,
            view: RwLock::new(loaded.view.clone()),
            readers: Mutex::default(),
            dropped: AtomicBool::new(false),
        });
        let (orders, received) = sync_channel(MOST_ORDERS);
        let writer = Writer::new(connection, loaded, limits, Arc::clone(&shared));
        let thread = thread::Builder::new().name("store-writer".to_owned());
        let writer = thread
            .spawn(move || writer.run(&received))
            .map_err(StorageError::Thread)?;
        Ok(Self {
            orders: Some(orders),
            writer: Some(writer),
            shared,
        })
    }

    pub(super) fn write(&self, body: Body) -> Result<(), WriteError> {
        let (reply, answer) = sync_channel(1);
        self.order(Order::Write { body, reply })
            .map_err(WriteError::Storage)?;
        answer
            .recv()
            .map_err(|_closed| WriteError::Storage(StorageError::Closed))?
    }

    pub(super) fn remove(&self, measurement: String, removal: Removal) -> Result<(), StorageError> {
        let (reply, answer) = sync_channel(1);
        self.order(Order::Remove {
            measurement,
            removal,
            reply,
        })?;
        answer.recv().map_err(|_closed| StorageError::Closed)?
    }

    fn order(&self, order: Order) -> Result<(), StorageError> {
        let orders = self.orders.as_ref().ok_or(StorageError::Closed)?;
        orders.send(order).map_err(|_closed| StorageError::Closed)
    }

    pub(super) fn snapshot(&self) -> Result<Snapshot, StorageError> {
        Snapshot::take(&self.shared).map_err(|error| error.at(&self.shared.path))
    }

    /// Removes the files. Whoever still uses the database reads and writes files without a name, which end with their use.
    pub(super) fn discard(&self) -> Result<(), StorageError> {
        let path = &self.shared.path;
        self.shared.dropped.store(true, Ordering::Relaxed);
        directory::remove(path).map_err(|source| StorageError::Directory {
            path: path.clone(),
            source,
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has said so on standard error.
            writer.join().ok();
        }
    }
}

impl Shared {
    pub(super) fn reader(&self) -> Result<Connection, FileError> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| file::open_to_read(&self.path), Ok)
    }

    pub(super) fn give_back(&self, reader: Connection) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < MOST_IDLE_READERS {
            readers.push(reader);
        }
    }

    /// Closes the connections kept for queries, so that the writer is the last to close the file and tidies it.
    pub(super) fn close_readers(&self) {
        self.readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
