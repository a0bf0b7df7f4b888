//! In which order points of several series come, above all those at the same time.

use super::rows::{RowColumn, Rows, Scalar};

/// Index of the part and index within it, for each point of the merged order.
pub(super) type Order = Vec<(usize, usize)>;

/// What decides between points at the same time, or goes before time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ties {
    /// As a binary heap over the series yields them, each put back at its end: InfluxDB 1.6.7's way with stored points.
    Heap,
    /// The order of parts: results of windows.
    Parts,
    /// The order of parts goes before time: results of one window that is the whole range.
    PartsFirst,
}

/// Merges parts whose times are each in the order of the query. `texts` are columns that decide between points at the
/// same time, as long as both have text there.
pub(super) fn order(times: &[&[i64]], ties: Ties, descending: bool, texts: &dyn Texts) -> Order {
    if ties == Ties::PartsFirst {
        let part = |(part, times): (usize, &&[i64])| (0..times.len()).map(move |index| (part, index));
        return times.iter().enumerate().flat_map(part).collect();
    }
    let before = |left: (usize, usize), right: (usize, usize)| {
        let (left_time, right_time) = (times[left.0][left.1], times[right.0][right.1]);
        if left_time != right_time {
            return (left_time < right_time) != descending;
        }
        match ties {
            Ties::Parts => left.0 < right.0,
            _ => texts.before(left, right, descending),
        }
    };
    let parts = (0..times.len()).filter(|&part| !times[part].is_empty());
    let mut heads: Vec<(usize, usize)> = parts.map(|part| (part, 0)).collect();
    if ties == Ties::Heap && descending {
        heads.reverse();
    }
    let mut heap = Heap { heads, before };

    heap.arrange();
    let mut order = Vec::with_capacity(times.iter().map(|times| times.len()).sum());
    while let Some((part, index)) = heap.take_first() {
        order.push((part, index));
        if index + 1 < times[part].len() {
            heap.put_last((part, index + 1));
        }
    }
    order
}

/// Compares what points at the same time have beside it.
pub(super) trait Texts {
    fn before(&self, left: (usize, usize), right: (usize, usize), descending: bool) -> bool;
}

/// Nothing to compare.
pub(super) struct NoTexts;

impl Texts for NoTexts {
    fn before(&self, _: (usize, usize), _: (usize, usize), _: bool) -> bool {
        false
    }
}

/// Columns of rows, in the order in which they decide.
pub(super) struct RowTexts<'a> {
    pub(super) parts: &'a [Rows],
    pub(super) columns: Vec<usize>,
}

impl Texts for RowTexts<'_> {
    fn before(&self, left: (usize, usize), right: (usize, usize), descending: bool) -> bool {
        for &column in &self.columns {
            let of = |at: (usize, usize)| text(&self.parts[at.0].columns[column], at.1);
            let (Some(left), Some(right)) = (of(left), of(right)) else {
                return false;
            };
            if left != right {
                return (left < right) != descending;
            }
        }
        false
    }
}

fn text(column: &RowColumn, index: usize) -> Option<std::sync::Arc<str>> {
    match column.scalar(index) {
        Some(Scalar::Text(text)) => Some(text),
        _ => None,
    }
}

/// A binary heap whose way with equal elements is known, unlike that of the standard library.
struct Heap<F> {
    heads: Vec<(usize, usize)>,
    before: F,
}

impl<F: Fn((usize, usize), (usize, usize)) -> bool> Heap<F> {
    fn arrange(&mut self) {
        for at in (0..self.heads.len() / 2).rev() {
            self.sink(at, self.heads.len());
        }
    }

    fn take_first(&mut self) -> Option<(usize, usize)> {
        let last = self.heads.len().checked_sub(1)?;
        self.heads.swap(0, last);
        self.sink(0, last);
        self.heads.pop()
    }

    fn put_last(&mut self, head: (usize, usize)) {
        self.heads.push(head);
        let mut at = self.heads.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if !(self.before)(self.heads[at], self.heads[parent]) {
                break;
            }
            self.heads.swap(at, parent);
            at = parent;
        }
    }

    fn sink(&mut self, mut at: usize, count: usize) {
        loop {
            let left = 2 * at + 1;
            if left >= count {
                return;
            }
            let right = left + 1;
            let takes_right = right < count && (self.before)(self.heads[right], self.heads[left]);
            let child = if takes_right { right } else { left };
            if !(self.before)(self.heads[child], self.heads[at]) {
                return;
            }
            self.heads.swap(at, child);
            at = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(ties: Ties, descending: bool, times: &[&[i64]]) -> Vec<usize> {
        let order = order(times, ties, descending, &NoTexts);
        order.into_iter().map(|(part, _)| part).collect()
    }

    #[test]
    fn points_are_ordered_by_time_in_the_direction_of_the_query() {
        assert_eq!(parts(Ties::Parts, false, &[&[1, 4], &[2, 3]]), [0, 1, 1, 0]);
        assert_eq!(parts(Ties::Parts, true, &[&[4, 1], &[3, 2]]), [0, 1, 1, 0]);
        assert_eq!(parts(Ties::PartsFirst, false, &[&[4], &[1, 2]]), [0, 1, 1]);
    }

    #[test]
    fn points_at_the_same_time_come_as_a_heap_yields_them() {
        // Four series with points at the same two times; asked of InfluxDB 1.6.7.
        let times: [&[i64]; 4] = [&[1, 2], &[1, 2], &[1, 2], &[1, 2]];
        assert_eq!(parts(Ties::Heap, false, &times), [0, 3, 1, 2, 1, 2, 3, 0]);
        assert_eq!(parts(Ties::Parts, false, &times), [0, 1, 2, 3, 0, 1, 2, 3]);
    }
}
