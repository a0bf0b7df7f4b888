//! Where programs lie on PATH, and the stamp by which a file is known again without being read.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A file as it was: another one in its place has another size or time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    path: PathBuf,
    size: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    /// The stamp of the file that `path` leads to over links; `None` where there is none.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let path = fs::canonicalize(path).ok()?;
        let metadata = fs::metadata(&path).ok()?;
        Some(Self {
            path,
            size: metadata.size(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        })
    }

    pub(super) fn still_holds(&self) -> bool {
        Self::of(&self.path).as_ref() == Some(self)
    }
}

/// The programs of these names on PATH, in the order of the names, then of PATH. Names of one file in one directory
/// count once; the Python of a virtual environment is not the one that it links to.
pub(super) fn on_path(variables: &BTreeMap<String, String>, names: &[&str]) -> Vec<PathBuf> {
    let path = variables.get("PATH").map_or("", String::as_str);
    let mut known = Vec::new();
    let mut programs = Vec::new();
    for name in names {
        // An empty or relative entry means the working directory: what lies there is not taken for a program.
        for directory in std::env::split_paths(path).filter(|directory| directory.is_absolute()) {
            let program = directory.join(name);
            let place = (executable(&program), fs::canonicalize(&directory).ok());
            if place.0.is_some() && !known.contains(&place) {
                known.push(place);
                programs.push(program);
            }
        }
    }
    programs
}

fn executable(program: &Path) -> Option<PathBuf> {
    let file = fs::canonicalize(program).ok()?;
    let metadata = fs::metadata(&file).ok()?;
    let runs = metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
    runs.then_some(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn program(path: &Path) {
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn programs_are_found_by_name_and_then_by_path_each_once() {
        let root = tempfile::tempdir().unwrap();
        let (first, second) = (root.path().join("first"), root.path().join("second"));
        fs::create_dir(&first).unwrap();
        fs::create_dir(&second).unwrap();
        program(&first.join("python3.12"));
        program(&second.join("python3"));
        symlink(first.join("python3.12"), first.join("python3")).unwrap();
        fs::write(first.join("python"), "no program").unwrap();
        let path = format!(
            "relative::{}:/does/not/exist:{}",
            first.display(),
            second.display()
        );
        let variables = BTreeMap::from([("PATH".to_owned(), path)]);
        let names = ["python3", "python3.12", "python"];
        assert_eq!(
            on_path(&variables, &names),
            [first.join("python3"), second.join("python3")]
        );
        assert_eq!(on_path(&BTreeMap::new(), &names), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_stamp_holds_until_another_file_is_in_its_place() {
        let root = tempfile::tempdir().unwrap();
        let (file, link) = (root.path().join("file"), root.path().join("link"));
        fs::write(&file, "one").unwrap();
        symlink(&file, &link).unwrap();
        let stamp = Stamp::of(&link).unwrap();
        assert!(stamp.still_holds());
        fs::write(&file, "other").unwrap();
        assert!(!stamp.still_holds());
        fs::remove_file(&file).unwrap();
        assert!(!stamp.still_holds());
        assert_eq!(Stamp::of(&link), None);
    }
}
