//! One file of batches that wait on disk, each with its length and a checksum; knows no other file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use flate2::Crc;

use super::batch::{Batch, Encoding};

/// The last byte is the version of what follows.
const MAGIC: [u8; 8] = *b"uwsgilb\x01";
/// Points (u64), length of the body (u32), checksum of both and of the body (u32); all little-endian.
const HEAD: usize = 16;

/// The batches of a file that have not been written to where they belong.
#[derive(Debug)]
pub(super) struct Segment {
    path: PathBuf,
    pub(super) number: u64,
    /// Where the first batch that waits begins.
    begin: u64,
    /// Where the last whole batch ends.
    end: u64,
    pub(super) points: u64,
    /// Kept by who made the file; one that was found is never added to.
    file: Option<File>,
}

/// Some batches from the beginning of a segment, as one.
#[derive(Debug)]
pub(super) struct Lot {
    pub(super) batch: Batch,
    pub(super) end: u64,
}

impl Segment {
    pub(super) fn create(directory: &Path, number: u64) -> io::Result<Self> {
        let path = directory.join(format!("{number:020}.batches"));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&path)?;
        let begun = file
            .write_all(&MAGIC)
            .and_then(|()| File::open(directory)?.sync_all());
        if let Err(error) = begun {
            fs::remove_file(&path).ok();
            return Err(error);
        }
        Ok(Self {
            path,
            number,
            begin: MAGIC.len() as u64,
            end: MAGIC.len() as u64,
            points: 0,
            file: Some(file),
        })
    }

    /// What an earlier process left in `path`, up to the first batch that is not whole. None for a file that is not a segment.
    pub(super) fn find(path: PathBuf) -> io::Result<Option<Self>> {
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_suffix(".batches")?.parse().ok());
        let Some(number) = number else { return Ok(None) };
        let file = File::open(&path)?;
        let length = file.metadata()?.len();
        let mut magic = [0; MAGIC.len()];
        if length < magic.len() as u64 {
            // Its maker was killed before it was begun.
            magic = MAGIC;
        } else {
            file.read_exact_at(&mut magic, 0)?;
        }
        if magic != MAGIC {
            return Ok(None);
        }
        let (mut end, mut points) = (MAGIC.len() as u64, 0);
        while let Some(head) = Head::read(&file, end, length)? {
            end += HEAD as u64 + u64::from(head.length);
            points += head.points;
        }
        Ok(Some(Self {
            path,
            number,
            begin: MAGIC.len() as u64,
            end,
            points,
            file: None,
        }))
    }

    /// Bytes on disk up to the end of the last whole batch.
    pub(super) fn bytes(&self) -> u64 {
        self.end
    }

    pub(super) fn can_grow(&self) -> bool {
        self.file.is_some()
    }

    /// Bytes that `batch` takes in a segment.
    pub(super) fn size_of(batch: &Batch) -> u64 {
        (HEAD + batch.body.len()) as u64
    }

    /// Adds batches and waits until they are on the disk. Of a call that fails nothing is kept.
    pub(super) fn append(&mut self, batches: &[Batch]) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        };
        let appended = batches.iter().try_for_each(|batch| {
            file.write_all(&Head::of(batch)?.bytes())?;
            file.write_all(&batch.body)
        });
        if let Err(error) = appended.and_then(|()| file.sync_data()) {
            // What comes after half a batch could not be found again.
            let cleared = file.set_len(self.end).and_then(|()| {
                use std::io::Seek as _;
                file.seek(io::SeekFrom::Start(self.end))
            });
            if cleared.is_err() {
                self.file = None;
            }
            return Err(error);
        }
        self.end += batches.iter().map(Self::size_of).sum::<u64>();
        self.points += batches.iter().map(|batch| batch.points).sum::<u64>();
        Ok(())
    }

    /// The oldest batch, together with those after it as long as they have `most_points` together. None when none is left.
    ///
    /// # Errors
    /// `InvalidData` for a batch that is not what was written.
    pub(super) fn read(&self, most_points: u64, encoding: Encoding) -> io::Result<Option<Lot>> {
        let file = File::open(&self.path)?;
        let (mut end, mut points, mut batches) = (self.begin, 0, Vec::new());
        while let Some(head) = Head::read(&file, end, self.end)? {
            points += head.points;
            if points > most_points && !batches.is_empty() {
                break;
            }
            batches.push(head.batch(&file, end)?);
            end += HEAD as u64 + u64::from(head.length);
        }
        if batches.is_empty() {
            return Ok(None);
        }
        let batch = encoding.join(batches)?;
        Ok(Some(Lot { batch, end }))
    }

    /// Forgets the `points` before `end`.
    pub(super) fn advance(&mut self, end: u64, points: u64) {
        self.begin = end;
        self.points -= points;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.begin >= self.end
    }

    /// A file that stays is written again by the next process, which changes nothing in an InfluxDB.
    pub(super) fn remove(&self) {
        fs::remove_file(&self.path).ok();
    }
}

#[derive(Debug)]
struct Head {
    points: u64,
    length: u32,
    checksum: u32,
}

impl Head {
    fn of(batch: &Batch) -> io::Result<Self> {
        let Ok(length) = u32::try_from(batch.body.len()) else {
            return Err(ErrorKind::FileTooLarge.into());
        };
        let mut head = Self {
            points: batch.points,
            length,
            checksum: 0,
        };
        head.checksum = head.checksum_with(&batch.body);
        Ok(head)
    }

    /// The head at `at` of a batch that ends before `limit`.
    fn read(file: &File, at: u64, limit: u64) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEAD];
        if at + HEAD as u64 > limit {
            return Ok(None);
        }
        file.read_exact_at(&mut bytes, at)?;
        let [p0, p1, p2, p3, p4, p5, p6, p7, l0, l1, l2, l3, c0, c1, c2, c3] = bytes;
        let head = Self {
            points: u64::from_le_bytes([p0, p1, p2, p3, p4, p5, p6, p7]),
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            checksum: u32::from_le_bytes([c0, c1, c2, c3]),
        };
        let end = at + HEAD as u64 + u64::from(head.length);
        // A file that a crash of the machine left full of zeros ends here too.
        Ok(Some(head).filter(|head| end <= limit && head.points > 0))
    }

    fn batch(&self, file: &File, at: u64) -> io::Result<Batch> {
        let mut body = vec![0; self.length as usize];
        file.read_exact_at(&mut body, at + HEAD as u64)?;
        if self.checksum_with(&body) != self.checksum {
            return Err(ErrorKind::InvalidData.into());
        }
        Ok(Batch {
            body: body.into(),
            points: self.points,
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let (points, length) = (self.points.to_le_bytes(), self.length.to_le_bytes());
        [&points[..], &length, &self.checksum.to_le_bytes()].concat()
    }

    fn checksum_with(&self, body: &[u8]) -> u32 {
        let mut checksum = Crc::new();
        checksum.update(&self.points.to_le_bytes());
        checksum.update(&self.length.to_le_bytes());
        checksum.update(body);
        checksum.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(text: &str, points: u64) -> Batch {
        Encoding::Gzip.encode(text, points).unwrap()
    }

    fn text(segment: &Segment, most_points: u64) -> Option<(String, u64)> {
        let lot = segment.read(most_points, Encoding::Gzip).unwrap()?;
        Some((Encoding::Gzip.decode(&lot.batch).unwrap(), lot.batch.points))
    }

    /// A file with the batches `a`, `b` of 2 points each.
    fn two(directory: &Path) -> (Segment, PathBuf) {
        let mut segment = Segment::create(directory, 7).unwrap();
        segment.append(&[batch("a\n", 2), batch("b\n", 2)]).unwrap();
        let path = segment.path.clone();
        (segment, path)
    }

    #[test]
    fn small_batches_are_read_together_and_large_ones_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (mut segment, path) = two(directory.path());
        assert_eq!(text(&segment, 4), Some(("a\nb\n".to_owned(), 4)));
        assert_eq!(text(&segment, 3), Some(("a\n".to_owned(), 2)));
        assert_eq!(text(&segment, 1), Some(("a\n".to_owned(), 2)));
        let lot = segment.read(1, Encoding::Gzip).unwrap().unwrap();
        segment.advance(lot.end, lot.batch.points);
        assert_eq!(text(&segment, 4), Some(("b\n".to_owned(), 2)));

        let found = Segment::find(path).unwrap().unwrap();
        assert_eq!((found.number, found.points, found.can_grow()), (7, 4, false));
        assert_eq!(text(&found, 4), Some(("a\nb\n".to_owned(), 4)));
    }

    #[test]
    fn whatever_length_a_killed_process_left_the_whole_batches_are_found() {
        let directory = tempfile::tempdir().unwrap();
        let (segment, path) = two(directory.path());
        let whole = fs::read(&path).unwrap();
        let first_end = MAGIC.len() as u64 + Segment::size_of(&batch("a\n", 2));
        assert_eq!(whole.len() as u64, segment.bytes());
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let found = Segment::find(path.clone()).unwrap().unwrap();
            let points = match length as u64 {
                length if length == segment.bytes() => 4,
                length if length >= first_end => 2,
                _ => 0,
            };
            assert_eq!(
                (found.points, found.is_empty()),
                (points, points == 0),
                "{length} bytes"
            );
        }
        fs::write(&path, [&whole[..], &[0; 4096]].concat()).unwrap();
        assert_eq!(Segment::find(path).unwrap().unwrap().points, 4);
    }

    #[test]
    fn a_byte_that_changed_is_an_error_and_no_other_files_are_taken_for_segments() {
        let directory = tempfile::tempdir().unwrap();
        let (segment, path) = two(directory.path());
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(text(&segment, 2), Some(("a\n".to_owned(), 2)));
        let error = segment.read(4, Encoding::Gzip).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);

        for (name, content) in [
            ("lock", &b""[..]),
            ("x.batches", b""),
            ("8.batches", b"something else"),
        ] {
            let path = directory.path().join(name);
            fs::write(&path, content).unwrap();
            assert!(Segment::find(path).unwrap().is_none(), "{name}");
        }
    }
}
