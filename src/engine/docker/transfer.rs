//! Images out of a Docker daemon into an archive, and out of an archive into a daemon, without any registry.
//!
//! Ids of images differ between kinds of storage, and digests of registries are lost on the way; a name is not. So inside of an
//! archive an image has a name that is made of its content, by which it is found again and which takes no other image's place.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bollard::Docker as Client;
use bollard::models::BuildInfo;
use bollard::query_parameters::{
    BuildImageOptionsBuilder, ImportImageOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::{MissedTickBehavior, interval};

use crate::plan::{Desired, ImageSource};

use super::super::{EngineError, Progress, Unit};
use super::{fault, image, labels};

/// A daemon may say nothing before it has read all of an archive.
const LONGEST_LOAD: Duration = Duration::from_secs(3600);
const CHUNK: usize = 1 << 18;
const TOLD_EACH: Duration = Duration::from_millis(100);

/// What a daemon knows of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageFacts {
    pub(crate) id: String,
    /// `name@sha256:…`, of registries.
    pub(crate) digests: Vec<String>,
    /// `linux/amd64`.
    pub(crate) platform: String,
    /// Bytes, unpacked.
    pub(crate) size: u64,
    /// The hash of what it was built from, where a lab built it.
    pub(crate) built_from: Option<String>,
    labels: HashMap<String, String>,
}

type Opened = io::Result<Box<dyn Read + Send>>;

/// Images in a file.
pub(crate) struct ImageArchive {
    pub(crate) images: Vec<ArchivedImage>,
    /// Of the tar archive.
    pub(crate) bytes: u64,
    /// Begins to read it.
    pub(crate) open: Box<dyn Fn() -> Opened + Send + Sync>,
}

pub(crate) struct ArchivedImage {
    /// Its name in the archive.
    pub(crate) tag: String,
    pub(crate) service: String,
    /// As a Compose file has it.
    pub(crate) name: String,
}

pub(super) async fn facts(client: &Client, reference: &str) -> Result<Option<ImageFacts>, EngineError> {
    let detail = match client.inspect_image(reference).await {
        Ok(detail) => detail,
        Err(error) if fault::is_missing(&error) => return Ok(None),
        Err(error) => return Err(fault::other(&format!("image {reference}"), &error)),
    };
    let labels = detail.config.and_then(|config| config.labels).unwrap_or_default();
    Ok(Some(ImageFacts {
        id: detail.id.unwrap_or_default(),
        digests: detail.repo_digests.unwrap_or_default(),
        platform: format!(
            "{}/{}",
            detail.os.unwrap_or_default(),
            detail.architecture.unwrap_or_default()
        ),
        size: detail.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        built_from: labels.get(labels::BUILD).cloned(),
        labels,
    }))
}

pub(super) async fn platform(client: &Client) -> Result<String, EngineError> {
    let version = client.version().await;
    let version = version.map_err(|error| fault::other("ask the Docker daemon what it runs", &error))?;
    Ok(format!(
        "{}/{}",
        version.os.unwrap_or_default(),
        version.arch.unwrap_or_default()
    ))
}

pub(super) async fn tag(client: &Client, reference: &str, name: &str) -> Result<(), EngineError> {
    let (repository, tag) = image::split(name);
    let options = TagImageOptionsBuilder::new().repo(repository).tag(tag).build();
    let tagged = client.tag_image(reference, Some(options)).await;
    tagged.map_err(|error| fault::other(&format!("image {name}"), &error))
}

pub(super) async fn untag(client: &Client, name: &str) -> Result<(), EngineError> {
    // The parents of an image are the cache of the next build.
    let options = RemoveImageOptionsBuilder::new().noprune(true).build();
    match client.remove_image(name, Some(options), None).await {
        Err(error) if !fault::is_missing(&error) && !fault::is_in_use(&error) => {
            Err(fault::other(&format!("image {name}"), &error))
        }
        _ => Ok(()),
    }
}

pub(super) fn export(
    client: &Client,
    names: &[String],
) -> impl Stream<Item = Result<impl AsRef<[u8]> + use<>, EngineError>> + use<> {
    let client = client.clone().with_timeout(LONGEST_LOAD);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let exported = client.export_images(&names);
    exported.map(|chunk| chunk.map_err(|error| fault::other("read images from the Docker daemon", &error)))
}

/// Loads what is in the archive and gives each image the name under which the lab looks for it.
pub(super) async fn load(
    client: &Client,
    desired: &Desired,
    archive: Option<&ImageArchive>,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), EngineError> {
    let failed = |message: String| EngineError::Load { message };
    let archive = archive.ok_or_else(|| failed("there is no bundle to load from".to_owned()))?;
    send(client, archive, progress).await?;
    for image in &archive.images {
        let Some(found) = facts(client, &image.tag).await? else {
            let message = format!(
                "the Docker daemon took the archive, and yet has no {}",
                image.name
            );
            return Err(failed(message));
        };
        match desired.images.get(&image.service) {
            Some(ImageSource::Bundled {
                reference,
                built_from: Some(hash),
                ..
            }) => own(client, desired, &image.tag, &found, (reference, hash)).await?,
            _ => name(client, image).await?,
        }
    }
    Ok(())
}

/// Lets an image that was pulled be found under its own name too, unless another has it.
async fn name(client: &Client, image: &ArchivedImage) -> Result<(), EngineError> {
    if image.name.contains('@') || facts(client, &image.name).await?.is_some() {
        return Ok(());
    }
    tag(client, &image.tag, &image.name).await
}

/// Makes an image that was built the one of this lab, which removes it by its label; the name that it travelled under goes.
async fn own(
    client: &Client,
    desired: &Desired,
    travelled: &str,
    found: &ImageFacts,
    (reference, hash): (&str, &str),
) -> Result<(), EngineError> {
    let project = &desired.project.name;
    if labels::are_of_project(Some(&found.labels), project) {
        tag(client, travelled, reference).await?;
    } else {
        relabel(client, travelled, (reference, hash), project).await?;
    }
    untag(client, travelled).await
}

/// The same image as one of another lab: nothing is run and nothing fetched for it.
async fn relabel(
    client: &Client,
    image: &str,
    (reference, hash): (&str, &str),
    project: &str,
) -> Result<(), EngineError> {
    let failed = |message: String| EngineError::Load { message };
    let dockerfile = format!("FROM {image}\n");
    let mut context = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(dockerfile.len() as u64);
    header.set_mode(0o644);
    let packed = context.append_data(&mut header, "Dockerfile", dockerfile.as_bytes());
    let packed = packed.and_then(|()| context.into_inner());
    let packed = packed.map_err(|error| failed(error.to_string()))?;
    let options = BuildImageOptionsBuilder::new()
        .t(reference)
        .rm(true)
        .labels(&labels::image(project, hash))
        .build();
    let mut news = client.build_image(options, None, Some(bollard::body_full(packed.into())));
    while let Some(item) = news.next().await {
        let item = item.map_err(|error| failed(fault::message(&error)))?;
        refuse(item.error_detail.and_then(|detail| detail.message))?;
    }
    Ok(())
}

async fn send(
    client: &Client,
    archive: &ImageArchive,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), EngineError> {
    let reader = (archive.open)().map_err(|error| EngineError::Load {
        message: error.to_string(),
    })?;
    let sent = Arc::new(AtomicU64::new(0));
    let body = chunks(reader, Arc::clone(&sent));
    let client = client.clone().with_timeout(LONGEST_LOAD);
    let options = ImportImageOptionsBuilder::new().build();
    let mut news =
        Box::pin(client.import_image_stream(options, body.map(|chunk| chunk.map(Into::into)), None));
    let mut ticks = interval(TOLD_EACH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            item = news.next() => match item {
                None => return Ok(()),
                Some(item) => took(item)?,
            },
            _ = ticks.tick() => progress(Progress {
                done: sent.load(Ordering::Relaxed),
                total: archive.bytes,
                unit: Unit::Bytes,
                message: "",
            }),
        }
    }
}

fn took(item: Result<BuildInfo, bollard::errors::Error>) -> Result<(), EngineError> {
    match item {
        Ok(item) => refuse(item.error_detail.and_then(|detail| detail.message)),
        Err(error) => refuse(Some(fault::message(&error))),
    }
}

fn refuse(message: Option<String>) -> Result<(), EngineError> {
    match message {
        None => Ok(()),
        Some(message) if fault::is_disk_full(&message) => Err(EngineError::DiskFull { message }),
        Some(message) => Err(EngineError::Load { message }),
    }
}

/// What a reader has, piece by piece. An error of it ends the request in the middle, of which a daemon keeps nothing.
fn chunks(
    reader: Box<dyn Read + Send>,
    sent: Arc<AtomicU64>,
) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
    stream::try_unfold(reader, move |mut reader| {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = reader.by_ref().take(CHUNK as u64).read_to_end(&mut chunk);
        let next = read.map(|read| {
            sent.fetch_add(read as u64, Ordering::Relaxed);
            (read > 0).then_some((chunk, reader))
        });
        std::future::ready(next)
    })
}
