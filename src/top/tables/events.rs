//! What happened, the latest first.

use crate::collector::{Event, EventKind};

use super::super::server::Server;
use super::super::table::{Column, Row, Table, Tone, number, words};
use super::super::value::Value;

const COLUMNS: [Column; 4] = [
    number("TIME", 8),
    words("SERVER", 14),
    words("EVENT", 8),
    words("WHAT", 20),
];

/// Of all the servers that are given.
pub(crate) fn table<'a>(servers: impl IntoIterator<Item = &'a Server>) -> Table {
    let mut table = Table::new(COLUMNS.to_vec(), "nothing has happened since this view began");
    let mut events: Vec<_> = servers
        .into_iter()
        .flat_map(|server| {
            server
                .events
                .iter()
                .map(move |(at_us, event)| (*at_us, server, event))
        })
        .collect();
    events.sort_by_key(|(at_us, ..)| std::cmp::Reverse(*at_us));
    table.rows = events
        .into_iter()
        .map(|(at_us, server, event)| {
            let cells = vec![
                Value::Clock(at_us / 1_000_000),
                Value::text(&server.source),
                Value::text(event.kind.name()),
                Value::text(&event.text),
            ];
            Row::new(cells, tone(event))
        })
        .collect();
    table
}

/// What somebody should look at stands out against what servers do every day.
pub(crate) fn tone(event: &Event) -> Tone {
    match event.kind {
        EventKind::Harakiri | EventKind::Death | EventKind::Down => Tone::Bad,
        EventKind::Reload | EventKind::Respawn => Tone::Signal,
        EventKind::Up => Tone::Plain,
    }
}
