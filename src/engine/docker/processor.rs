//! How many processors a daemon has, and what a container has taken of the processors so far, as its control group accounts for it.

use std::time::Duration;

use bollard::Docker as Client;
use bollard::query_parameters::StatsOptions;
use futures_util::StreamExt as _;

/// Nothing where the daemon does not tell.
pub(super) async fn count(client: &Client) -> Option<usize> {
    let count = client.info().await.ok()?.ncpu?;
    usize::try_from(count).ok().filter(|count| *count > 0)
}

/// Nothing where the daemon does not tell.
pub(super) async fn time(client: &Client, container: &str) -> Option<Duration> {
    let options = StatsOptions {
        stream: false,
        // Without it the daemon takes a second, for a rate that nobody asked for.
        one_shot: true,
    };
    let statistics = client.stats(container, Some(options)).next().await?.ok()?;
    let used = statistics.cpu_stats?.cpu_usage?.total_usage?;
    Some(Duration::from_nanos(used))
}
