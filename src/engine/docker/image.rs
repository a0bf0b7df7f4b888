//! Pulls images, layer by layer.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::Docker as Client;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::super::{EngineError, Progress, PullProblem, Unit};
use super::fault;

/// How long a registry may take to say that it is there.
const REGISTRY_LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn pull(
    client: &Client,
    reference: &str,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<(), EngineError> {
    let (name, tag) = split(reference);
    let options = CreateImageOptionsBuilder::new().from_image(name).tag(tag).build();
    let mut news = client.create_image(Some(options), None, None);
    let mut layers = Layers::default();
    while let Some(item) = news.next().await {
        let item = item.map_err(|error| fault::of_pull(reference, &error))?;
        if let Some(message) = item.error_detail.and_then(|detail| detail.message) {
            return Err(fault::of_pull(
                reference,
                &bollard::errors::Error::DockerStreamError { error: message },
            ));
        }
        let detail = item.progress_detail.unwrap_or_default();
        let status = item.status.unwrap_or_default();
        let (done, total) = layers.note(item.id.unwrap_or_default(), &status, detail.current, detail.total);
        progress(Progress {
            done,
            total,
            unit: Unit::Bytes,
            message: &status,
        });
    }
    Ok(())
}

/// The daemon asks as it would for a pull.
pub(super) async fn cannot_reach(client: &Client, reference: &str) -> Option<String> {
    let Ok(asked) = timeout(REGISTRY_LIMIT, client.inspect_registry_image(reference, None)).await else {
        return Some(format!("nothing answers within {} s", REGISTRY_LIMIT.as_secs()));
    };
    match fault::of_pull(reference, &asked.err()?) {
        EngineError::Pull {
            message,
            problem: PullProblem::Offline,
            ..
        } => Some(message),
        _ => None,
    }
}

/// Name and tag or digest. Without a tag the engine would pull every tag there is.
pub(super) fn split(reference: &str) -> (&str, &str) {
    if let Some((name, digest)) = reference.split_once('@') {
        return (
            name.rsplit_once(':')
                .filter(|(_, tag)| !tag.contains('/'))
                .map_or(name, |(name, _)| name),
            digest,
        );
    }
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (reference, "latest"),
    }
}

/// Bytes downloaded of each layer; unpacking is counted as done, since it follows at once.
#[derive(Default)]
struct Layers(BTreeMap<String, (u64, u64)>);

impl Layers {
    fn note(&mut self, id: String, status: &str, current: Option<i64>, total: Option<i64>) -> (u64, u64) {
        let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        if status == "Downloading"
            && let (Some(current), Some(total)) = (number(current), number(total))
        {
            self.0.insert(id, (current, total));
        } else if matches!(status, "Download complete" | "Pull complete" | "Extracting")
            && let Some(layer) = self.0.get_mut(&id)
        {
            layer.0 = layer.1;
        }
        self.0
            .values()
            .fold((0, 0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_split_where_the_tag_or_digest_begins() {
        assert_eq!(split("influxdb:1.8.10"), ("influxdb", "1.8.10"));
        assert_eq!(split("influxdb"), ("influxdb", "latest"));
        assert_eq!(
            split("localhost:5000/influxdb"),
            ("localhost:5000/influxdb", "latest")
        );
        assert_eq!(
            split("localhost:5000/influxdb:1"),
            ("localhost:5000/influxdb", "1")
        );
        assert_eq!(
            split("grafana/grafana@sha256:ab"),
            ("grafana/grafana", "sha256:ab")
        );
        assert_eq!(
            split("localhost:5000/a:1@sha256:ab"),
            ("localhost:5000/a", "sha256:ab")
        );
    }

    #[test]
    fn bytes_are_summed_over_layers_and_an_unpacked_layer_is_whole() {
        let mut layers = Layers::default();
        layers.note("a".into(), "Downloading", Some(5), Some(10));
        assert_eq!(layers.note("b".into(), "Downloading", Some(1), Some(20)), (6, 30));
        assert_eq!(layers.note("a".into(), "Pull complete", None, None), (11, 30));
    }
}
