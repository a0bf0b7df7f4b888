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

/// Says on stderr when points begin to wait and when they are written again.
pub(crate) fn writer(mut statuses: watch::Receiver<WriterStatus>) {
    tokio::spawn(async move {
        let mut told = None;
        while let Ok(status) = statuses
            .wait_for(|status| status.last_error() != told.as_deref())
            .await
        {
            told = status.last_error().map(str::to_owned);
            match &told {
                Some(error) => output::note(&format!("points are not written: {error}")),
                None => output::note("points are written again"),
            }
        }
    });
}
