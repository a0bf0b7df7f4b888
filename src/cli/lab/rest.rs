//! Before a run: waits until the server has answered what came before, which would else be in the run's figures.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep};

use crate::report::number;
use crate::uwsgi::{self, StatsAddress, Summary};

use super::super::output;

/// What the lab itself asked to see whether the server is there is done by then, and not worth a word.
const SOON: Duration = Duration::from_secs(1);
/// What is not answered by then is waited for no longer.
const LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);
const STATS_DEADLINE: Duration = Duration::from_secs(5);

/// Says so where it waits. A server that does not answer is none to be waited for.
pub(super) async fn at_rest(stats: &StatsAddress) {
    let began = Instant::now();
    let mut told = false;
    while let Some(summary) = look(stats).await.filter(has_work) {
        if !told && began.elapsed() > SOON {
            output::note(&format!(
                "The server still has {} at work and {} in its queue; the run begins when it is done.",
                number::counted(summary.in_request.unwrap_or_default(), "request"),
                number::counted(summary.queue.unwrap_or_default(), "connection")
            ));
            told = true;
        }
        if began.elapsed() > LIMIT {
            output::note("warning: the server is not done yet; what it still does is in the run's figures");
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

fn has_work(summary: &Summary) -> bool {
    let some = |count: Option<u64>| count.is_some_and(|count| count > 0);
    some(summary.in_request) || some(summary.queue)
}

async fn look(stats: &StatsAddress) -> Option<Summary> {
    let bytes = uwsgi::fetch(stats, STATS_DEADLINE).await.ok()?;
    let document = uwsgi::parse(&bytes).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(Summary::of(&document, now.as_secs()))
}
