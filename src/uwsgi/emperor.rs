//! An Emperor's document (`emperor-stats`) and its points; knows nothing of the vassals' own statistics.

use serde::Deserialize;

use crate::point::Point;

use super::points::Scrape;

/// What an Emperor says of the servers that it keeps.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Emperor {
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) pid: u64,
    /// Milliseconds between attempts to start a vassal that fails.
    #[serde(default)]
    pub(crate) throttle_level: u64,
    pub(crate) vassals: Vec<Vassal>,
    #[serde(default)]
    pub(crate) blacklist: Vec<Blacklisted>,
}

/// A server that an Emperor does not start for a while.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Blacklisted {
    pub(crate) id: String,
}

/// One server that an Emperor keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Vassal {
    /// The name of its configuration.
    pub(crate) id: String,
    /// -1 or 0 while it does not run.
    pub(crate) pid: i64,
    /// Unix seconds, as each time that follows; 0 means never.
    pub(crate) born: u64,
    pub(crate) last_mod: u64,
    pub(crate) last_heartbeat: u64,
    /// 1 once it has started its workers.
    pub(crate) loyal: u64,
    pub(crate) ready: u64,
    pub(crate) accepting: u64,
    pub(crate) last_loyal: u64,
    pub(crate) last_ready: u64,
    pub(crate) last_accepting: u64,
    pub(crate) first_run: u64,
    pub(crate) last_run: u64,
    /// Unix seconds since when it is to die; 0 if it is not.
    pub(crate) cursed: u64,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) respawns: u64,
}

/// One point of `uwsgi_emperor`, and one of `uwsgi_vassals` for each vassal.
pub(super) fn points(emperor: &Emperor, scrape: &Scrape<'_>) -> Vec<Point> {
    let ready = emperor.vassals.iter().filter(|vassal| vassal.ready > 0).count();
    let own = scrape
        .point("uwsgi_emperor")
        .tag("version", emperor.version.as_str())
        .field("pid", emperor.pid)
        .field("vassals", emperor.vassals.len() as u64)
        .field("ready", ready as u64)
        .field("blacklisted", emperor.blacklist.len() as u64)
        .field("throttle_level", emperor.throttle_level);
    let vassals = emperor.vassals.iter().map(|vassal| vassal_point(vassal, scrape));
    std::iter::once(own).chain(vassals).collect()
}

fn vassal_point(vassal: &Vassal, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_vassals")
        .tag("vassal", vassal.id.as_str())
        .field("pid", vassal.pid)
        .field("born", vassal.born)
        .field("last_mod", vassal.last_mod)
        .field("last_heartbeat", vassal.last_heartbeat)
        .field("loyal", vassal.loyal)
        .field("ready", vassal.ready)
        .field("accepting", vassal.accepting)
        .field("last_loyal", vassal.last_loyal)
        .field("last_ready", vassal.last_ready)
        .field("last_accepting", vassal.last_accepting)
        .field("first_run", vassal.first_run)
        .field("last_run", vassal.last_run)
        .field("cursed", vassal.cursed)
        .field("uid", vassal.uid)
        .field("gid", vassal.gid)
        .field("respawns", vassal.respawns)
}
