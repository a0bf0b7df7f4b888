//! Requests in flight, with what they asked for.

use crate::uwsgi::InFlight;

use super::super::server::{Latest, Server};
use super::super::table::{Row, Table, Tone, number, words};
use super::super::value::Value;

/// A request that old is shown as trouble.
const OLD_S: u64 = 10;

/// Ages are in whole seconds, because uWSGI tells no more, and by this machine's clock. `now_us` is in µs since the
/// Unix epoch.
pub(crate) fn table(servers: &[Server], now_us: u64) -> Table {
    let mut columns = vec![
        number("AGE", 6),
        number("CORE", 5),
        number("PID", 7),
        words("CLIENT", 15),
        words("METHOD", 6),
        words("URL", 20),
    ];
    let is_of_many = servers.len() > 1;
    if is_of_many {
        columns.insert(1, words("SERVER", 14));
    }
    let nothing = "no request in flight that uWSGI tells of; a replay knows of none";
    let mut table = Table::new(columns, nothing);
    for server in servers {
        let Some(latest) = &server.latest else { continue };
        let source = is_of_many.then_some(server.source.as_str());
        let rows = latest.seen.in_flight.iter();
        table
            .rows
            .extend(rows.map(|request| row(latest, request, source, now_us)));
    }
    table
}

fn row(latest: &Latest, request: &InFlight, source: Option<&str>, now_us: u64) -> Row {
    let age = age_s(request, now_us);
    let worker = usize::try_from(request.worker_id).unwrap_or(0);
    let pid = latest
        .document()
        .and_then(|document| document.workers.get(worker.checked_sub(1)?))
        .map(|worker| worker.pid);
    let mut cells = vec![
        Value::known(age, Value::Seconds),
        Value::Place(worker, Some(request.core_id)),
        Value::known(pid, Value::Count),
        Value::text(&request.remote_address),
        Value::text(&request.method),
        Value::text(&format!("{}{}", request.host, request.uri)),
    ];
    if let Some(source) = source {
        cells.insert(1, Value::text(source));
    }
    let is_old = age.is_some_and(|age| age >= OLD_S);
    Row::new(cells, if is_old { Tone::Bad } else { Tone::Plain })
}

/// How long a request has been in the app, in seconds; None where uWSGI does not tell.
pub(crate) fn age_s(request: &InFlight, now_us: u64) -> Option<u64> {
    let started = request.started_s.filter(|started| *started > 0)?;
    Some((now_us / 1_000_000).saturating_sub(started))
}

/// The one that has been in the app longest.
pub(crate) fn oldest(servers: &[Server]) -> Option<&InFlight> {
    let latest = servers.iter().filter_map(|server| server.latest.as_ref());
    let requests = latest.flat_map(|latest| &latest.seen.in_flight);
    requests.min_by_key(|request| request.started_s.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::super::samples::reading;
    use super::super::super::value::Calendar;
    use super::*;

    fn first_row(servers: &[Server], now_us: u64) -> Vec<String> {
        let calendar = Calendar {
            zone: TimeZone::UTC,
            now_us,
        };
        let table = table(servers, now_us);
        let cells = table.rows[0].cells.iter();
        cells.map(|cell| cell.show(&calendar)).collect()
    }

    #[test]
    fn a_request_in_flight_is_shown_with_its_age_its_worker_and_its_url() {
        let mut server = Server::new("a:1", "tcp://a:1");
        server.take(reading(1000.0, &[(11, "idle", 4), (12, "busy", 4)]));
        let mut servers = vec![server];
        let row = ["11s", "2:0", "12", "", "GET", "app/slow?x=1"];
        assert_eq!(first_row(&servers, 1_008_000_000), row);
        servers.push(Server::new("b:1", "tcp://b:1"));
        assert_eq!(first_row(&servers, 1_008_000_000)[..3], ["11s", "a:1", "2:0"]);
    }

    #[test]
    fn the_oldest_of_all_servers_is_the_one_that_began_first() {
        let mut one = Server::new("a:1", "tcp://a:1");
        one.take(reading(1000.0, &[(11, "busy", 4)]));
        let mut two = Server::new("b:1", "tcp://b:1");
        two.take(reading(990.0, &[(12, "busy", 4)]));
        let servers = [one, two];
        let oldest = oldest(&servers).unwrap();
        assert_eq!(oldest.started_s, Some(987));
        assert_eq!(age_s(oldest, 1_000_500_000), Some(13));
    }
}
