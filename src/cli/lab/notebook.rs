//! The directory of an experiment or a tuning: each measurement as soon as it is made, so that whoever was interrupted goes on
//! where it ended.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::experiment::{Label, Measured};

use super::super::error::{Code, Failure};
use super::super::place::{Place, cannot_write};
use super::super::settings::Environment;

/// What measurements must have in common to stand in one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Basis {
    /// Of this program.
    pub(super) tool: String,
    /// What was asked: the file, or the question.
    pub(super) source: String,
    /// uWSGI's configuration before anything is varied.
    pub(super) uwsgi_ini: String,
    /// A hash of the files of an app that is not the lab's own, and what it requires.
    pub(super) app: Option<String>,
    pub(super) requirements: Option<String>,
    /// The Compose file, where it is not the lab's own.
    pub(super) stack: Option<String>,
    pub(super) interval_ms: u128,
}

/// How results are kept.
#[derive(Debug, Args)]
pub(super) struct KeepArguments {
    /// Where measurements and reports go [default: runs in the labs' state directory]
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Begin anew, also where one that was interrupted could be gone on with
    #[arg(long)]
    afresh: bool,
}

pub(super) struct Notebook {
    place: Place,
    /// Whether something in it was begun before.
    pub(super) goes_on: bool,
    /// Held for as long as this process writes here.
    _lock: File,
}

/// For somebody who interrupted it.
pub(super) const GOES_ON: &str = "the same command goes on from here; what was measured is kept, and the lab stays up until `uwsgi-lab down`";

const ENGINE: &str = "engine";
const LOCK: &str = "lock";
const BASIS: &str = "basis.json";
const REPORT: &str = "report.json";

impl Notebook {
    /// Opens what was named; else the one among the runs that has the same basis and was not finished; else makes a new one.
    ///
    /// # Errors
    /// What was named holds something else, or what is finished.
    pub(super) fn open(
        keep: &KeepArguments,
        environment: &Environment,
        name: &str,
        basis: &Basis,
    ) -> Result<Self, Failure> {
        let (given, afresh) = (keep.save.as_deref(), keep.afresh);
        let begun = match given {
            Some(path) => begun(path, basis, afresh)?.then(|| path.to_owned()),
            None if afresh => None,
            None => unfinished(&environment.state_root()?.join("runs"), basis),
        };
        let goes_on = begun.is_some();
        let place = match begun {
            Some(path) => Place::existing(path),
            None => Place::create(given, environment, name)?,
        };
        let Some(lock) = locked(place.root())? else {
            let message = format!("{} is written by another process", place.root().display());
            return Err(
                Failure::new(Code::Usage, message).hint("wait for it, or name another directory with --save")
            );
        };
        if !goes_on {
            place.make("cases")?;
            place.write(BASIS, &serde_json::to_string_pretty(basis).unwrap_or_default())?;
        }
        Ok(Self {
            place,
            goes_on,
            _lock: lock,
        })
    }

    /// Notes the engine, which is known only once the lab is up.
    ///
    /// # Errors
    /// It was begun with another.
    pub(super) fn on(&self, engine: &str) -> Result<(), Failure> {
        match fs::read_to_string(self.place.path(ENGINE)) {
            Ok(begun) if begun == engine => Ok(()),
            Ok(begun) => {
                let message = format!("what was begun with the engine {begun} cannot go on with {engine}");
                Err(Failure::new(Code::Usage, message)
                    .hint(format!("`--engine {begun}` goes on, --afresh begins anew")))
            }
            Err(_) => self.write(ENGINE, engine),
        }
    }

    /// Keeps the reports. Once they are there it is finished.
    pub(super) fn finish(&self, markdown: &str, page: &str, json: &str) -> Result<(), Failure> {
        self.write("report.md", markdown)?;
        self.write("report.html", page)?;
        self.write(REPORT, json)?;
        fs::remove_file(self.place.path(LOCK)).ok();
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        self.place.root()
    }

    pub(super) fn points(&self) -> PathBuf {
        self.place.path("points.lp")
    }

    /// The measurement that was kept under this number, where it is that of `label`. One that was cut off is made again.
    pub(super) fn kept(&self, number: usize, label: Label<'_>) -> Option<Measured> {
        let text = fs::read_to_string(self.place.path(&case(number))).ok()?;
        let measured: Measured = serde_json::from_str(&text).ok()?;
        measured.is(label).then_some(measured)
    }

    pub(super) fn keep(&self, number: usize, measured: &Measured) -> Result<(), Failure> {
        // Numbers and texts alone: nothing in it can fail.
        self.write(
            &case(number),
            &serde_json::to_string(measured).unwrap_or_default(),
        )
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.place.write(name, text)
    }

    /// For one in which nothing was measured.
    pub(super) fn remove_if_empty(&self) {
        if fs::remove_dir(self.place.path("cases")).is_err() {
            return;
        }
        for name in [BASIS, ENGINE, LOCK, "points.lp", "experiment.yaml"] {
            fs::remove_file(self.place.path(name)).ok();
        }
        self.place.remove_if_empty();
    }
}

/// Whether `path`, which was named, holds what can be gone on with.
fn begun(path: &Path, basis: &Basis, afresh: bool) -> Result<bool, Failure> {
    let holds = |what: &str| {
        Failure::new(Code::Usage, format!("{} holds {what}", path.display()))
            .hint("name another directory with --save")
    };
    if path.join(REPORT).exists() {
        return Err(holds("a finished run already"));
    }
    match basis_of(path) {
        None => Ok(false),
        Some(_) if afresh => Err(holds("a run that was begun")),
        Some(begun) if begun == *basis => Ok(true),
        Some(begun) => {
            let mut failure = holds("a run that was begun otherwise");
            failure.causes.push(difference(&begun, basis));
            Err(failure)
        }
    }
}

fn case(number: usize) -> String {
    format!("cases/{number:04}.json")
}

/// The one that is furthest of those on which nobody works; the latest of several.
fn unfinished(runs: &Path, basis: &Basis) -> Option<PathBuf> {
    let entries = fs::read_dir(runs).ok()?.flatten().map(|entry| entry.path());
    let same = entries.filter(|path| !path.join(REPORT).exists() && basis_of(path).as_ref() == Some(basis));
    same.filter(|path| locked(path).is_ok_and(|lock| lock.is_some()))
        .max_by_key(|path| (measurements(path), path.clone()))
}

fn measurements(path: &Path) -> usize {
    fs::read_dir(path.join("cases")).map_or(0, Iterator::count)
}

/// Nothing where another process holds it.
fn locked(directory: &Path) -> Result<Option<File>, Failure> {
    let path = directory.join(LOCK);
    let file = File::create(&path).map_err(|error| cannot_write(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(cannot_write(&path, &error)),
    }
}

fn basis_of(path: &Path) -> Option<Basis> {
    serde_json::from_str(&fs::read_to_string(path.join(BASIS)).ok()?).ok()
}

fn difference(begun: &Basis, now: &Basis) -> String {
    let what = match (begun, now) {
        _ if begun.source != now.source => "it was asked something else",
        _ if begun.tool != now.tool => "it was begun by another version of uwsgi-lab",
        _ if begun.app != now.app || begun.requirements != now.requirements => "its app is not what it was",
        _ => "the lab was set up otherwise",
    };
    what.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(source: &str) -> Basis {
        Basis {
            tool: "1".to_owned(),
            source: source.to_owned(),
            uwsgi_ini: String::new(),
            app: None,
            requirements: None,
            stack: None,
            interval_ms: 1000,
        }
    }

    fn label(repeat: u32) -> Label<'static> {
        Label {
            variant: "v",
            load: "l",
            repeat,
        }
    }

    fn measured(repeat: u32) -> Measured {
        Measured {
            variant: "v".to_owned(),
            load: "l".to_owned(),
            repeat,
            ..Measured::example()
        }
    }

    fn open_at(path: &Path, source: &str, afresh: bool) -> Result<Notebook, Failure> {
        let keep = KeepArguments {
            save: Some(path.to_owned()),
            afresh,
        };
        Notebook::open(&keep, &Environment::of(&[]), "name", &basis(source))
    }

    #[test]
    fn what_was_begun_is_gone_on_with_and_what_is_finished_or_other_is_not() {
        let state = tempfile::tempdir().unwrap();
        let environment = Environment::of(&[("UWSGI_LAB_STATE_DIR", state.path().to_str().unwrap())]);
        let open = |source: &str, afresh| {
            let keep = KeepArguments { save: None, afresh };
            Notebook::open(&keep, &environment, "name", &basis(source)).unwrap()
        };
        let first = open("a", false);
        first.keep(0, &measured(0)).unwrap();
        first.on("local").unwrap();
        assert!(!first.goes_on);
        let beside = open("a", false);
        assert!(!beside.goes_on, "another process works on the first");
        let path = first.path().to_owned();
        drop(first);
        beside.remove_if_empty();
        drop(beside);
        let second = open("a", false);
        assert_eq!((second.goes_on, second.path()), (true, path.as_path()));
        assert!(second.on("local").is_ok() && second.on("docker").is_err());
        assert!(second.kept(0, label(0)).is_some());
        assert!(second.kept(0, label(1)).is_none(), "another measurement");
        assert!(second.kept(1, label(0)).is_none());
        fs::write(path.join("cases/0000.json"), "{\"version\": 1, ").unwrap();
        assert!(second.kept(0, label(0)).is_none(), "cut off");
        second.finish("", "", "{}").unwrap();
        drop(second);
        assert!(unfinished(path.parent().unwrap(), &basis("a")).is_none());
    }

    #[test]
    fn a_directory_that_was_named_is_told_what_it_holds() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("x");
        assert!(!open_at(&path, "a", false).unwrap().goes_on);
        assert!(open_at(&path, "a", false).unwrap().goes_on);
        let refusal = |source: &str, afresh| {
            open_at(&path, source, afresh)
                .err()
                .map(|failure| (failure.code, failure.causes))
        };
        let other = Some((Code::Usage, vec!["it was asked something else".to_owned()]));
        assert_eq!(refusal("b", false), other);
        assert_eq!(refusal("a", true), Some((Code::Usage, vec![])));
        fs::write(path.join(REPORT), "{}").unwrap();
        assert_eq!(refusal("a", false), Some((Code::Usage, vec![])));
    }

    #[test]
    fn nothing_is_left_of_what_did_not_begin_and_all_of_what_did() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("x");
        let notebook = open_at(&path, "a", false).unwrap();
        notebook.keep(3, &measured(0)).unwrap();
        notebook.remove_if_empty();
        assert!(notebook.kept(3, label(0)).is_some());
        fs::remove_file(path.join("cases/0003.json")).unwrap();
        notebook.remove_if_empty();
        assert!(!path.exists());
    }
}
