//! The packages on this machine that requirements files name, and what of them is part of an environment's identity.
//! Builds none; what a build leaves beside the sources counts for nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use reqwest::Url;
use sha2::{Digest as _, Sha256};

/// Options that name a package or a directory of them, as pip 25 reads them.
const NAMING: [&str; 4] = ["--editable", "--find-links", "-e", "-f"];
const ARCHIVES: [&str; 4] = [".whl", ".zip", ".tar.gz", ".tar.bz2"];
const LEFT_OUT: [&str; 8] = [
    ".git",
    ".hg",
    ".mypy_cache",
    ".tox",
    ".venv",
    "__pycache__",
    "build",
    "node_modules",
];
const LEFT_OUT_ENDINGS: [&str; 2] = [".egg-info", ".pyc"];
/// Entries of all directories of one package; the rest is not looked at.
const MOST_ENTRIES: usize = 10_000;
/// Bytes of one package that are read; of further files size and time have to do.
const MOST_BYTES: u64 = 8 << 20;

/// The packages that lines of requirements files name. pip reads their paths as relative to the directory in which it
/// runs, `directory`.
pub(super) fn named<'a>(
    contents: impl Iterator<Item = &'a str>,
    directory: &Path,
) -> impl Iterator<Item = PathBuf> {
    let lines = contents.flat_map(str::lines);
    lines.filter_map(|line| Some(directory.join(path(line)?)))
}

/// The path in one line. Addresses elsewhere are left to pip, and so are names with `${VARIABLE}`s in them.
fn path(line: &str) -> Option<PathBuf> {
    let line = line.trim().trim_end_matches('\\');
    let line = line.split(" #").next().unwrap_or_default().trim();
    let option = NAMING.iter().find_map(|option| line.strip_prefix(option));
    let text = match option {
        Some(rest) => rest.trim_start_matches(['=', ' ', '\t']),
        None if line.starts_with(['-', '#']) => return None,
        None => line,
    };
    // `name @ file:///…`, then markers, then options of the one requirement.
    let text = match text.split_once('@') {
        Some((_, address)) if address.trim().starts_with("file:") => address.trim(),
        _ => text,
    };
    let text = text.split([';', '#']).next().unwrap_or_default();
    let text = text.split(" --").next().unwrap_or_default().trim();
    let is_path = option.is_some()
        || text.starts_with('.')
        || text.starts_with("file:")
        || text.contains('/')
        || ARCHIVES.iter().any(|ending| text.ends_with(ending));
    if text.is_empty() || !is_path || text.contains("${") {
        return None;
    }
    if text.starts_with("file:/") {
        return Url::parse(text).ok()?.to_file_path().ok();
    }
    let text = text.strip_prefix("file:").unwrap_or(text);
    let extras = text.ends_with(']').then(|| text.rfind('[')).flatten();
    let text = &text[..extras.unwrap_or(text.len())];
    (!text.contains(':')).then(|| PathBuf::from(text))
}

/// Takes a package in: the names of its files, and what is in them.
pub(super) fn take_in(hasher: &mut Sha256, package: &Path) {
    let mut reading = Reading {
        hasher,
        entries: MOST_ENTRIES,
        bytes: MOST_BYTES,
    };
    reading.entry(package);
}

struct Reading<'a> {
    hasher: &'a mut Sha256,
    /// What is left of each.
    entries: usize,
    bytes: u64,
}

impl Reading<'_> {
    /// What cannot be read counts with its name alone: whether it matters is for pip to say. Links inside of a package are
    /// followed to files, not to directories, which could lead back up.
    fn entry(&mut self, path: &Path) {
        if self.entries == 0 {
            return;
        }
        self.entries -= 1;
        self.hasher.update(format!("{}\0", path.display()));
        if path.is_file() {
            self.file(path);
            return;
        }
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut below: Vec<PathBuf> = entries
            .filter(|entry| !is_left_out(&entry.file_name().to_string_lossy()))
            .map(|entry| entry.path())
            .filter(|path| path.is_file() || !path.is_symlink())
            .collect();
        below.sort();
        for path in below {
            self.entry(&path);
        }
    }

    fn file(&mut self, path: &Path) {
        let Ok(metadata) = path.metadata() else { return };
        let size = metadata.len();
        self.hasher.update(format!("{size}\0"));
        if size <= self.bytes {
            self.bytes -= size;
            self.hasher.update(fs::read(path).unwrap_or_default());
        } else {
            let modified = metadata.modified().ok();
            let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            self.hasher.update(format!("{modified:?}\0"));
        }
    }
}

fn is_left_out(name: &str) -> bool {
    LEFT_OUT.contains(&name) || LEFT_OUT_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_in_every_way_that_pip_knows() {
        let content = "flask==3.0 # ./no\n./a\n../b[extra] ; python_version > '3'\n/c\n-e ./d # why\n--editable=e\n\
            -e git+https://example.org/f.git\nfile:g\nfile:///h%20i\nj @ file:///k#egg=k\nl @ https://example.org/l.zip\n\
            m.whl --hash=sha256:0\nn/o.tar.gz \\\n-r p/q.txt\n${HOME}/r\n--find-links wheels\n--no-binary s\n.\n\
            # ./t\nhttps://example.org/u.whl\n--index-url https://example.org/v/\n";
        let paths: Vec<_> = named([content].into_iter(), Path::new("/top")).collect();
        let expected = [
            "/top/./a",
            "/top/../b",
            "/c",
            "/top/./d",
            "/top/e",
            "/top/g",
            "/h i",
            "/k",
            "/top/m.whl",
            "/top/n/o.tar.gz",
            "/top/wheels",
            "/top/.",
        ];
        assert_eq!(paths, expected.map(PathBuf::from));
    }

    #[test]
    fn what_a_package_is_made_of_counts_and_what_a_build_leaves_does_not() {
        let root = tempfile::tempdir().unwrap();
        let package = root.path().join("mylib");
        let write = |name: &str, content: &str| {
            let path = package.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        };
        let hash = || {
            let mut hasher = Sha256::new();
            take_in(&mut hasher, &package);
            hasher.finalize().to_vec()
        };
        let absent = hash();
        write("pyproject.toml", "[project]\n");
        write("mylib/__init__.py", "VALUE = 1\n");
        let first = hash();
        assert_ne!(first, absent);
        for name in [
            "build/lib/mylib/__init__.py",
            "mylib.egg-info/PKG-INFO",
            "mylib/__pycache__/x.pyc",
            ".git/HEAD",
        ] {
            write(name, "x");
        }
        std::os::unix::fs::symlink("..", package.join("up")).unwrap();
        assert_eq!(hash(), first);
        // Of the same size.
        write("mylib/__init__.py", "VALUE = 2\n");
        assert_ne!(hash(), first);
        write("mylib/__init__.py", "VALUE = 1\n");
        assert_eq!(hash(), first);
        write("mylib/more.py", "");
        assert_ne!(hash(), first);
    }
}
