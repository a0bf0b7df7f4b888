//! Writes down what a lab was made of, so that it can be packed.

use std::path::PathBuf;

use crate::compose::{Mount, Project, Service};
use crate::engine::{self, INI_LABEL};
use crate::plan::{Desired, ImageSource};
use crate::state::{Recipe, RecipeImage};

use super::super::settings::UpSettings;

pub(super) fn of(settings: &UpSettings, desired: &Desired) -> Recipe {
    let services = &desired.project.services;
    let images = desired.images.iter().filter_map(|(name, source)| {
        let image = image(services.get(name)?, source)?;
        Some((name.clone(), image))
    });
    let apps = services
        .iter()
        .filter(|(_, service)| service.labels.contains_key(INI_LABEL));
    let apps = apps.map(|(name, service)| (name.clone(), engine::requirements(service)));
    Recipe {
        project: settings.recipe(),
        images: images.collect(),
        apps: apps.collect(),
        places: places(&desired.project),
        bundle: settings.bundle.as_ref().map(|bundled| bundled.directory.clone()),
    }
}

/// None for what comes with the program.
fn image(service: &Service, source: &ImageSource) -> Option<RecipeImage> {
    let (name, built_from) = match source {
        ImageSource::Pull { reference } => (service.image.as_ref().unwrap_or(reference), None),
        ImageSource::Build {
            tag,
            hash,
            artifact: crate::plan::Artifact::Image,
        } => (tag, Some(hash.clone())),
        ImageSource::Bundled { name, built_from, .. } => (name, built_from.clone()),
        ImageSource::Build { .. } | ImageSource::BuiltIn { .. } => return None,
    };
    Some(RecipeImage {
        name: name.clone(),
        reference: source.reference().to_owned(),
        built_from,
    })
}

fn places(project: &Project) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for service in project.services.values() {
        places.extend(service.build.as_ref().map(|build| build.context.clone()));
        places.extend(service.volumes.iter().filter_map(|mount| match mount {
            Mount::Bind { source, .. } => Some(source.clone()),
            Mount::Volume { .. } => None,
        }));
    }
    places.sort();
    places.dedup();
    places
}
