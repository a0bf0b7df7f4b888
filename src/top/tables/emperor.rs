//! The vassals of an Emperor.

use crate::uwsgi::Emperor;

use super::super::table::{Column, Row, Table, Tone, number, words};
use super::super::value::Value;

const COLUMNS: [Column; 10] = [
    words("VASSAL", 24),
    number("PID", 7),
    words("STATE", 9),
    number("RESPAWNS", 8),
    number("BORN", 12),
    number("LOYAL", 12),
    number("HEARTBEAT", 12),
    number("MODIFIED", 12),
    number("UID", 5),
    number("GID", 5),
];

pub(super) fn table(emperor: &Emperor) -> Table {
    let mut table = Table::new(COLUMNS.to_vec(), "no vassals");
    table.rows = emperor
        .vassals
        .iter()
        .map(|vassal| {
            let (state, tone) = match vassal {
                _ if vassal.cursed > 0 => ("cursed", Tone::Bad),
                _ if vassal.pid <= 0 => ("down", Tone::Bad),
                _ if vassal.accepting > 0 => ("accepting", Tone::Busy),
                _ if vassal.ready > 0 => ("ready", Tone::Plain),
                _ if vassal.loyal > 0 => ("loyal", Tone::Plain),
                _ => ("starting", Tone::Signal),
            };
            let cells = vec![
                Value::text(&vassal.id),
                Value::Signed(vassal.pid),
                Value::text(state),
                Value::Count(vassal.respawns),
                Value::Clock(vassal.born),
                Value::Clock(vassal.last_loyal),
                Value::Clock(vassal.last_heartbeat),
                Value::Clock(vassal.last_mod),
                Value::Count(vassal.uid),
                Value::Count(vassal.gid),
            ];
            Row::new(cells, tone)
        })
        .collect();
    table
}
