//! Which of a run's threads are one process's own: all of them, or those that follow the ones of other processes; starts none.

use serde::{Deserialize, Serialize};

/// The threads `first..first + threads` of all `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) first: usize,
    pub(crate) threads: usize,
    pub(crate) of: usize,
}

impl Part {
    /// All threads of a run that one process makes alone.
    pub(crate) fn whole(threads: usize) -> Self {
        Self {
            first: 0,
            threads,
            of: threads,
        }
    }

    /// The threads of the `index`th of several processes that have as many each; nothing where they cannot be counted.
    pub(crate) fn of_several(threads: usize, index: usize, processes: usize) -> Option<Self> {
        Some(Self {
            first: threads.checked_mul(index)?,
            threads,
            of: threads.checked_mul(processes)?,
        })
    }

    /// Whether it has a thread and all it has are among those there are.
    pub(crate) fn is_sound(&self) -> bool {
        let end = self.first.checked_add(self.threads);
        self.threads > 0 && end.is_some_and(|end| end <= self.of)
    }

    /// The numbers of its threads among all.
    pub(crate) fn indices(&self) -> impl Iterator<Item = u64> + use<> {
        self.first as u64..(self.first + self.threads) as u64
    }

    /// What of `total` falls to the thread `index`.
    pub(crate) fn share_of(&self, total: u64, index: u64) -> u64 {
        let of = self.of as u64;
        total / of + u64::from(index < total % of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_divided_among_processes_is_what_one_would_have() {
        let shares = |part: Part| -> Vec<u64> {
            let indices = part.indices();
            indices.map(|index| part.share_of(23, index)).collect()
        };
        let several: Vec<u64> = (0..3)
            .flat_map(|index| shares(Part::of_several(2, index, 3).unwrap()))
            .collect();
        assert_eq!(several, shares(Part::whole(6)));
        assert_eq!(several, [4, 4, 4, 4, 4, 3]);
        assert_eq!(Part::of_several(usize::MAX, 1, 2), None);
        let beyond = Part {
            first: 5,
            threads: 2,
            of: 6,
        };
        assert_eq!((beyond.is_sound(), Part::whole(0).is_sound()), (false, false));
    }
}
