//! The lock file of image digests: which bytes a tag meant when the lab first got it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LabDirectory, StateError};

const FILE: &str = "images.json";

/// Digests by the reference that the Compose file names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ImageLock {
    digests: BTreeMap<String, String>,
}

impl ImageLock {
    pub(crate) fn load(directory: &LabDirectory) -> Result<Self, StateError> {
        Ok(directory.load(FILE)?.unwrap_or_default())
    }

    pub(crate) fn save(&self, directory: &LabDirectory) -> Result<(), StateError> {
        directory.store(FILE, self)
    }

    /// `name@sha256:…` where the tag is locked, else the reference itself.
    pub(crate) fn pinned(&self, reference: &str) -> String {
        self.digests
            .get(reference)
            .cloned()
            .unwrap_or_else(|| reference.to_owned())
    }

    /// Locks `reference` to the one of `digests` (`name@sha256:…`) that is of its repository. An image made on this
    /// machine has none: it stays as its tag says. True where something was locked.
    pub(crate) fn lock(&mut self, reference: &str, digests: &[String]) -> bool {
        let repository = repository(reference);
        let digest = digests
            .iter()
            .find(|digest| repository_of_digest(digest) == repository);
        let Some(digest) = digest.filter(|_| !reference.contains('@')) else {
            return false;
        };
        self.digests.insert(reference.to_owned(), digest.clone()).as_ref() != Some(digest)
    }
}

impl ImageLock {
    /// Lets `reference` stand for an image that did not come from a registry. True where that is new.
    pub(crate) fn pin(&mut self, reference: &str, image: &str) -> bool {
        let before = self.digests.insert(reference.to_owned(), image.to_owned());
        before.as_deref() != Some(image)
    }
}

fn repository(reference: &str) -> &str {
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => familiar(name),
        _ => familiar(reference),
    }
}

fn repository_of_digest(digest: &str) -> &str {
    familiar(digest.split('@').next().unwrap_or(digest))
}

/// Docker's own short form: `docker.io/library/influxdb` is `influxdb` in the digests it lists.
fn familiar(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_pinned_to_the_digest_of_its_own_repository() {
        let mut lock = ImageLock::default();
        assert_eq!(lock.pinned("influxdb:1.8.10"), "influxdb:1.8.10");
        let digests = [
            "mirror.example/influxdb@sha256:bb".to_owned(),
            "influxdb@sha256:aa".to_owned(),
        ];
        assert!(lock.lock("influxdb:1.8.10", &digests));
        assert!(!lock.lock("influxdb:1.8.10", &digests));
        assert_eq!(lock.pinned("influxdb:1.8.10"), "influxdb@sha256:aa");
    }

    #[test]
    fn the_long_name_of_an_image_is_locked_too() {
        for tag in ["docker.io/library/influxdb:1.8.10", "docker.io/influxdb"] {
            let mut lock = ImageLock::default();
            assert!(lock.lock(tag, &["influxdb@sha256:aa".to_owned()]), "{tag}");
            assert_eq!(lock.pinned(tag), "influxdb@sha256:aa");
        }
    }

    #[test]
    fn an_image_that_came_otherwise_is_found_by_the_name_it_came_with() {
        let mut lock = ImageLock::default();
        assert!(lock.pin("influxdb:1.8.10", "uwsgi-lab-bundle:aa"));
        assert!(!lock.pin("influxdb:1.8.10", "uwsgi-lab-bundle:aa"));
        assert_eq!(lock.pinned("influxdb:1.8.10"), "uwsgi-lab-bundle:aa");
    }

    #[test]
    fn an_image_without_a_registry_and_one_named_by_digest_are_not_locked() {
        let mut lock = ImageLock::default();
        assert!(!lock.lock("local/test:1", &[]));
        assert!(!lock.lock("influxdb@sha256:aa", &["influxdb@sha256:aa".to_owned()]));
        assert_eq!(lock, ImageLock::default());
    }
}
