//! The chunks a query asks for, read from the file as they lie there: of one series, or of many in one pass.

use std::ops::Range;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::super::column::{Kind, Series, TimeRange};
use super::encoding::Undecodable;
use super::file::FileError;

/// The chunks of one field of one series that reach into a range of times, and the times beside them. The search begins with
/// the last block that begins before the range.
const OF_ONE: &str = "
    SELECT v.last, v.first, t.count, t.payload, v.count, v.payload
    FROM chunk v CROSS JOIN chunk t
    WHERE v.field = ?1 AND v.series = ?2
        AND v.first >= coalesce(
            (SELECT max(first) FROM chunk WHERE field = ?1 AND series = ?2 AND first <= ?4), ?4)
        AND v.first <= ?5
        AND t.field = ?3 AND t.series = ?2 AND t.first = v.first
    ORDER BY v.first";

/// The chunks of one field of all series between two ids: neighbours in the file.
const OF_MANY: &str = "
    SELECT series, first, count, payload FROM chunk
    WHERE field = ?1 AND series BETWEEN ?2 AND ?3 AND first <= ?5 AND last >= ?4
    ORDER BY series, first";

/// What a text takes in memory besides its letters.
const TEXT_BYTES: usize = 32;

/// What is asked for of the series.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) measurement: u32,
    pub(super) field: u32,
    pub(super) range: TimeRange,
}

/// The two chunks that hold a field's values in one block. Both begin with the block, and end before the next.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    series: u64,
    pub(super) first: i64,
    pub(super) time_count: usize,
    pub(super) value_count: usize,
    times: Range<usize>,
    values: Range<usize>,
}

/// Pieces of one series after the other, in the order of their times.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    bytes: Vec<u8>,
    list: Vec<Piece>,
}

/// The pieces of several series; and where those of each begin and end.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) pieces: Pieces,
    spans: Vec<Range<usize>>,
}

impl Pieces {
    pub(super) fn all(&self) -> &[Piece] {
        &self.list
    }

    pub(super) fn times(&self, piece: &Piece) -> &[u8] {
        &self.bytes[piece.times.clone()]
    }

    pub(super) fn values(&self, piece: &Piece) -> &[u8] {
        &self.bytes[piece.values.clone()]
    }

    /// Bytes that the column of a piece takes in memory, about; of texts as if none came twice.
    pub(super) fn decoded_size(&self, piece: &Piece, kind: Kind) -> usize {
        let rows = piece.time_count * 8;
        rows + match kind {
            Kind::Float | Kind::Integer => piece.value_count * 8,
            Kind::Boolean => piece.value_count,
            Kind::Text => piece.value_count * (16 + TEXT_BYTES) + piece.values.len(),
        }
    }

    /// How much memory they take, in bytes, about.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.list.len() * size_of::<Piece>()
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// The first pieces of a series within a range, up to about so many bytes, but at least one; and where the next begins,
    /// if there are more.
    pub(super) fn of_one(
        connection: &Connection,
        series: u64,
        wanted: Wanted,
        most: usize,
    ) -> Result<(Self, Option<i64>), FileError> {
        let Wanted {
            measurement,
            field,
            range,
        } = wanted;
        let mut statement = connection.prepare_cached(OF_ONE)?;
        let mut found = statement.query(params![field, series, measurement, range.from, range.to])?;
        let mut pieces = Self::default();
        while let Some(row) = found.next()? {
            let last: i64 = row.get(0)?;
            if last < range.from {
                continue;
            }
            let first = row.get(1)?;
            if pieces.size() >= most {
                return Ok((pieces, Some(first)));
            }
            let times = pieces.keep(row.get_ref(3)?.as_blob().or(Err(Undecodable))?);
            let values = pieces.keep(row.get_ref(5)?.as_blob().or(Err(Undecodable))?);
            pieces.list.push(Piece {
                series,
                first,
                time_count: row.get(2)?,
                value_count: row.get(4)?,
                times,
                values,
            });
        }
        Ok((pieces, None))
    }
}

impl Gathered {
    /// The pieces of the series at this place.
    pub(super) fn of(&self, place: usize) -> &[Piece] {
        &self.pieces.list[self.spans[place].clone()]
    }

    /// Reads the pieces of all these series; `None` where they take more than `most` bytes.
    pub(super) fn read(
        connection: &Connection,
        series: &[Arc<Series>],
        wanted: Wanted,
        most: usize,
    ) -> Result<Option<Self>, FileError> {
        let mut order: Vec<(u64, usize)> = series.iter().map(|series| series.id).zip(0..).collect();
        order.sort_unstable();
        let mut gathered = Self {
            pieces: Pieces::default(),
            spans: vec![0..0; series.len()],
        };
        if !gathered.read_values(connection, &order, wanted, most)? {
            return Ok(None);
        }
        gathered.read_times(connection, &order, wanted)?;
        Ok((gathered.pieces.size() <= most).then_some(gathered))
    }

    fn read_values(
        &mut self,
        connection: &Connection,
        order: &[(u64, usize)],
        wanted: Wanted,
        most: usize,
    ) -> Result<bool, FileError> {
        let mut asked = order.iter().peekable();
        let Self { pieces, spans } = self;
        scan(connection, order, wanted.field, wanted.range, |chunk| {
            while asked.next_if(|(id, _)| *id < chunk.series).is_some() {}
            if let Some((_, place)) = asked.peek().filter(|(id, _)| *id == chunk.series) {
                let end = pieces.list.len() + 1;
                let start = end - 1 - spans[*place].len();
                spans[*place] = start..end;
                let values = pieces.keep(chunk.payload);
                pieces.list.push(Piece {
                    series: chunk.series,
                    first: chunk.first,
                    time_count: 0,
                    value_count: chunk.count,
                    times: 0..0,
                    values,
                });
            }
            pieces.size() <= most
        })
    }

    fn read_times(
        &mut self,
        connection: &Connection,
        order: &[(u64, usize)],
        wanted: Wanted,
    ) -> Result<(), FileError> {
        let mut next = 0;
        let pieces = &mut self.pieces;
        scan(connection, order, wanted.measurement, wanted.range, |chunk| {
            let here = (chunk.series, chunk.first);
            let place = |piece: &Piece| (piece.series, piece.first);
            while pieces.list.get(next).is_some_and(|piece| place(piece) < here) {
                next += 1;
            }
            if pieces.list.get(next).is_some_and(|piece| place(piece) == here) {
                let times = pieces.keep(chunk.payload);
                let piece = &mut pieces.list[next];
                (piece.time_count, piece.times) = (chunk.count, times);
            }
            true
        })?;
        Ok(())
    }
}

/// A row of the table.
struct Chunk<'r> {
    series: u64,
    first: i64,
    count: usize,
    payload: &'r [u8],
}

/// Hands over the chunks of all series from the first of `order` to the last, until `each` says `false`; then tells so.
fn scan(
    connection: &Connection,
    order: &[(u64, usize)],
    field: u32,
    range: TimeRange,
    mut each: impl FnMut(Chunk<'_>) -> bool,
) -> Result<bool, FileError> {
    let (Some((first, _)), Some((last, _))) = (order.first(), order.last()) else {
        return Ok(true);
    };
    let mut statement = connection.prepare_cached(OF_MANY)?;
    let mut found = statement.query(params![field, first, last, range.from, range.to])?;
    while let Some(row) = found.next()? {
        let goes_on = each(Chunk {
            series: row.get(0)?,
            first: row.get(1)?,
            count: row.get(2)?,
            payload: row.get_ref(3)?.as_blob().or(Err(Undecodable))?,
        });
        if !goes_on {
            return Ok(false);
        }
    }
    Ok(true)
}
