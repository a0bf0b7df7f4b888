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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::samples::of_document;
    use super::super::table::Tone;
    use super::super::value::Calendar;
    use super::*;

    fn shown(document: &[u8]) -> Vec<(String, Tone)> {
        let mut server = Server::new("a:1", "tcp://a:1");
        server.take(of_document(1_795_950_153.0, document));
        let calendar = Calendar {
            zone: TimeZone::UTC,
            now_us: 1_795_950_153_000_000,
        };
        let table = chief(&server, CoreView::Off);
        let rows = table.lines().into_iter().map(|row| {
            assert_eq!(row.cells.len(), table.columns.len());
            let cells: Vec<_> = row.cells.iter().map(|cell| cell.show(&calendar)).collect();
            (cells.join("|"), row.tone)
        });
        rows.collect()
    }

    #[test]
    fn an_emperor_is_shown_with_its_vassals_and_what_they_have_come_to() {
        let document = br#"{"vassals":[
            {"id":"one.ini","pid":7,"accepting":1,"ready":1,"loyal":1,"respawns":2,"born":1795950000,"uid":33},
            {"id":"two.ini","pid":-1},
            {"id":"three.ini","pid":9,"cursed":1795950100}]}"#;
        let expected = [
            ("one.ini|7|accepting|2|11:00:00|-|-|-|33|0", Tone::Busy),
            ("two.ini|-1|down|0|-|-|-|-|0|0", Tone::Bad),
            ("three.ini|9|cursed|0|-|-|-|-|0|0", Tone::Bad),
        ];
        assert_eq!(
            shown(document),
            expected.map(|(row, tone)| (row.to_owned(), tone))
        );
    }

    #[test]
    fn a_router_is_shown_with_the_nodes_behind_each_name_and_those_that_are_fixed() {
        let document = br#"{"active_sessions":1,"static_nodes":[{"name":"10.0.0.1:3031","hits":4}],
            "subscriptions":[{"key":"app.local","hits":5,"nodes":[
                {"name":"127.0.0.1:3031","requests":5,"ref":1,"cores":4,"weight":2,"tx":2048,"last_check":1795950100},
                {"name":"127.0.0.1:3032","death_mark":1}]}]}"#;
        let expected = [
            ("app.local|||5|||||||||", Tone::Plain),
            ("|127.0.0.1:3031|up||5|1|4|0|2|0|2.00K|0|11:01:40", Tone::Plain),
            ("|127.0.0.1:3032|dying||0|0|0|0|0|0|0|0|-", Tone::Bad),
            ("(static)|10.0.0.1:3031|up|4|||||||||", Tone::Plain),
        ];
        assert_eq!(
            shown(document),
            expected.map(|(row, tone)| (row.to_owned(), tone))
        );
    }
}
