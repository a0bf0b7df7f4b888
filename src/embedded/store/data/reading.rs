//! The columns of a query: pieces of one series after the other, decoded as far as memory is granted for them.

use super::super::column::{Column, Kind, ReadError, Take, TimeRange};
use super::columns::column;
use super::encoding::Undecodable;
use super::pieces::{Piece, Pieces, Wanted};
use super::view::Head;

/// So many rows of blocks are decoded together: enough for what is done once for each of them not to count.
pub(super) const SPAN_ROWS: usize = 1 << 18;
/// What a row of a head takes in a column, at most; its text stays where it is.
const HEAD_ROW_BYTES: usize = 24;

/// One series while it is read.
pub(super) struct Reading<'a> {
    index: usize,
    wanted: Wanted,
    kind: Kind,
    /// Where it has rows.
    head: Option<(&'a Head, TimeRange)>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(index: usize, wanted: Wanted, kind: Kind, head: Option<&'a Head>) -> Self {
        Self {
            index,
            wanted,
            kind,
            head: head.and_then(|head| Some((head, head.extent()?))),
        }
    }

    /// Hands on what there is within `range`, of which these are all pieces.
    pub(super) fn hand_on(
        &self,
        all: &Pieces,
        pieces: &[Piece],
        range: TimeRange,
        take: &mut dyn Take,
        fault: &dyn Fn(Undecodable) -> ReadError,
    ) -> Result<(), ReadError> {
        let mut rest = pieces;
        let mut from = range.from;
        loop {
            let (span, later) = rest.split_at(span_length(rest));
            let to = later.first().map_or(range.to, |next| next.first - 1);
            let span_range = TimeRange { from, to };
            let decoded: usize = span.iter().map(|piece| all.decoded_size(piece, self.kind)).sum();
            let head = self.head_within(span_range);
            let of_head = head.map_or(0, |head| head.row_count() * HEAD_ROW_BYTES);
            take.room(all.size() + decoded + of_head)?;
            let wanted = Wanted {
                range: span_range,
                ..self.wanted
            };
            let column: Column = column(all, span, head, wanted, self.kind).map_err(fault)?;
            if !column.times.is_empty() {
                take.take(self.index, column)?;
            }
            if later.is_empty() {
                return Ok(());
            }
            (rest, from) = (later, to + 1);
        }
    }

    fn head_within(&self, range: TimeRange) -> Option<&'a Head> {
        let reaches = |extent: TimeRange| extent.from <= range.to && extent.to >= range.from;
        self.head
            .filter(|(_, extent)| reaches(*extent))
            .map(|(head, _)| head)
    }
}

/// How many of the first pieces are decoded together: at least one, if there are any.
fn span_length(pieces: &[Piece]) -> usize {
    let mut rows = 0;
    let fits = |piece: &&Piece| {
        rows += piece.time_count;
        rows <= SPAN_ROWS
    };
    let fitting = pieces.iter().take_while(fits).count();
    fitting.max(1).min(pieces.len())
}
