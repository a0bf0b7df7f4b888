//! The directory of an experiment or a tuning: each measurement as soon as it is made, so that whoever was interrupted goes on
//! where it ended.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::experiment::{Label, Measured};

use super::super::error::{Code, Failure};
use super::super::place::Place;
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
    /// The app's directory, where it is not the lab's own.
    pub(super) app: Option<PathBuf>,
    /// As asked for; `auto` too.
    pub(super) engine: String,
}

pub(super) struct Notebook {
    place: Place,
    /// Whether something in it was begun before.
    pub(super) goes_on: bool,
}

const BASIS: &str = "basis.json";
const REPORT: &str = "report.json";

impl Notebook {
    /// Opens `given`; else the one among the runs that has the same basis and was not finished; else makes a new one. With
    /// `afresh` nothing that was begun is taken up.
    ///
    /// # Errors
    /// `given` holds something else, or what is finished.
    pub(super) fn open(
        given: Option<&Path>,
        environment: &Environment,
        name: &str,
        basis: &Basis,
        afresh: bool,
    ) -> Result<Self, Failure> {
        let begun = match given {
            Some(path) => begun(path, basis, afresh)?.then(|| path.to_owned()),
            None if afresh => None,
            None => unfinished(&environment.state_root()?.join("runs"), basis),
        };
        if let Some(path) = begun {
            return Ok(Self {
                place: Place::existing(path),
                goes_on: true,
            });
        }
        let place = Place::create(given, environment, name)?;
        place.make("cases")?;
        place.write(BASIS, &serde_json::to_string_pretty(basis).unwrap_or_default())?;
        Ok(Self {
            place,
            goes_on: false,
        })
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
        for name in [BASIS, "points.lp", "experiment.yaml"] {
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

/// The latest of them.
fn unfinished(runs: &Path, basis: &Basis) -> Option<PathBuf> {
    let entries = fs::read_dir(runs).ok()?.flatten().map(|entry| entry.path());
    let same = entries.filter(|path| !path.join(REPORT).exists() && basis_of(path).as_ref() == Some(basis));
    same.max()
}

fn basis_of(path: &Path) -> Option<Basis> {
    serde_json::from_str(&fs::read_to_string(path.join(BASIS)).ok()?).ok()
}

fn difference(begun: &Basis, now: &Basis) -> String {
    let what = match (begun, now) {
        _ if begun.source != now.source => "it was asked something else",
        _ if begun.tool != now.tool => "it was begun by another version of uwsgi-lab",
        _ if begun.engine != now.engine => "it was begun with another engine",
        _ => "uWSGI was set up otherwise",
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
            engine: "local".to_owned(),
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
        Notebook::open(Some(path), &Environment::of(&[]), "name", &basis(source), afresh)
    }

    #[test]
    fn what_was_begun_is_gone_on_with_and_what_is_finished_or_other_is_not() {
        let state = tempfile::tempdir().unwrap();
        let environment = Environment::of(&[("UWSGI_LAB_STATE_DIR", state.path().to_str().unwrap())]);
        let open = |source: &str, afresh| {
            Notebook::open(None, &environment, "name", &basis(source), afresh).unwrap()
        };
        let first = open("a", false);
        first.keep(0, &measured(0)).unwrap();
        assert!(!first.goes_on);
        let second = open("a", false);
        assert_eq!((second.goes_on, second.path()), (true, first.path()));
        assert!(second.kept(0, label(0)).is_some());
        assert!(second.kept(0, label(1)).is_none(), "another measurement");
        assert!(second.kept(1, label(0)).is_none());
        fs::write(first.path().join("cases/0000.json"), "{\"version\": 1, ").unwrap();
        assert!(second.kept(0, label(0)).is_none(), "cut off");
        second.write(REPORT, "{}").unwrap();
        assert!(unfinished(first.path().parent().unwrap(), &basis("a")).is_none());
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
