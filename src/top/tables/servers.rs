//! All servers beside each other, one row each.

use crate::uwsgi::{Emperor, Router, Statistics, Summary};

use super::super::server::{Condition, Server};
use super::super::table::{Column, Row, Table, Tone, number, words};
use super::super::value::Value;

const COLUMNS: [Column; 17] = [
    number("#", 2),
    words("SERVER", 15),
    words("STATE", 5),
    number("FOR", 6),
    number("RPS", 5),
    number("MEAN", 6),
    number("BUSY", 5),
    number("CORES", 6),
    number("QUEUE", 6),
    number("OLDEST", 6),
    number("EXC", 3),
    number("HC", 3),
    number("REQ", 7),
    number("RSS", 5),
    number("TX/S", 5),
    words("VERSION", 7),
    words("WHY", 0),
];

/// `now_us` is what ages are counted to.
pub(crate) fn table(servers: &[Server], now_us: u64) -> Table {
    let mut table = Table::new(COLUMNS.to_vec(), "no servers");
    let rows = servers.iter().enumerate();
    table.rows = rows.map(|(index, server)| row(index, server, now_us)).collect();
    table
}

fn row(index: usize, server: &Server, now_us: u64) -> Row {
    let since = |since_us: u64| Value::Seconds(now_us.saturating_sub(since_us) / 1_000_000);
    let (state, age, why, tone) = match &server.condition {
        Condition::Unknown => ("…", Value::Blank, "", Tone::Faint),
        Condition::Up { since_us } => ("up", since(*since_us), "", Tone::Plain),
        Condition::Down { since_us, why } => ("down", since(*since_us), why.as_str(), Tone::Bad),
    };
    let mut cells = vec![
        Value::Count(index as u64 + 1),
        Value::text(&server.source),
        Value::text(state),
        age,
    ];
    let statistics = server.latest.as_ref().map(|latest| &latest.seen.statistics);
    match statistics {
        Some(Statistics::Server(_)) => cells.extend(figures(server)),
        _ => cells.resize(COLUMNS.len() - 2, Value::Blank),
    }
    let (version, kind) = match statistics {
        None => (String::new(), String::new()),
        Some(Statistics::Server(document)) => (document.version.clone(), String::new()),
        Some(Statistics::Emperor(emperor)) => (emperor.version.clone(), of_emperor(emperor)),
        Some(Statistics::Router(router)) => (router.version.clone(), of_router(router)),
    };
    let words = if why.is_empty() { kind.as_str() } else { why };
    cells.extend([Value::text(&version), Value::text(words)]);
    Row::new(cells, tone)
}

fn of_emperor(emperor: &Emperor) -> String {
    format!("Emperor of {} vassals", emperor.vassals.len())
}

fn of_router(router: &Router) -> String {
    format!("router, {} sessions", router.active_sessions)
}

/// From RPS to TX/S.
fn figures(server: &Server) -> Vec<Value> {
    let flow = server.rates.as_ref().and_then(|rates| rates.total);
    let workers = || {
        server
            .document()
            .into_iter()
            .flat_map(|document| &document.workers)
    };
    let summary = server.summary().cloned().unwrap_or_default();
    let oldest = summary.oldest_request_s.filter(|_| summary.in_request > Some(0));
    vec![
        Value::known(flow, |flow| Value::Rate(flow.requests_s)),
        Value::known(flow.and_then(|flow| flow.mean_us), Value::Micros),
        of(Some(summary.busy), Some(summary.running)),
        of(summary.in_request, summary.cores),
        queue(&summary),
        Value::known(oldest, Value::Seconds),
        Value::Count(workers().map(|worker| worker.exceptions).sum()),
        Value::Count(workers().map(|worker| worker.harakiri_count).sum()),
        Value::Count(workers().map(|worker| worker.requests).sum()),
        Value::known(summary.rss, |bytes| Value::Bytes(bytes as f64)),
        Value::known(flow, |flow| Value::Bytes(flow.tx_s)),
    ]
}

fn queue(summary: &Summary) -> Value {
    of(summary.queue, summary.max_queue)
}

fn of(part: Option<u64>, whole: Option<u64>) -> Value {
    match part.zip(whole) {
        Some((part, whole)) => Value::Part(part, whole),
        None => Value::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::super::samples::{failure, of_document, reading};
    use super::super::super::value::Calendar;
    use super::*;

    #[test]
    fn a_row_says_how_a_server_is_or_why_it_is_not() {
        let mut up = Server::new("a:1", "tcp://a:1");
        up.take(reading(10.0, &[(11, "busy", 10), (12, "idle", 5)]));
        up.take(reading(11.0, &[(11, "busy", 14), (12, "idle", 5)]));
        let mut down = Server::new("b:1", "tcp://b:1");
        down.take(failure(10.0, "cannot connect: Connection refused"));
        let mut emperor = Server::new("c:1", "tcp://c:1");
        emperor.take(of_document(10.0, br#"{"version":"2.0.31","vassals":[{},{}]}"#));
        let servers = [up, down, emperor, Server::new("d:1", "tcp://d:1")];

        let calendar = Calendar {
            zone: TimeZone::UTC,
            now_us: 15_000_000,
        };
        let table = table(&servers, 15_000_000);
        let rows: Vec<String> = table
            .rows
            .iter()
            .map(|row| {
                let cells: Vec<_> = row.cells.iter().map(|cell| cell.show(&calendar)).collect();
                cells.join("|")
            })
            .collect();
        assert_eq!(
            rows,
            [
                "1|a:1|up|5s|4.0|250ms|1/2|1/2|3/100|3s|0|0|19|50.4M|7.81K|2.0.31|",
                "2|b:1|down|5s|||||||||||||cannot connect: Connection refused",
                "3|c:1|up|5s||||||||||||2.0.31|Emperor of 2 vassals",
                "4|d:1|…||||||||||||||",
            ]
        );
    }
}
