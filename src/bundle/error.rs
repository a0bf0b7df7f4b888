//! What can be wrong with a bundle, by kind, so that the command line can say what to do.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::manifest::VERSION;

#[derive(Debug, Error)]
pub(crate) enum BundleError {
    #[error("cannot read {}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} exists already", .path.display())]
    Exists { path: PathBuf },
    #[error("{} is no bundle of uwsgi-lab: {why}", .path.display())]
    NoBundle { path: PathBuf, why: &'static str },
    #[error("{} is of a newer uwsgi-lab ({tool}): its format is {version}, and this one knows {VERSION}", .path.display())]
    Newer {
        path: PathBuf,
        tool: String,
        version: u64,
    },
    #[error("{} is cut short: {has} of {needs} bytes are there", .path.display())]
    CutShort { path: PathBuf, has: u64, needs: u64 },
    #[error("{} was altered or damaged: {what}", .path.display())]
    Altered { path: PathBuf, what: String },
    #[error("{} is not safe to unpack: {part} has '{entry}', {why}", .path.display())]
    Unsafe {
        path: PathBuf,
        part: String,
        entry: String,
        why: &'static str,
    },
}

impl BundleError {
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    pub(super) fn altered(path: &Path, what: impl Into<String>) -> Self {
        Self::Altered {
            path: path.to_owned(),
            what: what.into(),
        }
    }
}
