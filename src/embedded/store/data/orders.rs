//! What the writer of a database is asked for, and how much it may use. Carries nothing out.

use std::sync::mpsc::{Receiver, SyncSender};

use super::super::line::Precision;
use super::error::{StorageError, WriteError};
use super::removal::Removal;

/// Bodies that wait are stored together up to this size, in bytes.
const GROUP_BYTES: usize = 4_000_000;
/// How much a database may take; tests have less.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// A key longer than 512 bytes counts as several.
    pub(super) series: usize,
    /// Of all measurements together.
    pub(super) fields: usize,
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
            fields: 100_000,
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

/// A body, and who waits for what becomes of it.
pub(super) type Answered = (Body, SyncSender<Result<(), WriteError>>);

/// The writes that wait behind the first one, up to some size; and the order behind them.
pub(super) fn collect(first: Answered, orders: &Receiver<Order>) -> (Vec<Answered>, Option<Order>) {
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
