//! Blocks in the file: rows of a series in chunks, found by time. Blocks of a series never overlap.

use std::ops::Range;

use rusqlite::{CachedStatement, Connection, params};

use super::super::column::Kind;
use super::catalogue::Entry;
use super::encoding::{Chunk, Undecodable, decode_times, encode_times, encode_values};
use super::file::FileError;
use super::rows::{Rows, Stripe};

/// So many rows in a block at most. Measured: half of it reads a tenth slower, twice as much no faster.
pub(super) const BLOCK_ROWS: usize = 8_192;

/// A block with more bytes of texts than that is cut, so that a reader can hold it; half of it takes no more rows in.
const BLOCK_BYTES: usize = 1 << 20;

/// Where a block lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: usize,
}

/// A series, and the measurement it belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) measurement: u32,
    pub(super) entry: &'a Entry,
    pub(super) series: u64,
}

/// The blocks of a series that begin at `to` or earlier, and end at `from` or later, in order; and the one before them.
pub(super) fn around(
    connection: &Connection,
    owner: Owner<'_>,
    from: i64,
    to: i64,
) -> Result<Vec<Block>, FileError> {
    let mut statement = connection.prepare_cached(
        "SELECT first, last, count FROM chunk WHERE field = ?1 AND series = ?2 AND first <= ?3 ORDER BY first DESC",
    )?;
    let mut found = statement.query(params![owner.measurement, owner.series, to])?;
    let mut blocks = Vec::new();
    while let Some(row) = found.next()? {
        let block = Block {
            first: row.get(0)?,
            last: row.get(1)?,
            count: row.get(2)?,
        };
        blocks.push(block);
        if block.last < from {
            break;
        }
    }
    blocks.reverse();
    Ok(blocks)
}

pub(super) fn load(connection: &Connection, owner: Owner<'_>, block: Block) -> Result<Rows, FileError> {
    let mut statement = connection
        .prepare_cached("SELECT count, payload FROM chunk WHERE field = ?1 AND series = ?2 AND first = ?3")?;
    let mut rows = Rows {
        times: vec![0; block.count],
        stripes: Vec::new(),
    };
    chunk(&mut statement, owner.measurement, owner, block, |_, payload| {
        decode_times(payload, &mut rows.times)
    })?;
    for field in &owner.entry.fields {
        let mut stripe = None;
        chunk(&mut statement, field.id, owner, block, |count, payload| {
            stripe = Some(Chunk::decode(payload, count, field.kind)?);
            Ok(())
        })?;
        rows.stripes.extend(stripe.map(|Chunk { rows, values }| Stripe {
            field: field.id,
            rows,
            values,
        }));
    }
    Ok(rows)
}

fn chunk(
    statement: &mut CachedStatement<'_>,
    field: u32,
    owner: Owner<'_>,
    block: Block,
    decode: impl FnOnce(usize, &[u8]) -> Result<(), Undecodable>,
) -> Result<(), FileError> {
    let mut found = statement.query(params![field, owner.series, block.first])?;
    if let Some(row) = found.next()? {
        let payload = row.get_ref(1)?.as_blob().or(Err(Undecodable))?;
        decode(row.get(0)?, payload)?;
    }
    Ok(())
}

/// Whether a block has room for many more rows, as far as its texts tell.
pub(super) fn has_room(connection: &Connection, owner: Owner<'_>, block: Block) -> Result<bool, FileError> {
    let mut statement = connection.prepare_cached(
        "SELECT length(payload) FROM chunk WHERE field = ?1 AND series = ?2 AND first = ?3",
    )?;
    let mut bytes = 0;
    for field in owner.entry.fields.iter().filter(|field| field.kind == Kind::Text) {
        let mut found = statement.query(params![field.id, owner.series, block.first])?;
        if let Some(row) = found.next()? {
            bytes += row.get::<_, usize>(0)?;
        }
    }
    Ok(bytes < BLOCK_BYTES / 2)
}

/// Stores rows, which are settled and lie where there is no block, in blocks of about the same size.
pub(super) fn store(connection: &Connection, owner: Owner<'_>, rows: &Rows) -> Result<(), FileError> {
    let count = rows.times.len();
    let blocks = count.div_ceil(BLOCK_ROWS);
    for index in 0..blocks {
        let range = count * index / blocks..count * (index + 1) / blocks;
        let mut start = range.start;
        for length in text_cuts(&rows.text_sizes(range.clone())) {
            store_block(connection, owner, rows, start..start + length)?;
            start += length;
        }
        store_block(connection, owner, rows, start..range.end)?;
    }
    Ok(())
}

/// How many rows belong together by the sizes of their texts, from the first row on, before the rest.
fn text_cuts(sizes: &[usize]) -> Vec<usize> {
    let (mut cuts, mut bytes, mut start) = (Vec::new(), 0, 0);
    for (row, size) in sizes.iter().enumerate() {
        if bytes + size > BLOCK_BYTES && row > start {
            cuts.push(row - start);
            (bytes, start) = (0, row);
        }
        bytes += size;
    }
    cuts
}

fn store_block(
    connection: &Connection,
    owner: Owner<'_>,
    rows: &Rows,
    range: Range<usize>,
) -> Result<(), FileError> {
    let rows = rows.slice(range);
    let (Some(first), Some(last)) = (rows.times.first(), rows.times.last()) else {
        return Ok(());
    };
    let mut statement = connection.prepare_cached(
        "INSERT INTO chunk (field, series, first, last, count, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let payload = encode_times(&rows.times)?;
    statement.execute(params![
        owner.measurement,
        owner.series,
        first,
        last,
        rows.times.len(),
        payload
    ])?;
    for stripe in &rows.stripes {
        let payload = encode_values(stripe.rows.as_deref(), &stripe.values)?;
        statement.execute(params![
            stripe.field,
            owner.series,
            first,
            last,
            stripe.values.len(),
            payload
        ])?;
    }
    Ok(())
}

pub(super) fn remove(connection: &Connection, owner: Owner<'_>, block: Block) -> Result<(), FileError> {
    let mut statement =
        connection.prepare_cached("DELETE FROM chunk WHERE field = ?1 AND series = ?2 AND first = ?3")?;
    for field in owner.fields() {
        statement.execute(params![field, owner.series, block.first])?;
    }
    Ok(())
}

pub(super) fn remove_all(connection: &Connection, owner: Owner<'_>) -> Result<(), FileError> {
    let mut statement = connection.prepare_cached("DELETE FROM chunk WHERE field = ?1 AND series = ?2")?;
    for field in owner.fields() {
        statement.execute(params![field, owner.series])?;
    }
    Ok(())
}

impl Owner<'_> {
    /// The ids that chunks of the series are kept under.
    fn fields(&self) -> impl Iterator<Item = u32> {
        let fields = self.entry.fields.iter().map(|field| field.id);
        [self.measurement].into_iter().chain(fields)
    }
}
