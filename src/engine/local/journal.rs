//! The log of a service: what its process and its children print, each line with its time, in a file that never grows
//! beyond a limit: the older half is kept beside it, what came before goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, PipeReader, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::place::Place;

/// Bytes of one file; there are two at most.
const LARGEST: u64 = 8 << 20;
const NEW_FILE: &[u8] = b"(uwsgi-lab: the log goes on in a new file; of older ones only the last is kept)\n";
/// A longer line is broken, as Docker breaks its own.
const LONGEST_LINE: usize = 16 << 10;
/// A process that went its own way may keep the log open for as long as it likes.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Writes until every process that prints here has ended.
pub(super) struct Journal {
    written: Receiver<()>,
}

impl Journal {
    /// Sends stdout and stderr of this process, and so of its children, to the log of `place`.
    pub(super) fn begin(place: &Place) -> io::Result<Self> {
        let mut log = Log::open(place.clone())?;
        let (reader, writer) = io::pipe()?;
        rustix::stdio::dup2_stdout(&writer)?;
        rustix::stdio::dup2_stderr(&writer)?;
        let (sender, written) = mpsc::channel();
        thread::spawn(move || {
            // A log that cannot be written leaves the service running.
            log.take_in(reader).ok();
            sender.send(()).ok();
        });
        Ok(Self { written })
    }

    /// Closes this process's stdout and stderr and returns when what it printed is written.
    pub(super) fn end(self) -> io::Result<()> {
        let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdout(&nowhere)?;
        rustix::stdio::dup2_stderr(&nowhere)?;
        self.written.recv_timeout(LAST_LINES).ok();
        Ok(())
    }
}

struct Log {
    place: Place,
    file: File,
    size: u64,
}

impl Log {
    fn open(place: Place) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).mode(0o600).open(place.log())?;
        let size = file.metadata()?.len();
        Ok(Self { place, file, size })
    }

    fn take_in(&mut self, mut reader: PipeReader) -> io::Result<()> {
        let mut pending = Vec::new();
        let mut chunk = vec![0; LONGEST_LINE];
        loop {
            let count = reader.read(&mut chunk)?;
            if count == 0 {
                break;
            }
            pending.extend_from_slice(&chunk[..count]);
            let whole = pending
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |end| end + 1);
            let whole = if pending.len() - whole > LONGEST_LINE {
                pending.len()
            } else {
                whole
            };
            // What cannot be written is given up, and the pipe emptied all the same: nobody is to wait for a full disk.
            self.write(&stamped(&pending[..whole], Timestamp::now())).ok();
            pending.drain(..whole);
        }
        self.write(&stamped(&pending, Timestamp::now()))
    }

    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        if self.size > 0 && self.size + text.len() as u64 > LARGEST {
            fs::rename(self.place.log(), self.place.older_log())?;
            *self = Self::open(self.place.clone())?;
            let notice = stamped(NEW_FILE, Timestamp::now());
            self.file.write_all(&notice)?;
            self.size += notice.len() as u64;
        }
        self.file.write_all(text)?;
        self.size += text.len() as u64;
        Ok(())
    }
}

/// Each line after its time in RFC 3339, of one length, so that the order of times is that of their text.
fn stamped(lines: &[u8], now: Timestamp) -> Vec<u8> {
    let time = format!("{now:.9} ");
    let mut text = Vec::with_capacity(lines.len() * 2);
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        text.extend_from_slice(time.as_bytes());
        text.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, Place) {
        let directory = tempfile::tempdir().unwrap();
        let place = Place {
            directory: directory.path().to_owned(),
        };
        (directory, place)
    }

    fn taken_in(log: &mut Log, text: &[u8]) {
        let (reader, mut writer) = io::pipe().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| log.take_in(reader).unwrap());
            writer.write_all(text).unwrap();
            drop(writer);
        });
    }

    #[test]
    fn each_line_gets_its_time_and_the_last_one_its_end() {
        let now: Timestamp = "2026-11-22T16:00:00.5Z".parse().unwrap();
        assert_eq!(
            String::from_utf8(stamped(b"one\n\nthree", now)).unwrap(),
            "2026-11-22T16:00:00.500000000Z one\n2026-11-22T16:00:00.500000000Z \n2026-11-22T16:00:00.500000000Z three\n"
        );
        assert_eq!(stamped(b"", now), b"");
    }

    #[test]
    fn a_log_that_grows_too_large_keeps_its_newer_half() {
        let (_directory, place) = place();
        let mut log = Log::open(place.clone()).unwrap();
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        for _ in 0..3 {
            taken_in(&mut log, &line.repeat(5 << 10));
        }
        taken_in(&mut log, b"last\n");
        let sizes = [place.log(), place.older_log()].map(|path| fs::metadata(path).unwrap().len());
        assert!(sizes.iter().all(|size| *size <= LARGEST), "{sizes:?}");
        assert!(sizes[1] > LARGEST / 2, "{sizes:?}");
        let newest = fs::read_to_string(place.log()).unwrap();
        let first = newest.lines().next().unwrap_or_default();
        assert!(first.ends_with("of older ones only the last is kept)"), "{first}");
        assert!(newest.ends_with("Z last\n"));
    }

    #[test]
    fn a_line_without_end_is_broken() {
        let (_directory, place) = place();
        let mut log = Log::open(place.clone()).unwrap();
        taken_in(&mut log, &b"y".repeat(5 * LONGEST_LINE));
        let text = fs::read_to_string(place.log()).unwrap();
        assert!(
            text.lines().all(|line| line.len() < 3 * LONGEST_LINE),
            "{}",
            text.len()
        );
        assert_eq!(text.matches('y').count(), 5 * LONGEST_LINE);
    }
}
