//! The rows of an answer from `OFFSET` on, as many as `LIMIT` says and as fit into memory.

use crate::embedded::store::answer::Cell;
use crate::embedded::store::ql::ast::Paging;

use super::error::ShowError;

/// Of a whole answer.
const ROWS: usize = 200_000;

pub(super) struct Page {
    skip: usize,
    most: usize,
    limited: bool,
    rows: Vec<Vec<Cell>>,
}

impl Page {
    /// `before` rows are in the answer already.
    pub(super) fn new(paging: Paging, before: usize) -> Self {
        let room = ROWS.saturating_sub(before);
        let limited = (1..=room).contains(&paging.limit);
        Self {
            skip: paging.offset,
            most: if limited { paging.limit } else { room },
            limited,
            rows: Vec::new(),
        }
    }

    /// Whether no row that could come would be taken.
    pub(super) fn is_full(&self) -> bool {
        self.limited && self.rows.len() == self.most
    }

    pub(super) fn add(&mut self, row: impl FnOnce() -> Vec<Cell>) -> Result<(), ShowError> {
        if self.skip > 0 {
            self.skip -= 1;
        } else if self.rows.len() < self.most {
            self.rows.push(row());
        } else if !self.limited {
            return Err(ShowError::TooManyRows(ROWS));
        }
        Ok(())
    }

    pub(super) fn into_rows(self) -> Vec<Vec<Cell>> {
        self.rows
    }
}
