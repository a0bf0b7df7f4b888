//! News of a running collector on stderr: what went down, what is up again; decides nothing.

use tokio::sync::watch;

use crate::collector::{Snapshot, WriterStatus};
use crate::uwsgi::StatsAddress;

use super::output;

/// Says on stderr when a target goes down and when it comes back.
pub(crate) fn target(address: StatsAddress, mut snapshots: watch::Receiver<Snapshot>) {
    tokio::spawn(async move {
        let mut told = Some(true);
        while let Ok(snapshot) = snapshots
            .wait_for(|snapshot| snapshot.up.is_some_and(|up| Some(up) != told))
            .await
        {
            told = snapshot.up;
            match (snapshot.up, &snapshot.last_error) {
                (Some(false), Some(error)) => output::note(&format!("{address} is down: {error}")),
                _ => output::note(&format!("{address} is up")),
            }
        }
    });
}

/// Says on stderr when points begin to wait and when they are written again, with the name where there are several.
pub(crate) fn writers(names: &[String], statuses: Vec<watch::Receiver<WriterStatus>>) {
    let is_one = names.len() == 1;
    for (name, statuses) in names.iter().zip(statuses) {
        let place = if is_one {
            String::new()
        } else {
            format!(" to {name}")
        };
        tokio::spawn(writer(place, statuses));
    }
}

async fn writer(place: String, mut statuses: watch::Receiver<WriterStatus>) {
    let mut told = (None, None);
    let news = |status: &WriterStatus| (status.last_error().map(str::to_owned), status.disk_error.clone());
    while let Ok(status) = statuses.wait_for(|status| news(status) != told).await {
        let (before, disk_before) = std::mem::replace(&mut told, news(&status));
        drop(status);
        let (now, disk_now) = &told;
        match now {
            Some(error) if before != *now => output::note(&format!("points are not written{place}: {error}")),
            None if before.is_some() => output::note(&format!("points are written{place} again")),
            _ => {}
        }
        match disk_now {
            Some(error) if disk_before.is_none() => {
                output::note(&format!(
                    "points{place} wait in memory alone, not on disk: {error}"
                ));
            }
            None if disk_before.is_some() => output::note(&format!("points{place} can wait on disk again")),
            _ => {}
        }
    }
}
