//! Which bytes the tags of a Compose file stand for: locked at the first `up`, so that the first day comes again.

use crate::plan::{Desired, Observed};
use crate::state::{ImageLock, LabDirectory};

use super::super::error::Failure;
use super::agents::state_failure;
use super::bundled;

pub(super) fn load_lock(directory: &LabDirectory) -> Result<ImageLock, Failure> {
    ImageLock::load(directory).map_err(|error| state_failure(&error))
}

/// Locks the digests that tags stand for now.
pub(super) fn remember_images(
    desired: &Desired,
    observed: &Observed,
    lock: &mut ImageLock,
    directory: &LabDirectory,
) -> Result<(), Failure> {
    let mut new = bundled::lock_images(&desired.images, lock);
    for (name, service) in desired
        .project
        .services
        .iter()
        .filter(|(_, service)| service.build.is_none())
    {
        let seen = desired
            .images
            .get(name)
            .and_then(|source| observed.images.get(source.reference()));
        if let (Some(tag), Some(image)) = (&service.image, seen) {
            new |= lock.lock(tag, &image.digests);
        }
    }
    if new {
        lock.save(directory).map_err(|error| state_failure(&error))
    } else {
        Ok(())
    }
}
