//! How much of a range is read for the first rows of it, where a `LIMIT` says how many are wanted.

use crate::embedded::store::column::TimeRange;

/// A piece that short is not cut any further.
const SHORTEST: u64 = 60_000_000_000;

/// Each piece begins where the range does and is four times as long as the one before, so that all of them together
/// are at most a third more than the last.
pub(super) struct Slices {
    range: TimeRange,
    descending: bool,
    /// Nanoseconds; a range may be longer than their count fits into `i64`.
    length: u64,
}

impl Slices {
    /// One piece where more is `wanted` than can be counted, or the range has no length.
    pub(super) fn of(range: TimeRange, wanted: usize, descending: bool) -> Self {
        let whole = range.to.abs_diff(range.from);
        let length = if wanted == usize::MAX {
            whole
        } else {
            (whole / 1024).max(SHORTEST)
        };
        Self {
            range,
            descending,
            length,
        }
    }

    /// The next piece, and whether it is the whole range.
    pub(super) fn next(&mut self) -> (TimeRange, bool) {
        let mut piece = self.range;
        if self.descending {
            piece.from = piece.from.max(piece.to.saturating_sub_unsigned(self.length));
        } else {
            piece.to = piece.to.min(piece.from.saturating_add_unsigned(self.length));
        }
        self.length = self.length.saturating_mul(4);
        (piece, piece == self.range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = SHORTEST as i64;

    fn pieces(range: TimeRange, wanted: usize, descending: bool) -> Vec<TimeRange> {
        let mut slices = Slices::of(range, wanted, descending);
        let mut pieces = Vec::new();
        loop {
            let (piece, is_last) = slices.next();
            pieces.push(piece);
            if is_last {
                return pieces;
            }
        }
    }

    fn range(from: i64, to: i64) -> TimeRange {
        TimeRange { from, to }
    }

    #[test]
    fn pieces_grow_from_where_the_query_begins_to_the_whole_range() {
        let whole = range(0, 10 * MINUTE);
        assert_eq!(
            pieces(whole, 5, false),
            [range(0, MINUTE), range(0, 4 * MINUTE), whole]
        );
        assert_eq!(
            pieces(whole, 5, true),
            [
                range(9 * MINUTE, 10 * MINUTE),
                range(6 * MINUTE, 10 * MINUTE),
                whole
            ]
        );
    }

    #[test]
    fn without_a_limit_there_is_one_piece() {
        let whole = range(0, 10 * MINUTE);
        assert_eq!(pieces(whole, usize::MAX, false), [whole]);
        assert_eq!(pieces(range(5, 5), 1, false), [range(5, 5)]);
        assert_eq!(pieces(range(7, 5), 1, true), [range(7, 5)]);
        let everything = range(i64::MIN, i64::MAX);
        assert_eq!(pieces(everything, usize::MAX, false), [everything]);
        assert_eq!(pieces(everything, 1, true).len(), 7);
    }
}
