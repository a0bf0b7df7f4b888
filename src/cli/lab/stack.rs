//! The lab's own stack, carried in the binary and laid down as files, so that one way of reading serves it and a
//! user's Compose file alike, and `docker compose` finds it too.

use std::path::PathBuf;

use crate::state::{LabDirectory, StateError};

/// Names in the lab's directory, and contents.
pub(super) const FILES: [(&str, &str); 6] = [
    (COMPOSE, COMPOSE_TEXT),
    (
        "stack/uwsgi/Dockerfile",
        include_str!("../../../stack/uwsgi/Dockerfile"),
    ),
    (
        "stack/uwsgi/uwsgi.ini",
        include_str!("../../../stack/uwsgi/uwsgi.ini"),
    ),
    (
        "stack/uwsgi/requirements.txt",
        include_str!("../../../stack/uwsgi/requirements.txt"),
    ),
    (
        "stack/uwsgi/app/hello.py",
        include_str!("../../../stack/uwsgi/app/hello.py"),
    ),
    (
        "stack/uwsgi/pip/README",
        include_str!("../../../stack/uwsgi/pip/README"),
    ),
];
pub(super) const COMPOSE: &str = "stack/compose.yaml";
pub(super) const COMPOSE_TEXT: &str = include_str!("../../../stack/compose.yaml");

/// Where the Compose file lies once [`lay_down`] has been there.
pub(super) fn compose_file(directory: &LabDirectory) -> PathBuf {
    directory.path().join(COMPOSE)
}

pub(super) fn lay_down(directory: &LabDirectory) -> Result<(), StateError> {
    directory.write_files(&FILES)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_stack_is_in_the_binary() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = BTreeSet::new();
        let mut directories = vec![root.join("stack")];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                // Scenarios, which are read from the binary alone.
                if path.ends_with("demos") {
                    continue;
                }
                if path.is_dir() {
                    directories.push(path);
                } else {
                    files.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        files.retain(|name| !name.ends_with(".pyc"));
        assert_eq!(files, FILES.iter().map(|(name, _)| (*name).to_owned()).collect());
    }
}
