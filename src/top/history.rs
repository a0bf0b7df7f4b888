//! The last minutes of a server, one entry a reading; forgets what is older.

use std::collections::VecDeque;

/// Ten minutes of seconds, and more than the widest terminal has columns.
const CAPACITY: usize = 600;

/// What one reading adds. Unknown is None, so that a gap is no zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Entry {
    pub(crate) requests_s: Option<f64>,
    /// Cores in a request, or busy workers where uWSGI does not tell of cores.
    pub(crate) busy: Option<f64>,
    pub(crate) queue: Option<f64>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    entries: VecDeque<Entry>,
}

impl History {
    pub(crate) fn push(&mut self, entry: Entry) {
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// The last `count` values of what `pick` takes, oldest first.
    pub(crate) fn last(&self, count: usize, pick: impl Fn(&Entry) -> Option<f64>) -> Vec<Option<f64>> {
        let skipped = self.entries.len().saturating_sub(count);
        self.entries.iter().skip(skipped).map(pick).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_are_forgotten() {
        let mut history = History::default();
        for number in 0..CAPACITY + 2 {
            history.push(Entry {
                queue: Some(number as f64),
                ..Entry::default()
            });
        }
        let queue = |count| history.last(count, |entry| entry.queue);
        assert_eq!(queue(2), [Some(600.0), Some(601.0)]);
        assert_eq!(queue(9_999).len(), CAPACITY);
        assert_eq!(queue(9_999)[0], Some(2.0));
    }
}
