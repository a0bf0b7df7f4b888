//! The files that a run is saved to: made when it starts, so that one that cannot be written is known before the run and not after it,
//! and given their names when it is over; decides nothing about what is in them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::load::{Interval, Observer, Second, Summary};
use crate::report;

use super::super::error::{Code, Failure};

/// One file as it was asked for: its ending says what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Saved {
    path: PathBuf,
    content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// The report as it is printed.
    Text,
    Json,
    /// HdrHistogram's percentile distribution, for its plotter.
    Distribution,
    /// An HdrHistogram interval log.
    Log,
    /// The seconds, as comma-separated values.
    Table,
}

/// Why a path is none to save to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name has to end in .txt (the report), .json, .hgrm (percentiles for HdrHistogram's plotter), .hlog (HdrHistogram log of \
     each second) or .csv (a line each second)"
)]
pub(super) struct SavedError;

impl FromStr for Saved {
    type Err = SavedError;

    fn from_str(text: &str) -> Result<Self, SavedError> {
        let path = PathBuf::from(text);
        let content = match path.extension().and_then(|extension| extension.to_str()) {
            Some("txt") => Content::Text,
            Some("json") => Content::Json,
            Some("hgrm") => Content::Distribution,
            Some("hlog") => Content::Log,
            Some("csv") => Content::Table,
            _ => return Err(SavedError),
        };
        Ok(Self { path, content })
    }
}

/// A file under a name of its own until it is complete.
struct Partial {
    saved: Saved,
    partial: PathBuf,
    file: BufWriter<File>,
    /// The first failure to write; nothing is written after it.
    failure: Option<io::Error>,
}

impl Partial {
    fn create(saved: &Saved) -> Result<Self, Failure> {
        let mut name = saved.path.clone().into_os_string();
        name.push(".partial");
        let partial = PathBuf::from(name);
        let file = File::create(&partial).map_err(|error| refused(&saved.path, &error))?;
        Ok(Self {
            saved: saved.clone(),
            partial,
            file: BufWriter::new(file),
            failure: None,
        })
    }

    fn write(&mut self, text: &str) {
        if self.failure.is_none() {
            self.failure = self.file.write_all(text.as_bytes()).err();
        }
    }

    fn finish(mut self) -> Result<(), Failure> {
        let outcome = match self.failure.take() {
            Some(error) => Err(error),
            None => self
                .file
                .flush()
                .and_then(|()| fs::rename(&self.partial, &self.saved.path)),
        };
        outcome.map_err(|error| refused(&self.saved.path, &error))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        fs::remove_file(&self.partial).ok();
    }
}

fn refused(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::new(Code::Unavailable, format!("{} cannot be written", path.display()));
    failure.causes.push(error.to_string());
    failure.hint("name another file with --save")
}

/// All files of a run.
#[derive(Clone)]
pub(super) struct Files(Arc<Mutex<Vec<Partial>>>);

impl Files {
    /// # Errors
    /// A file that cannot be made; then none is left.
    pub(super) fn create(asked: &[Saved], target: &str) -> Result<Self, Failure> {
        let mut files = asked.iter().map(Partial::create).collect::<Result<Vec<_>, _>>()?;
        let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        for file in &mut files {
            match file.saved.content {
                Content::Log => file.write(&report::load::log_header(target, start)),
                Content::Table => file.write(report::load::TABLE_HEADER),
                Content::Text | Content::Json | Content::Distribution => {}
            }
        }
        Ok(Self(Arc::new(Mutex::new(files))))
    }

    /// Who writes what has to be written while the run goes on; nobody where nothing has.
    pub(super) fn observer(&self) -> Option<Box<dyn Observer>> {
        let has_any = self.with(|files| !files.is_empty());
        has_any.then(|| Box::new(self.clone()) as Box<dyn Observer>)
    }

    /// Completes the files: the summary into those that hold one, and each under its name.
    ///
    /// # Errors
    /// A file that could not be written; the others are complete.
    pub(super) fn finish(&self, summary: &Summary, text: &str) -> Result<(), Failure> {
        let files = self.with(std::mem::take);
        let finished = files.into_iter().map(|mut file| {
            match file.saved.content {
                Content::Text => file.write(text),
                Content::Json => file.write(&format!("{:#}\n", report::load::json(summary))),
                Content::Distribution => file.write(&report::load::percentiles(&summary.latency)),
                Content::Log | Content::Table => {}
            }
            file.finish()
        });
        finished.fold(Ok(()), Result::and)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Partial>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, content: Content, text: impl FnOnce() -> String) {
        self.with(|files| {
            let mut of_it = files
                .iter_mut()
                .filter(|file| file.saved.content == content)
                .peekable();
            if of_it.peek().is_some() {
                let text = text();
                of_it.for_each(|file| file.write(&text));
            }
        });
    }
}

impl Observer for Files {
    fn second(&mut self, second: &Second, interval: &Interval) {
        let length = Duration::from_secs(second.span);
        let from = Duration::from_secs(second.number) - length;
        self.write(Content::Log, || {
            report::load::log_lines(from, length, second.warm_up, interval)
        });
        self.write(Content::Table, || report::load::table_line(second));
    }

    fn rest(&mut self, from: Duration, to: Duration, interval: &Interval) {
        let length = to.saturating_sub(from);
        self.write(Content::Log, || {
            report::load::log_lines(from, length, false, interval)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(path: &Path) -> Saved {
        path.display().to_string().parse().unwrap()
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_run_that_does_not_end_leaves_no_file_and_no_half_of_one() {
        let directory = tempfile::tempdir().unwrap();
        let asked = [
            saved(&directory.path().join("run.csv")),
            saved(&directory.path().join("run.json")),
        ];
        let files = Files::create(&asked, "http://localhost/").unwrap();
        assert_eq!(names(directory.path()), ["run.csv.partial", "run.json.partial"]);
        drop(files);
        assert_eq!(names(directory.path()), Vec::<String>::new());
        let missing = [asked[0].clone(), saved(&directory.path().join("no/run.hgrm"))];
        let refused = Files::create(&missing, "http://localhost/").err().unwrap();
        assert_eq!(
            (refused.code as u8, refused.message.contains("no/run.hgrm")),
            (4, true)
        );
        assert_eq!(names(directory.path()), Vec::<String>::new());
    }

    #[test]
    fn the_ending_says_what_is_saved() {
        assert_eq!("a/b.hlog".parse::<Saved>().unwrap().content, Content::Log);
        for text in ["run", "run.xml", ".json", ""] {
            assert_eq!(text.parse::<Saved>(), Err(SavedError), "{text}");
        }
    }
}
