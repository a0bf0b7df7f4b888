//! Reads the logs of services, as they are and as they grow.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use futures_util::stream;
use jiff::Timestamp;
use tokio::time::sleep;

use super::super::{EngineError, LogRequest, LogStream};
use super::place::Place;

/// Between two looks for new lines.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Bytes in which the last lines are looked for.
const TAIL: u64 = 256 << 10;

/// The last lines without their times; none where there is no log.
pub(super) fn last_lines(place: &Place, count: usize) -> Vec<String> {
    let text = end_of(&place.log()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(count);
    lines[first..]
        .iter()
        .map(|line| split(line).1.to_owned())
        .collect()
}

fn end_of(log: &Path) -> io::Result<String> {
    let mut file = File::open(log)?;
    let start = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The lines that `request` asks for. Those that follow end when the service has.
pub(super) fn lines(place: Place, request: LogRequest) -> LogStream<'static> {
    let reading = Reading {
        place,
        request,
        current: None,
        unfinished: Vec::new(),
        ready: VecDeque::new(),
        begun: false,
    };
    let lines = stream::try_unfold(reading, |mut reading| async move {
        let next = reading.next().await.map_err(|error| EngineError::Other {
            what: "read the log".to_owned(),
            message: error.to_string(),
        })?;
        Ok(next.map(|line| (line, reading)))
    });
    Box::pin(lines)
}

struct Reading {
    place: Place,
    request: LogRequest,
    /// The file that grows, and its number on its disk.
    current: Option<(File, u64)>,
    unfinished: Vec<u8>,
    ready: VecDeque<String>,
    begun: bool,
}

impl Reading {
    async fn next(&mut self) -> io::Result<Option<String>> {
        if !self.begun {
            self.begun = true;
            self.begin()?;
        }
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(line));
            }
            if !self.request.follow {
                return Ok(None);
            }
            // Looked at first, so that what it printed last is read after it has ended.
            let is_alive = self.place.is_alive()?;
            self.go_on()?;
            if self.ready.is_empty() {
                if !is_alive {
                    return Ok(None);
                }
                sleep(LOOK_EVERY).await;
            }
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if let Ok(mut older) = File::open(self.place.older_log()) {
            self.take_in(&mut older)?;
        }
        self.go_on()?;
        if let Some(tail) = self.request.tail {
            let surplus = self.ready.len().saturating_sub(tail as usize);
            self.ready.drain(..surplus);
        }
        Ok(())
    }

    /// Reads what is new; where another file has taken the log's place, that one too.
    fn go_on(&mut self) -> io::Result<()> {
        if let Some((mut file, number)) = self.current.take() {
            self.take_in(&mut file)?;
            self.current = Some((file, number));
        }
        let newest = match File::open(self.place.log()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        let number = newest.metadata()?.ino();
        if self.current.as_ref().is_none_or(|(_, known)| *known != number) {
            let mut newest = newest;
            self.take_in(&mut newest)?;
            self.current = Some((newest, number));
        }
        Ok(())
    }

    fn take_in(&mut self, file: &mut File) -> io::Result<()> {
        file.read_to_end(&mut self.unfinished)?;
        let whole = self
            .unfinished
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let text = String::from_utf8_lossy(&self.unfinished[..whole]).into_owned();
        self.unfinished.drain(..whole);
        self.ready
            .extend(text.lines().filter_map(|line| wanted(line, self.request)));
        Ok(())
    }
}

fn wanted(line: &str, request: LogRequest) -> Option<String> {
    let (time, text) = split(line);
    if let (Some(time), Some(since)) = (time, request.since)
        && time.as_second() < i64::from(since)
    {
        return None;
    }
    Some(if request.timestamps { line } else { text }.to_owned())
}

/// The time before a line. What a process prints before its log is set up has none.
fn split(line: &str) -> (Option<Timestamp>, &str) {
    let parsed = line
        .split_once(' ')
        .and_then(|(time, text)| Some((time.parse().ok()?, text)));
    parsed.map_or((None, line), |(time, text)| (Some(time), text))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use futures_util::{StreamExt as _, TryStreamExt as _};

    use super::*;

    const REQUEST: LogRequest = LogRequest {
        tail: None,
        since: None,
        follow: false,
        timestamps: false,
    };

    fn place() -> (tempfile::TempDir, Place) {
        let directory = tempfile::tempdir().unwrap();
        let place = Place {
            directory: directory.path().to_owned(),
        };
        fs::write(place.older_log(), "2026-11-22T16:00:00.000000000Z old\n").unwrap();
        let log =
            "2026-11-22T16:00:01.000000000Z one\n2026-11-22T16:00:02.000000000Z two words\nwithout time\n";
        fs::write(place.log(), log).unwrap();
        (directory, place)
    }

    async fn read(request: LogRequest) -> Vec<String> {
        let (_directory, place) = place();
        lines(place, request).try_collect().await.unwrap()
    }

    #[tokio::test]
    async fn lines_come_as_they_are_asked_for() {
        assert_eq!(read(REQUEST).await, ["old", "one", "two words", "without time"]);
        let request = LogRequest {
            tail: Some(2),
            ..REQUEST
        };
        assert_eq!(read(request).await, ["two words", "without time"]);
        // 16:00:02.
        let since = Some(1_795_363_202);
        let request = LogRequest {
            since,
            timestamps: true,
            ..REQUEST
        };
        assert_eq!(
            read(request).await,
            ["2026-11-22T16:00:02.000000000Z two words", "without time"]
        );
    }

    #[test]
    fn the_last_lines_are_those_of_the_newest_file() {
        let (_directory, place) = place();
        assert_eq!(last_lines(&place, 2), ["two words", "without time"]);
        let nowhere = Place {
            directory: "/nowhere".into(),
        };
        assert_eq!(last_lines(&nowhere, 2), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_log_that_is_followed_goes_on_in_the_file_that_takes_its_place_and_ends_with_its_service() {
        let (_directory, place) = place();
        let lock = place.lock().unwrap();
        let request = LogRequest {
            follow: true,
            tail: Some(1),
            ..REQUEST
        };
        let mut lines = lines(place.clone(), request);
        assert_eq!(lines.next().await.unwrap().unwrap(), "without time");
        fs::rename(place.log(), place.older_log()).unwrap();
        fs::write(place.log(), "2026-11-22T16:00:03.000000000Z new\n").unwrap();
        assert_eq!(lines.next().await.unwrap().unwrap(), "new");
        drop(lock);
        assert!(lines.next().await.is_none());
    }
}
