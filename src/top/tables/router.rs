//! The nodes behind a router: those that have subscribed, under their names, and those of its configuration.

use crate::uwsgi::Router;

use super::super::table::{Column, Row, Table, Tone, number, words};
use super::super::value::Value;

const COLUMNS: [Column; 13] = [
    words("KEY", 20),
    words("NODE", 21),
    words("STATE", 6),
    number("HITS", 7),
    number("REQ", 7),
    number("REF", 4),
    number("CORES", 5),
    number("LOAD", 4),
    number("WEIGHT", 6),
    number("FAILED", 6),
    number("TX", 6),
    number("PID", 7),
    number("CHECKED", 12),
];

pub(super) fn table(router: &Router) -> Table {
    let mut table = Table::new(COLUMNS.to_vec(), "no nodes: nothing has subscribed");
    for subscription in router.subscriptions.iter().flatten() {
        let mut cells = vec![
            Value::text(&subscription.key),
            Value::Blank,
            Value::Blank,
            Value::Count(subscription.hits),
        ];
        cells.resize(COLUMNS.len(), Value::Blank);
        let mut row = Row::new(cells, Tone::Plain);
        row.children = subscription
            .nodes
            .iter()
            .map(|node| {
                let dies = node.death_mark > 0;
                let cells = vec![
                    Value::Blank,
                    Value::text(&node.name),
                    Value::text(if dies { "dying" } else { "up" }),
                    Value::Blank,
                    Value::Count(node.requests),
                    Value::Count(node.references),
                    Value::Count(node.cores),
                    Value::Count(node.load),
                    Value::Count(node.weight),
                    Value::Count(node.failcnt),
                    Value::Bytes(node.tx as f64),
                    Value::Count(node.pid),
                    Value::Clock(node.last_check),
                ];
                Row::new(cells, if dies { Tone::Bad } else { Tone::Plain })
            })
            .collect();
        table.rows.push(row);
    }
    for node in &router.static_nodes {
        let mut cells = vec![
            Value::text("(static)"),
            Value::text(&node.name),
            Value::text(if node.grace > 0 { "grace" } else { "up" }),
            Value::Count(node.hits),
        ];
        cells.resize(COLUMNS.len(), Value::Blank);
        table.rows.push(Row::new(cells, Tone::Plain));
    }
    table
}
