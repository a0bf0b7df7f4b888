//! Batches that wait on disk for one sink, oldest first, within a number of bytes; survives the process. Sends nothing.

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::batch::{Batch, Encoding};
use super::segment::Segment;

/// A segment that is as long as this is closed.
const SEGMENT_BYTES: u64 = 4 << 20;
/// Of an empty spool's first segment: there is room before it for batches that come back.
const FIRST: u64 = 1 << 32;
/// Batches on disk are as InfluxDB takes them; no other sink has a spool.
pub(super) const ENCODING: Encoding = Encoding::Gzip;

#[derive(Debug, Error)]
pub(crate) enum SpoolError {
    #[error("another uwsgi-lab keeps its points in {path}", path = path.display())]
    Busy { path: PathBuf },
    #[error("cannot {action} {path}", path = path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

/// The directory of one sink. No other process can have it at the same time.
#[derive(Debug)]
pub(crate) struct Spool {
    directory: PathBuf,
    limit: u64,
    segments: VecDeque<Segment>,
    lent: Option<Lent>,
    /// Points that went over the limit, or could not be read.
    pub(super) dropped: u64,
    _lock: File,
}

/// What is being written, from the beginning of a segment.
#[derive(Debug)]
struct Lent {
    segment: u64,
    end: u64,
    points: u64,
}

impl Spool {
    /// Of bytes on disk.
    pub(crate) const DEFAULT_LIMIT: u64 = 1 << 30;

    /// Opens the directory under `root` for the points that go to `place`, which no other place has.
    pub(crate) fn open_for(place: &str, root: &Path, limit: u64) -> Result<Self, SpoolError> {
        Self::open(&root.join(directory_name(place)), limit)
    }

    /// Takes `directory`, which need not exist, and what an earlier process left there. At most `limit` bytes are kept.
    fn open(directory: &Path, limit: u64) -> Result<Self, SpoolError> {
        let failed = |action, source| SpoolError::Io {
            action,
            path: directory.to_owned(),
            source,
        };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|source| failed("make", source))?;
        let lock = lock(directory)?;
        let mut spool = Self {
            directory: directory.to_owned(),
            limit,
            segments: find(directory).map_err(|source| failed("read", source))?,
            lent: None,
            dropped: 0,
            _lock: lock,
        };
        spool.shrink();
        Ok(spool)
    }

    /// Points that wait, those that are lent included.
    pub(crate) fn points(&self) -> u64 {
        self.segments.iter().map(|segment| segment.points).sum()
    }

    /// Takes batches out of `batches` and adds them behind all others; those that are left there could not be kept.
    pub(super) fn append(&mut self, batches: &mut VecDeque<Batch>) -> io::Result<()> {
        while !batches.is_empty() {
            let full = SEGMENT_BYTES.min(self.limit / 8);
            let growing = self
                .segments
                .back()
                .filter(|last| last.can_grow() && last.bytes() < full);
            if growing.is_none() {
                let number = self.segments.back().map_or(FIRST, |last| last.number + 1);
                self.segments.push_back(Segment::create(&self.directory, number)?);
            }
            let Some(segment) = self.segments.back_mut() else {
                break;
            };
            let mut bytes = segment.bytes();
            let fit = batches.iter().take_while(|batch| {
                let is_room = bytes < full;
                bytes += Segment::size_of(batch);
                is_room
            });
            let count = fit.count().max(1);
            let appended = segment.append(&batches.make_contiguous()[..count]);
            self.forget_if_empty();
            appended?;
            batches.drain(..count);
            self.shrink();
        }
        Ok(())
    }

    /// Keeps batches that are older than all others, as lent.
    pub(super) fn push_front(&mut self, batches: &[Batch]) -> io::Result<()> {
        let number = self.segments.front().map_or(FIRST, |first| first.number - 1);
        let mut segment = Segment::create(&self.directory, number)?;
        if let Err(error) = segment.append(batches) {
            segment.remove();
            return Err(error);
        }
        self.lent = Some(Lent {
            segment: number,
            end: segment.bytes(),
            points: segment.points,
        });
        self.segments.push_front(segment);
        self.shrink();
        Ok(())
    }

    /// The oldest batches, at most `most_points` if there are several, as one. They stay until [`Self::written`].
    /// A segment that is damaged, or gone, is dropped from there on.
    ///
    /// # Errors
    /// A file that cannot be read now and may be later: too many are open, for instance.
    pub(super) fn lend(&mut self, most_points: u64) -> io::Result<Option<Batch>> {
        loop {
            let Some(segment) = self.segments.front() else {
                return Ok(None);
            };
            match segment.read(most_points, ENCODING) {
                Ok(Some(lot)) => {
                    self.lent = Some(Lent {
                        segment: segment.number,
                        end: lot.end,
                        points: lot.batch.points,
                    });
                    return Ok(Some(lot.batch));
                }
                Ok(None) => self.drop_oldest(),
                // What is damaged further on is met when its turn comes.
                Err(error) if most_points > 0 && error.kind() == ErrorKind::InvalidData => {
                    return self.lend(0);
                }
                Err(error) if !is_for_good(&error) => return Err(error),
                Err(error) => {
                    let directory = self.directory.display();
                    tracing::warn!(%directory, %error, points = segment.points, "points on disk cannot be read");
                    self.drop_oldest();
                }
            }
        }
    }

    /// What was lent is where it belongs.
    pub(super) fn written(&mut self) {
        let (Some(lent), Some(first)) = (self.lent.take(), self.segments.front_mut()) else {
            return;
        };
        if first.number == lent.segment {
            first.advance(lent.end, lent.points);
            self.forget_if_empty();
        }
    }

    fn forget_if_empty(&mut self) {
        for place in [0, self.segments.len().saturating_sub(1)] {
            if self.segments.get(place).is_some_and(Segment::is_empty) {
                self.segments.remove(place).iter().for_each(Segment::remove);
            }
        }
    }

    fn shrink(&mut self) {
        while self.segments.iter().map(Segment::bytes).sum::<u64>() > self.limit {
            self.drop_oldest();
        }
    }

    /// What is lent is still in the hands of who has it.
    fn drop_oldest(&mut self) {
        let Some(oldest) = self.segments.pop_front() else {
            return;
        };
        oldest.remove();
        let lent = self.lent.take_if(|lent| lent.segment == oldest.number);
        self.dropped += oldest.points - lent.map_or(0, |lent| lent.points);
    }
}

/// What people can read of the place, and what tells it from all others.
fn directory_name(place: &str) -> String {
    let plain = |character: char| match character.is_ascii_alphanumeric() || character == '.' {
        true => character,
        false => '-',
    };
    let readable: String = place
        .trim_start_matches("http://")
        .chars()
        .take(80)
        .map(plain)
        .collect();
    let hash = Sha256::digest(place.as_bytes());
    let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{readable}-{hash}")
}

fn lock(directory: &Path) -> Result<File, SpoolError> {
    let path = directory.join("lock");
    let mut options = OpenOptions::new();
    let opened = options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path);
    let failed = |action, source| SpoolError::Io {
        action,
        path: path.clone(),
        source,
    };
    let file = opened.map_err(|source| failed("open", source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::Busy {
            path: directory.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed("lock", source)),
    }
}

fn find(directory: &Path) -> io::Result<VecDeque<Segment>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(directory)? {
        let Some(segment) = Segment::find(entry?.path())? else {
            continue;
        };
        match segment.is_empty() {
            true => segment.remove(),
            false => segments.push(segment),
        }
    }
    segments.sort_by_key(|segment| segment.number);
    Ok(segments.into())
}

/// What no later try could read.
fn is_for_good(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::NotFound
    )
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const ROOM: u64 = 1 << 20;

    fn batches(names: &[&str]) -> VecDeque<Batch> {
        names
            .iter()
            .map(|name| ENCODING.encode(&format!("{name}\n"), 1).unwrap())
            .collect()
    }

    /// Writes everything that waits, at most `most_points` at a time.
    fn drain(spool: &mut Spool, most_points: u64) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(batch) = spool.lend(most_points).unwrap() {
            texts.push(ENCODING.decode(&batch).unwrap());
            spool.written();
        }
        texts
    }

    fn segments(directory: &Path) -> usize {
        let entries = fs::read_dir(directory).unwrap();
        entries
            .filter(|entry| entry.as_ref().unwrap().file_name() != "lock")
            .count()
    }

    #[test]
    fn what_was_kept_is_found_by_the_next_process_and_gone_once_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(directory.path(), ROOM).unwrap();
        spool.append(&mut batches(&["a", "b"])).unwrap();
        assert!(matches!(
            Spool::open(directory.path(), ROOM),
            Err(SpoolError::Busy { .. })
        ));
        drop(spool);

        let mut spool = Spool::open(directory.path(), ROOM).unwrap();
        assert_eq!(spool.points(), 2);
        spool.append(&mut batches(&["c"])).unwrap();
        assert_eq!(drain(&mut spool, 1), ["a\n", "b\n", "c\n"]);
        assert_eq!(
            (spool.points(), spool.dropped, segments(directory.path())),
            (0, 0, 0)
        );
    }

    #[test]
    fn points_for_one_place_are_never_found_by_another() {
        let root = tempfile::tempdir().unwrap();
        let place = "http://127.0.0.1:8086/ uWSGI";
        let mut spool = Spool::open_for(place, root.path(), ROOM).unwrap();
        spool.append(&mut batches(&["a"])).unwrap();
        for other in [
            "http://127.0.0.1:8086/ uWSGI2",
            "http://127.0.0.1-8086/ uWSGI",
            "http://127.0.0.1:8086/uWSGI",
        ] {
            assert_eq!(
                Spool::open_for(other, root.path(), ROOM).unwrap().points(),
                0,
                "{other}"
            );
        }
        drop(spool);
        assert_eq!(Spool::open_for(place, root.path(), ROOM).unwrap().points(), 1);
    }

    #[test]
    fn what_is_lent_and_not_written_is_lent_again_by_the_next_process() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(directory.path(), ROOM).unwrap();
        spool.append(&mut batches(&["a", "b", "c"])).unwrap();
        spool.lend(1).unwrap().unwrap();
        spool.written();
        spool.lend(1).unwrap().unwrap();
        assert_eq!(spool.points(), 2);
        drop(spool);
        // Within a segment nothing tells how far an earlier process came; InfluxDB stores a point once.
        let mut spool = Spool::open(directory.path(), ROOM).unwrap();
        assert_eq!(drain(&mut spool, 2), ["a\nb\n", "c\n"]);
    }

    #[test]
    fn a_batch_that_comes_back_is_the_oldest() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(directory.path(), ROOM).unwrap();
        spool.append(&mut batches(&["b"])).unwrap();
        spool.push_front(batches(&["a"]).make_contiguous()).unwrap();
        drop(spool);
        let mut spool = Spool::open(directory.path(), ROOM).unwrap();
        spool.push_front(batches(&["0"]).make_contiguous()).unwrap();
        assert_eq!(spool.points(), 3);
        spool.written();
        assert_eq!(drain(&mut spool, 9), ["a\n", "b\n"]);
    }

    #[test]
    fn over_the_limit_the_oldest_points_go_and_are_counted_but_not_those_that_are_lent() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(directory.path(), 800).unwrap();
        let names: Vec<_> = (100..150).map(|number| number.to_string()).collect();
        spool.append(&mut batches(&["lent", "dropped"])).unwrap();
        spool.lend(1).unwrap().unwrap();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        spool.append(&mut batches(&names)).unwrap();
        spool.written();
        let (left, dropped) = (spool.points(), spool.dropped);
        assert_eq!(left + dropped, 51);
        let kept = drain(&mut spool, 1);
        assert_eq!(kept.last().unwrap(), "149\n");
        assert_eq!(kept.len() as u64, left);
        assert!((5..30).contains(&left), "{left} of 51 in 800 bytes");
    }

    #[test]
    fn a_damaged_batch_costs_the_rest_of_its_file_alone() {
        let directory = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(directory.path(), ROOM).unwrap();
        spool.append(&mut batches(&["a", "b", "c"])).unwrap();
        drop(spool);
        let mut spool = Spool::open(directory.path(), ROOM).unwrap();
        spool.append(&mut batches(&["d"])).unwrap();
        let first = directory.path().join(format!("{FIRST:020}.batches"));
        let mut bytes = fs::read(&first).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&first, &bytes).unwrap();
        assert_eq!(drain(&mut spool, 9), ["a\n", "d\n"]);
        assert_eq!(spool.dropped, 2);
    }

    #[test]
    fn a_disk_that_takes_nothing_leaves_the_batches_with_who_has_them() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("spool");
        let mut spool = Spool::open(&place, ROOM).unwrap();
        fs::remove_dir_all(&place).unwrap();
        let mut waiting = batches(&["a", "b"]);
        spool.append(&mut waiting).unwrap_err();
        spool.push_front(waiting.make_contiguous()).unwrap_err();
        assert_eq!(
            (waiting.len(), spool.points(), spool.lend(1).unwrap()),
            (2, 0, None)
        );
    }

    #[derive(Debug, Clone)]
    enum Step {
        Append(usize),
        Write(u64),
        LendInVain(u64),
        /// A batch that was in hand when the sink went away.
        PushFront,
        Restart,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (1..6_usize).prop_map(Step::Append),
            3 => (1..5_u64).prop_map(Step::Write),
            1 => (1..5_u64).prop_map(Step::LendInVain),
            1 => Just(Step::PushFront),
            1 => Just(Step::Restart),
        ]
    }

    /// Lends, and takes down what was lent.
    fn lend(spool: &mut Spool, most_points: u64, log: &mut Vec<i64>) {
        if let Some(batch) = spool.lend(most_points).unwrap() {
            let text = ENCODING.decode(&batch).unwrap();
            log.extend(text.lines().map(|line| line.parse::<i64>().unwrap()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn whatever_happens_each_point_is_lent_until_it_is_written_and_in_order(steps in vec(step(), 1..40)) {
            let directory = tempfile::tempdir().unwrap();
            let mut spool = Spool::open(directory.path(), ROOM).unwrap();
            let (mut oldest, mut newest, mut written) = (0, 0, Vec::new());
            let mut since_restart = 0;
            for step in steps {
                match step {
                    Step::Append(count) => {
                        let names: Vec<_> = (newest..newest + count as i64).map(|n| n.to_string()).collect();
                        newest += count as i64;
                        let names: Vec<_> = names.iter().map(String::as_str).collect();
                        spool.append(&mut batches(&names)).unwrap();
                    }
                    Step::Write(most_points) => {
                        lend(&mut spool, most_points, &mut written);
                        spool.written();
                    }
                    Step::LendInVain(most_points) => lend(&mut spool, most_points, &mut Vec::new()),
                    // Only a batch that is older than what was ever lent can come back.
                    Step::PushFront if written.is_empty() => {
                        oldest -= 1;
                        spool.push_front(batches(&[&oldest.to_string()]).make_contiguous()).unwrap();
                    }
                    Step::PushFront => {}
                    Step::Restart => {
                        prop_assert!(written[since_restart..].is_sorted(), "{:?}", written);
                        since_restart = written.len();
                        drop(spool);
                        spool = Spool::open(directory.path(), ROOM).unwrap();
                    }
                }
            }
            while spool.points() > 0 {
                lend(&mut spool, 3, &mut written);
                spool.written();
            }
            prop_assert!(written[since_restart..].is_sorted(), "{:?}", written);
            written.sort_unstable();
            written.dedup();
            prop_assert_eq!(written, (oldest..newest).collect::<Vec<_>>());
            prop_assert_eq!((segments(directory.path()), spool.dropped), (0, 0));
        }
    }
}
