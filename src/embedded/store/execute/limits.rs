//! What bounds a query: time, memory, series, windows, rows, and a caller that does not want the answer any more.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::error::SelectError;

/// Bounds of one query.
#[derive(Debug)]
pub(in crate::embedded::store) struct Limits<'a> {
    pub(in crate::embedded::store) deadline: Instant,
    /// Bytes of columns and rows that are held at one moment, about.
    pub(in crate::embedded::store) memory: usize,
    pub(in crate::embedded::store) series: usize,
    /// Windows of `GROUP BY time` of one series.
    pub(in crate::embedded::store) windows: usize,
    /// Of the whole answer.
    pub(in crate::embedded::store) rows: usize,
    pub(in crate::embedded::store) cancelled: &'a AtomicBool,
}

/// Limits, and what of them is used up.
pub(super) struct Guard<'a> {
    limits: &'a Limits<'a>,
    held: Cell<usize>,
}

/// Memory that counts as used for as long as this lives.
#[must_use]
pub(super) struct Claim<'a> {
    guard: &'a Guard<'a>,
    bytes: usize,
}

impl Claim<'_> {
    pub(super) fn resize(&mut self, bytes: usize) -> Result<(), SelectError> {
        let most = self.guard.limits.memory;
        let others = self.guard.held.get() - self.bytes;
        let held = others.saturating_add(bytes);
        if held > most {
            return Err(SelectError::TooMuchMemory { most });
        }
        self.guard.held.set(held);
        self.bytes = bytes;
        Ok(())
    }

    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), SelectError> {
        self.resize(self.bytes.saturating_add(bytes))
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let held = &self.guard.held;
        held.set(held.get() - self.bytes);
    }
}

impl<'a> Guard<'a> {
    pub(super) fn new(limits: &'a Limits<'a>) -> Self {
        Self {
            limits,
            held: Cell::new(0),
        }
    }

    /// Fails when the query has lasted too long or nobody waits for it.
    pub(super) fn check(&self) -> Result<(), SelectError> {
        if self.limits.cancelled.load(Ordering::Relaxed) {
            return Err(SelectError::Cancelled);
        }
        if Instant::now() >= self.limits.deadline {
            return Err(SelectError::Late);
        }
        Ok(())
    }

    pub(super) fn claim(&self, bytes: usize) -> Result<Claim<'_>, SelectError> {
        let mut claim = self.nothing();
        claim.resize(bytes)?;
        Ok(claim)
    }

    /// A claim that is to grow.
    pub(super) fn nothing(&self) -> Claim<'_> {
        Claim {
            guard: self,
            bytes: 0,
        }
    }

    pub(super) fn allow_windows(&self, asked: u64) -> Result<(), SelectError> {
        let most = self.limits.windows;
        if asked > most as u64 {
            return Err(SelectError::TooManyWindows { asked, most });
        }
        Ok(())
    }

    pub(super) fn most_windows(&self) -> usize {
        self.limits.windows
    }

    pub(super) fn allow_series(&self, asked: usize) -> Result<(), SelectError> {
        let most = self.limits.series;
        if asked > most {
            return Err(SelectError::TooManySeries { asked, most });
        }
        Ok(())
    }

    pub(super) fn allow_rows(&self, asked: usize) -> Result<(), SelectError> {
        let most = self.limits.rows;
        if asked > most {
            return Err(SelectError::TooManyRows { most });
        }
        Ok(())
    }
}
