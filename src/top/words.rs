//! What servers do in sentences, the same on the screen as in plain text; pure.

use std::time::Duration;

use crate::report::number;
use crate::uwsgi::{Emperor, InFlight, Router};

use super::figures::Figures;
use super::server::{Condition, Latest, Server};
use super::tables;
use super::value::{Calendar, Value, plain};

/// Longer than any answer takes that comes.
const SILENCE: Duration = Duration::from_secs(2);
/// Between things that are said on one line.
const BETWEEN: &str = " · ";

/// `16.0 req/s · mean 250ms · req 12034 · …`.
pub(super) fn totals(figures: &Figures, calendar: &Calendar) -> String {
    let known = |value: Option<Value>| value.unwrap_or(Value::Unknown).show(calendar);
    let flow = figures.flow;
    let rate = known(flow.map(|flow| Value::Rate(flow.requests_s)));
    let mean = known(flow.and_then(|flow| flow.mean_us).map(Value::Micros));
    let sent = known(flow.map(|flow| Value::Bytes(flow.tx_s)));
    let parts = [
        format!("{rate} req/s"),
        format!("mean {mean}"),
        format!("req {}", figures.requests),
        format!("tx {} ({sent}/s)", number::brief_bytes(figures.tx as f64)),
        format!("exc {}", figures.exceptions),
        format!("harakiri {}", figures.harakiri),
    ];
    parts.join(BETWEEN)
}

/// `busy 3/4 · cores 5/8 · queue 3/100`.
pub(super) fn levels(figures: &Figures) -> String {
    let level = |name: &str, part: Option<u64>, whole: Option<u64>| match part.zip(whole) {
        Some((part, whole)) => format!("{name} {part}/{whole}"),
        None => format!("{name} -"),
    };
    let parts = [
        level("busy", Some(figures.busy), Some(figures.running)),
        level("cores", figures.in_request, figures.cores),
        level("queue", figures.queue, figures.max_queue),
    ];
    parts.join(BETWEEN)
}

/// `oldest request 3s in worker 2:0: GET app/slow`.
pub(super) fn oldest(request: &InFlight, now_us: u64) -> String {
    let age = tables::age_s(request, now_us);
    let age = age.map_or("of unknown age".to_owned(), seconds);
    let asked = plain(&format!("{} {}{}", request.method, request.host, request.uri));
    format!(
        "oldest request {age} in worker {}:{}: {asked}",
        request.worker_id, request.core_id
    )
}

/// What uwsgitop calls node, cwd, uid, gid and masterpid; None for what is no server with workers.
pub(super) fn identity(latest: &Latest, node: &str) -> Option<String> {
    let document = latest.document()?;
    let mut parts = vec![
        format!("node {}", plain(node)),
        format!("master {}", document.pid),
        format!("uid {}", document.uid),
        format!("gid {}", document.gid),
        format!("read in {}", number::brief_latency(latest.took_us)),
    ];
    // The longest comes last; a replay has none.
    if !document.cwd.is_empty() {
        parts.push(format!("cwd {}", plain(&document.cwd)));
    }
    Some(parts.join(BETWEEN))
}

/// A server that is looked at every `interval` and has not answered for much longer hangs, until it is given up.
pub(super) fn condition(server: &Server, now_us: u64, interval: Duration) -> String {
    let read_us = server.latest.as_ref().map_or(0, |latest| latest.at_us);
    let silent = Duration::from_micros(now_us.saturating_sub(read_us));
    match &server.condition {
        Condition::Unknown => "not read yet".to_owned(),
        Condition::Up { .. } if silent > interval + SILENCE => {
            format!("silent for {}", seconds(silent.as_secs()))
        }
        Condition::Up { .. } => "up".to_owned(),
        Condition::Down { since_us, why } => {
            let since = seconds(now_us.saturating_sub(*since_us) / 1_000_000);
            format!("DOWN for {since}: {}", plain(why))
        }
    }
}

pub(super) fn emperor(emperor: &Emperor) -> String {
    let accepting = emperor.vassals.iter().filter(|vassal| vassal.accepting > 0);
    let parts = [
        format!(
            "{}/{} vassals accepting",
            accepting.count(),
            emperor.vassals.len()
        ),
        format!("{} blacklisted", emperor.blacklist.len()),
        format!("throttle {}ms", emperor.throttle_level),
        format!("pid {}", emperor.pid),
    ];
    parts.join(BETWEEN)
}

pub(super) fn router(router: &Router) -> String {
    let mut parts = vec![
        number::counted(router.active_sessions, "session"),
        format!("pid {}", router.pid),
    ];
    if router.cheap > 0 {
        parts.push("cheap: takes no connections until a server subscribes".to_owned());
    }
    parts.join(BETWEEN)
}

fn seconds(seconds: u64) -> String {
    number::duration(Duration::from_secs(seconds))
}
