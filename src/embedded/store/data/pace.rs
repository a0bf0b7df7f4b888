//! How many series a query reads at once: one by one until their size is known, then as many as memory allows.

use std::ops::Range;

/// So many series are read one by one before it is known how large they are.
const SAMPLE: usize = 64;
/// What is read of many series at once, in bytes.
pub(super) const GATHERED_BYTES: usize = 32_000_000;

/// Where a query is in its list of series.
#[derive(Debug)]
pub(super) struct Pace {
    count: usize,
    at: usize,
    /// Up to here series are read one by one.
    alone: usize,
    bytes: usize,
}

impl Pace {
    pub(super) fn new(count: usize) -> Self {
        Self {
            count,
            at: 0,
            alone: SAMPLE,
            bytes: 0,
        }
    }

    /// The series to read next, by place: one, or many together; `None` when all are read.
    pub(super) fn next(&self) -> Option<Range<usize>> {
        if self.at >= self.count {
            return None;
        }
        let together = if self.at < self.alone {
            1
        } else {
            let typical = (self.bytes / self.at).max(1);
            (GATHERED_BYTES / typical).max(SAMPLE)
        };
        Some(self.at..self.count.min(self.at + together))
    }

    /// What was read, and how many bytes it was.
    pub(super) fn took(&mut self, places: &Range<usize>, bytes: usize) {
        self.at = places.end;
        self.bytes += bytes;
    }

    /// These were too much together, or lie too far from each other.
    pub(super) fn one_by_one(&mut self, places: &Range<usize>) {
        self.alone = places.end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_read_together_once_their_size_is_known() {
        let mut pace = Pace::new(10_000_000);
        for place in 0..SAMPLE {
            assert_eq!(pace.next(), Some(place..place + 1));
            pace.took(&(place..place + 1), 100);
        }
        let together = SAMPLE..SAMPLE + GATHERED_BYTES / 100;
        assert_eq!(pace.next(), Some(together.clone()));
        pace.took(&together, together.len() * 300);
        let typical = (SAMPLE * 100 + together.len() * 300) / together.end;
        assert_eq!(
            pace.next(),
            Some(together.end..together.end + GATHERED_BYTES / typical)
        );
    }

    #[test]
    fn what_is_too_much_together_is_read_one_by_one() {
        let mut pace = Pace::new(200);
        pace.took(&(0..SAMPLE), 0);
        assert_eq!(pace.next(), Some(SAMPLE..200));
        pace.one_by_one(&(SAMPLE..200));
        for place in SAMPLE..200 {
            assert_eq!(pace.next(), Some(place..place + 1));
            pace.took(&(place..place + 1), 1);
        }
        assert_eq!(pace.next(), None);
    }
}
