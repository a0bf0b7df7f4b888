//! The images of a lab, out of the Docker daemon into the bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::pin::pin;

use futures_util::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::bundle::{self, BundledImage, PartWriter, Writer};
use crate::engine::Docker;
use crate::report::number;
use crate::state::Recipe;

use super::super::super::error::{Code, Failure};
use super::super::super::files;
use super::super::super::output;
use super::super::super::settings::LabSettings;
use super::super::connect::{self, failure};
use super::super::stack;
use super::{interrupted, no_room};

const STYLE: &str = "{spinner} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {wide_msg}";

pub(super) struct Images {
    docker: Docker,
    described: BTreeMap<String, BundledImage>,
    /// By names in the bundle: those by which the daemon has them.
    references: BTreeMap<String, String>,
}

impl Images {
    /// # Errors
    /// No daemon answers, or it has one of them no more (4).
    pub(super) async fn of(lab: &LabSettings, recipe: &Recipe) -> Result<Self, Failure> {
        let compose_file = stack::compose_file(&lab.directory);
        let docker = connect::docker(&lab.environment, compose_file).await;
        let docker = docker.map_err(|error| failure(&error))?;
        let (mut described, mut references) = (BTreeMap::new(), BTreeMap::new());
        for (service, image) in &recipe.images {
            let found = docker.image(&image.reference).await;
            let found = found.map_err(|error| failure(&error))?;
            let as_it_was =
                found.filter(|found| image.built_from.is_none() || found.built_from == image.built_from);
            let Some(facts) = as_it_was else {
                let message = format!(
                    "the image {} of service {service} is not there any more",
                    image.name
                );
                return Err(Failure::new(Code::Unavailable, message)
                    .hint("`uwsgi-lab up` brings it back; then make the bundle"));
            };
            let tag = bundle::image_tag(&facts.id);
            references.insert(tag.clone(), image.reference.clone());
            let bundled = BundledImage {
                name: image.name.clone(),
                tag,
                id: facts.id,
                digests: facts.digests,
                platform: facts.platform,
                size: facts.size,
                built_from: image.built_from.clone(),
            };
            described.insert(service.clone(), bundled);
        }
        Ok(Self {
            docker,
            described,
            references,
        })
    }

    pub(super) fn described(&self) -> BTreeMap<String, BundledImage> {
        self.described.clone()
    }

    /// Writes them under names of their content, which they have in the daemon for that time.
    pub(super) async fn write(
        &self,
        path: &Path,
        writer: &mut Writer,
        cancel: &CancellationToken,
    ) -> Result<(), Failure> {
        let mut lent = Vec::new();
        let outcome = async {
            for (tag, reference) in &self.references {
                let is_there = self.docker.image(tag).await.map_err(|error| failure(&error))?;
                if is_there.is_none() {
                    let tagged = self.docker.tag(reference, tag).await;
                    tagged.map_err(|error| failure(&error))?;
                    lent.push(tag.clone());
                }
            }
            let mut part = writer
                .part(bundle::IMAGES)
                .map_err(|error| files::bundle(&error))?;
            let exported = cancel.run_until_cancelled(self.export(path, &mut part)).await;
            exported.unwrap_or_else(|| Err(interrupted()))?;
            part.finish().map_err(|error| files::bundle(&error))
        };
        let outcome = outcome.await;
        let mut given_back = Ok(());
        for tag in &lent {
            let untagged = self.docker.untag(tag).await;
            given_back = given_back.and(untagged.map_err(|error| failure(&error)));
        }
        // What went wrong first matters more.
        outcome.and(given_back)
    }

    async fn export(&self, path: &Path, part: &mut PartWriter<'_>) -> Result<(), Failure> {
        let bar = self.bar();
        let names: Vec<String> = self.references.keys().cloned().collect();
        let mut chunks = pin!(self.docker.export(&names));
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| failure(&error))?;
            let bytes = chunk.as_ref();
            let written = part.write_all(bytes);
            written.map_err(|error| no_room(path, &error))?;
            bar.inc(bytes.len() as u64);
            if bar.position() > bar.length().unwrap_or(0) {
                bar.set_length(bar.position());
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Layers that two images share are counted twice, and travel once.
    fn bar(&self) -> ProgressBar {
        let sizes: BTreeSet<(&str, u64)> = self
            .described
            .values()
            .map(|image| (image.tag.as_str(), image.size))
            .collect();
        let total = sizes.iter().map(|(_, size)| size).sum();
        let names: Vec<&str> = self.described.values().map(|image| image.name.as_str()).collect();
        let text = format!("images: {}", names.join(", "));
        output::note(&format!("{text} ({})", number::bytes(total as f64)));
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(text);
        bar
    }
}
