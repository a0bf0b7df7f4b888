//! Writes a bundle beside its place and moves it there once it is whole. Nothing of it is ever in memory as a whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::manifest::{Manifest, Part};
use super::{BLOCK, BundleError, FIRST, LAST, hexadecimal, padding};

/// Images are large, and most of them is not worth more time.
const COMPRESSION: u32 = 3;

/// A bundle that is being written. Dropped before its end, it leaves nothing behind.
pub(crate) struct Writer {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    manifest: Manifest,
    /// For the manifest, which is written last and stands first.
    reserved: u64,
    finished: bool,
}

impl Writer {
    /// Begins the file at `path`. The manifest's `parts` are filled in as they are written, by the names in `parts`, in this order.
    ///
    /// # Errors
    /// [`BundleError::Exists`] where there is something at `path`, unless it may be `replaced`.
    pub(crate) fn create(
        path: &Path,
        replaced: bool,
        mut manifest: Manifest,
        parts: &[&str],
    ) -> Result<Self, BundleError> {
        refuse_existing(path, replaced)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let temporary = path.with_file_name(name);
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&temporary);
        let file = file.map_err(BundleError::write(path))?;
        manifest.parts = parts.iter().map(|name| Part::unwritten(name)).collect();
        let reserved = (json(&manifest).len() as u64).next_multiple_of(BLOCK);
        manifest.parts.clear();
        let mut writer = Self {
            path: path.to_owned(),
            temporary,
            file,
            manifest,
            reserved,
            finished: false,
        };
        writer.seek(SeekFrom::Start(BLOCK + reserved))?;
        Ok(writer)
    }

    /// Begins the next part.
    pub(crate) fn part(&mut self, name: &str) -> Result<PartWriter<'_>, BundleError> {
        let begin = self.seek(SeekFrom::Current(0))?;
        self.seek(SeekFrom::Current(BLOCK as i64))?;
        let file = self.file.try_clone().map_err(BundleError::write(&self.path))?;
        let counted = Counted {
            file,
            hasher: Sha256::new(),
            bytes: 0,
        };
        Ok(PartWriter {
            name: name.to_owned(),
            begin,
            encoder: GzEncoder::new(counted, Compression::new(COMPRESSION)),
            unpacked: 0,
            writer: self,
        })
    }

    /// Puts the whole file into its place. Returns its size in bytes.
    pub(crate) fn finish(mut self, replaced: bool) -> Result<u64, BundleError> {
        let mut text = json(&self.manifest);
        // Spaces after JSON mean nothing.
        text.resize(self.reserved as usize, b' ');
        text.pop();
        text.push(b'\n');
        let size = self.complete(&text).map_err(BundleError::write(&self.path))?;
        refuse_existing(&self.path, replaced)?;
        fs::rename(&self.temporary, &self.path).map_err(BundleError::write(&self.path))?;
        self.finished = true;
        Ok(size)
    }

    fn complete(&mut self, manifest: &[u8]) -> io::Result<u64> {
        let digest = format!("{}\n", hexadecimal(&Sha256::digest(manifest)));
        self.file.write_all(&header(LAST, digest.len() as u64)?)?;
        self.file.write_all(digest.as_bytes())?;
        pad(&mut self.file, digest.len() as u64)?;
        // The end of a tar archive.
        self.file.write_all(&[0; 2 * BLOCK as usize])?;
        let size = self.file.stream_position()?;
        self.file.rewind()?;
        self.file.write_all(&header(FIRST, manifest.len() as u64)?)?;
        self.file.write_all(manifest)?;
        self.file.sync_all()?;
        Ok(size)
    }

    fn seek(&mut self, to: SeekFrom) -> Result<u64, BundleError> {
        self.file.seek(to).map_err(BundleError::write(&self.path))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.finished {
            fs::remove_file(&self.temporary).ok();
        }
    }
}

/// One part: what is written to it is compressed. [`PartWriter::finish`] makes it part of the bundle.
pub(crate) struct PartWriter<'a> {
    writer: &'a mut Writer,
    name: String,
    /// Where its header stands.
    begin: u64,
    encoder: GzEncoder<Counted>,
    unpacked: u64,
}

impl PartWriter<'_> {
    pub(crate) fn finish(self) -> Result<(), BundleError> {
        let Self {
            writer,
            name,
            begin,
            encoder,
            unpacked,
        } = self;
        let counted = encoder.finish().map_err(BundleError::write(&writer.path))?;
        let part = Part {
            name,
            size: counted.bytes,
            unpacked,
            sha256: hexadecimal(&counted.hasher.finalize()),
        };
        let written = writer.head(begin, &part);
        written.map_err(BundleError::write(&writer.path))?;
        writer.manifest.parts.push(part);
        Ok(())
    }
}

impl Writer {
    /// Writes the header of a part, whose size is known only now, and goes on after it.
    fn head(&mut self, begin: u64, part: &Part) -> io::Result<()> {
        pad(&mut self.file, part.size)?;
        let end = self.file.stream_position()?;
        self.file.seek(SeekFrom::Start(begin))?;
        self.file.write_all(&header(&part.name, part.size)?)?;
        self.file.seek(SeekFrom::Start(end))?;
        Ok(())
    }
}

impl Write for PartWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.encoder.write(bytes)?;
        self.unpacked += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive inside of a part.
pub(crate) struct Packed<'a>(tar::Builder<PartWriter<'a>>);

impl<'a> Packed<'a> {
    pub(crate) fn new(part: PartWriter<'a>) -> Self {
        Self(tar::Builder::new(part))
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        let mut header = member(text.len() as u64, false);
        self.0.append_data(&mut header, name, text.as_bytes())
    }

    /// A file of this machine. Whose it is and when it was changed does not travel.
    pub(crate) fn file(&mut self, name: &str, path: &Path) -> io::Result<()> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let size = metadata.len();
        let mut header = member(size, metadata.permissions().mode() & 0o100 != 0);
        let mut taken = Exactly {
            file: file.take(size),
            left: size,
        };
        self.0.append_data(&mut header, name, &mut taken)
    }

    pub(crate) fn finish(self) -> Result<(), BundleError> {
        let path = self.0.get_ref().writer.path.clone();
        let part = self.0.into_inner().map_err(BundleError::write(&path))?;
        part.finish()
    }
}

/// A file that became shorter while it was read would make all after it unreadable.
struct Exactly {
    file: io::Take<File>,
    left: u64,
}

impl io::Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.left -= read as u64;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::Error::other("it changed while it was read"));
        }
        Ok(read)
    }
}

fn member(size: u64, runs: bool) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(if runs { 0o755 } else { 0o644 });
    header
}

fn header(name: &str, size: u64) -> io::Result<[u8; BLOCK as usize]> {
    let mut header = member(size, false);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_path(name)?;
    header.set_mtime(0);
    header.set_cksum();
    Ok(*header.as_bytes())
}

fn pad(file: &mut File, size: u64) -> io::Result<()> {
    file.write_all(&vec![0; padding(size) as usize])
}

fn refuse_existing(path: &Path, replaced: bool) -> Result<(), BundleError> {
    if !replaced && path.symlink_metadata().is_ok() {
        return Err(BundleError::Exists {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// It has no map whose keys are not text, and so becomes JSON.
fn json(manifest: &Manifest) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(manifest).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Counts and hashes what reaches the file.
struct Counted {
    file: File,
    hasher: Sha256,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
