//! The files that a requirements file consists of, so that a change of any is seen. Resolves nothing; pip does.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::PythonProblem;

const MOST_FILES: usize = 100;
const LARGEST_FILE: u64 = 1 << 20;
/// Options that name another file, as pip 25 reads them.
const NAMING: [&str; 4] = ["--requirement", "--constraint", "-r", "-c"];

/// The file, if any line of it asks for something; a comment alone needs no pip. One that cannot be read is not ours to
/// judge.
pub(super) fn of_use(requirements: Option<&Path>) -> Option<&Path> {
    requirements.filter(|file| {
        let is_empty = |line: &str| line.trim().is_empty() || line.trim().starts_with('#');
        read(file).map_or(true, |content| !content.lines().all(is_empty))
    })
}

/// The file and those it names with `-r` and `-c`, each with its content, in the order in which they are read.
pub(super) fn files(requirements: &Path) -> Result<Vec<(PathBuf, String)>, PythonProblem> {
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    let mut open = vec![requirements.to_owned()];
    while let Some(path) = open.pop() {
        if found.iter().any(|(known, _)| *known == path) {
            continue;
        }
        let content = if found.len() < MOST_FILES {
            read(&path)
        } else {
            Err(io::Error::other(format!(
                "it is one of more than {MOST_FILES} files"
            )))
        };
        let content = content.map_err(|source| PythonProblem::Unreadable {
            path: path.clone(),
            source,
        })?;
        let directory = path.parent().unwrap_or(Path::new("/"));
        open.extend(named(&content).map(|name| directory.join(name)));
        found.push((path, content));
    }
    Ok(found)
}

fn read(path: &Path) -> io::Result<String> {
    let mut content = Vec::new();
    let file = fs::File::open(path)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(io::Error::other(format!(
            "it is larger than {LARGEST_FILE} bytes"
        )));
    }
    Ok(String::from_utf8_lossy(&content).into_owned())
}

/// The files that lines of `content` name. Addresses are left to pip, and so are names with `${VARIABLE}`s in them.
fn named(content: &str) -> impl Iterator<Item = &str> {
    let names = content.lines().filter_map(|line| {
        let line = line.trim();
        let rest = NAMING.iter().find_map(|option| line.strip_prefix(option))?;
        let name = rest.split(" #").next().unwrap_or_default();
        Some(name.trim_start_matches(['=', ' ', '\t']).trim())
    });
    names.filter(|name| !name.is_empty() && !name.contains("://") && !name.contains("${"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_in_every_way_that_pip_knows() {
        let content = "flask==3.0 # -r no.txt\n-r a.txt\n-rb.txt\n--requirement=c.txt\n  --requirement  d.txt # why\n\
            -c e.txt\n-c https://example.org/f.txt\n-r ${HOME}/g.txt\n# -r h.txt\n-r\n--no-binary x";
        let names: Vec<_> = named(content).collect();
        assert_eq!(names, ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"]);
    }

    #[test]
    fn files_that_name_each_other_are_read_once_and_relative_to_their_own_place() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::create_dir(path("more")).unwrap();
        fs::write(path("top.txt"), "-r more/a.txt\n").unwrap();
        fs::write(path("more/a.txt"), "-r b.txt\n").unwrap();
        fs::write(path("more/b.txt"), "-c a.txt\nflask\n").unwrap();
        let expected = [
            (path("top.txt"), "-r more/a.txt\n".to_owned()),
            (path("more/a.txt"), "-r b.txt\n".to_owned()),
            (path("more/b.txt"), "-c a.txt\nflask\n".to_owned()),
        ];
        assert_eq!(files(&path("top.txt")).unwrap(), expected);
    }

    #[test]
    fn a_file_of_comments_alone_is_of_no_use() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("requirements.txt");
        assert_eq!(of_use(None), None);
        assert_eq!(of_use(Some(&file)), Some(&*file));
        fs::write(&file, "# What the app imports.\n\n  # nothing\n").unwrap();
        assert_eq!(of_use(Some(&file)), None);
        fs::write(&file, "#\nflask # why\n").unwrap();
        assert_eq!(of_use(Some(&file)), Some(&*file));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let root = tempfile::tempdir().unwrap();
        let top = root.path().join("top.txt");
        fs::write(&top, "-r missing.txt\n").unwrap();
        let missing = root.path().join("missing.txt");
        let text = format!("cannot read {}", missing.display());
        assert_eq!(files(&top).unwrap_err().to_string(), text);
        fs::write(&missing, vec![b'#'; (1 << 20) + 1]).unwrap();
        assert_eq!(files(&top).unwrap_err().to_string(), text);
    }
}
