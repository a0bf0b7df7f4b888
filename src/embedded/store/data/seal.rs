//! From heads to blocks: rows that came in any order find their place among the blocks of their series.

use rusqlite::Connection;

use super::blocks::{self, BLOCK_ROWS, Block, Owner};
use super::catalogue::Catalogue;
use super::file::FileError;
use super::rows::Rows;
use super::view::Heads;

/// A last block with less rows, and without long texts, takes in those that follow it.
const SMALL_BLOCK: usize = BLOCK_ROWS / 2;

/// Stores the rows of all heads in blocks and empties the journal. The caller commits.
pub(super) fn seal(connection: &Connection, catalogue: &Catalogue, heads: &Heads) -> Result<(), FileError> {
    let mut order: Vec<_> = heads.iter().collect();
    order.sort_unstable_by_key(|(series, _)| **series);
    for (series, head) in order {
        let Some(entry) = catalogue.entry(head.measurement) else {
            continue;
        };
        let owner = Owner {
            measurement: head.measurement,
            entry,
            series: *series,
        };
        place(connection, owner, &head.settled())?;
    }
    connection.execute("DELETE FROM journal", ())?;
    Ok(())
}

/// Merges rows with the blocks they overlap and stores the others between those.
fn place(connection: &Connection, owner: Owner<'_>, rows: &Rows) -> Result<(), FileError> {
    let (Some(first), Some(last)) = (rows.times.first(), rows.times.last()) else {
        return Ok(());
    };
    let blocks = blocks::around(connection, owner, *first, *last)?;
    let mut at = 0;
    for (index, block) in blocks.iter().enumerate() {
        let start = rows.times.partition_point(|time| *time < block.first);
        let mut end = rows.times.partition_point(|time| *time <= block.last);
        let is_last = index + 1 == blocks.len();
        if is_last && block.count < SMALL_BLOCK && blocks::has_room(connection, owner, *block)? {
            end = rows.times.len();
        }
        blocks::store(connection, owner, &rows.slice(at..start))?;
        merge(connection, owner, *block, &rows.slice(start..end))?;
        at = end;
    }
    blocks::store(connection, owner, &rows.slice(at..rows.times.len()))
}

fn merge(connection: &Connection, owner: Owner<'_>, block: Block, later: &Rows) -> Result<(), FileError> {
    if later.times.is_empty() {
        return Ok(());
    }
    let mut rows = blocks::load(connection, owner, block)?;
    rows.append(later);
    rows.settle();
    blocks::remove(connection, owner, block)?;
    blocks::store(connection, owner, &rows)
}
