//! A file that lines are appended to, found again by its path after somebody moved it away; parses nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;
use tokio_util::bytes::Bytes;

#[derive(Debug)]
pub(crate) struct LineFile {
    path: PathBuf,
    /// None while a write has it, and after one that failed.
    file: Option<File>,
}

impl LineFile {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let file = Some(open(&path)?);
        Ok(Self { path, file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends all of `lines`, or nothing.
    pub(super) async fn append(&mut self, lines: Bytes) -> io::Result<()> {
        let (path, file) = (self.path.clone(), self.file.take());
        let append = spawn_blocking(move || {
            let file = match file.filter(|file| is_at(file, &path)) {
                Some(file) => file,
                None => open(&path)?,
            };
            append(&file, &lines).map(|()| file)
        });
        self.file = Some(append.await.map_err(io::Error::other)??);
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// False once a rotation has moved or removed the file.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => identity(open) == identity(there),
        _ => false,
    }
}

fn append(mut file: &File, lines: &[u8]) -> io::Result<()> {
    let before = file.metadata()?;
    let appended = file.write_all(lines);
    if appended.is_err() && before.is_file() {
        // Half a line would spoil the one that is appended to it.
        file.set_len(before.len()).ok();
    }
    appended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_go_to_the_path_also_after_the_file_was_moved_away_or_removed() {
        let directory = tempfile::tempdir().unwrap();
        let (path, old) = (directory.path().join("lines"), directory.path().join("lines.1"));
        fs::write(&path, "there\n").unwrap();
        let mut file = LineFile::open(path.clone()).unwrap();
        let mut append = async |text: &'static str| file.append(Bytes::from_static(text.as_bytes())).await;
        append("a\n").await.unwrap();
        append("b\n").await.unwrap();
        fs::rename(&path, &old).unwrap();
        append("c\n").await.unwrap();
        assert_eq!(fs::read_to_string(&old).unwrap(), "there\na\nb\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "c\n");

        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        append("d\n").await.unwrap_err();
        fs::remove_dir(&path).unwrap();
        append("e\n").await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "e\n");
    }
}
