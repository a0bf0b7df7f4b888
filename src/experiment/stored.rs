//! The points of a stored run, moved in time; writes them nowhere.

/// Lines of line protocol with times in milliseconds, as a run keeps them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoredPoints {
    /// Each line without its time, and the time.
    lines: Vec<(String, i64)>,
}

/// The line, counted from 1, that is no point with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no point with a time in milliseconds")]
pub(crate) struct StoredError {
    line: usize,
}

impl StoredPoints {
    /// Empty lines are passed over; the last line may be cut off, where a run was killed.
    pub(crate) fn parse(text: &str) -> Result<Self, StoredError> {
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut lines = Vec::new();
        for (index, line) in whole.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let wrong = StoredError { line: index + 1 };
            let (point, time) = line.rsplit_once(' ').ok_or(wrong)?;
            let time = time.parse().ok().ok_or(wrong)?;
            lines.push((point.to_owned(), time));
        }
        Ok(Self { lines })
    }

    /// The first and the last time, in milliseconds since the Unix epoch; nothing without a point.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        let times = || self.lines.iter().map(|(_, time)| *time);
        times().min().zip(times().max())
    }

    /// Texts of at most `size` points each, all times moved by `by_ms`.
    pub(crate) fn batches(&self, size: usize, by_ms: i64) -> impl Iterator<Item = (String, u64)> + '_ {
        self.lines.chunks(size.max(1)).map(move |chunk| {
            let lines = chunk
                .iter()
                .map(|(point, time)| format!("{point} {}\n", time.saturating_add(by_ms)));
            (lines.collect(), chunk.len() as u64)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "a,t=x v=1i 1000\nb text=\"two words 7\" 3000\n\na v=2i 2000\na v=3";

    #[test]
    fn times_are_moved_and_nothing_else_and_a_line_cut_off_is_left() {
        let stored = StoredPoints::parse(LINES).unwrap();
        assert_eq!(stored.span(), Some((1000, 3000)));
        let batches: Vec<_> = stored.batches(2, 500).collect();
        assert_eq!(
            batches,
            [
                ("a,t=x v=1i 1500\nb text=\"two words 7\" 3500\n".to_owned(), 2),
                ("a v=2i 2500\n".to_owned(), 1)
            ]
        );
    }

    #[test]
    fn a_line_without_a_time_is_named() {
        assert_eq!(
            StoredPoints::parse("a v=1i 1\na v=1i\n"),
            Err(StoredError { line: 2 })
        );
        assert_eq!(StoredPoints::parse("").unwrap().span(), None);
    }
}
