//! One file that holds all a lab needs: a tar archive whose first entry says what is in it, whose other entries are parts, each a
//! gzipped tar archive of its own, and whose last entry is the hash of the first. Knows no engine and no lab.
//!
//! The outer archive is not compressed, so that what is in a bundle is read without the rest, and a part without the ones before it.

mod error;
mod manifest;
mod reader;
mod unpack;
mod writer;

pub(crate) use error::BundleError;
#[cfg(test)]
pub(crate) use manifest::Part;
pub(crate) use manifest::{BundledDashboard, BundledImage, Manifest, Wheels};
pub(crate) use reader::Bundle;
pub(crate) use unpack::unpack;
pub(crate) use writer::{Packed, PartWriter, Writer};

/// The names of parts.
pub(crate) const STACK: &str = "stack.tar.gz";
pub(crate) const DASHBOARDS: &str = "dashboards.tar.gz";
pub(crate) const WHEELS: &str = "wheels.tar.gz";
pub(crate) const RUNS: &str = "runs.tar.gz";
pub(crate) const IMAGES: &str = "images.tar.gz";

/// Of the names that images travel under.
const IMAGE: &str = "uwsgi-lab-bundle:";

/// The name that an image has in a bundle: that of its content, which no other image has.
pub(crate) fn image_tag(id: &str) -> String {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    let short: String = digits.chars().take(24).collect();
    format!("{IMAGE}{short}")
}

/// True for the name of an image that came in a bundle.
pub(crate) fn is_image(reference: &str) -> bool {
    reference.starts_with(IMAGE)
}

/// Of the outer archive.
const FIRST: &str = "manifest.json";
const LAST: &str = "manifest.json.sha256";
/// Of a tar archive.
const BLOCK: u64 = 512;

/// Bytes from the end of something of `size` bytes to the next block.
fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK) - size
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
