//! Tells Grafana what happened to the servers of a lab; the points of the events are written by others.

use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::collector::Happened;
use crate::provision::{Annotation, Grafana};

/// For one annotation. What Grafana does not take in that time it does not get: the points have it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs until the collector is gone.
pub(super) async fn annotate(mut events: broadcast::Receiver<Happened>, grafana: Grafana) {
    loop {
        match events.recv().await {
            Ok(happened) => {
                let annotation = annotation(&happened);
                if let Ok(Err(error)) = timeout(PATIENCE, grafana.annotate(&annotation)).await {
                    tracing::debug!("no annotation: {error}");
                }
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

fn annotation(happened: &Happened) -> Annotation {
    let Happened {
        source,
        timestamp_ms,
        event,
    } = happened;
    Annotation {
        timestamp_ms: *timestamp_ms,
        text: format!("{source}: {}", event.text),
        tags: vec![
            "uwsgi-lab".to_owned(),
            event.kind.name().to_owned(),
            source.clone(),
        ],
    }
}
