//! What a server's document holds beyond its workers, as points: sockets, caches, spoolers, crons, daemons, metrics.
//!
//! Telegraf's `uwsgi` input writes none of them.

use crate::point::Point;

use super::document::{Cache, Cron, Daemon, Document, Metric, Socket, Spooler};
use super::points::Scrape;

/// Places in a list are counted from 0, as in uWSGI's own `socket.0.listen_queue`.
pub(super) fn points(document: &Document, scrape: &Scrape<'_>, out: &mut Vec<Point>) {
    let sockets = document.sockets.iter().enumerate();
    out.extend(sockets.map(|(index, socket)| socket_point(index, socket, scrape)));
    out.extend(document.caches.iter().map(|cache| cache_point(cache, scrape)));
    out.extend(
        document
            .spoolers
            .iter()
            .map(|spooler| spooler_point(spooler, scrape)),
    );
    let crons = document.crons.iter().enumerate();
    out.extend(crons.map(|(index, cron)| cron_point(index, cron, scrape)));
    let daemons = document.daemons.iter().enumerate();
    out.extend(daemons.map(|(index, daemon)| daemon_point(index, daemon, scrape)));
    let metrics = document.metrics.iter();
    out.extend(metrics.map(|(name, metric)| metric_point(name, metric, scrape)));
}

/// Two sockets may have one name and protocol, so each has its place too.
fn socket_point(index: usize, socket: &Socket, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_sockets")
        .tag("socket", socket.name.as_str())
        .tag("socket_id", index.to_string())
        .tag("proto", socket.proto.as_str())
        .field("queue", socket.queue)
        .field("max_queue", socket.max_queue)
        .field("shared", socket.shared)
        .field("can_offload", socket.can_offload)
}

fn cache_point(cache: &Cache, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_caches")
        .tag("cache", cache.name.as_str())
        .field("items", cache.items)
        .field("max_items", cache.max_items)
        .field("hits", cache.hits)
        .field("miss", cache.miss)
        .field("full", cache.full)
        .field("hashsize", cache.hashsize)
        .field("keysize", cache.keysize)
        .field("blocks", cache.blocks)
        .field("blocksize", cache.blocksize)
        .field("last_modified_at", cache.last_modified_at)
}

fn spooler_point(spooler: &Spooler, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_spoolers")
        .tag("spooler", spooler.dir.as_str())
        .field("pid", spooler.pid)
        .field("tasks", spooler.tasks)
        .field("respawns", spooler.respawns)
        .field("running", spooler.running)
}

fn cron_point(index: usize, cron: &Cron, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_crons")
        .tag("cron", cron.command.as_str())
        .tag("cron_id", index.to_string())
        .field("minute", cron.minute)
        .field("hour", cron.hour)
        .field("day", cron.day)
        .field("month", cron.month)
        .field("week", cron.week)
        .field("unique", cron.unique)
        .field("pid", cron.pid)
        .field("running", i64::from(cron.pid > 0))
        .field("started_at", cron.started_at)
}

fn daemon_point(index: usize, daemon: &Daemon, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_daemons")
        .tag("daemon", daemon.cmd.as_str())
        .tag("daemon_id", index.to_string())
        .field("pid", daemon.pid)
        .field("running", i64::from(daemon.pid > 0))
}

fn metric_point(name: &str, metric: &Metric, scrape: &Scrape<'_>) -> Point {
    scrape
        .point("uwsgi_metrics")
        .tag("metric", name)
        .tag("type", metric.kind_name())
        .field("value", metric.value)
}
