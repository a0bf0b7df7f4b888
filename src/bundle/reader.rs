//! Opens a bundle: reads what is in it, finds its parts, sees whether they are as they were written.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Take};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::manifest::{Manifest, Part, VERSION};
use super::{BLOCK, BundleError, FIRST, LAST, hexadecimal, padding};

/// A manifest that is larger is none.
const LARGEST_MANIFEST: u64 = 16 << 20;
const CHUNK: usize = 1 << 18;

/// A bundle whose manifest is as it was written, and which has all the bytes that it should have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bundle {
    path: PathBuf,
    pub(crate) manifest: Manifest,
    /// Of the manifest, in hexadecimal, and with it of all: another bundle has another.
    pub(crate) id: String,
    /// Where each part begins.
    pub(super) places: Vec<u64>,
}

/// What is read of a manifest before it is known that the rest can be understood.
#[derive(Deserialize)]
struct Preamble {
    version: u64,
    #[serde(default)]
    tool: String,
}

impl Bundle {
    /// Reads the manifest and looks that nothing is missing after it. The parts are read later.
    pub(crate) fn open(path: &Path) -> Result<Self, BundleError> {
        let mut file = File::open(path).map_err(BundleError::read(path))?;
        let text = manifest(path, &mut file)?;
        let manifest = understood(path, &text)?;
        let length = file.metadata().map_err(BundleError::read(path))?.len();
        let mut place = BLOCK + text.len() as u64 + padding(text.len() as u64);
        let mut places = Vec::new();
        for part in &manifest.parts {
            places.push(place + BLOCK);
            let size = part.size.checked_next_multiple_of(BLOCK);
            let next = size.and_then(|size| place.checked_add(BLOCK)?.checked_add(size));
            place = next.ok_or_else(|| altered(path, &part.name))?;
        }
        // The last entry and the two empty blocks of the end.
        let needs = place.saturating_add(4 * BLOCK);
        if length < needs {
            return Err(BundleError::CutShort {
                path: path.to_owned(),
                has: length,
                needs,
            });
        }
        let id = hexadecimal(&Sha256::digest(&text));
        file.seek(SeekFrom::Start(place))
            .map_err(BundleError::read(path))?;
        if length > needs || hash(path, &mut file)? != id {
            return Err(altered(path, FIRST));
        }
        Ok(Self {
            path: path.to_owned(),
            manifest,
            id,
            places,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn part(&self, name: &str) -> Option<&Part> {
        self.manifest.parts.iter().find(|part| part.name == name)
    }

    /// Reads a part once and compares its hash.
    ///
    /// # Errors
    /// [`BundleError::Altered`] where it is another than the one that was written.
    pub(crate) fn verify(&self, name: &str) -> Result<(), BundleError> {
        let (part, mut raw) = self.raw(name)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; CHUNK];
        let mut done = 0;
        loop {
            let read = raw.read(&mut buffer).map_err(BundleError::read(&self.path))?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
            done += read as u64;
        }
        if done == part.size && hexadecimal(&hasher.finalize()) == part.sha256 {
            return Ok(());
        }
        Err(altered(&self.path, name))
    }

    /// The decompressed bytes of a part, no more of them than it says it has.
    pub(crate) fn decompressed(&self, name: &str) -> Result<Take<GzDecoder<Take<File>>>, BundleError> {
        let (part, raw) = self.raw(name)?;
        let unpacked = part.unpacked;
        Ok(GzDecoder::new(raw).take(unpacked))
    }

    fn raw(&self, name: &str) -> Result<(&Part, Take<File>), BundleError> {
        let found = self.manifest.parts.iter().zip(&self.places);
        let Some((part, place)) = found.into_iter().find(|(part, _)| part.name == name) else {
            return Err(BundleError::altered(&self.path, format!("it has no {name}")));
        };
        let failed = BundleError::read(&self.path);
        let opened = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(*place))?;
            Ok(file)
        });
        Ok((part, opened.map_err(failed)?.take(part.size)))
    }
}

fn altered(path: &Path, name: &str) -> BundleError {
    BundleError::altered(path, format!("{name} is not as it was written"))
}

fn manifest(path: &Path, file: &mut File) -> Result<Vec<u8>, BundleError> {
    let no_bundle = |why| BundleError::NoBundle {
        path: path.to_owned(),
        why,
    };
    let size = entry(file, FIRST).map_err(BundleError::read(path))?;
    let size = size.ok_or_else(|| no_bundle("it does not begin with a manifest"))?;
    if size > LARGEST_MANIFEST {
        return Err(no_bundle("its manifest is too large"));
    }
    let mut text = vec![0; size as usize];
    file.read_exact(&mut text)
        .map_err(|error| cut_short_or(error, path, file, BLOCK + size))?;
    Ok(text)
}

fn cut_short_or(error: io::Error, path: &Path, file: &File, needs: u64) -> BundleError {
    match (error.kind(), file.metadata()) {
        (io::ErrorKind::UnexpectedEof, Ok(metadata)) => BundleError::CutShort {
            path: path.to_owned(),
            has: metadata.len(),
            needs,
        },
        _ => BundleError::read(path)(error),
    }
}

fn understood(path: &Path, text: &[u8]) -> Result<Manifest, BundleError> {
    let unreadable = |error: serde_json::Error| BundleError::altered(path, format!("{FIRST}: {error}"));
    let preamble: Preamble = serde_json::from_slice(text).map_err(unreadable)?;
    if preamble.version > VERSION.into() {
        return Err(BundleError::Newer {
            path: path.to_owned(),
            tool: preamble.tool,
            version: preamble.version,
        });
    }
    serde_json::from_slice(text).map_err(unreadable)
}

/// The hash in the last entry; empty where there is none.
fn hash(path: &Path, file: &mut File) -> Result<String, BundleError> {
    let mut text = String::new();
    let size = entry(file, LAST).map_err(BundleError::read(path))?;
    let read = file.take(size.unwrap_or(0).min(BLOCK)).read_to_string(&mut text);
    // What is no text is no hash.
    read.ok();
    Ok(text.trim_end().to_owned())
}

/// Reads the header of the entry `name` and returns its size; None where it is another.
fn entry(file: &mut File, name: &str) -> io::Result<Option<u64>> {
    let mut header = tar::Header::new_old();
    match file.read_exact(header.as_mut_bytes()) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let is_named = header.path().is_ok_and(|path| path == Path::new(name));
    Ok(header.entry_size().ok().filter(|_| is_named))
}
