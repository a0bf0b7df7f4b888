//! Words what stands in the way where files cannot be used, and what to type next. Looks at paths, changes none.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::bundle::BundleError;

use super::error::{Code, Failure};

/// For a lab's own files.
pub(super) const FREE_PLACE: &str = "or put labs elsewhere: UWSGI_LAB_STATE_DIR names the directory";

/// What the system said, where the error or one that it comes from is the system's.
pub(super) fn kind(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        next = error.source();
    }
    None
}

/// The next step for somebody whose file or directory at `path` cannot be used.
pub(super) fn advice(kind: ErrorKind, path: &Path) -> String {
    let place = nearest(path).display();
    let disk = path
        .ancestors()
        .find(|one| one.is_dir())
        .unwrap_or(path)
        .display();
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            format!("make room there: `df -h {disk}` shows what is left")
        }
        ErrorKind::PermissionDenied => format!("see whose it is: `ls -ld {place}`"),
        ErrorKind::ReadOnlyFilesystem => {
            format!("have it mounted to be written: `df {disk}` names the disk")
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            format!("move away what is in the place of a directory: `ls -ld {place}`")
        }
        _ => format!("look at it: `ls -ld {place}`"),
    }
}

/// What is wrong with a bundle.
pub(super) fn bundle(error: &BundleError) -> Failure {
    let failure = |code| Failure::from_error(code, error);
    match error {
        BundleError::Read { .. } => failure(Code::InvalidFile),
        BundleError::Write { path, source } => failure(Code::Unavailable).hint(advice(source.kind(), path)),
        BundleError::Exists { .. } => {
            failure(Code::Usage).hint("write over it with --force, or name another file with --output")
        }
        BundleError::NoBundle { .. } => {
            failure(Code::InvalidFile).hint("`uwsgi-lab bundle` makes one of a lab")
        }
        BundleError::Newer { .. } => failure(Code::InvalidFile)
            .hint("take that version here too, or make the bundle anew with this one: `uwsgi-lab bundle`"),
        BundleError::CutShort { .. } | BundleError::Altered { .. } => failure(Code::InvalidFile)
            .hint("copy it once more from where it was made; nothing of it was used"),
        BundleError::Unsafe { .. } => {
            failure(Code::InvalidFile).hint("no `uwsgi-lab bundle` makes such a file: do not use it")
        }
    }
}

/// What there is of `path`.
fn nearest(path: &Path) -> &Path {
    let mut there = path.ancestors().filter(|one| one.symlink_metadata().is_ok());
    there.next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_next_step_names_what_is_there_of_the_path() {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().display();
        let missing = root.path().join("lab/engine.json");
        let table = [
            (
                ErrorKind::StorageFull,
                format!("make room there: `df -h {place}` shows what is left"),
            ),
            (
                ErrorKind::PermissionDenied,
                format!("see whose it is: `ls -ld {place}`"),
            ),
            (
                ErrorKind::ReadOnlyFilesystem,
                format!("have it mounted to be written: `df {place}` names the disk"),
            ),
            (ErrorKind::IsADirectory, format!("look at it: `ls -ld {place}`")),
        ];
        for (kind, expected) in table {
            assert_eq!(advice(kind, &missing), expected);
        }
        let file = root.path().join("lab");
        fs::write(&file, "").unwrap();
        let error = fs::read(&missing).unwrap_err();
        assert_eq!(
            advice(error.kind(), &missing),
            format!(
                "move away what is in the place of a directory: `ls -ld {}`",
                file.display()
            )
        );
    }

    #[test]
    fn the_system_is_heard_through_the_errors_around_its_own() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] io::Error);
        let outer = Outer(ErrorKind::StorageFull.into());
        assert_eq!(kind(&outer), Some(ErrorKind::StorageFull));
        assert_eq!(kind(&std::fmt::Error), None);
    }
}
