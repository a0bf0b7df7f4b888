//! A file of targets, one a line, followed while it changes; scrapes nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tokio::fs;
use tokio::time::sleep;

use crate::uwsgi::{AddressError, StatsAddress};

use super::scrape::Target;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetFileError {
    #[error("cannot be read")]
    Read(#[from] io::Error),
    #[error("line {line}: {source}")]
    Address { line: usize, source: AddressError },
    #[error("line {line}: `{word}` is not understood: a line is ADDRESS or ADDRESS source=NAME")]
    Word { line: usize, word: String },
    #[error(
        "line {line}: the source `{name}` is that of line {first} too, and their points would overwrite each other"
    )]
    Twice { line: usize, first: usize, name: String },
}

/// A line is an address and, if wanted, `source=NAME`. What follows `#` is a comment.
///
/// # Errors
/// The first line that is wrong, counted from 1.
pub(crate) fn parse(text: &str, hostname: &str) -> Result<Vec<Target>, TargetFileError> {
    let mut lines = BTreeMap::new();
    let mut targets = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut words = text.split('#').next().unwrap_or_default().split_whitespace();
        let Some(address) = words.next() else { continue };
        let address: StatsAddress = address
            .parse()
            .map_err(|source| TargetFileError::Address { line, source })?;
        let mut name = address.default_source(hostname);
        for word in words {
            match word.strip_prefix("source=") {
                Some(given) if !given.is_empty() => given.clone_into(&mut name),
                _ => {
                    return Err(TargetFileError::Word {
                        line,
                        word: word.to_owned(),
                    });
                }
            }
        }
        if let Some(first) = lines.insert(name.clone(), line) {
            return Err(TargetFileError::Twice { line, first, name });
        }
        targets.push(Target {
            address,
            source: name,
        });
    }
    Ok(targets)
}

/// What makes a file another one: when it was written, how long it is, and which one it is.
type Mark = Option<(SystemTime, u64, u64)>;

/// A file that is read again whenever it has changed.
#[derive(Debug)]
pub(crate) struct TargetFile<'a> {
    path: &'a Path,
    hostname: String,
    seen: Mark,
}

impl<'a> TargetFile<'a> {
    pub(crate) fn new(path: &'a Path, hostname: String) -> Self {
        Self {
            path,
            hostname,
            seen: None,
        }
    }

    /// Its targets now.
    pub(crate) async fn read(&mut self) -> Result<Vec<Target>, TargetFileError> {
        // Marked before it is read: what is written meanwhile is read next time.
        self.seen = mark(self.path).await;
        let text = fs::read_to_string(self.path).await?;
        parse(&text, &self.hostname)
    }

    /// Its targets once it is another file than it was when last read. A file that is gone changes nothing: an editor may be
    /// about to put a new one in its place.
    pub(crate) async fn changed(&mut self) -> Result<Vec<Target>, TargetFileError> {
        loop {
            sleep(LOOK_EVERY).await;
            let now = mark(self.path).await;
            if now.is_some() && now != self.seen {
                return self.read().await;
            }
        }
    }
}

async fn mark(path: &Path) -> Mark {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = fs::metadata(path).await.ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        let targets = parse(text, "box").map_err(|error| error.to_string())?;
        let of = |target: Target| (target.address.to_string(), target.source);
        Ok(targets.into_iter().map(of).collect())
    }

    #[test]
    fn each_line_is_an_address_and_perhaps_a_name() {
        let text = "# two servers\n\n127.0.0.1:9191  source=shop # the first\nunix:///run/s.sock\n";
        let expected = [
            ("127.0.0.1:9191", "shop"),
            ("unix:///run/s.sock", "box:/run/s.sock"),
        ];
        let expected = expected.map(|(address, source)| (address.to_owned(), source.to_owned()));
        assert_eq!(read(text), Ok(expected.to_vec()));
        assert_eq!(read(""), Ok(Vec::new()));
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, message) in [
            (
                "a:1\nlocalhost\n",
                "line 2: `localhost` is neither HOST:PORT nor a path",
            ),
            ("a:1 shop", "line 1: `shop` is not understood"),
            ("a:1 source=", "line 1: `source=` is not understood"),
            (
                "a:1\n\ntcp://a:1",
                "line 3: the source `a:1` is that of line 1 too",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_that_changes_is_read_again_and_one_that_is_gone_is_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("targets");
        std::fs::write(&path, "a:1").unwrap();
        let mut file = TargetFile::new(&path, "box".to_owned());
        assert_eq!(file.read().await.unwrap().len(), 1);
        std::fs::remove_file(&path).unwrap();
        let later = std::thread::spawn({
            let path = path.clone();
            move || {
                std::thread::sleep(Duration::from_millis(1500));
                std::fs::write(&path, "a:1\nb:1\n").unwrap();
            }
        });
        assert_eq!(file.changed().await.unwrap().len(), 2);
        later.join().unwrap();
    }
}
