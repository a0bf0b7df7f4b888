//! The files of a bundle: the stack with the user's app, stored runs. Reads no engine.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bundle::Packed;
use crate::compose::Build;
use crate::engine;
use crate::state::Recipe;

use super::super::super::error::{Code, Failure};
use super::super::stack;

/// In the stack's part.
const COMPOSE: &str = "compose";
const APP: &str = "app";
const REQUIREMENTS: &str = "requirements.txt";
/// One of them makes a directory one of a run.
const OF_RUNS: [&str; 2] = ["points.lp", "report.json"];

/// What an entry is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Text(String),
    File(PathBuf),
}

impl Source {
    pub(super) fn add(&self, packed: &mut Packed<'_>, name: &str) -> io::Result<()> {
        match self {
            Self::Text(text) => packed.text(name, text),
            Self::File(path) => packed.file(name, path),
        }
    }

    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Text(_) => None,
            Self::File(path) => Some(path),
        }
    }
}

/// The Compose file with all that it is made of, and the user's app.
#[derive(Debug)]
pub(super) struct Stack {
    /// By name in the part, in its order.
    pub(super) files: Vec<(String, Source)>,
    /// The lab's settings; paths are names in the part.
    pub(super) project: Value,
    pub(super) is_own: bool,
    /// Mounted, and not below the Compose file.
    pub(super) left_out: Vec<PathBuf>,
}

impl Stack {
    /// # Errors
    /// Something of it cannot be read, or a service is built from what is not below the Compose file (3).
    pub(super) fn of(recipe: &Recipe) -> Result<Self, Failure> {
        let mut project = recipe.project.clone();
        let (mut files, mut left_out) = (BTreeMap::new(), Vec::new());
        let compose = text_at(&project, "/file").map(PathBuf::from);
        let file = match &compose {
            Some(compose) => {
                left_out = of_user(recipe, compose, &mut files)?;
                format!("{COMPOSE}/{}", name(compose))
            }
            None => {
                let own = stack::FILES.iter();
                files.extend(own.map(|(name, text)| ((*name).to_owned(), Source::Text((*text).to_owned()))));
                stack::COMPOSE.to_owned()
            }
        };
        if let Some(directory) = text_at(&project, "/app/directory").map(PathBuf::from) {
            files.extend(app(&directory)?);
            project["app"]["directory"] = APP.into();
        }
        if let Some(requirements) = text_at(&project, "/app/requirements").map(PathBuf::from) {
            refuse_unreadable(&requirements)?;
            files.insert(REQUIREMENTS.to_owned(), Source::File(requirements));
            project["app"]["requirements"] = REQUIREMENTS.into();
        }
        project["file"] = file.into();
        Ok(Self {
            files: files.into_iter().collect(),
            project,
            is_own: compose.is_none(),
            left_out,
        })
    }
}

fn text_at<'a>(project: &'a Value, place: &str) -> Option<&'a str> {
    project.pointer(place)?.as_str()
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The user's Compose file and what it builds from and mounts, each where it is relative to the file. Returns what is not below it.
fn of_user(
    recipe: &Recipe,
    compose: &Path,
    files: &mut BTreeMap<String, Source>,
) -> Result<Vec<PathBuf>, Failure> {
    refuse_unreadable(compose)?;
    let base = compose.parent().unwrap_or(Path::new("/"));
    files.insert(
        format!("{COMPOSE}/{}", name(compose)),
        Source::File(compose.to_owned()),
    );
    let mut left_out = Vec::new();
    for place in &recipe.places {
        let Ok(inside) = place.strip_prefix(base) else {
            left_out.push(place.clone());
            continue;
        };
        let prefix = match inside.as_os_str().is_empty() {
            true => COMPOSE.to_owned(),
            false => format!("{COMPOSE}/{}", inside.display()),
        };
        if place.is_dir() {
            files.extend(below(place, &prefix)?);
        } else if place.is_file() {
            files.insert(prefix, Source::File(place.clone()));
        }
    }
    Ok(left_out)
}

fn app(directory: &Path) -> Result<Vec<(String, Source)>, Failure> {
    below(directory, APP)
}

/// The files below a directory as a build would see them, under `prefix`.
pub(super) fn below(directory: &Path, prefix: &str) -> Result<Vec<(String, Source)>, Failure> {
    let build = Build {
        context: directory.to_owned(),
        dockerfile: String::new(),
        args: BTreeMap::new(),
        target: None,
        overlays: BTreeMap::new(),
    };
    let files = engine::context_files(&build).map_err(|error| cannot_read(directory, &error))?;
    let named = files.into_iter().map(|(name, path)| {
        let name = match prefix {
            "" => name,
            _ => format!("{prefix}/{name}"),
        };
        (name, Source::File(path))
    });
    Ok(named.collect())
}

/// The directories of runs, by the names they have in the bundle.
///
/// # Errors
/// One that is no run (3), or two of one name (2).
pub(super) fn runs(given: &[PathBuf], state_root: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut runs: Vec<(String, PathBuf)> = Vec::new();
    for path in given {
        let stored = state_root.join("runs").join(path);
        let directory = if path.is_dir() { path } else { &stored };
        if !OF_RUNS.iter().any(|file| directory.join(file).is_file()) {
            let message = format!("{} is no directory of a run", path.display());
            return Err(Failure::new(Code::InvalidFile, message)
                .hint(format!("runs are in {}", state_root.join("runs").display())));
        }
        let directory = fs::canonicalize(directory).map_err(|error| cannot_read(directory, &error))?;
        let name = name(&directory);
        if runs.iter().any(|(other, _)| *other == name) {
            let message = format!("there are two runs of the name '{name}'");
            return Err(Failure::new(Code::Usage, message).hint("rename the directory of one"));
        }
        runs.push((name, directory));
    }
    Ok(runs)
}

fn refuse_unreadable(file: &Path) -> Result<(), Failure> {
    let opened = fs::File::open(file).map(drop);
    opened.map_err(|error| cannot_read(file, &error))
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let mut failure = Failure::new(Code::InvalidFile, format!("cannot read {}", path.display()));
    failure.causes.push(error.to_string());
    failure.hint("`uwsgi-lab up` says anew what the lab is made of")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::error::Code;

    fn recipe(project: Value, places: &[PathBuf]) -> Recipe {
        Recipe {
            project,
            images: BTreeMap::new(),
            apps: BTreeMap::new(),
            places: places.to_vec(),
            bundle: None,
        }
    }

    fn write(root: &Path, names: &[&str]) {
        for name in names {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
    }

    fn names(stack: &Stack) -> Vec<&str> {
        stack.files.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_compose_file_takes_along_what_is_below_it_and_an_app_lies_beside() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        write(
            root.path(),
            &[
                "lab/compose.yaml",
                "lab/unused.txt",
                "lab/web/Dockerfile",
                "lab/web/.git/HEAD",
                "lab/conf/influx.conf",
                "elsewhere/x",
                "site/wsgi.py",
                "wanted.txt",
            ],
        );
        let app =
            json!({"directory": path("site"), "module": "wsgi:app", "requirements": path("wanted.txt")});
        let project = json!({"file": path("lab/compose.yaml"), "app": app, "load": {"rate": 0}});
        let places = ["lab/web", "lab/conf/influx.conf", "elsewhere", "lab/not-there"].map(path);
        let stack = Stack::of(&recipe(project, &places)).unwrap();
        assert_eq!(
            names(&stack),
            [
                "app/wsgi.py",
                "compose/compose.yaml",
                "compose/conf/influx.conf",
                "compose/web/Dockerfile",
                "requirements.txt",
            ]
        );
        let app = json!({"directory": "app", "module": "wsgi:app", "requirements": "requirements.txt"});
        let expected = json!({"file": "compose/compose.yaml", "app": app, "load": {"rate": 0}});
        assert_eq!((stack.project, stack.is_own), (expected, false));
        assert_eq!(stack.left_out, [path("elsewhere")]);
    }

    #[test]
    fn the_programs_own_stack_is_that_of_the_program() {
        let place = PathBuf::from("/state/lab/stack/uwsgi");
        let stack = Stack::of(&recipe(json!({}), &[place])).unwrap();
        let own: Vec<_> = stack::FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names(&stack).len(), own.len());
        assert!(own.iter().all(|name| names(&stack).contains(name)));
        assert_eq!(
            (stack.project, stack.is_own),
            (json!({"file": "stack/compose.yaml"}), true)
        );
    }

    #[test]
    fn an_app_that_is_gone_is_named() {
        let project = json!({"app": {"directory": "/does/not/exist", "module": "a:b"}});
        let failure = Stack::of(&recipe(project, &[])).unwrap_err();
        let expected = (Code::InvalidFile, "cannot read /does/not/exist".to_owned());
        assert_eq!((failure.code, failure.message), expected);
    }

    #[test]
    fn runs_are_named_by_their_directory_or_by_their_name_among_the_stored_ones() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[
                "state/runs/one/points.lp",
                "mine/two/report.json",
                "mine/one/points.lp",
                "no/x",
            ],
        );
        let state = root.path().join("state");
        let given = |paths: &[PathBuf]| {
            let runs = runs(paths, &state).map_err(|failure| (failure.code, failure.message));
            runs.map(|runs| runs.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
        };
        let (two, other) = (root.path().join("mine/two"), root.path().join("mine/one"));
        assert_eq!(given(&["one".into(), two]).unwrap(), ["one", "two"]);
        let twice = "there are two runs of the name 'one'".to_owned();
        assert_eq!(given(&["one".into(), other]), Err((Code::Usage, twice)));
        let none = root.path().join("no");
        let message = format!("{} is no directory of a run", none.display());
        assert_eq!(given(&[none]), Err((Code::InvalidFile, message)));
    }
}
