//! Unpacks a part into a new directory, and trusts nothing that the part says of itself: files and directories alone, all of them
//! below the directory, each once, no more of them than the manifest says.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use tar::EntryType;

use super::BundleError;
use super::reader::Bundle;

/// Unpacks the part `name` into `directory`, which must not be there, once its hash is the right one. What could not be unpacked
/// leaves nothing behind.
pub(crate) fn unpack(bundle: &Bundle, name: &str, directory: &Path) -> Result<(), BundleError> {
    bundle.verify(name)?;
    make(directory)?;
    let unpacked = unpack_into(bundle, name, directory);
    if unpacked.is_err() {
        // What went wrong before matters more.
        fs::remove_dir_all(directory).ok();
    }
    unpacked
}

fn unpack_into(bundle: &Bundle, name: &str, directory: &Path) -> Result<(), BundleError> {
    let damaged = |error: io::Error| BundleError::altered(bundle.path(), format!("{name}: {error}"));
    let mut archive = tar::Archive::new(bundle.decompressed(name)?);
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let raw = entry.path_bytes().into_owned();
        let refuse = |why| BundleError::Unsafe {
            path: bundle.path().to_owned(),
            part: name.to_owned(),
            entry: String::from_utf8_lossy(&raw).into_owned(),
            why,
        };
        let inside = inside(&raw).ok_or_else(|| refuse("which leads out of it"))?;
        let place = directory.join(inside);
        match entry.header().entry_type() {
            EntryType::Directory => make(&place)?,
            EntryType::Regular => {
                make(place.parent().unwrap_or(directory))?;
                if place.symlink_metadata().is_ok() {
                    return Err(refuse("which is there twice"));
                }
                let runs = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
                write(&place, runs, &mut entry, damaged)?;
            }
            _ => return Err(refuse("which is neither a file nor a directory")),
        }
    }
    Ok(())
}

/// The path where every component of it is a name.
fn inside(raw: &[u8]) -> Option<PathBuf> {
    let text = std::str::from_utf8(raw).ok()?;
    let path = Path::new(text);
    let is_name = |component: Component<'_>| matches!(component, Component::Normal(_));
    let names = path.components().all(is_name) && !text.contains('\0') && !text.is_empty();
    names.then(|| path.to_owned())
}

/// Processes of containers read what is mounted from here, whoever they are; what is above is closed to others.
fn make(directory: &Path) -> Result<(), BundleError> {
    let made = DirBuilder::new().recursive(true).mode(0o755).create(directory);
    made.map_err(BundleError::write(directory))
}

fn write(
    place: &Path,
    runs: bool,
    content: &mut impl Read,
    damaged: impl Fn(io::Error) -> BundleError,
) -> Result<(), BundleError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options.mode(if runs { 0o755 } else { 0o644 });
    let mut file = options.open(place).map_err(BundleError::write(place))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = content.read(&mut buffer).map_err(&damaged)?;
        if read == 0 {
            return Ok(());
        }
        io::Write::write_all(&mut file, &buffer[..read]).map_err(BundleError::write(place))?;
    }
}
