//! A lab from a bundle: its files laid down, its images in place of a registry's, its wheels in place of an index's, its runs beside
//! the others, its dashboards shown.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::bundle::{self, Bundle, BundleError, BundledImage};
use crate::compose::Project;
use crate::engine::{AnyEngine, ArchivedImage, Docker, INI_LABEL, ImageArchive, WheelPlatform, Wheelhouse};
use crate::plan::{ImageSource, Operation, Plan};
use crate::provision::{self, Dashboard, Grafana, ProvisionError};
use crate::report::{command, number};
use crate::state::{EngineKind, ImageLock, Recipe};

use super::super::error::{Code, Failure};
use super::super::files;
use super::super::output;
use super::super::place::cannot_write;
use super::super::settings::{AppSettings, BundleSettings, STACK, UpSettings};
use super::connect::failure;
use super::desired::built_tag;

const DASHBOARDS: &str = "dashboards";
const WHEELS: &str = "wheels";
const RUNS: &str = "runs";
/// Beside what is unpacked, once the runs are where runs are kept.
const BROUGHT: &str = "runs-are-brought";

/// Unpacks what the lab is made of, unless it is there.
///
/// # Errors
/// A bundle that is damaged (3), a disk that is full (4).
pub(super) fn lay_down(bundled: &BundleSettings) -> Result<(), Failure> {
    let (bundle, directory) = (&bundled.bundle, &bundled.directory);
    if directory.is_dir() {
        return Ok(());
    }
    let half = Scratch::beside(directory);
    let parts = [
        (bundle::STACK, STACK),
        (bundle::DASHBOARDS, DASHBOARDS),
        (bundle::WHEELS, WHEELS),
    ];
    for (part, name) in parts {
        if bundle.part(part).is_some() {
            let unpacked = bundle::unpack(bundle, part, &half.0.join(name));
            unpacked.map_err(|error| unusable(bundled, &error))?;
        }
    }
    fs::create_dir_all(&half.0).map_err(|error| cannot_write(directory, &error))?;
    bundled
        .keep(&half.0)
        .map_err(|error| cannot_write(directory, &error))?;
    fs::rename(&half.0, directory).map_err(|error| cannot_write(directory, &error))
}

/// What is full or closed is the disk of all labs; the place of this one may go with the failure.
fn unusable(bundled: &BundleSettings, error: &BundleError) -> Failure {
    match error {
        BundleError::Write { source, .. } => {
            let labs = bundled.all.ancestors().nth(2).unwrap_or(&bundled.all);
            cannot_write(labs, source).hint(files::FREE_PLACE)
        }
        error => files::bundle(error),
    }
}

/// Says what is opened, and puts its runs where runs are kept.
pub(super) fn arrive(settings: &UpSettings) -> Result<(), Failure> {
    let Some(bundled) = &settings.bundle else {
        return Ok(());
    };
    lay_down(bundled)?;
    let manifest = &bundled.bundle.manifest;
    let which = match bundled.is_remembered {
        true => ", from which this lab was made".to_owned(),
        false => format!(
            ", made at {} of the lab '{}' (engine {})",
            manifest.made, manifest.lab, manifest.engine
        ),
    };
    output::note(&format!("Bundle: {}{which}.", bundled.bundle.path().display()));
    let marker = bundled.directory.join(BROUGHT);
    if !manifest.runs.is_empty() && !marker.exists() {
        let runs = settings.lab.environment.state_root()?.join(RUNS);
        for run in bring_runs(&bundled.bundle, &runs)? {
            let run = run.display();
            let text =
                format!("Run: {run}/report.html; `uwsgi-lab replay {run} --now` puts it on the dashboard.");
            output::note(&command::of_lab(&text, &settings.lab.name));
        }
        fs::write(&marker, "").map_err(|error| cannot_write(&marker, &error))?;
    }
    Ok(())
}

/// Unpacks runs into `place`, each under its name, or where another run has that, under one with a number. Returns where they are.
fn bring_runs(bundle: &Bundle, place: &Path) -> Result<Vec<PathBuf>, Failure> {
    let scratch = Scratch::beside(&place.join("of-a-bundle"));
    bundle::unpack(bundle, bundle::RUNS, &scratch.0).map_err(|error| files::bundle(&error))?;
    let failed = |error: io::Error| cannot_write(place, &error);
    let mut brought = Vec::new();
    for entry in fs::read_dir(&scratch.0).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let names = (1..).map(|number| match number {
            1 => place.join(&name),
            _ => place.join(format!("{name}-{number}")),
        });
        for target in names {
            if !target.exists() {
                fs::rename(entry.path(), &target).map_err(failed)?;
                brought.push(target);
                break;
            }
            if is_same(&entry.path(), &target).map_err(failed)? {
                brought.push(target);
                break;
            }
        }
    }
    brought.sort();
    Ok(brought)
}

/// True where all that `one` has is in `other` too.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    if !one.is_dir() {
        let same_size = other.is_file() && one.metadata()?.len() == other.metadata()?.len();
        return Ok(same_size && fs::read(one)? == fs::read(other)?);
    }
    for entry in fs::read_dir(one)? {
        let entry = entry?;
        let counterpart = other.join(entry.file_name());
        if !counterpart.exists() || !is_same(&entry.path(), &counterpart)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What earlier bundles of the lab were unpacked to goes.
pub(super) fn forget_others(bundled: &BundleSettings) {
    let entries = fs::read_dir(&bundled.all).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path != bundled.directory {
            // It is in nobody's way.
            fs::remove_dir_all(&path).ok();
        }
    }
}

/// The bundle's images, in the place of those that would be pulled or built, and the engine that can load them.
///
/// # Errors
/// The daemon cannot be asked.
pub(super) async fn provide(
    bundled: &BundleSettings,
    app: Option<&AppSettings>,
    docker: Docker,
    project: &mut Project,
) -> Result<(Docker, BTreeMap<String, ImageSource>), Failure> {
    let mut images = BTreeMap::new();
    for (name, service) in &mut project.services {
        let Some(image) = bundled.bundle.manifest.images.get(name) else {
            continue;
        };
        // Another app is in no image that was built before.
        if service.labels.contains_key(INI_LABEL) && image.built_from.is_some() && !bundled.has(app) {
            continue;
        }
        let (reference, known_as) = match image.built_from {
            Some(_) => {
                let tag = built_tag(&project.name, name, service);
                (tag.clone(), tag)
            }
            None => {
                service.image = Some(image.name.clone());
                let present = present(image, &docker).await?;
                (present.unwrap_or_else(|| image.tag.clone()), image.name.clone())
            }
        };
        let source = ImageSource::Bundled {
            reference,
            name: known_as,
            built_from: image.built_from.clone(),
        };
        images.insert(name.clone(), source);
    }
    let docker = match archive(bundled) {
        Some(archive) => docker.with_images(archive),
        None => docker,
    };
    Ok((docker, images))
}

/// The name by which the daemon has an image already. Its own name is not asked for: that may be another image today.
async fn present(image: &BundledImage, docker: &Docker) -> Result<Option<String>, Failure> {
    for reference in [&image.tag, &image.id].into_iter().chain(&image.digests) {
        let found = docker.image(reference).await.map_err(|error| failure(&error))?;
        if found.is_some() {
            return Ok(Some(reference.clone()));
        }
    }
    Ok(None)
}

/// The part of the bundle that a daemon loads.
fn archive(bundled: &BundleSettings) -> Option<ImageArchive> {
    let bundle = bundled.bundle.clone();
    let images = bundle.manifest.images.iter();
    let images = images.map(|(service, image)| ArchivedImage {
        tag: image.tag.clone(),
        service: service.clone(),
        name: image.name.clone(),
    });
    Some(ImageArchive {
        images: images.collect(),
        bytes: bundle.part(bundle::IMAGES)?.unpacked,
        open: Box::new(move || match bundle.decompressed(bundle::IMAGES) {
            Ok(reader) => Ok(Box::new(reader)),
            Err(error) => Err(io::Error::other(error)),
        }),
    })
}

/// Where the plan loads images: whether they are as they were packed, and of the kind that the daemon runs.
///
/// # Errors
/// They are damaged (3), or for another processor (4).
pub(super) async fn check_images(
    bundled: &BundleSettings,
    docker: &Docker,
    plan: &Plan,
) -> Result<(), Failure> {
    let steps = plan.stages.iter().flatten();
    let loads = |operation: &Operation| matches!(operation, Operation::LoadImages { .. });
    if !steps.into_iter().any(|step| loads(&step.operation)) {
        return Ok(());
    }
    let here = docker.platform().await.map_err(|error| failure(&error))?;
    let images = bundled.bundle.manifest.images.values();
    if let Some(image) = images.into_iter().find(|image| image.platform != here) {
        let message = format!(
            "the bundle's images are for {}, and the Docker daemon runs {here}",
            image.platform
        );
        return Err(Failure::new(Code::Unavailable, message)
            .hint("make the bundle on a machine with such a processor: `uwsgi-lab bundle`")
            .hint("or with a network let `uwsgi-lab up` pull and build its own"));
    }
    let bundle = bundled.bundle.clone();
    let size = bundle.part(bundle::IMAGES).map_or(0, |part| part.size);
    output::note(&format!(
        "Bundle: looking whether its images are whole ({})",
        number::bytes(size as f64)
    ));
    let verifying = tokio::task::spawn_blocking(move || bundle.verify(bundle::IMAGES));
    let verified = verifying.await;
    let verified = verified.map_err(|error| Failure::from_error(Code::Unexpected, &error))?;
    verified.map_err(|error| files::bundle(&error))
}

/// Takes back the names that the bundle's images came with; by other names they stay, as images do that were pulled.
pub(super) async fn forget_images(engine: &AnyEngine, recipe: Option<&Recipe>) -> Result<(), Failure> {
    let (AnyEngine::Docker(docker), Some(recipe)) = (engine, recipe) else {
        return Ok(());
    };
    for image in recipe
        .images
        .values()
        .filter(|image| bundle::is_image(&image.reference))
    {
        let untagged = docker.untag(&image.reference).await;
        untagged.map_err(|error| failure(&error))?;
    }
    Ok(())
}

/// Where later commands without the bundle find the images that came in it.
pub(super) fn lock_images(images: &BTreeMap<String, ImageSource>, lock: &mut ImageLock) -> bool {
    let mut new = false;
    for source in images.values() {
        if let ImageSource::Bundled {
            reference,
            name,
            built_from: None,
        } = source
        {
            new |= lock.pin(name, reference);
        }
    }
    new
}

/// For a lab without Docker.
pub(super) fn tell_unused_images(bundled: &BundleSettings) {
    let manifest = &bundled.bundle.manifest;
    if manifest.engine == EngineKind::Docker.name() && manifest.wheels.is_none() {
        output::note(
            "The bundle's images are for Docker, and it has no wheels (`uwsgi-lab bundle --wheels` takes them along): \
             uWSGI comes from PATH, else from PyPI.",
        );
    }
}

/// What environments are made from; not those of another app with requirements of its own.
pub(super) fn wheels(bundled: &BundleSettings, app: Option<&AppSettings>) -> Option<Wheelhouse> {
    if !bundled.has(app) && app.is_some_and(|app| app.requirements.is_some()) {
        return None;
    }
    let wheels = bundled.bundle.manifest.wheels.as_ref()?;
    Some(Wheelhouse {
        directory: bundled.directory.join(WHEELS),
        identity: bundled.bundle.part(bundle::WHEELS)?.sha256.clone(),
        platform: WheelPlatform {
            python: wheels.python.clone(),
            os: wheels.os.clone(),
            arch: wheels.arch.clone(),
        },
    })
}

/// Shows the bundle's dashboards that Grafana has not; one that somebody changed since stays as it is. Returns what there is to
/// tell, and whether anything was changed.
pub(super) async fn dashboards(
    bundled: &BundleSettings,
    grafana: &Grafana,
) -> Result<(Vec<String>, bool), Failure> {
    let shown = show(&bundled.directory.join(DASHBOARDS), grafana).await;
    shown.map_err(|error| {
        Failure::from_error(Code::NotReady, &error).hint("what Grafana says: `uwsgi-lab logs grafana`")
    })
}

async fn show(directory: &Path, grafana: &Grafana) -> Result<(Vec<String>, bool), ProvisionError> {
    let mut known = provision::shipped()?;
    known.extend(provision::list(grafana).await?.into_iter().map(|one| one.uid));
    let (mut news, mut changed) = (Vec::new(), false);
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(text) = fs::read_to_string(entry.path()) else {
            continue;
        };
        let dashboard = Dashboard::adopt(&name, &text)?;
        if known.contains(&dashboard.uid) {
            continue;
        }
        provision::put(grafana, &dashboard).await?;
        changed = true;
        let title = &dashboard.title;
        news.push(match provision::verify(grafana, &dashboard.uid).await {
            Ok(_) => format!("dashboard '{title}': from the bundle"),
            Err(ProvisionError::PanelsFailed { failures }) => format!(
                "dashboard '{title}': from the bundle; {} of it cannot be answered",
                number::counted(failures.len() as u64, "query")
            ),
            Err(error) => return Err(error),
        });
    }
    Ok((news, changed))
}

/// A directory that goes with its owner, unless it was moved away.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    /// One that is not made yet, on the same disk as `place`.
    pub(super) fn beside(place: &Path) -> Self {
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        Self(place.with_file_name(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
