//! Where the blocks of a series divide a range of times, told from the index alone: a reader that needs few rows, or can only
//! hold few, reads a part after the other.

use rusqlite::{Connection, params};

use super::super::column::{End, TimeRange};
use super::file::FileError;

/// The blocks that reach into a range. The search begins with the last that begins before it.
const FROM_THE_FIRST: &str = "
    SELECT first, last, count FROM chunk
    WHERE field = ?1 AND series = ?2
        AND first >= coalesce((SELECT max(first) FROM chunk WHERE field = ?1 AND series = ?2 AND first <= ?3), ?3)
        AND first <= ?4
    ORDER BY first";
const FROM_THE_LAST: &str = "
    SELECT first, last, count FROM chunk
    WHERE field = ?1 AND series = ?2 AND first <= ?4
    ORDER BY first DESC";

/// The part of a range at one end of it: blocks with at least so many rows together, or all of it. Rows that are not in blocks
/// are not counted.
pub(super) fn part(
    connection: &Connection,
    measurement: u32,
    series: u64,
    range: TimeRange,
    end: End,
    rows: usize,
) -> Result<TimeRange, FileError> {
    let mut statement = connection.prepare_cached(match end {
        End::First => FROM_THE_FIRST,
        End::Last => FROM_THE_LAST,
    })?;
    let mut found = statement.query(params![measurement, series, range.from, range.to])?;
    let mut part = range;
    let mut held = 0;
    while let Some(row) = found.next()? {
        let (first, last): (i64, i64) = (row.get(0)?, row.get(1)?);
        if last < range.from {
            // From the last on, all that follow end even earlier.
            if end == End::Last {
                break;
            }
            continue;
        }
        if held >= rows {
            match end {
                End::First => part.to = first - 1,
                End::Last => part.from = last + 1,
            }
            return Ok(part);
        }
        held += row.get::<_, usize>(2)?;
    }
    Ok(range)
}
