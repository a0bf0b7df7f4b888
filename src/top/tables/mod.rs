//! What servers say, as tables: one file a view.

mod beyond;
mod emperor;
mod events;
mod requests;
mod router;
mod servers;
mod workers;

pub(crate) use beyond::tables as beyond;
pub(crate) use events::{table as events, tone as event_tone};
pub(crate) use requests::{age_s, oldest, table as requests};
pub(crate) use servers::table as servers;
pub(crate) use workers::{COLUMNS as WORKER_COLUMNS, CORE_SORT, CoreView, DEFAULT_SORT as WORKER_SORT};

use crate::uwsgi::Statistics;

use super::server::{Condition, Server};
use super::table::Table;

/// The chief table of a server: workers, vassals or nodes; of one that is down, what it said last.
pub(crate) fn chief(server: &Server, cores: CoreView) -> Table {
    let mut table = match server.latest.as_ref().map(|latest| &latest.seen.statistics) {
        Some(Statistics::Server(document)) => workers::table(document, server.rates.as_ref(), cores),
        Some(Statistics::Emperor(emperor)) => emperor::table(emperor),
        Some(Statistics::Router(router)) => router::table(router),
        None => Table::new(Vec::new(), not_read(server)),
    };
    if server.is_down() {
        table.fade();
    }
    table
}

fn not_read(server: &Server) -> &'static str {
    match server.condition {
        Condition::Down { .. } => "never answered since this view began",
        _ => "not read yet",
    }
}
